/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_NET_H
#define _SHIM_NET_H

#include <linux/skbuff.h>
#include <linux/uio.h>
#include <sys/socket.h>

struct sock;
struct ubuf_info;

/* The C library has another one. */
#define msghdr shim_msghdr

struct msghdr {
	struct iov_iter		msg_iter;
	struct ubuf_info	*msg_ubuf;
	unsigned int		msg_flags;
};

struct socket {
	struct sock *sk;
};

typedef struct {
	size_t count;
	union {
		void *data;
	} arg;
} read_descriptor_t;

typedef int (*sk_read_actor_t)(read_descriptor_t *desc, struct sk_buff *skb,
			       unsigned int off, size_t len);

#endif
