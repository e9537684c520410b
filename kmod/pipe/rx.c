// SPDX-License-Identifier: GPL-2.0-only
/* A pipe's receive queue: what arrives, and what is dropped unread. */

#include "base/drop.h"
#include "base/mem.h"
#include "base/run.h"
#include "base/trace.h"
#include "conflate.h"
#include "pipe.h"
#include "trash.h"
#include "unfinished.h"

/**
 * zmq_pipe_queue_part_locked() - the message under way goes on
 * @pipe: the pipe
 * @runs: a part of it, charged; emptied
 * @bytes: bytes in @runs
 * @truesize: what was charged
 *
 * Context: Softirq or process context, core->lock held.
 */
void zmq_pipe_queue_part_locked(struct zmq_pipe *pipe,
				struct sk_buff_head *runs, u64 bytes,
				u32 truesize)
{
	skb_queue_splice_tail_init(runs, &pipe->part);
	pipe->part_bytes += bytes;
	pipe->part_charged += truesize;
	zmq_unfinished_note_locked(pipe);
}

/**
 * zmq_pipe_trash_part_locked() - drop what lies apart of the message under way
 * @pipe: the pipe
 *
 * Context: Any, core->lock held.
 */
void zmq_pipe_trash_part_locked(struct zmq_pipe *pipe)
{
	zmq_trash_locked(pipe->core, &pipe->part);
	pipe->rx_charged -= pipe->part_charged;
	pipe->part_charged = 0;
	pipe->part_bytes = 0;
	zmq_unfinished_note_locked(pipe);
}

/**
 * zmq_pipe_trash_runs_locked() - drop the whole messages in the queue
 * @pipe: the pipe
 * @charged: what was charged for them
 *
 * Context: Any, core->lock held; nobody reads meanwhile.
 */
void zmq_pipe_trash_runs_locked(struct zmq_pipe *pipe, u32 charged)
{
	zmq_trash_locked(pipe->core, &pipe->runs);
	pipe->rx_charged -= charged;
	pipe->rx_msgs = 0;
	pipe->rx_read = 0;
	pipe->rx_quick = 0;
	pipe->rx_bytes = 0;
	pipe->rx_off = 0;
	pipe->rx_skip = 0;
	pipe->rx_tail = 0;
	pipe->rx_inside = false;
	pipe->rx_hdr.size = 0;
	zmq_pipe_look_up_later(pipe);
}

/* What is whole is the reader's. Behind it may lie the beginning of a message in
 * the same run; the rest of that waits apart, so that it can go at once.
 */
static void queue_locked(struct zmq_pipe *pipe, struct sk_buff_head *runs,
			 u64 bytes, u32 truesize, const struct zmq_ends *ends)
{
	if (!ends->msgs) {
		zmq_pipe_queue_part_locked(pipe, runs, bytes, truesize);
		return;
	}
	if (pipe->part_charged) {
		skb_queue_splice_tail_init(&pipe->part, &pipe->runs);
		bytes += pipe->part_bytes;
		pipe->part_bytes = 0;
		pipe->part_charged = 0;
		zmq_unfinished_note_locked(pipe);
	}
	skb_queue_splice_tail_init(runs, &pipe->runs);
	pipe->rx_bytes += bytes;
	pipe->rx_msgs += ends->msgs;
	pipe->rx_tail = ends->tail;
}

static void add_up(const struct sk_buff_head *runs, u64 *bytes, u32 *truesize)
{
	struct sk_buff *skb;

	*bytes = 0;
	*truesize = 0;
	skb_queue_walk(runs, skb) {
		*truesize += skb->truesize;
		*bytes += zmq_run(skb)->len;
	}
}

/* Nobody can read anything here, so waiting does not make room. */
static bool is_hopeless(const struct zmq_pipe *pipe)
{
	return (pipe->conflate || !zmq_pipe_rx_msgs(pipe)) &&
	       READ_ONCE(pipe->part_charged) >
	       READ_ONCE(pipe->core->sk->sk_rcvbuf);
}

/* @rest is empty but with ZMQ_CONFLATE. Return: messages more than before that
 * can be read.
 */
static unsigned int rx_locked(struct zmq_pipe *pipe, struct sk_buff_head *runs,
			      u64 bytes, u32 truesize,
			      const struct zmq_ends *ends,
			      struct sk_buff_head *rest)
{
	struct zmq_core *core = pipe->core;
	unsigned int readable = ends->msgs;

	pipe->rx_total += ends->msgs;
	if (pipe->conflate)
		readable = zmq_conflate_rx_locked(pipe, runs, bytes, truesize,
						  ends, rest);
	else
		queue_locked(pipe, runs, bytes, truesize, ends);
	if (!core->ops->rx)
		zmq_pipe_ready_locked(pipe);
	else if (!zmq_pipe_has_backlog(pipe))
		zmq_pipe_digest_locked(pipe);
	return list_empty(&pipe->ready_node) ? 0 : readable;
}

/* @charged is what the socket was charged for @runs, 0 if it is to be, by @force
 * also beyond the limits. After an error it is charged for nothing.
 */
static int queue_runs(struct zmq_pipe *pipe, struct sk_buff_head *runs,
		      const struct zmq_ends *ends, u32 charged, bool force)
{
	struct zmq_core *core = pipe->core;
	u64 bytes, rest_bytes = 0;
	u32 truesize, rest_size = 0;
	struct sk_buff_head rest;
	unsigned int readable = 0;
	bool gave_up;

	__skb_queue_head_init(&rest);
	if (pipe->conflate) {
		if (zmq_conflate_cut(runs, ends, &rest)) {
			zmq_mem_uncharge_rx(core->sk, charged);
			return -ENOMEM;
		}
		add_up(&rest, &rest_bytes, &rest_size);
	}
	add_up(runs, &bytes, &truesize);
	if (charged) {
		/* Less of it is left with ZMQ_CONFLATE. */
		zmq_mem_uncharge_rx(core->sk, charged - truesize - rest_size);
	} else if (!zmq_mem_charge_rx(core->sk, truesize + rest_size, force)) {
		__skb_queue_purge(&rest);
		return is_hopeless(pipe) ? -ENOBUFS : -ENOMEM;
	}

	spin_lock_bh(&core->lock);
	gave_up = test_bit(ZMQ_PIPE_GAVE_UP, &pipe->flags);
	if (!gave_up) {
		pipe->rx_charged += truesize + rest_size;
		readable = rx_locked(pipe, runs, bytes, truesize, ends, &rest);
	}
	spin_unlock_bh(&core->lock);
	if (gave_up) {
		zmq_mem_uncharge_rx(core->sk, truesize + rest_size);
		__skb_queue_purge(&rest);
		return -ENOBUFS;
	}

	bytes += rest_bytes;
	zmq_mib_add(core->owner.zn->mib, ZMQ_MIB_RXMSGS, ends->msgs);
	zmq_mib_add(core->owner.zn->mib, ZMQ_MIB_RXBYTES, bytes);
	trace_zmq_rx(core->sk, pipe, ends->msgs, bytes);
	if (readable)
		zmq_core_wake_readers(core, readable);
	return 0;
}

/**
 * zmq_pipe_rx() - messages arrived
 * @pipe: the pipe
 * @runs: frames; emptied on success
 * @ends: where messages end in @runs; what is behind the last end is in the last
 *	run
 *
 * Context: Softirq or process context.
 * Return: 0, or the runs are the caller's: -ENOMEM; -ENOBUFS if the message under
 *	way was given up, or trying again does not help.
 */
int zmq_pipe_rx(struct zmq_pipe *pipe, struct sk_buff_head *runs,
		const struct zmq_ends *ends)
{
	return queue_runs(pipe, runs, ends, 0, false);
}

/**
 * zmq_pipe_take_over() - messages that were accepted elsewhere arrive
 * @pipe: the pipe, of an inproc connection
 * @runs: whole messages; emptied on success
 * @ends: as for zmq_pipe_rx()
 * @charged: what the socket was charged for them
 *
 * Context: Softirq or process context.
 * Return: 0, or -ENOMEM or -ENOBUFS as zmq_pipe_rx(), and the socket is charged
 *	for them no more.
 */
int zmq_pipe_take_over(struct zmq_pipe *pipe, struct sk_buff_head *runs,
		       const struct zmq_ends *ends, u32 charged)
{
	return queue_runs(pipe, runs, ends, charged, false);
}

/**
 * zmq_pipe_note() - put a message into the queue, memory limits or not
 * @pipe: the pipe
 * @run: the message
 *
 * Context: Softirq or process context.
 */
void zmq_pipe_note(struct zmq_pipe *pipe, struct sk_buff *run)
{
	const struct zmq_ends ends = { .msgs = 1, .last = zmq_run(run)->len };
	struct sk_buff_head runs;

	__skb_queue_head_init(&runs);
	__skb_queue_tail(&runs, run);
	if (!queue_runs(pipe, &runs, &ends, 0, true))
		return;
	kfree_skb(run);
	ZMQ_INC_STATS(sock_net(pipe->core->sk), ZMQ_MIB_NOMEM);
}

static bool trim_partial_locked(struct zmq_pipe *pipe)
{
	u32 tail = pipe->rx_tail;

	if (!tail && !pipe->part_charged)
		return false;
	if (tail) {
		zmq_run(skb_peek_tail(&pipe->runs))->len -= tail;
		pipe->rx_bytes -= tail;
		pipe->rx_tail = 0;
		zmq_pipe_look_up_later(pipe);
	}
	zmq_pipe_trash_part_locked(pipe);
	if (tail && !pipe->rx_msgs)
		zmq_pipe_trash_runs_locked(pipe, pipe->rx_charged);
	return true;
}

/**
 * zmq_pipe_drop_partial_locked() - drop a message whose rest will never come
 * @pipe: the pipe, whose stream ended
 *
 * Context: Process context, socket lock and core->lock held.
 */
void zmq_pipe_drop_partial_locked(struct zmq_pipe *pipe)
{
	bool told = test_bit(ZMQ_PIPE_GAVE_UP, &pipe->flags);

	clear_bit(ZMQ_PIPE_GAVE_UP, &pipe->flags);
	if (trim_partial_locked(pipe) && !told)
		zmq_drop(pipe->core->sk, pipe, ZMQ_MIB_RXDROPPARTIAL, 1);
}

/**
 * zmq_pipe_drop_msgs_locked() - drop the whole messages in the queue
 * @pipe: the pipe, not conflating, of a pattern that nobody reads from
 *
 * Context: Any, core->lock held.
 * Return: how many they were.
 */
unsigned int zmq_pipe_drop_msgs_locked(struct zmq_pipe *pipe)
{
	u32 charged = pipe->rx_charged - pipe->part_charged;
	unsigned int msgs = pipe->rx_msgs;
	u32 tail = pipe->rx_tail;
	struct sk_buff *last;

	if (!msgs)
		return 0;
	pipe->rx_unacked += msgs;
	if (!tail) {
		zmq_pipe_trash_runs_locked(pipe, charged);
		return msgs;
	}
	last = skb_peek_tail(&pipe->runs);
	__skb_unlink(last, &pipe->runs);
	zmq_pipe_trash_runs_locked(pipe, charged - last->truesize);
	__skb_queue_tail(&pipe->runs, last);
	pipe->rx_bytes = zmq_run(last)->len;
	pipe->rx_off = zmq_run(last)->len - tail;
	pipe->rx_tail = tail;
	return msgs;
}
