/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_ZEROCOPY_H
#define _ZMQ_ZEROCOPY_H

#include <linux/bvec.h>
#include <linux/sizes.h>
#include <linux/skbuff.h>
#include <linux/types.h>

struct iov_iter;
struct msghdr;
struct sock;

/* A shorter piece of a frame costs less copied than pinned. */
#define ZMQ_ZEROCOPY_MIN	SZ_16K

/**
 * struct zmq_pinned - memory of the caller's that a message refers to
 * @ubuf: of the call, held: the memory may change once it has gone
 * @len: bytes
 * @nr: pages
 * @bv: the pages, each with a reference
 *
 * The caller may write to it at any time, so it is read once, by whoever
 * sends or copies it, and nothing is decided by what it holds.
 */
struct zmq_pinned {
	struct ubuf_info	*ubuf;
	u32			len;
	unsigned int		nr;
	struct bio_vec		bv[];
};

int zmq_zerocopy_begin(struct sock *sk, struct msghdr *m);
void zmq_zerocopy_end(struct msghdr *m, bool sent);
void zmq_zerocopy_refuse(struct msghdr *m);
void zmq_zerocopy_copied(struct ubuf_info *ubuf);
bool zmq_zerocopy_pays(const struct iov_iter *from, u64 len);

struct zmq_pinned *zmq_pin(struct iov_iter *from, size_t len,
			   struct ubuf_info *ubuf);
void zmq_unpin(struct zmq_pinned *pinned);
void zmq_pinned_iter(const struct zmq_pinned *pinned, u32 off, u32 len,
		     struct iov_iter *iter);

#endif /* _ZMQ_ZEROCOPY_H */
