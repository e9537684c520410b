/* SPDX-License-Identifier: GPL-2.0-only */
/* A bound stream endpoint: accepts connections for its socket. */
#ifndef _ZMQ_LISTENER_H
#define _ZMQ_LISTENER_H

#include "conn.h"

/**
 * struct zmq_listener - a bound tcp:// endpoint
 * @node: in owner->listeners
 * @ref: references
 * @owner: the socket; its sk is held
 * @sock: the listening child; NULL once closed
 * @task: accepts
 * @ep: the endpoint with its real port
 * @data_ready: the child's own callback
 * @rcu: callbacks may still look at it
 * @endpoint: canonical text of @ep
 */
struct zmq_listener {
	struct list_head	node;
	refcount_t		ref;
	struct zmq_owner	*owner;
	struct socket		*sock;
	struct zmq_task		task;
	struct zmq_endpoint	ep;
	void			(*data_ready)(struct sock *sk);
	struct rcu_head		rcu;
	char			endpoint[ZMQ_EP_TEXT];
};

int zmq_listen(struct zmq_owner *owner, const struct zmq_endpoint *ep,
	       struct zmq_listener **res);
void zmq_listener_close(struct zmq_listener *listener);

#endif /* _ZMQ_LISTENER_H */
