// SPDX-License-Identifier: GPL-2.0-only
/* Received runs made of an outgoing message. */

#include <linux/uio.h>
#include "msg.h"
#include "run.h"
#include "zerocopy.h"

/* Ranges from @r on that one run refers to, none of them pinned. */
static unsigned int count_ranges(const struct zmq_range *r, unsigned int nr)
{
	unsigned int n = 0;

	while (n < nr && n < MAX_SKB_FRAGS && !r[n].buf->pinned)
		n++;
	return n;
}

static int run_from_ranges(const struct zmq_range *r, unsigned int nr,
			   struct sk_buff_head *runs)
{
	struct sk_buff *skb = zmq_run_alloc(0, GFP_KERNEL);
	unsigned int i;

	if (!skb)
		return -ENOMEM;
	for (i = 0; i < nr; i++, r++) {
		get_page(r->buf->page);
		skb_add_rx_frag(skb, i, r->buf->page, r->off, r->len, r->len);
	}
	zmq_run(skb)->len = skb->len;
	__skb_queue_tail(runs, skb);
	return 0;
}

/* What is received must not change. */
static int runs_from_pinned(const struct zmq_range *r,
			    struct sk_buff_head *runs)
{
	struct iov_iter from;
	struct sk_buff *skb;

	zmq_pinned_iter(r->buf->pinned, r->off, r->len, &from);
	zmq_zerocopy_copied(r->buf->pinned->ubuf);
	while (iov_iter_count(&from)) {
		skb = zmq_run_from_iter(&from, ZMQ_RUN_COPY_PIECE, GFP_KERNEL);
		if (!skb)
			return -ENOMEM;
		__skb_queue_tail(runs, skb);
	}
	return 0;
}

static int run_by_copy(const struct zmq_msg *msg, struct sk_buff_head *runs)
{
	struct sk_buff *skb = zmq_run_alloc(msg->bytes, GFP_KERNEL);
	unsigned int i;

	if (!skb)
		return -ENOMEM;
	for (i = 0; i < msg->nr; i++)
		skb_put_data(skb, zmq_range_addr(&msg->ranges[i]),
			     msg->ranges[i].len);
	zmq_run(skb)->len = skb->len;
	__skb_queue_tail(runs, skb);
	return 0;
}

/* What is pinned is copied in any case. */
static bool keeps_too_much(const struct zmq_msg *msg)
{
	unsigned int i;
	u64 kept = 0;

	if (msg->bytes > ZMQ_RUN_COPY_PIECE)
		return false;
	for (i = 0; i < msg->nr; i++) {
		if (msg->ranges[i].buf->pinned)
			return false;
		kept += msg->ranges[i].buf->size;
	}
	return msg->bytes < kept / ZMQ_RUN_REF_PART;
}

/**
 * zmq_msg_to_runs() - hand a message over as received runs, for inproc
 * @msg: the message
 * @runs: list that the runs are appended to
 *
 * Large bodies are referenced, not copied, unless they are the caller's memory or
 * a small part of what a reference would keep.
 *
 * Context: Process context, socket lock held.
 * Return: 0, or -ENOMEM with @runs unchanged.
 */
int zmq_msg_to_runs(const struct zmq_msg *msg, struct sk_buff_head *runs)
{
	struct sk_buff_head made;
	const struct zmq_range *r;
	unsigned int i, n;
	int err;

	if (msg->bytes <= ZMQ_RUN_COPY_MAX || keeps_too_much(msg))
		return run_by_copy(msg, runs);

	__skb_queue_head_init(&made);
	for (i = 0; i < msg->nr; i += n ?: 1) {
		r = &msg->ranges[i];
		n = count_ranges(r, msg->nr - i);
		err = n ? run_from_ranges(r, n, &made) :
			  runs_from_pinned(r, &made);
		if (err) {
			__skb_queue_purge(&made);
			return err;
		}
	}
	skb_queue_splice_tail(&made, runs);
	return 0;
}
