/* SPDX-License-Identifier: GPL-2.0-only */
/* A bound stream endpoint: accepts connections for its socket. */
#ifndef _ZMQ_LISTENER_H
#define _ZMQ_LISTENER_H

#include "conn.h"

/**
 * struct zmq_listener - a bound endpoint
 * @node: in owner->listeners
 * @place: in owner->listener_roster
 * @ref: references
 * @owner: the socket; its sk is held
 * @sock: the listening child; NULL once closed
 * @task: accepts
 * @wait: in the child's wait queue
 * @transport: of @ep
 * @cred: who bound it
 * @ep: the endpoint, its wildcards filled in
 * @endpoint: canonical text of @ep
 */
struct zmq_listener {
	struct list_head	node;
	u32			place;
	refcount_t		ref;
	struct zmq_owner	*owner;
	struct socket		*sock;
	struct zmq_task		task;
	wait_queue_entry_t	wait;
	const struct zmq_transport	*transport;
	const struct cred	*cred;
	struct zmq_endpoint	ep;
	char			endpoint[ZMQ_EP_TEXT];
};

int zmq_listen(struct zmq_owner *owner, const struct zmq_endpoint *ep,
	       struct zmq_listener **res);
void zmq_listener_close(struct zmq_listener *listener);

#endif /* _ZMQ_LISTENER_H */
