// SPDX-License-Identifier: GPL-2.0-only
/* The connecting side: first attempt, back-off, further attempts. */

#include <linux/random.h>
#include <linux/slab.h>
#include "conn.h"
#include "net.h"
#include "tcp.h"
#include "trace.h"

static struct net *conn_net(const struct zmq_conn *conn)
{
	return sock_net(conn->owner->tasks.sk);
}

static void connecting(struct zmq_conn *conn)
{
	trace_zmq_conn_state(conn, conn->state, ZMQ_CONN_CONNECTING,
			     ZMQ_MIB_NONE);
	conn->state = ZMQ_CONN_CONNECTING;
	zmq_conn_set_timer(conn, READ_ONCE(conn->owner->opts->connect_timeout));
}

/* A failure that comes at once is handled like one that comes later. */
static int attempt(struct zmq_conn *conn)
{
	int err;

	connecting(conn);
	err = zmq_tcp_connect(conn->sock, &conn->ep->addr);
	if (err && err != -EINPROGRESS)
		return err;
	/* It may be established before its callbacks were looked at. */
	zmq_task_run(&conn->task);
	return 0;
}

static unsigned int next_wait(struct zmq_conn *conn)
{
	unsigned int ivl = READ_ONCE(conn->owner->opts->reconnect_ivl);
	unsigned int max = READ_ONCE(conn->owner->opts->reconnect_ivl_max);
	unsigned int base = conn->backoff ?: ivl;
	unsigned int next = base;

	if (max > ivl)
		next = base < max / 2 ? base * 2 : max;
	conn->backoff = next;
	/* Peers that lost the same server must not come back as one. */
	return base + get_random_u32() % (max ? base / 2 + 1 : base);
}

/**
 * zmq_dial_backoff() - wait before the next attempt
 * @conn: the connection, without a stream
 *
 * Context: Process context, socket lock held.
 */
void zmq_dial_backoff(struct zmq_conn *conn)
{
	if (READ_ONCE(conn->owner->opts->reconnect_ivl) <= 0) {
		zmq_conn_close(conn);
		return;
	}
	zmq_conn_set_timer(conn, next_wait(conn));
}

/**
 * zmq_dial_again() - connect anew
 * @conn: the connection, in back-off
 *
 * The child is used again, since one made by a worker would belong to another
 * cgroup, LSM label and user than those of connect()'s caller.
 *
 * Context: Process context, socket lock held.
 */
void zmq_dial_again(struct zmq_conn *conn)
{
	int err;

	ZMQ_INC_STATS(conn_net(conn), ZMQ_MIB_RECONNECTS);
	err = zmq_tcp_disconnect(conn->sock);
	if (!err)
		err = attempt(conn);
	if (err)
		zmq_conn_lost(conn, ZMQ_MIB_CONNECTFAIL, false);
}

static int prepare(struct zmq_conn *conn, const struct zmq_endpoint *ep)
{
	int err;

	conn->ep = kmemdup(ep, sizeof(*ep), GFP_KERNEL_ACCOUNT);
	if (!conn->ep)
		return -ENOMEM;
	err = zmq_tcp_resolve(conn_net(conn), conn->ep);
	if (err)
		return err;
	err = zmq_tcp_create(conn->owner, &ep->addr, &conn->sock);
	if (err)
		return err;
	zmq_conn_install(conn);
	if (ep->has_src)
		return zmq_tcp_bind(conn->sock, &conn->ep->src);
	return 0;
}

/**
 * zmq_dial() - make a connection and begin to connect it
 * @owner: the socket
 * @ep: a tcp:// endpoint
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
	err = attempt(conn);
	if (err == -EACCES || err == -EPERM)
		return err;
	if (err)
		zmq_conn_lost(conn, ZMQ_MIB_CONNECTFAIL, false);
	return 0;
}
