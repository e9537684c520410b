/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_SOCK_H
#define _ZMQ_SOCK_H

#include <linux/workqueue.h>
#include <net/sock.h>
#include "endpoint.h"
#include "pattern.h"

/**
 * struct zmq_sock - an AF_ZMQ socket
 * @sk: the socket, first
 * @core: its pipes and routing
 * @tx: the message that send() is building; socket lock
 * @net_node: in zmq_net(net)->socks
 * @listeners: bound tcp:// endpoints; socket lock
 * @inproc_binds: bound inproc:// endpoints; socket lock
 * @conns: every connection that the socket owns; socket lock
 * @work: attaches and detaches inproc pipes under the socket lock
 * @deferred_lock: protects @deferred
 * @deferred: work items that found the socket lock taken; zmq_release_cb()
 *	queues them again, so that no worker ever waits behind a system call
 * @last_endpoint: ZMQ_LAST_ENDPOINT, canonical text
 * @name_addr: the first bind in the form the caller gave it, for getsockname
 * @peer_addr: the last connect likewise, for getpeername
 * @name_len: length of @name_addr, 0 if none
 * @peer_len: length of @peer_addr, 0 if none
 * @rcvmore: the last frame received has more behind it
 * @closed: release() ran; what is left drains
 */
struct zmq_sock {
	struct sock		sk;
	struct zmq_core		core;
	struct zmq_msg		tx;
	struct hlist_node	net_node;
	struct list_head	listeners;
	struct list_head	inproc_binds;
	struct list_head	conns;
	struct work_struct	work;
	spinlock_t		deferred_lock;
	struct list_head	deferred;
	char			last_endpoint[ZMQ_ENDPOINT_TEXT];
	struct sockaddr_storage	name_addr;
	struct sockaddr_storage	peer_addr;
	int			name_len;
	int			peer_len;
	bool			rcvmore;
	bool			closed;
};

static inline struct zmq_sock *zmq_sk(const struct sock *sk)
{
	return container_of(sk, struct zmq_sock, sk);
}

/* sock.c; the socket lock is held in all but create, release and poll */
int zmq_sock_create(struct net *net, struct socket *sock, int protocol,
		    int kern, struct proto *prot,
		    const struct proto_ops *ops, int family);
int zmq_sock_release(struct socket *sock);
int zmq_sock_bind(struct zmq_sock *zsk, struct zmq_endpoint *ep);
int zmq_sock_connect(struct zmq_sock *zsk, struct zmq_endpoint *ep);
int zmq_sock_unbind(struct zmq_sock *zsk, const struct zmq_endpoint *ep);
int zmq_sock_disconnect(struct zmq_sock *zsk, const struct zmq_endpoint *ep);
int zmq_sock_can_recv(struct zmq_sock *zsk);
void zmq_sock_release_cb(struct sock *sk);

/* sock_tx.c, sock_rx.c */
int zmq_sock_sendmsg(struct socket *sock, struct msghdr *m, size_t len);
int zmq_sock_recvmsg(struct socket *sock, struct msghdr *m, size_t size,
		     int flags);
__poll_t zmq_sock_poll(struct file *file, struct socket *sock,
		       struct poll_table_struct *wait);

/* sockopt.c */
void zmq_opts_init(struct zmq_opts *opts, const struct zmq_pattern *pattern);
int zmq_sock_setsockopt(struct socket *sock, int level, int optname,
			sockptr_t optval, unsigned int optlen);
int zmq_sock_getsockopt(struct socket *sock, int level, int optname,
			char __user *optval, int __user *optlen);

#endif /* _ZMQ_SOCK_H */
