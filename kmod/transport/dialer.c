// SPDX-License-Identifier: GPL-2.0-only
/* The connecting side: first attempt, back-off, further attempts. */

#include <linux/random.h>
#include <linux/slab.h>
#include "base/compat.h"
#include "base/lane.h"
#include "base/net.h"
#include "caller.h"
#include "child.h"
#include "conn/event.h"
#include "dialer.h"
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
	zmq_conn_set_state(conn, ZMQ_CONN_CONNECTING, ZMQ_MIB_NONE);
	zmq_conn_set_timer(conn, READ_ONCE(conn->owner->opts->connect_timeout));
}

/* A failure that comes at once is handled like one that comes later. */
static int attempt(struct zmq_conn *conn)
{
	int err;

	connecting(conn);
	err = zmq_dialer(conn)->transport->connect(zmq_dialer_child(conn),
						   conn->ep);
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

/* Somebody was there who does not fit. */
static bool is_wrong_peer(enum zmq_mib_field why)
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

	if (!max && (conn->error == EAGAIN || is_wrong_peer(conn->reason)))
		return USELESS_IVL_MAX;
	return max;
}

static unsigned int next_wait(struct zmq_conn *conn)
{
	unsigned int ivl = READ_ONCE(conn->owner->opts->reconnect_ivl);
	struct zmq_dialer *dialer = zmq_dialer(conn);
	unsigned int base = max(dialer->backoff, ivl);
	unsigned int most = longest_wait(conn);
	unsigned int least;

	/* Peers that lost the same server must not come back as one. */
	if (most <= ivl) {
		dialer->backoff = 0;
		return ivl + get_random_u32() % ivl;
	}
	base = min(base, most);
	dialer->backoff = base < most / 2 ? base * 2 : most;
	least = max(base - base / 4, ivl);
	most = min(base + base / 4, most);
	return least + get_random_u32() % (most - least + 1);
}

static void dial_wait(struct zmq_conn *conn)
{
	unsigned int ms;

	ms = next_wait(conn);
	zmq_event_conn(conn, ZMQ_EVENT_CONNECT_RETRIED, ms);
	zmq_conn_set_timer(conn, ms);
}

/* A peer that breaks the protocol each time is not asked as often as others. */
static void forget_backoff(struct zmq_conn *conn, enum zmq_mib_field why)
{
	struct zmq_dialer *dialer = zmq_dialer(conn);
	unsigned long longer = conn->up_since +
			       msecs_to_jiffies(dialer->backoff);

	if (conn->state == ZMQ_CONN_UP &&
	    (!is_wrong_peer(why) || time_after(jiffies, longer)))
		dialer->backoff = 0;
}

static bool may_dial_again(const struct zmq_conn *conn, enum zmq_mib_field why)
{
	const struct zmq_opts *opts = conn->owner->opts;
	int stop = READ_ONCE(opts->reconnect_stop);

	if (conn->no_redial || READ_ONCE(opts->reconnect_ivl) <= 0)
		return false;
	if (conn->state == ZMQ_CONN_HANDSHAKE || why == ZMQ_MIB_HSREFUSED)
		return !(stop & ZMQ_RECONNECT_STOP_HANDSHAKE_FAILED);
	return !(stop & ZMQ_RECONNECT_STOP_CONN_REFUSED) ||
	       why != ZMQ_MIB_CONNECTFAIL || conn->error != ECONNREFUSED;
}

static bool dial_lost(struct zmq_conn *conn, enum zmq_mib_field why)
{
	forget_backoff(conn, why);
	zmq_resolve_end(conn);
	return may_dial_again(conn, why);
}

/* Make and connect a child on the caller's behalf. */
static void dial_work(struct work_struct *work)
{
	struct zmq_dialer *dialer = container_of(work, struct zmq_dialer, work);
	const struct zmq_transport *transport = dialer->transport;
	struct zmq_caller *caller = dialer->caller;
	struct zmq_conn *conn = dialer->conn;
	struct zmq_disguise disguise;
	struct socket *sock;
	int err;

	zmq_caller_become(caller, conn->owner->tasks.sk, &disguise);
	err = transport->create(conn->owner, conn->ep, &sock);
	if (!err) {
		err = transport->connect(sock, conn->ep);
		if (err && err != -EINPROGRESS)
			zmq_child_release(sock);
		else if (transport->introduce)
			transport->introduce(sock, caller->pid);
	}
	zmq_caller_revert(&disguise);
	dialer->sock = err && err != -EINPROGRESS ? ERR_PTR(err) : sock;

	/* Pairs with smp_load_acquire() in take_child(). */
	smp_store_release(&dialer->done, true);
	zmq_task_run(&conn->task);
	zmq_conn_put(conn);
}

/* The child is the connection's from now on, whatever comes of it. */
static int use_child(struct zmq_conn *conn, struct socket *sock)
{
	struct zmq_link *link = zmq_dialer(conn)->transport->link(conn, sock);

	if (!link)
		return -ENOMEM;
	zmq_link_set(conn, link);
	return 0;
}

/* Take what dial_work has made, if it was needed: -EINPROGRESS if it has not yet
 * made it.
 */
static int take_child(struct zmq_conn *conn)
{
	struct zmq_dialer *dialer = zmq_dialer(conn);
	struct socket *sock;

	if (!dialer->busy)
		return 0;
	/* Pairs with smp_store_release() in dial_work(). */
	if (!smp_load_acquire(&dialer->done))
		return -EINPROGRESS;
	sock = dialer->sock;
	dialer->sock = NULL;
	dialer->done = false;
	dialer->busy = false;
	return IS_ERR(sock) ? PTR_ERR(sock) : use_child(conn, sock);
}

/* Looking up a path may take as long as a file server does, so it is done where
 * only attempts of the same user wait for it. Whatever the last attempt brings
 * after its time counts for this one.
 */
static void dial_anew(struct zmq_conn *conn)
{
	struct zmq_dialer *dialer = zmq_dialer(conn);

	connecting(conn);
	if (dialer->busy) {
		zmq_task_run(&conn->task);
		return;
	}
	dialer->busy = true;
	zmq_conn_get(conn);
	queue_work(dialer->dial.wq, &dialer->work);
}

/* Of a name there is nothing to connect to yet. */
static int begin(struct zmq_conn *conn)
{
	if (!zmq_endpoint_is_named(conn->ep))
		return attempt(conn);
	connecting(conn);
	return zmq_resolve_ask(conn);
}

static void run_named(struct zmq_conn *conn)
{
	int err = zmq_resolve_result(conn);

	if (err == -EINPROGRESS)
		return;
	if (!err)
		err = attempt(conn);
	if (err)
		attempt_failed(conn, err);
}

static void run_attempt(struct zmq_conn *conn)
{
	const struct zmq_transport *transport = zmq_dialer(conn)->transport;
	int err = take_child(conn);
	struct socket *sock;

	if (err == -EINPROGRESS)
		return;
	if (err) {
		attempt_failed(conn, err);
		return;
	}
	sock = zmq_dialer_child(conn);
	switch (sock->sk->sk_state) {
	case TCP_SYN_SENT:
	case TCP_SYN_RECV:
		return;
	case TCP_CLOSE:
		attempt_failed(conn, 0);
		return;
	}
	if (transport->is_own && transport->is_own(sock))
		attempt_failed(conn, -ECONNREFUSED);
	else if (zmq_conn_handshake(conn))
		zmq_conn_lost(conn, ZMQ_MIB_NOMEM, ENOMEM);
}

static void dial_run(struct zmq_conn *conn)
{
	if (conn->dial->question)
		run_named(conn);
	else
		run_attempt(conn);
}

/* The child is used again if it can be, reset as it is, since one made by a
 * worker has to be given the cgroup, LSM label and user of connect()'s caller.
 */
static void dial_again(struct zmq_conn *conn)
{
	int err;

	ZMQ_INC_STATS(conn_net(conn), ZMQ_MIB_RECONNECTS);
	WRITE_ONCE(conn->reconnects, conn->reconnects + 1);
	if (!zmq_dialer(conn)->transport->reset) {
		dial_anew(conn);
		return;
	}
	err = begin(conn);
	if (err)
		attempt_failed(conn, err);
}

static bool dial_renew(struct zmq_conn *conn)
{
	const struct zmq_transport *transport = zmq_dialer(conn)->transport;

	if (!transport->reset)
		return false;
	transport->reset(zmq_dialer_child(conn));
	return true;
}

static void dial_closed(struct zmq_conn *conn)
{
	struct zmq_dialer *dialer = zmq_dialer(conn);

	zmq_resolve_end(conn);
	if (dialer->spare) {
		dialer->spare->ops->detach(dialer->spare);
		zmq_link_drop(dialer->spare);
	}
}

static void dial_free(struct zmq_dial *dial)
{
	struct zmq_dialer *dialer = container_of(dial, struct zmq_dialer, dial);

	if (!IS_ERR_OR_NULL(dialer->sock))
		zmq_child_release(dialer->sock);
	zmq_caller_free(dialer->caller);
	kfree(dialer);
}

static const struct zmq_dial_ops dial_ops = {
	.run	= dial_run,
	.lost	= dial_lost,
	.renew	= dial_renew,
	.wait	= dial_wait,
	.again	= dial_again,
	.closed	= dial_closed,
	.free	= dial_free,
};

/* As much of it as there is: few have a name, none needs all the room for one. */
static struct zmq_endpoint *endpoint_dup(const struct zmq_endpoint *ep)
{
	return kmemdup(ep, offsetof(struct zmq_endpoint, name) +
		       ep->name_len + 1, GFP_KERNEL_ACCOUNT);
}

static struct zmq_dialer *dialer_new(const struct zmq_transport *transport)
{
	struct zmq_dialer *dialer;

	dialer = kzalloc(sizeof(*dialer), GFP_KERNEL_ACCOUNT);
	if (!dialer)
		return NULL;
	dialer->dial.ops = &dial_ops;
	dialer->dial.wq = zmq_wq;
	dialer->transport = transport;
	INIT_WORK(&dialer->work, dial_work);
	return dialer;
}

static int prepare(struct zmq_conn *conn, const struct zmq_endpoint *ep)
{
	struct zmq_dialer *dialer = zmq_dialer(conn);
	const struct zmq_transport *transport = dialer->transport;
	struct socket *sock;
	int err;

	conn->ep = endpoint_dup(ep);
	if (!conn->ep)
		return -ENOMEM;
	if (!transport->reset) {
		dialer->caller = zmq_caller_new(conn_net(conn));
		if (!dialer->caller)
			return -ENOMEM;
		dialer->dial.wq = dialer->caller->lane->wq;
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
	err = use_child(conn, sock);
	if (err || !transport->source)
		return err;
	return transport->source(sock, conn->ep);
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
	struct zmq_dialer *dialer;
	struct zmq_conn *conn;
	int err;

	dialer = dialer_new(zmq_transport_find(ep->transport));
	if (!dialer)
		return -ENOMEM;
	conn = zmq_conn_new(owner, &dialer->dial, endpoint);
	if (!conn) {
		kfree(dialer);
		return -ENOMEM;
	}
	dialer->conn = conn;
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
