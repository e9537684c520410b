// SPDX-License-Identifier: GPL-2.0-only
/* What happens to endpoints and connections, for monitors and tracing. */

#include <linux/slab.h>
#include "base/trace.h"
#include "conn.h"
#include "dial.h"
#include "event.h"
#include "link.h"
#include "wire/sockaddr.h"

static void emit(struct zmq_owner *owner, const struct zmq_event *event)
{
	trace_zmq_event(owner->tasks.sk, event->event, event->value,
			event->local, event->remote);
	if (owner->event)
		owner->event(owner, event);
}

static bool is_errno(u32 event)
{
	return event == ZMQ_EVENT_BIND_FAILED ||
	       event == ZMQ_EVENT_ACCEPT_FAILED;
}

/**
 * zmq_event_listener() - something happened to a bound endpoint
 * @owner: the socket
 * @event: ZMQ_EVENT_...
 * @value: its value
 * @endpoint: text of the endpoint
 *
 * Context: Process context, socket lock held.
 */
void zmq_event_listener(struct zmq_owner *owner, u32 event, u64 value,
			const char *endpoint)
{
	struct zmq_event ev = {
		.event = event,
		.bound = true,
		.error = is_errno(event) ? value : 0,
		.value = value,
		.local = endpoint,
		.remote = "",
	};

	emit(owner, &ev);
}

/* What is told of a connection that was lost, or of an attempt that failed. */
static bool is_failure(u32 event)
{
	return event & (ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED |
			ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_GIVEN_UP |
			ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
			ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
			ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
}

/**
 * zmq_event_conn() - something happened to a connection
 * @conn: the connection
 * @event: ZMQ_EVENT_...
 * @value: its value
 *
 * Context: Process context, socket lock held.
 */
void zmq_event_conn(struct zmq_conn *conn, u32 event, u64 value)
{
	struct zmq_event ev = {
		.event = event,
		.bound = !conn->dial,
		.value = value,
		.local = conn->local ?: "",
		.remote = conn->remote ?: "",
	};

	if (is_failure(event))
		ev.error = conn->error;
	if (conn->dial && !conn->local)
		ev.remote = conn->endpoint;
	emit(conn->owner, &ev);
}

/* As "ss -e" and /proc/net/tcp show it. */
static u64 child_ino(const struct zmq_conn *conn)
{
	const struct zmq_link *link = zmq_conn_link(conn);

	return link ? SOCK_INODE(link->sock)->i_ino : 0;
}

static char *name_of(struct socket *sock, bool peer)
{
	struct {
		struct sockaddr_storage	addr;
		struct zmq_endpoint	ep;
		char			text[ZMQ_EP_TEXT];
	} *tmp;
	char *name = NULL;
	int len;

	tmp = kmalloc(sizeof(*tmp), GFP_KERNEL);
	if (!tmp)
		return NULL;
	len = peer ? kernel_getpeername(sock, (struct sockaddr *)&tmp->addr) :
		     kernel_getsockname(sock, (struct sockaddr *)&tmp->addr);
	if (len > 0 &&
	    !zmq_endpoint_from_sockaddr(&tmp->ep, &tmp->addr, len,
					ZMQ_EP_BIND) &&
	    zmq_endpoint_format(&tmp->ep, tmp->text, sizeof(tmp->text)) > 0)
		name = kstrdup(tmp->text, GFP_KERNEL_ACCOUNT);
	kfree(tmp);
	return name;
}

/**
 * zmq_event_established() - a stream is connected or accepted
 * @conn: its connection
 *
 * The names are kept, since the end of the stream is told by them, too.
 *
 * Context: Process context, socket lock held.
 */
void zmq_event_established(struct zmq_conn *conn)
{
	struct socket *sock = zmq_conn_link(conn)->sock;

	kfree(conn->local);
	kfree(conn->remote);
	conn->local = name_of(sock, false);
	conn->remote = name_of(sock, true);
	zmq_event_conn(conn,
		       conn->dial ? ZMQ_EVENT_CONNECTED : ZMQ_EVENT_ACCEPTED,
		       child_ino(conn));
}

static void forget_names(struct zmq_conn *conn)
{
	kfree(conn->local);
	kfree(conn->remote);
	conn->local = NULL;
	conn->remote = NULL;
}

static bool is_attempt(const struct zmq_conn *conn)
{
	return conn->state == ZMQ_CONN_CONNECTING &&
	       !(conn->dial && conn->dial->question);
}

/**
 * zmq_event_closed() - a connection ends for good
 * @conn: the connection; what became of a stream that it had is told
 *
 * Context: Process context, socket lock held; or nobody else uses it.
 */
void zmq_event_closed(struct zmq_conn *conn)
{
	WRITE_ONCE(conn->error, 0);
	if (is_attempt(conn) && zmq_conn_link(conn))
		zmq_event_conn(conn, ZMQ_EVENT_CLOSED, child_ino(conn));
	forget_names(conn);
}

static bool is_status(const char *reason)
{
	return reason && (!strcmp(reason, "300") || !strcmp(reason, "400") ||
			  !strcmp(reason, "500"));
}

static void handshake_failed(struct zmq_conn *conn, enum zmq_mib_field why)
{
	const char *reason = conn->session->error_reason;
	u32 event = ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;
	u64 value = ZMQ_PROTOCOL_ERROR_ZMTP_UNSPECIFIED;

	switch (why) {
	case ZMQ_MIB_HSMECHANISM:
		value = ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH;
		break;
	case ZMQ_MIB_HSTYPE:
		value = ZMQ_PROTOCOL_ERROR_ZMTP_INVALID_METADATA;
		break;
	case ZMQ_MIB_HSPROTO:
	case ZMQ_MIB_HSVERSION:
		break;
	case ZMQ_MIB_HSERROR:
		if (!is_status(reason))
			break;
		event = ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
		value = (reason[0] - '0') * 100;
		break;
	default:
		event = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
		value = conn->error;
	}
	zmq_event_conn(conn, event, value);
}

/**
 * zmq_event_lost() - a stream is of no more use
 * @conn: its connection, still in the state that it was in
 * @why: what is counted; its errno is in @conn
 *
 * Context: Process context, socket lock held.
 */
void zmq_event_lost(struct zmq_conn *conn, enum zmq_mib_field why)
{
	switch (conn->state) {
	case ZMQ_CONN_CONNECTING:
		if (is_attempt(conn))
			zmq_event_conn(conn, ZMQ_EVENT_CLOSED, child_ino(conn));
		break;
	case ZMQ_CONN_HANDSHAKE:
		handshake_failed(conn, why);
		fallthrough;
	case ZMQ_CONN_UP:
		zmq_event_conn(conn, ZMQ_EVENT_DISCONNECTED, child_ino(conn));
		break;
	}
	forget_names(conn);
}
