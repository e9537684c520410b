/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_RUN_H
#define _ZMQ_RUN_H

#include <linux/skbuff.h>

struct iov_iter;

/* Up to here copying a run costs less than a second reference to its memory. */
#define ZMQ_RUN_COPY_MAX	512

/* Less than this part of a buffer is copied: a reference would keep all of it and
 * be charged for what it refers to.
 */
#define ZMQ_RUN_REF_PART	4

/* What is copied into one run, of so many fragments of a page at the worst. */
#define ZMQ_RUN_COPY_PIECE	SZ_32K

/**
 * struct zmq_run_cb - what skb->cb holds while an skb is a run
 * @off: where the run's bytes begin in the skb
 * @len: how many they are
 *
 * A run is received memory that holds message frames one after the other; a
 * frame may begin in one run and end in a later one of the same queue.
 */
struct zmq_run_cb {
	u32	off;
	u32	len;
};

/**
 * struct zmq_ends - where messages end in runs that are handed up
 * @msgs: how many do
 * @last: bytes there of the last one of them
 * @tail: bytes behind it, in the last run: of one that goes on
 */
struct zmq_ends {
	u32	msgs;
	u32	last;
	u32	tail;
};

static inline struct zmq_run_cb *zmq_run(struct sk_buff *skb)
{
	return (struct zmq_run_cb *)skb->cb;
}

struct sk_buff *zmq_run_alloc(unsigned int size, gfp_t gfp);
void zmq_run_put(struct sk_buff *run, unsigned int len);
struct sk_buff *zmq_run_from_skb(struct sk_buff *skb, unsigned int off,
				 unsigned int len, struct sk_buff **spare);
void zmq_run_free(struct sk_buff *run, struct sk_buff **spare);
struct sk_buff *zmq_run_own(struct sk_buff *skb);
struct sk_buff *zmq_run_from_bytes(const void *data, unsigned int len,
				   gfp_t gfp);
struct sk_buff *zmq_run_from_iter(struct iov_iter *from, size_t max, gfp_t gfp);
struct sk_buff *zmq_runs_seek(const struct sk_buff_head *runs,
			      struct sk_buff *skb, u64 *off);
const u8 *zmq_skb_bytes(const struct sk_buff *skb, u32 off, size_t *n);
const u8 *zmq_run_bytes(struct sk_buff *run, u32 off, size_t *n);
int zmq_runs_copy_bits(const struct sk_buff_head *runs, struct sk_buff *skb,
		       u64 off, void *to, size_t len);
int zmq_run_copy_iter(const struct sk_buff *run, const u8 *p, size_t len,
		      struct iov_iter *to);
int zmq_runs_copy_iter(const struct sk_buff_head *runs, struct sk_buff *skb,
		       u64 off, struct iov_iter *to, size_t len);

#endif /* _ZMQ_RUN_H */
