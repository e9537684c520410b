// SPDX-License-Identifier: GPL-2.0-only
/* What was read leaves a pipe's receive queue, and the peer goes on. */

#include <linux/sched.h>
#include "base/mem.h"
#include "base/run.h"
#include "conflate.h"
#include "conn/conn.h"
#include "inproc.h"
#include "pipe.h"

/* So many runs are let go of at a stretch. */
#define SKIP_RUNS	256
#define SKIP_FRAMES	1024

/* Let the cursor pass @n bytes; their runs stay. */
static void pass(struct zmq_rxq *q, u64 n)
{
	WRITE_ONCE(q->read_bytes, q->read_bytes + n);
	q->hdr.size = 0;
	if (n < q->end - q->at)
		q->at += n;
	else
		zmq_rxq_look_up_later(q);
}

static bool head_is_read(const struct zmq_rxq *q)
{
	struct sk_buff *head = skb_peek(&q->runs.list);

	return head && zmq_rxq_off(q) >= zmq_run(head)->len;
}

/* Let go of a portion of the runs that were read. Return: true if that is done,
 * else the rest follows.
 */
static bool let_go_locked(struct zmq_pipe *pipe)
{
	struct zmq_rxq *q = &pipe->rxq;
	unsigned int left = SKIP_RUNS;
	unsigned int truesize = 0;
	struct sk_buff *skb;

	while (head_is_read(q) && left--) {
		skb = __skb_dequeue(&q->runs.list);
		q->gone_bytes += zmq_run(skb)->len;
		truesize += skb->truesize;
		zmq_run_free(skb, &pipe->core->owner.spare_run);
	}
	if (truesize) {
		WRITE_ONCE(q->gone_charged, q->gone_charged + truesize);
		zmq_mem_uncharge_rx(pipe->core->sk, truesize);
	}
	return !head_is_read(q);
}

static void consume_msgs_locked(struct zmq_pipe *pipe, unsigned int msgs)
{
	struct zmq_rxq *q = &pipe->rxq;

	WRITE_ONCE(q->read_msgs, q->read_msgs + msgs);
	zmq_conflate_next_locked(pipe);
	if (!zmq_pipe_rx_msgs(pipe))
		list_del_init(&pipe->ready_node);
	else if (!list_empty(&pipe->ready_node))
		zmq_pipe_rotate_locked(&pipe->ready_node, &pipe->core->ready);
}

/* The frame that was passed goes, and perhaps its message. Return: true if that is
 * done.
 */
static bool consumed_locked(struct zmq_pipe *pipe)
{
	if (!let_go_locked(pipe))
		return false;
	if (!(pipe->rxq.hdr.flags & ZMTP_MORE))
		consume_msgs_locked(pipe, 1);
	return true;
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
	struct zmq_rxq *q = &pipe->rxq;

	pass(q, q->hdr.size + q->hdr.len);
	return consumed_locked(pipe);
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
	if (!head_is_read(&pipe->rxq) || consumed_locked(pipe))
		more = zmq_pipe_rx_msgs(pipe) && core->ops->rx(core, pipe);
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
	unsigned int msgs = zmq_pipe_rx_msgs(pipe);

	return !zmq_pipe_has_backlog(pipe) &&
	       (!hwm || msgs <= zmq_pipe_low_water(hwm)) &&
	       (!msgs || zmq_pipe_rx_charged(pipe) <=
			 READ_ONCE(pipe->core->sk->sk_rcvbuf) / 2);
}

/* The writer hears of half a high-water mark at a time, as a peer behind TCP
 * would, but of the last message at once.
 */
static unsigned int take_acks_locked(struct zmq_pipe *pipe)
{
	int hwm = READ_ONCE(pipe->core->opts.rcv_hwm);
	struct zmq_rxq *q = &pipe->rxq;

	if (zmq_pipe_rx_msgs(pipe) &&
	    q->read_msgs - q->told_msgs < (hwm + 1) / 2)
		return 0;
	return zmq_rxq_take_acks(q);
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

static struct read_on read_on_locked(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	struct read_on on = {};

	core->rx_next = list_first_entry_or_null(&core->ready, struct zmq_pipe,
						 ready_node);
	if (core->rx_next && core->rx_next->conflate)
		core->rx_next = NULL;
	if (pipe->pair)
		on.acks = take_acks_locked(pipe);
	on.dead = test_bit(ZMQ_PIPE_DETACHED, &pipe->flags) &&
		  !zmq_pipe_rx_msgs(pipe);
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
	struct zmq_rxq *q = &pipe->rxq;
	u64 n = q->hdr.size + q->hdr.len;

	if (n >= q->end - q->at)
		return false;
	if (!(q->hdr.flags & ZMTP_MORE)) {
		if (zmq_pipe_rx_msgs(pipe) < 2 || pipe->pair ||
		    !is_alone(pipe) ||
		    test_bit(ZMQ_PIPE_THROTTLED, &pipe->flags))
			return false;
		WRITE_ONCE(q->read_msgs, q->read_msgs + 1);
	}
	pass(q, n);
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
		done = consumed_locked(pipe);
	}
	if (!(pipe->rxq.hdr.flags & ZMTP_MORE))
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
	pass(&pipe->rxq, len);
	let_go_locked(pipe);
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
