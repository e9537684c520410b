// SPDX-License-Identifier: GPL-2.0-only
/*
 * ZMQ_CONFLATE: of the messages that a peer sent, the last one is kept.
 *
 * The head of a pipe's queue belongs to the reader, who may be copying it, so
 * what arrives replaces what waits behind it. The reader fetches that when it
 * begins with a message.
 */

#include <linux/slab.h>
#include "base/drop.h"
#include "base/run.h"
#include "base/trace.h"
#include "conflate.h"
#include "trash.h"

/**
 * struct zmq_conflate - what arrived last
 * @whole: a whole message, or empty
 * @bytes: bytes in it
 * @charged: truesize charged for it
 *
 * Under core->lock. Messages do not share runs here.
 */
struct zmq_conflate {
	struct sk_buff_head	whole;
	u32			bytes;
	u32			charged;
};

/**
 * zmq_conflate_enable() - let a pipe keep the last message only
 * @pipe: the pipe, to which nothing has come yet
 *
 * Context: Process context.
 * Return: 0 or -ENOMEM.
 */
int zmq_conflate_enable(struct zmq_pipe *pipe)
{
	struct zmq_conflate *c;

	if (pipe->conflate)
		return 0;
	c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	if (!c)
		return -ENOMEM;
	__skb_queue_head_init(&c->whole);
	pipe->conflate = c;
	return 0;
}

/**
 * zmq_conflate_purge_locked() - drop what waits behind the reader's message
 * @pipe: the pipe
 *
 * Context: Any, core->lock held.
 */
void zmq_conflate_purge_locked(struct zmq_pipe *pipe)
{
	struct zmq_conflate *c = pipe->conflate;

	zmq_trash_locked(pipe->core, &c->whole);
	pipe->rx_charged -= c->charged;
	c->charged = 0;
	c->bytes = 0;
}

/**
 * zmq_conflate_cut() - keep of runs what is not replaced at once
 * @runs: what arrived; the end of the last whole message in it is left, if there
 *	is one
 * @ends: where messages end in it
 * @rest: the part of a message behind it is added to this list
 *
 * Context: Any.
 * Return: 0 or -ENOMEM.
 */
int zmq_conflate_cut(struct sk_buff_head *runs, const struct zmq_ends *ends,
		     struct sk_buff_head *rest)
{
	struct sk_buff *run = skb_peek_tail(runs), *tail;
	u64 bytes = 0;

	if (ends->msgs && ends->tail) {
		tail = skb_clone(run, GFP_ATOMIC);
		if (!tail)
			return -ENOMEM;
		zmq_run(run)->len -= ends->tail;
		zmq_run(tail)->off += zmq_run(run)->len;
		zmq_run(tail)->len = ends->tail;
		__skb_queue_tail(rest, tail);
	}
	if (ends->msgs < 2)
		return 0;
	skb_queue_walk(runs, run)
		bytes += zmq_run(run)->len;
	while (bytes - ends->last >= zmq_run(skb_peek(runs))->len) {
		run = __skb_dequeue(runs);
		bytes -= zmq_run(run)->len;
		kfree_skb(run);
	}
	run = skb_peek(runs);
	zmq_run(run)->off += bytes - ends->last;
	zmq_run(run)->len -= bytes - ends->last;
	return 0;
}

/* Give the whole message to the reader, whose queue is empty. */
static void hand_over(struct zmq_pipe *pipe)
{
	struct zmq_conflate *c = pipe->conflate;

	skb_queue_splice_tail_init(&c->whole, &pipe->runs);
	pipe->rx_bytes = c->bytes;
	pipe->rx_msgs = 1;
	c->bytes = 0;
	c->charged = 0;
}

static void count_replaced(struct zmq_pipe *pipe, unsigned int msgs)
{
	zmq_drop(pipe->core->sk, pipe, ZMQ_MIB_CONFLATED, msgs);
	pipe->rx_unacked += msgs;
}

/**
 * zmq_conflate_rx_locked() - messages arrived
 * @pipe: the pipe
 * @runs: what arrived, charged, of zmq_conflate_cut(); empty afterwards
 * @bytes: bytes in it
 * @truesize: what was charged for it
 * @ends: where messages ended in it
 * @rest: what zmq_conflate_cut() cut off, charged; empty afterwards
 *
 * Context: Softirq or process context, core->lock held.
 * Return: how many messages more than before can be read, 0 or 1.
 */
unsigned int zmq_conflate_rx_locked(struct zmq_pipe *pipe,
				    struct sk_buff_head *runs, u64 bytes,
				    u32 truesize, const struct zmq_ends *ends,
				    struct sk_buff_head *rest)
{
	struct zmq_conflate *c = pipe->conflate;
	struct sk_buff *tail = skb_peek(rest);
	unsigned int replaced;

	if (!ends->msgs) {
		zmq_pipe_queue_part_locked(pipe, runs, bytes, truesize);
		return 0;
	}
	replaced = ends->msgs - 1 + !skb_queue_empty(&c->whole);
	zmq_conflate_purge_locked(pipe);
	if (ends->msgs > 1)
		zmq_pipe_trash_part_locked(pipe);
	skb_queue_splice_tail_init(&pipe->part, &c->whole);
	skb_queue_splice_tail_init(runs, &c->whole);
	c->bytes = pipe->part_bytes + bytes;
	c->charged = pipe->part_charged + truesize;
	pipe->part_bytes = 0;
	pipe->part_charged = 0;
	zmq_pipe_queue_part_locked(pipe, rest, ends->tail,
				   tail ? tail->truesize : 0);
	count_replaced(pipe, replaced);
	if (pipe->rx_msgs)
		return 0;
	hand_over(pipe);
	return 1;
}

/**
 * zmq_conflate_next_locked() - the reader's message was read
 * @pipe: the pipe, whose queue is empty
 *
 * Context: core->lock held.
 */
void zmq_conflate_next_locked(struct zmq_pipe *pipe)
{
	if (!skb_queue_empty(&pipe->conflate->whole))
		hand_over(pipe);
}

/**
 * zmq_conflate_refresh() - let the reader begin with the last message
 * @pipe: a pipe with a message of which nothing has been read
 *
 * Context: Process context, socket lock held.
 */
void zmq_conflate_refresh(struct zmq_pipe *pipe)
{
	struct zmq_conflate *c = pipe->conflate;
	struct zmq_core *core = pipe->core;

	spin_lock_bh(&core->lock);
	if (!skb_queue_empty(&c->whole) && pipe->rx_msgs) {
		zmq_pipe_trash_runs_locked(pipe, pipe->rx_charged -
					   pipe->part_charged - c->charged);
		count_replaced(pipe, 1);
		hand_over(pipe);
	}
	spin_unlock_bh(&core->lock);
}

/**
 * zmq_conflate_has_newer_locked() - is there a message behind the reader's
 * @pipe: the pipe, conflating or not
 *
 * Context: core->lock held.
 * Return: true if messages that are not counted in @rx_msgs are in the pipe.
 */
bool zmq_conflate_has_newer_locked(const struct zmq_pipe *pipe)
{
	return pipe->conflate && !skb_queue_empty(&pipe->conflate->whole);
}
