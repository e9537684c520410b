/* SPDX-License-Identifier: GPL-2.0-only */
/* The connecting side: first attempt, back-off, further attempts. */
#ifndef _ZMQ_DIALER_H
#define _ZMQ_DIALER_H

#include <linux/workqueue.h>
#include "conn/conn.h"
#include "conn/dial.h"
#include "conn/link.h"

struct zmq_caller;
struct zmq_transport;

/**
 * struct zmq_dialer - what makes the streams of a connection
 * @dial: as the connection sees it
 * @conn: the connection, as long as which it lives
 * @transport: of the endpoint
 * @backoff: ms, the next wait before dialing again
 * @spare: to a name: a link of the other address family, or NULL; socket lock
 * @device: to a name: what the connection's child was bound to when made, which
 *	policy may choose by address family
 * @spare_device: the same of @spare
 * @caller: with a new child for each attempt: on whose behalf
 * @work: makes and connects such a child
 * @busy: @work was started and what it made has not been looked at; socket lock
 * @done: @work is done
 * @sock: the child it made, or its errno, until that is looked at, then NULL;
 *	before @done its own
 */
struct zmq_dialer {
	struct zmq_dial			dial;
	struct zmq_conn			*conn;
	const struct zmq_transport	*transport;
	unsigned int			backoff;
	struct zmq_link			*spare;
	int				device;
	int				spare_device;
	struct zmq_caller		*caller;
	struct work_struct		work;
	bool				busy;
	bool				done;
	struct socket			*sock;
};

static inline struct zmq_dialer *zmq_dialer(const struct zmq_conn *conn)
{
	return container_of(conn->dial, struct zmq_dialer, dial);
}

static inline struct socket *zmq_dialer_child(const struct zmq_conn *conn)
{
	return zmq_conn_link(conn)->sock;
}

int zmq_dial(struct zmq_owner *owner, const struct zmq_endpoint *ep,
	     const char *endpoint, struct zmq_conn **res);
int zmq_dial_start(struct zmq_conn *conn);

#endif /* _ZMQ_DIALER_H */
