/* SPDX-License-Identifier: GPL-2.0-only */
/* Child sockets for tcp:// that obey the same policy as their owner. */
#ifndef _ZMQ_TCP_H
#define _ZMQ_TCP_H

#include "conn.h"

int zmq_tcp_create(struct zmq_owner *owner, const union zmq_inaddr *addr,
		   struct socket **res);
int zmq_tcp_accept(struct zmq_owner *owner, struct socket *listener,
		   struct socket **res);
int zmq_tcp_bind(struct socket *sock, const union zmq_inaddr *addr);
int zmq_tcp_connect(struct socket *sock, const union zmq_inaddr *addr);
int zmq_tcp_disconnect(struct socket *sock);
int zmq_tcp_resolve(struct net *net, struct zmq_endpoint *ep);
int zmq_tcp_local_port(struct socket *sock, union zmq_inaddr *addr);

#endif /* _ZMQ_TCP_H */
