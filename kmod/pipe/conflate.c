// SPDX-License-Identifier: GPL-2.0-only
/*
 * ZMQ_CONFLATE: of the messages that a peer sent, the last one is kept.
 *
 * The head of a pipe's queue belongs to the reader, who may be copying it, so
 * what arrives replaces what waits behind it. Where a message begins, the reader's
 * cursor passes all but the last one.
 */

#include "base/drop.h"
#include "base/run.h"
#include "conflate.h"

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

/**
 * zmq_conflate_rx_locked() - messages arrived
 * @pipe: the pipe
 * @in: what arrived, charged, of zmq_conflate_cut(); empty afterwards
 * @ends: where messages ended in it; one does
 * @rest: what zmq_conflate_cut() cut off, charged; empty afterwards
 *
 * Messages do not share runs here.
 *
 * Context: Softirq or process context, core->lock held.
 * Return: true if the reader, who had nothing, has a message now.
 */
bool zmq_conflate_rx_locked(struct zmq_pipe *pipe, struct zmq_stretch *in,
			    const struct zmq_ends *ends,
			    struct zmq_stretch *rest)
{
	struct zmq_rxq *q = &pipe->rxq;
	unsigned int replaced;

	replaced = ends->msgs - 1 + !skb_queue_empty(&q->newer.list);
	zmq_stretch_trash_locked(pipe->core, &q->newer);
	if (ends->msgs > 1)
		zmq_stretch_trash_locked(pipe->core, &q->part);
	zmq_stretch_move(&q->part, &q->newer);
	zmq_stretch_move(in, &q->newer);
	zmq_stretch_move(rest, &q->part);
	zmq_drop(pipe->core->sk, pipe, ZMQ_MIB_CONFLATED, replaced);
	q->told_msgs -= replaced;
	return zmq_conflate_next_locked(pipe);
}

/**
 * zmq_conflate_next_locked() - the reader's message was read, or there was none
 * @pipe: the pipe, conflating or not
 *
 * Context: core->lock held.
 * Return: true if the message that waited behind it is the reader's now.
 */
bool zmq_conflate_next_locked(struct zmq_pipe *pipe)
{
	struct zmq_rxq *q = &pipe->rxq;

	if (zmq_pipe_rx_msgs(pipe) || skb_queue_empty(&q->newer.list))
		return false;
	zmq_stretch_move(&q->newer, &q->runs);
	zmq_rxq_put_msgs(q, 1);
	return true;
}

/**
 * zmq_conflate_refresh() - let the reader begin with the last message
 * @pipe: a pipe with a message of which nothing has been read
 *
 * Context: Process context, socket lock held.
 */
void zmq_conflate_refresh(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;

	spin_lock_bh(&core->lock);
	if (!skb_queue_empty(&pipe->rxq.newer.list)) {
		zmq_drop(core->sk, pipe, ZMQ_MIB_CONFLATED,
			 zmq_pipe_drop_msgs_locked(pipe));
		zmq_conflate_next_locked(pipe);
	}
	spin_unlock_bh(&core->lock);
}
