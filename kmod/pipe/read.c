// SPDX-License-Identifier: GPL-2.0-only
/* What was read leaves a pipe's receive queue, and the peer goes on. */

#include <linux/sched.h>
#include "base/mem.h"
#include "base/run.h"
#include "conflate.h"
#include "conn/conn.h"
#include "inproc.h"
#include "pipe.h"

/* What is consumed ends within the piece that is looked at. */
static void step(struct zmq_pipe *pipe, u64 n)
{
	pipe->rx_at += n;
	pipe->rx_left -= n;
	WRITE_ONCE(pipe->rx_off, pipe->rx_off + n);
	pipe->rx_hdr.size = 0;
}

/* So many runs are let go of at a stretch. */
#define SKIP_RUNS	256
#define SKIP_FRAMES	1024

/* Move on by @rx_skip bytes, a portion of runs at a time. Return: true if that is
 * done.
 */
static bool skip_locked(struct zmq_pipe *pipe)
{
	u64 n = pipe->rx_off + pipe->rx_skip;
	unsigned int left = SKIP_RUNS;
	unsigned int truesize = 0;
	struct zmq_run_cb *run;
	struct sk_buff *skb;

	while ((skb = skb_peek(&pipe->runs)) && left--) {
		run = zmq_run(skb);
		if (n < run->len)
			break;
		n -= run->len;
		pipe->rx_bytes -= run->len;
		truesize += skb->truesize;
		__skb_unlink(skb, &pipe->runs);
		zmq_run_free(skb, &pipe->core->owner.spare_run);
	}
	if (truesize) {
		pipe->rx_charged -= truesize;
		zmq_mem_uncharge_rx(pipe->core->sk, truesize);
	}
	if (skb && n >= zmq_run(skb)->len) {
		WRITE_ONCE(pipe->rx_off, 0);
		pipe->rx_skip = n;
		return false;
	}
	WRITE_ONCE(pipe->rx_off, n);
	pipe->rx_skip = 0;
	return true;
}

/* Return: true if that is done, else the rest follows. */
static bool consume_bytes_locked(struct zmq_pipe *pipe, u64 n)
{
	if (n < pipe->rx_left) {
		step(pipe, n);
		return true;
	}
	zmq_pipe_look_up_later(pipe);
	pipe->rx_hdr.size = 0;
	pipe->rx_skip = n;
	return skip_locked(pipe);
}

static void consume_msgs_locked(struct zmq_pipe *pipe, unsigned int msgs)
{
	struct zmq_core *core = pipe->core;

	pipe->rx_unacked += msgs;
	pipe->rx_msgs -= msgs + pipe->rx_read;
	pipe->rx_read = 0;
	if (!pipe->rx_msgs && pipe->conflate)
		zmq_conflate_next_locked(pipe);
	if (!pipe->rx_msgs)
		list_del_init(&pipe->ready_node);
	else if (!list_empty(&pipe->ready_node))
		zmq_pipe_rotate_locked(&pipe->ready_node, &core->ready);
}

/* The frame that is consumed has gone, with @done, and perhaps its message. */
static bool consumed_locked(struct zmq_pipe *pipe, bool done)
{
	if (done && !(pipe->rx_hdr.flags & ZMTP_MORE))
		consume_msgs_locked(pipe, 1);
	return done;
}

/**
 * zmq_pipe_consume_frame_locked() - drop the head frame
 * @pipe: the pipe, after zmq_pipe_peek_frame_locked()
 *
 * Context: core->lock held.
 * Return: true if that is done; else the rest is left to
 *	zmq_pipe_digest_locked(), and the pattern must not look at the pipe.
 */
bool zmq_pipe_consume_frame_locked(struct zmq_pipe *pipe)
{
	u64 n = pipe->rx_hdr.size + pipe->rx_hdr.len;

	return consumed_locked(pipe, consume_bytes_locked(pipe, n));
}

/**
 * zmq_pipe_digest_locked() - let the pattern look at a portion of what arrived
 * @pipe: the pipe, of a pattern with rx()
 *
 * If there is more the socket's task goes on, and nothing is read from the peer
 * until then.
 *
 * Context: Any, core->lock held.
 * Return: true if there is more.
 */
bool zmq_pipe_digest_locked(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	bool more = true;

	/* At the head is a message for the user, which may be being read. */
	if (!list_empty(&pipe->ready_node))
		return false;
	if (!pipe->rx_skip || consumed_locked(pipe, skip_locked(pipe)))
		more = pipe->rx_msgs && core->ops->rx(core, pipe);
	if (!more) {
		list_del_init(&pipe->backlog_node);
		zmq_pipe_ready_locked(pipe);
		return false;
	}
	if (!zmq_pipe_has_backlog(pipe))
		zmq_task_run(&core->task);
	list_move_tail(&pipe->backlog_node, &core->backlog);
	return true;
}

/**
 * zmq_pipe_digest() - let the pattern look at all that arrived
 * @pipe: the pipe, whose stream ended
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_digest(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	bool more = true;

	while (more && zmq_pipe_has_backlog(pipe)) {
		spin_lock_bh(&core->lock);
		more = zmq_pipe_digest_locked(pipe);
		spin_unlock_bh(&core->lock);
		cond_resched();
	}
}

static bool may_resume(const struct zmq_pipe *pipe)
{
	int hwm = READ_ONCE(pipe->core->opts.rcv_hwm);

	return !zmq_pipe_has_backlog(pipe) &&
	       (!hwm || pipe->rx_msgs <= zmq_pipe_low_water(hwm)) &&
	       (!pipe->rx_msgs ||
		pipe->rx_charged <= READ_ONCE(pipe->core->sk->sk_rcvbuf) / 2);
}

/* The writer hears of half a high-water mark at a time, as a peer behind TCP
 * would, but of the last message at once.
 */
static unsigned int take_acks_locked(struct zmq_pipe *pipe)
{
	unsigned int msgs = pipe->rx_unacked;
	int hwm = READ_ONCE(pipe->core->opts.rcv_hwm);

	if (pipe->rx_msgs && msgs < (hwm + 1) / 2)
		return 0;
	pipe->rx_unacked = 0;
	return msgs;
}

/**
 * struct read_on - what follows when whole messages were read
 * @acks: inproc: messages that the writer is told of
 * @resume: the connection may go on reading
 * @dead: it was the last message of a dead pipe
 */
struct read_on {
	unsigned int	acks;
	bool		resume;
	bool		dead;
};

/* How many of the messages need not be looked at one by one. */
static unsigned int quick_msgs_locked(const struct zmq_pipe *pipe)
{
	if (!pipe->rx_msgs || pipe->pair || pipe->conflate ||
	    pipe->core->ops->rx)
		return 0;
	return pipe->rx_msgs - 1;
}

static struct read_on read_on_locked(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	struct read_on on = {};

	core->rx_next = list_first_entry_or_null(&core->ready, struct zmq_pipe,
						 ready_node);
	if (core->rx_next && core->rx_next->conflate)
		core->rx_next = NULL;
	pipe->rx_quick = quick_msgs_locked(pipe);
	if (pipe->pair)
		on.acks = take_acks_locked(pipe);
	on.dead = test_bit(ZMQ_PIPE_DETACHED, &pipe->flags) && !pipe->rx_msgs;
	on.resume = test_bit(ZMQ_PIPE_THROTTLED, &pipe->flags) &&
		    may_resume(pipe);
	if (on.resume)
		clear_bit(ZMQ_PIPE_THROTTLED, &pipe->flags);
	return on;
}

static void read_on(struct zmq_pipe *pipe, const struct read_on *on)
{
	if (on->dead)
		zmq_pipe_reap(pipe);
	else if (on->acks)
		zmq_inproc_ack(pipe, on->acks);
	else if (on->resume && pipe->conn)
		zmq_conn_rx_resume(pipe->conn);
}

/* No other pipe waits for its turn. */
static bool is_alone(const struct zmq_pipe *pipe)
{
	const struct list_head *ready = &pipe->core->ready;

	return READ_ONCE(ready->next) == &pipe->ready_node &&
	       READ_ONCE(ready->prev) == &pipe->ready_node;
}

/* Most messages of a stream are neither the last one nor the end of a run:
 * nobody else has to know at once that one was read.
 */
static bool consume_quickly(struct zmq_pipe *pipe)
{
	u64 n = pipe->rx_hdr.size + pipe->rx_hdr.len;

	if (n >= pipe->rx_left)
		return false;
	if (!(pipe->rx_hdr.flags & ZMTP_MORE)) {
		if (!pipe->rx_quick || !is_alone(pipe) ||
		    test_bit(ZMQ_PIPE_THROTTLED, &pipe->flags))
			return false;
		pipe->rx_quick--;
		WRITE_ONCE(pipe->rx_read, pipe->rx_read + 1);
	}
	step(pipe, n);
	return true;
}

/**
 * zmq_pipe_consume_frame() - drop the head frame and let the peer go on
 * @pipe: the pipe, after zmq_pipe_peek_frame(); may be freed if it is dead and
 *	this was its last message
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_consume_frame(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	struct read_on on = {};
	bool done;

	if (consume_quickly(pipe))
		return;
	spin_lock_bh(&core->lock);
	done = zmq_pipe_consume_frame_locked(pipe);
	while (!done) {
		spin_unlock_bh(&core->lock);
		cond_resched();
		spin_lock_bh(&core->lock);
		done = consumed_locked(pipe, skip_locked(pipe));
	}
	if (!(pipe->rx_hdr.flags & ZMTP_MORE))
		on = read_on_locked(pipe);
	spin_unlock_bh(&core->lock);
	read_on(pipe, &on);
}

/**
 * zmq_pipe_consume_msgs() - drop messages and let the peer go on
 * @pipe: the pipe; may be freed as with zmq_pipe_consume_frame()
 * @len: bytes that they take in the queue, in one run
 * @msgs: how many they are
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_consume_msgs(struct zmq_pipe *pipe, u32 len, unsigned int msgs)
{
	struct zmq_core *core = pipe->core;
	struct read_on on;

	spin_lock_bh(&core->lock);
	consume_bytes_locked(pipe, len);
	consume_msgs_locked(pipe, msgs);
	on = read_on_locked(pipe);
	spin_unlock_bh(&core->lock);
	read_on(pipe, &on);
}

/**
 * zmq_pipe_skip_msg() - discard the rest of the message at the head
 * @pipe: the pipe; may be freed as with zmq_pipe_consume_frame()
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_skip_msg(struct zmq_pipe *pipe)
{
	unsigned int n = 0;
	struct zmq_frame f;

	do {
		if (zmq_pipe_peek_frame(pipe, &f))
			return;
		zmq_pipe_consume_frame(pipe);
		if (!(++n % SKIP_FRAMES))
			cond_resched();
	} while (f.more);
}
