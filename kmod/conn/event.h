/* SPDX-License-Identifier: GPL-2.0-only */
/* What happens to endpoints and connections, for monitors and tracing. */
#ifndef _ZMQ_EVENT_H
#define _ZMQ_EVENT_H

#include "base/mib.h"
#include "base/types.h"

struct zmq_conn;
struct zmq_owner;

/**
 * struct zmq_event - something happened
 * @event: ZMQ_EVENT_...
 * @bound: to a bound endpoint or an accepted connection, else to a dialed one
 * @error: as struct zmq_event_record has it, and so is
 * @value: this
 * @local: text of the endpoint here, may be empty
 * @remote: text of the peer's
 */
struct zmq_event {
	u32		event;
	bool		bound;
	int		error;
	u64		value;
	const char	*local;
	const char	*remote;
};

void zmq_event_listener(struct zmq_owner *owner, u32 event, u64 value,
			const char *endpoint);
void zmq_event_conn(struct zmq_conn *conn, u32 event, u64 value);
void zmq_event_established(struct zmq_conn *conn);
void zmq_event_closed(struct zmq_conn *conn);
void zmq_event_lost(struct zmq_conn *conn, enum zmq_mib_field why);

#endif /* _ZMQ_EVENT_H */
