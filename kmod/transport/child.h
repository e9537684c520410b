/* SPDX-License-Identifier: GPL-2.0-only */
/* Child sockets, which obey the same policy as their owner. */
#ifndef _ZMQ_CHILD_H
#define _ZMQ_CHILD_H

#include "conn/conn.h"
#include "transport.h"

int zmq_child_create(struct zmq_owner *owner, int family, int protocol,
		     struct socket **res);
int zmq_child_adopt(struct zmq_owner *owner,
		    const struct zmq_transport *transport,
		    struct socket *listener, struct socket *sock);
int zmq_child_accept(struct zmq_owner *owner,
		     const struct zmq_transport *transport,
		     struct socket *listener, struct socket **res);
int zmq_child_connect(struct socket *sock, const struct zmq_endpoint *ep);
int zmq_child_bind(struct socket *sock, const struct zmq_endpoint *ep);
int zmq_child_name(struct socket *sock, struct zmq_endpoint *ep);
void zmq_child_no_linger(struct sock *sk);
void zmq_child_release(struct socket *sock);
bool zmq_child_is_file(const struct socket *sock);
int zmq_child_show_user(struct zmq_owner *owner, int family);

#endif /* _ZMQ_CHILD_H */
