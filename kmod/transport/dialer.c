// SPDX-License-Identifier: GPL-2.0-only
/* The connecting side: first attempt, back-off, further attempts. */

#include <linux/random.h>
#include <linux/slab.h>
#include "base/compat.h"
#include "base/lane.h"
#include "base/net.h"
#include "base/trace.h"
#include "caller.h"
#include "child.h"
#include "conn/event.h"
#include "resolve.h"

/* ms between attempts, at the most, where the one that would be made so often
 * is of no use: a listener's queue stays full, or a peer speaks something else.
 */
#define USELESS_IVL_MAX	10000

static struct net *conn_net(const struct zmq_conn *conn)
{
	return sock_net(conn->owner->tasks.sk);
}

static void connecting(struct zmq_conn *conn)
{
	trace_zmq_conn_state(conn, conn->state, ZMQ_CONN_CONNECTING,
			     ZMQ_MIB_NONE);
	WRITE_ONCE(conn->state, ZMQ_CONN_CONNECTING);
	zmq_conn_set_timer(conn, READ_ONCE(conn->owner->opts->connect_timeout));
}

/* A failure that comes at once is handled like one that comes later. */
static int attempt(struct zmq_conn *conn)
{
	int err;

	connecting(conn);
	err = conn->transport->connect(conn->sock, conn->ep);
	if (err && err != -EINPROGRESS)
		return err;
	if (err)
		zmq_event_conn(conn, ZMQ_EVENT_CONNECT_DELAYED, -err);
	/* It may be established before its callbacks were looked at. */
	zmq_task_run(&conn->task);
	return 0;
}

static void attempt_failed(struct zmq_conn *conn, int err)
{
	zmq_conn_lost(conn, ZMQ_MIB_CONNECTFAIL, -err);
}

/**
 * zmq_dial_wrong_peer() - was somebody there who does not fit
 * @why: the counter of the failure
 *
 * Context: Any.
 * Return: true if so.
 */
bool zmq_dial_wrong_peer(enum zmq_mib_field why)
{
	switch (why) {
	case ZMQ_MIB_HSPROTO:
	case ZMQ_MIB_HSVERSION:
	case ZMQ_MIB_HSMECHANISM:
	case ZMQ_MIB_HSTYPE:
	case ZMQ_MIB_HSERROR:
	case ZMQ_MIB_HSREFUSED:
	case ZMQ_MIB_RXTOOBIG:
	case ZMQ_MIB_PROTOERROR:
		return true;
	default:
		return false;
	}
}

/* A full queue is asked less and less, as by TCP: attempts cost the time that
 * would empty it. So is who answers with nonsense.
 */
static unsigned int longest_wait(const struct zmq_conn *conn)
{
	unsigned int max = READ_ONCE(conn->owner->opts->reconnect_ivl_max);

	if (!max && (conn->error == EAGAIN || zmq_dial_wrong_peer(conn->reason)))
		return USELESS_IVL_MAX;
	return max;
}

static unsigned int next_wait(struct zmq_conn *conn)
{
	unsigned int ivl = READ_ONCE(conn->owner->opts->reconnect_ivl);
	unsigned int base = max(conn->backoff, ivl);
	unsigned int most = longest_wait(conn);
	unsigned int least;

	/* Peers that lost the same server must not come back as one. */
	if (most <= ivl) {
		conn->backoff = 0;
		return ivl + get_random_u32() % ivl;
	}
	base = min(base, most);
	conn->backoff = base < most / 2 ? base * 2 : most;
	least = max(base - base / 4, ivl);
	most = min(base + base / 4, most);
	return least + get_random_u32() % (most - least + 1);
}

/**
 * zmq_dial_backoff() - wait before the next attempt
 * @conn: the connection, without a stream; ZMQ_RECONNECT_IVL allows it
 *
 * Context: Process context, socket lock held.
 */
void zmq_dial_backoff(struct zmq_conn *conn)
{
	unsigned int ms;

	ms = next_wait(conn);
	zmq_event_conn(conn, ZMQ_EVENT_CONNECT_RETRIED, ms);
	zmq_conn_set_timer(conn, ms);
}

/**
 * zmq_dial_work() - make and connect a child on the caller's behalf
 * @work: in the connection
 *
 * Context: Worker, without the socket lock.
 */
void zmq_dial_work(struct work_struct *work)
{
	struct zmq_conn *conn = container_of(work, struct zmq_conn, dial_work);
	const struct zmq_transport *transport = conn->transport;
	struct zmq_disguise disguise;
	struct socket *sock;
	int err;

	zmq_caller_become(conn->caller, conn->owner->tasks.sk, &disguise);
	err = transport->create(conn->owner, conn->ep, &sock);
	if (!err) {
		err = transport->connect(sock, conn->ep);
		if (err && err != -EINPROGRESS)
			zmq_child_release(sock);
		else if (transport->introduce)
			transport->introduce(sock, conn->caller->pid);
	}
	zmq_caller_revert(&disguise);
	conn->dial_sock = err && err != -EINPROGRESS ? ERR_PTR(err) : sock;

	/* Pairs with test_bit_acquire() in zmq_dial_result(). */
	smp_mb__before_atomic();
	set_bit(ZMQ_CONN_DIALED, &conn->flags);
	zmq_task_run(&conn->task);
	zmq_conn_put(conn);
}

/**
 * zmq_dial_result() - take what dial_work has made, if it was needed
 * @conn: the connection, connecting
 *
 * Context: Process context, socket lock held.
 * Return: 0 if there is a child, -EINPROGRESS if there is none yet, or why
 *	there will be none.
 */
int zmq_dial_result(struct zmq_conn *conn)
{
	struct socket *sock;

	if (!test_bit(ZMQ_CONN_DIALING, &conn->flags))
		return 0;
	if (!test_bit_acquire(ZMQ_CONN_DIALED, &conn->flags))
		return -EINPROGRESS;
	clear_bit(ZMQ_CONN_DIALED, &conn->flags);
	clear_bit(ZMQ_CONN_DIALING, &conn->flags);
	sock = conn->dial_sock;
	conn->dial_sock = NULL;
	if (IS_ERR(sock))
		return PTR_ERR(sock);
	zmq_conn_install(conn, sock);
	return 0;
}

/* Looking up a path may take as long as a file server does, so it is done where
 * only attempts of the same user wait for it. Whatever the last attempt brings
 * after its time counts for this one.
 */
static void dial_anew(struct zmq_conn *conn)
{
	connecting(conn);
	if (test_and_set_bit(ZMQ_CONN_DIALING, &conn->flags)) {
		zmq_task_run(&conn->task);
		return;
	}
	zmq_conn_get(conn);
	queue_work(conn->caller->lane->wq, &conn->dial_work);
}

/* Of a name there is nothing to connect to yet. */
static int begin(struct zmq_conn *conn)
{
	if (!zmq_endpoint_is_named(conn->ep))
		return attempt(conn);
	connecting(conn);
	return zmq_resolve_ask(conn);
}

/**
 * zmq_dial_named() - go where the name of a connection is, if that is known
 * @conn: the connection, connecting, with a question
 *
 * Context: Process context, socket lock held.
 */
void zmq_dial_named(struct zmq_conn *conn)
{
	int err = zmq_resolve_result(conn);

	if (err == -EINPROGRESS)
		return;
	if (!err)
		err = attempt(conn);
	if (err)
		attempt_failed(conn, err);
}

/**
 * zmq_dial_again() - connect anew
 * @conn: the connection, in back-off
 *
 * The child is used again if it can be, reset as it is, since one made by a worker has to be
 * given the cgroup, LSM label and user of connect()'s caller.
 *
 * Context: Process context, socket lock held.
 */
void zmq_dial_again(struct zmq_conn *conn)
{
	int err;

	ZMQ_INC_STATS(conn_net(conn), ZMQ_MIB_RECONNECTS);
	WRITE_ONCE(conn->reconnects, conn->reconnects + 1);
	if (!conn->transport->reset) {
		dial_anew(conn);
		return;
	}
	err = begin(conn);
	if (err)
		attempt_failed(conn, err);
}

/* As much of it as there is: few have a name, none needs all the room for one. */
static struct zmq_endpoint *endpoint_dup(const struct zmq_endpoint *ep)
{
	return kmemdup(ep, offsetof(struct zmq_endpoint, name) +
		       ep->name_len + 1, GFP_KERNEL_ACCOUNT);
}

static int prepare(struct zmq_conn *conn, const struct zmq_endpoint *ep)
{
	const struct zmq_transport *transport;
	struct socket *sock;
	int err;

	transport = zmq_transport_find(ep->transport);
	conn->transport = transport;
	conn->stream = transport->stream;
	conn->ep = endpoint_dup(ep);
	if (!conn->ep)
		return -ENOMEM;
	if (!transport->reset) {
		conn->caller = zmq_caller_new(conn_net(conn));
		if (!conn->caller)
			return -ENOMEM;
	}
	if (zmq_endpoint_is_named(ep))
		return zmq_resolve_children(conn);
	if (ep->transport == ZMQ_IPC)
		zmq_sender_current(&conn->sender);
	err = zmq_transport_resolve(conn_net(conn), conn->ep);
	if (err)
		return err;
	err = transport->create(conn->owner, ep, &sock);
	if (err)
		return err;
	zmq_conn_install(conn, sock);
	return transport->source ? transport->source(sock, conn->ep) : 0;
}

/**
 * zmq_dial() - make a connection and begin to connect it
 * @owner: the socket
 * @ep: the endpoint, not inproc
 * @endpoint: its canonical text
 * @res: set to the connection, which belongs to owner->conns
 *
 * The caller gives it a pipe and calls zmq_dial_start().
 *
 * Context: Process context of connect(), socket lock held.
 * Return: 0, -ENOMEM, -ENODEV, or an errno of socket(2) or of bind(2) to the
 *	source address.
 */
int zmq_dial(struct zmq_owner *owner, const struct zmq_endpoint *ep,
	     const char *endpoint, struct zmq_conn **res)
{
	struct zmq_conn *conn;
	int err;

	conn = zmq_conn_new(owner, true, endpoint);
	if (!conn)
		return -ENOMEM;
	err = prepare(conn, ep);
	if (err) {
		zmq_conn_close(conn);
		return err;
	}
	*res = conn;
	return 0;
}

/**
 * zmq_dial_start() - the first attempt
 * @conn: the connection
 *
 * As with libzmq, a peer that cannot be reached is no error: it may come. That
 * the caller is not allowed to reach it is one.
 *
 * Context: Process context of connect(), socket lock held.
 * Return: 0, -EACCES or -EPERM.
 */
int zmq_dial_start(struct zmq_conn *conn)
{
	int err;

	ZMQ_INC_STATS(conn_net(conn), ZMQ_MIB_CONNECTS);
	err = begin(conn);
	if (err == -EACCES || err == -EPERM)
		return err;
	if (err)
		attempt_failed(conn, err);
	return 0;
}
