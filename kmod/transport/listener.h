/* SPDX-License-Identifier: GPL-2.0-only */
/* A bound stream endpoint: accepts connections for its socket. */
#ifndef _ZMQ_LISTENER_H
#define _ZMQ_LISTENER_H

#include <linux/kfifo.h>
#include <linux/path.h>
#include "conn/conn.h"

/* Connections that wait to be taken. A power of two. */
#define ZMQ_LISTENER_ACCEPTED	16

struct zmq_lane;

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
 * @lane: where @lane_work runs, or NULL
 * @lane_work: accepts from @adopted; when it is closed lets go of that, or
 *	removes @path
 * @adopted: @sock if it came as a file, then what remains of it
 * @accepted: from @adopted and not yet taken; the task reads, @lane_work writes
 * @error: of @adopted's accept(), to be told
 * @closed: there will be no more tasks
 * @path: of a name that is to be removed
 * @binder: who bound it
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
	struct zmq_lane		*lane;
	struct work_struct	lane_work;
	struct socket		*adopted;
	DECLARE_KFIFO(accepted, struct socket *, ZMQ_LISTENER_ACCEPTED);
	int			error;
	bool			closed;
	struct path		path;
	struct zmq_sender	binder;
	struct zmq_endpoint	ep;
	char			endpoint[ZMQ_EP_TEXT];
};

int zmq_listen(struct zmq_owner *owner, const struct zmq_endpoint *ep,
	       struct zmq_listener **res);
void zmq_listener_close(struct zmq_listener *listener, bool wait);

#endif /* _ZMQ_LISTENER_H */
