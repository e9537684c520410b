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
 * zmq_stretch_move() - let runs follow others
 * @from: the runs; empty afterwards
 * @to: what they follow
 *
 * Context: Any, core->lock held.
 */
void zmq_stretch_move(struct zmq_stretch *from, struct zmq_stretch *to)
{
	skb_queue_splice_tail_init(&from->list, &to->list);
	to->bytes += from->bytes;
	WRITE_ONCE(to->charged, to->charged + from->charged);
	from->bytes = 0;
	WRITE_ONCE(from->charged, 0);
}

/**
 * zmq_stretch_trash_locked() - drop runs that the reader does not look at
 * @core: the socket's core, which was charged for them
 * @s: the runs; empty afterwards
 *
 * Context: Any, core->lock held.
 */
void zmq_stretch_trash_locked(struct zmq_core *core, struct zmq_stretch *s)
{
	zmq_trash_locked(core, &s->list);
	s->bytes = 0;
	WRITE_ONCE(s->charged, 0);
}

/**
 * zmq_pipe_trash_part_locked() - drop what lies apart of the message under way
 * @pipe: the pipe
 *
 * Context: Any, core->lock held.
 */
void zmq_pipe_trash_part_locked(struct zmq_pipe *pipe)
{
	zmq_stretch_trash_locked(pipe->core, &pipe->rxq.part);
	zmq_unfinished_note_locked(pipe);
}

/* What is whole is the reader's. Behind it may lie the beginning of a message in
 * the same run; the rest of that waits apart, so that it can go at once.
 */
static void queue_locked(struct zmq_rxq *q, struct zmq_stretch *in,
			 const struct zmq_ends *ends)
{
	zmq_stretch_move(&q->part, &q->runs);
	zmq_stretch_move(in, &q->runs);
	q->tail = ends->tail;
	zmq_rxq_put_msgs(q, ends->msgs);
}

static void add_up(const struct sk_buff_head *runs, struct zmq_stretch *s)
{
	struct sk_buff *skb;

	skb_queue_walk(runs, skb) {
		s->charged += skb->truesize;
		s->bytes += zmq_run(skb)->len;
	}
}

/* Nobody can read anything here, so waiting does not make room. */
static bool is_hopeless(const struct zmq_pipe *pipe)
{
	return (pipe->conflate || !zmq_pipe_rx_msgs(pipe)) &&
	       READ_ONCE(pipe->rxq.part.charged) >
	       READ_ONCE(pipe->core->sk->sk_rcvbuf);
}

/* @rest is empty but with ZMQ_CONFLATE. Return: messages more than before that
 * can be read.
 */
static unsigned int rx_locked(struct zmq_pipe *pipe, struct zmq_stretch *in,
			      const struct zmq_ends *ends,
			      struct zmq_stretch *rest)
{
	struct zmq_core *core = pipe->core;
	unsigned int readable = ends->msgs;

	pipe->rx_total += ends->msgs;
	if (!ends->msgs)
		zmq_stretch_move(in, &pipe->rxq.part);
	else if (pipe->conflate)
		readable = zmq_conflate_rx_locked(pipe, in, ends, rest);
	else
		queue_locked(&pipe->rxq, in, ends);
	zmq_unfinished_note_locked(pipe);
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
	struct zmq_stretch in = {}, rest = {};
	struct zmq_core *core = pipe->core;
	unsigned int readable = 0;
	unsigned long bytes;
	u32 truesize;
	bool gave_up;

	__skb_queue_head_init(&in.list);
	__skb_queue_head_init(&rest.list);
	if (pipe->conflate && zmq_conflate_cut(runs, ends, &rest.list)) {
		zmq_mem_uncharge_rx(core->sk, charged);
		return -ENOMEM;
	}
	add_up(runs, &in);
	add_up(&rest.list, &rest);
	bytes = in.bytes + rest.bytes;
	truesize = in.charged + rest.charged;
	if (charged) {
		/* Less of it is left with ZMQ_CONFLATE. */
		zmq_mem_uncharge_rx(core->sk, charged - truesize);
	} else if (!zmq_mem_charge_rx(core->sk, truesize, force)) {
		__skb_queue_purge(&rest.list);
		return is_hopeless(pipe) ? -ENOBUFS : -ENOMEM;
	}

	spin_lock_bh(&core->lock);
	gave_up = test_bit(ZMQ_PIPE_GAVE_UP, &pipe->flags);
	if (!gave_up) {
		skb_queue_splice_tail_init(runs, &in.list);
		readable = rx_locked(pipe, &in, ends, &rest);
	}
	spin_unlock_bh(&core->lock);
	if (gave_up) {
		zmq_mem_uncharge_rx(core->sk, truesize);
		__skb_queue_purge(&rest.list);
		return -ENOBUFS;
	}

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
	struct zmq_rxq *q = &pipe->rxq;

	if (!q->tail && !q->part.charged)
		return false;
	if (q->tail) {
		zmq_run(skb_peek_tail(&q->runs.list))->len -= q->tail;
		q->runs.bytes -= q->tail;
		q->tail = 0;
		zmq_rxq_look_up_later(q);
	}
	zmq_pipe_trash_part_locked(pipe);
	if (!zmq_pipe_rx_msgs(pipe))
		zmq_pipe_drop_msgs_locked(pipe);
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
 * zmq_pipe_drop_msgs_locked() - let the cursor pass the whole messages at hand
 * @pipe: the pipe, which nobody reads meanwhile
 *
 * Context: Any, core->lock held.
 * Return: how many they were.
 */
unsigned int zmq_pipe_drop_msgs_locked(struct zmq_pipe *pipe)
{
	unsigned int msgs = zmq_pipe_rx_msgs(pipe);
	struct zmq_rxq *q = &pipe->rxq;
	struct sk_buff *last = NULL;

	if (q->tail)
		last = __skb_dequeue_tail(&q->runs.list);
	zmq_trash_locked(pipe->core, &q->runs.list);
	q->gone_bytes = q->runs.bytes;
	if (last) {
		__skb_queue_tail(&q->runs.list, last);
		q->gone_bytes -= zmq_run(last)->len;
	}
	WRITE_ONCE(q->gone_charged,
		   q->runs.charged - (last ? last->truesize : 0));
	WRITE_ONCE(q->read_bytes, q->runs.bytes - q->tail);
	WRITE_ONCE(q->read_msgs, q->put_msgs);
	q->inside = false;
	q->hdr.size = 0;
	zmq_rxq_look_up_later(q);
	return msgs;
}
