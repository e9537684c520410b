/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_SOCK_H
#define _SHIM_SOCK_H

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <net/net_namespace.h>
#include <stdlib.h>

#define TCP_CLOSE		7
#define RCV_SHUTDOWN		1

struct rcu_head {
	char unused;
};

struct sock {
	struct net	*net;
	int		sk_rcvbuf;
	int		sk_err;
	u8		sk_state;
	u8		sk_shutdown;
	bool		is_tcp;
	unsigned int	refs;
};

static inline struct net *sock_net(const struct sock *sk)
{
	return sk->net;
}

static inline void sock_hold(struct sock *sk)
{
	sk->refs++;
}

static inline void sock_put(struct sock *sk)
{
	if (!sk->refs--)
		abort();
}

#endif
