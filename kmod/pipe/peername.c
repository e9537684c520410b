// SPDX-License-Identifier: GPL-2.0-only
/* The transport's address of a peer. */

#include <linux/net.h>
#include <linux/slab.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include "conn/conn.h"
#include "conn/link.h"
#include "peername.h"
#include "pipe.h"

/* A TCP socket is asked without its lock, which is a user's if the stream is. */
static int tcp_name(const struct sock *sk, union zmq_sockname *name)
{
	const struct inet_sock *inet = inet_sk(sk);

	if (!inet->inet_dport)
		return -ENOTCONN;
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		name->in.in6.sin6_family = AF_INET6;
		name->in.in6.sin6_port = inet->inet_dport;
		name->in.in6.sin6_addr = sk->sk_v6_daddr;
		name->in.in6.sin6_scope_id =
			ipv6_iface_scope_id(&sk->sk_v6_daddr,
					    sk->sk_bound_dev_if);
		return sizeof(name->in.in6);
	}
#endif
	name->in.in4.sin_family = AF_INET;
	name->in.in4.sin_port = inet->inet_dport;
	name->in.in4.sin_addr.s_addr = inet->inet_daddr;
	return sizeof(name->in.in4);
}

static int stream_name(struct socket *sock, union zmq_sockname *name)
{
	const struct sock *sk = sock->sk;
	struct sockaddr_storage addr;
	int len;

	memset(name, 0, sizeof(*name));
	if (sk->sk_family == AF_INET || sk->sk_family == AF_INET6)
		return tcp_name(sk, name);
	len = kernel_getpeername(sock, (struct sockaddr *)&addr);
	return len < 0 ? len : zmq_sockname_take(name, &addr, len);
}

/**
 * zmq_peername_note() - note the address of a pipe's peer, if it has one
 * @pipe: the pipe, whose connection is up
 *
 * Context: Process context, socket lock held.
 */
void zmq_peername_note(struct zmq_pipe *pipe)
{
	struct zmq_peername *peer;
	union zmq_sockname name;
	struct zmq_link *link;
	int len;

	link = pipe->conn ? zmq_conn_link(pipe->conn) : NULL;
	if (pipe->name || !link)
		return;
	len = stream_name(link->sock, &name);
	if (len < 0)
		return;
	peer = kmalloc(sizeof(*peer) + len, GFP_KERNEL_ACCOUNT);
	if (!peer)
		return;
	peer->listed = false;
	peer->pipe = pipe;
	peer->len = len;
	memcpy(peer->addr, &name, len);
	pipe->name = peer;
}
