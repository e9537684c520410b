/* SPDX-License-Identifier: GPL-2.0-only */
/* What connections want of who dials, for one stream after the other. */
#ifndef _ZMQ_DIAL_H
#define _ZMQ_DIAL_H

#include "base/mib.h"
#include "base/types.h"

struct workqueue_struct;
struct zmq_dial;

/**
 * struct zmq_dial_ops - how a connection that was dialed comes by its streams
 * @run: look how far the attempt is that ZMQ_CONN_CONNECTING is about:
 *	zmq_conn_handshake() if it was of use, zmq_conn_lost() if not
 * @lost: the attempt or the stream is, as conn->state says, for that reason.
 *	Return: true if the options want another one.
 * @renew: make the child, whose stream has ended, fit for it. Return: false if
 *	there will be another child.
 * @wait: let ZMQ_CONN_BACKOFF end when it is time for it
 * @again: it is
 * @closed: there will be none
 * @free: the last reference to the connection has gone. In zmq_dial.wq, no lock.
 *
 * All but @free with the socket lock.
 */
struct zmq_dial_ops {
	void	(*run)(struct zmq_conn *conn);
	bool	(*lost)(struct zmq_conn *conn, enum zmq_mib_field why);
	bool	(*renew)(struct zmq_conn *conn);
	void	(*wait)(struct zmq_conn *conn);
	void	(*again)(struct zmq_conn *conn);
	void	(*closed)(struct zmq_conn *conn);
	void	(*free)(struct zmq_dial *dial);
};

/**
 * struct zmq_dial - who dials, as the connection sees it
 * @ops: its operations
 * @wq: where it may end, since that may wait for file systems
 * @question: connecting: not 0 if the address is still to be found, so that
 *	nothing has begun that could end; socket lock
 */
struct zmq_dial {
	const struct zmq_dial_ops	*ops;
	struct workqueue_struct		*wq;
	u8				question;
};

#endif /* _ZMQ_DIAL_H */
