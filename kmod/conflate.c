// SPDX-License-Identifier: GPL-2.0-only
/*
 * ZMQ_CONFLATE: of the messages that a peer sent, the last one is kept.
 *
 * The head of a pipe's queue belongs to the reader, who may be copying it, so
 * what arrives replaces what waits behind it. The reader fetches that when it
 * begins with a message.
 */

#include <linux/slab.h>
#include "conflate.h"
#include "drop.h"
#include "mem.h"
#include "run.h"
#include "trace.h"

/**
 * struct zmq_conflate - what arrived last
 * @runs: at most one whole message, then the beginning of the next
 * @off: bytes of the first run that are dropped
 * @bytes: bytes in @runs behind @off
 * @whole: bytes of the whole message, 0 if there is none
 *
 * Under core->lock.
 */
struct zmq_conflate {
	struct sk_buff_head	runs;
	u32			off;
	u64			bytes;
	u64			whole;
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
	__skb_queue_head_init(&c->runs);
	pipe->conflate = c;
	return 0;
}

static void uncharge(struct zmq_pipe *pipe, struct sk_buff *skb)
{
	pipe->rx_charged -= skb->truesize;
	zmq_mem_uncharge_rx(pipe->core->sk, skb->truesize);
}

/**
 * zmq_conflate_free() - the pipe is about to be freed
 * @pipe: the pipe, which nobody else knows
 *
 * Context: Any.
 */
void zmq_conflate_free(struct zmq_pipe *pipe)
{
	struct zmq_conflate *c = pipe->conflate;
	struct sk_buff *skb;

	if (!c)
		return;
	while ((skb = __skb_dequeue(&c->runs))) {
		uncharge(pipe, skb);
		kfree_skb(skb);
	}
	kfree(c);
	pipe->conflate = NULL;
}

static void drop_front(struct zmq_pipe *pipe, u64 n)
{
	struct zmq_conflate *c = pipe->conflate;
	struct sk_buff *skb;

	c->bytes -= n;
	n += c->off;
	while ((skb = skb_peek(&c->runs)) && n >= zmq_run(skb)->len) {
		n -= zmq_run(skb)->len;
		__skb_unlink(skb, &c->runs);
		uncharge(pipe, skb);
		kfree_skb(skb);
	}
	c->off = n;
}

/* Bytes of the message at the front, which is whole. */
static u64 front_message(const struct zmq_conflate *c)
{
	struct sk_buff *skb = skb_peek(&c->runs);
	u64 off = c->off, len = 0;
	struct zmq_hdr hdr;
	u8 buf[ZMQ_HDR_MAX];
	size_t n;

	do {
		n = min_t(u64, c->bytes - len, sizeof(buf));
		if (zmq_runs_copy_bits(&c->runs, skb, off, buf, n) ||
		    zmq_hdr_get(buf, n, &hdr) <= 0)
			return c->bytes;
		len += hdr.size + hdr.len;
		off += hdr.size + hdr.len;
		skb = zmq_runs_seek(&c->runs, skb, &off);
	} while ((hdr.flags & ZMTP_MORE) && skb);
	return len;
}

/* Give the whole message to the reader, whose queue is empty. A run that holds
 * also the beginning of the next message becomes two.
 */
static bool hand_over(struct zmq_pipe *pipe)
{
	struct zmq_conflate *c = pipe->conflate;
	struct sk_buff *skb, *rest = NULL;
	u64 left = c->whole + c->off;

	skb_queue_walk(&c->runs, skb) {
		if (left <= zmq_run(skb)->len)
			break;
		left -= zmq_run(skb)->len;
	}
	if (left < zmq_run(skb)->len) {
		rest = skb_clone(skb, GFP_ATOMIC);
		if (!rest)
			return false;
		if (!zmq_mem_charge_rx(pipe->core->sk, rest->truesize, true)) {
			kfree_skb(rest);
			return false;
		}
		pipe->rx_charged += rest->truesize;
		zmq_run(rest)->off += left;
		zmq_run(rest)->len -= left;
		zmq_run(skb)->len = left;
		__skb_queue_after(&c->runs, skb, rest);
	}

	pipe->rx_off = c->off;
	pipe->rx_bytes = c->whole + c->off;
	pipe->rx_msgs = 1;
	for (left = c->whole + c->off; left; left -= zmq_run(skb)->len) {
		skb = __skb_dequeue(&c->runs);
		__skb_queue_tail(&pipe->runs, skb);
	}
	c->bytes -= c->whole;
	c->whole = 0;
	c->off = 0;
	return true;
}

static void count_replaced(struct zmq_pipe *pipe)
{
	zmq_drop(pipe->core->sk, pipe, ZMQ_MIB_CONFLATED, 1);
	pipe->rx_unacked++;
}

/**
 * zmq_conflate_rx_locked() - messages arrived
 * @pipe: the pipe
 * @runs: what arrived, charged; empty afterwards
 * @msgs: messages that end in @runs
 *
 * Context: Softirq or process context, core->lock held.
 * Return: how many messages more than before can be read, 0 or 1.
 */
unsigned int zmq_conflate_rx_locked(struct zmq_pipe *pipe,
				    struct sk_buff_head *runs,
				    unsigned int msgs)
{
	struct zmq_conflate *c = pipe->conflate;
	struct sk_buff *skb;

	skb_queue_walk(runs, skb)
		c->bytes += zmq_run(skb)->len;
	skb_queue_splice_tail_init(runs, &c->runs);

	for (; msgs; msgs--) {
		if (c->whole) {
			drop_front(pipe, c->whole);
			count_replaced(pipe);
		}
		c->whole = front_message(c);
	}
	if (!c->whole || pipe->rx_msgs)
		return 0;
	return hand_over(pipe);
}

/**
 * zmq_conflate_drop_partial_locked() - the rest of a message will never come
 * @pipe: the pipe, whose stream ended
 *
 * Context: core->lock held.
 */
void zmq_conflate_drop_partial_locked(struct zmq_pipe *pipe)
{
	struct zmq_conflate *c = pipe->conflate;
	struct sk_buff *skb;
	u64 keep = c->whole ? c->whole + c->off : 0;

	while ((skb = skb_peek_tail(&c->runs)) &&
	       c->bytes + c->off > keep) {
		u64 cut = min_t(u64, c->bytes + c->off - keep,
				zmq_run(skb)->len);

		if (cut < zmq_run(skb)->len) {
			zmq_run(skb)->len -= cut;
			c->bytes -= cut;
			break;
		}
		c->bytes -= min_t(u64, cut, c->bytes);
		__skb_unlink(skb, &c->runs);
		uncharge(pipe, skb);
		kfree_skb(skb);
	}
	if (skb_queue_empty(&c->runs)) {
		c->bytes = 0;
		c->off = 0;
	}
}

/**
 * zmq_conflate_next_locked() - the reader's message was read
 * @pipe: the pipe, whose queue is empty
 *
 * Context: core->lock held.
 */
void zmq_conflate_next_locked(struct zmq_pipe *pipe)
{
	if (pipe->conflate->whole)
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
	struct zmq_core *core = pipe->core;
	struct sk_buff *skb;

	spin_lock_bh(&core->lock);
	if (pipe->conflate->whole && pipe->rx_msgs) {
		while ((skb = __skb_dequeue(&pipe->runs))) {
			uncharge(pipe, skb);
			kfree_skb(skb);
		}
		pipe->rx_hdr.size = 0;
		pipe->rx_at = NULL;
		pipe->rx_left = 0;
		pipe->rx_msgs = 0;
		pipe->rx_bytes = 0;
		pipe->rx_off = 0;
		count_replaced(pipe);
		if (!hand_over(pipe))
			list_del_init(&pipe->ready_node);
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
	return pipe->conflate && pipe->conflate->whole;
}
