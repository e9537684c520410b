// SPDX-License-Identifier: GPL-2.0-only
/* A socket's life: create, bind, connect and their opposites, release. */

#include <linux/slab.h>
#include "base/drop.h"
#include "base/lane.h"
#include "base/mem.h"
#include "base/user.h"
#include "conn/conn.h"
#include "conn/event.h"
#include "monitor.h"
#include "pipe/inproc.h"
#include "sock.h"
#include "transport/adopt.h"
#include "transport/dialer.h"
#include "transport/listener.h"
#include "transport/transport.h"

/* Enough for a default high-water mark of small messages from one peer. */
#define RCVBUF_DEFAULT	SZ_1M

/* What drains is listed until it is gone. */
static void sock_destruct(struct sock *sk)
{
	struct zmq_net *zn = zmq_net(sock_net(sk));
	struct zmq_core *core = &zmq_sk(sk)->core;

	if (zmq_sk(sk)->listed)
		zmq_roster_del(&zn->socks, zmq_sk(sk)->place);
	atomic_dec(&zn->nr_sockets);
	zmq_sock_orphan_end(zmq_sk(sk));
	if (core->user)
		zmq_user_uncharge(core->user, ZMQ_USER_SOCKETS);
	zmq_user_put(core->user);
	zmq_inproc_exit(&zmq_sk(sk)->core);
	zmq_lane_put(zmq_sk(sk)->core.owner.lane);
	if (zmq_sk(sk)->core.owner.face)
		fput(zmq_sk(sk)->core.owner.face);
	__skb_queue_purge(&sk->sk_error_queue);
	zmq_sock_names_free(zmq_sk(sk));
	zmq_opts_free(&core->opts);
	zmq_sock_half_exit(zmq_sk(sk));
	zmq_mem_sock_exit(sk);
}

static void cap_hwm(const struct zmq_net *zn, struct zmq_opts *opts)
{
	int max = zmq_hwm_max(zn);

	if (!max)
		return;
	opts->snd_hwm = min(opts->snd_hwm, max);
	opts->rcv_hwm = min(opts->rcv_hwm, max);
}

static int charge_user(struct zmq_core *core)
{
	struct zmq_user *user = zmq_user_get_current();
	int err;

	if (!user)
		return -ENOMEM;
	err = zmq_user_charge(user, ZMQ_USER_SOCKETS, core->sk);
	if (err)
		zmq_user_put(user);
	else
		core->user = user;
	return err;
}

/**
 * zmq_sock_init() - make a struct sock an AF_ZMQ socket
 * @zsk: the socket, after sock_init_data()
 * @pattern: its type
 *
 * Context: Process context of socket().
 * Return: 0, -ENOMEM, -ENFILE if the namespace has too many, or -ENOBUFS if the
 *	user has; the caller drops the socket then.
 */
int zmq_sock_init(struct zmq_sock *zsk, const struct zmq_pattern *pattern)
{
	struct sock *sk = &zsk->sk;
	struct zmq_net *zn = zmq_net(sock_net(sk));
	int err;

	sk->sk_destruct = sock_destruct;
	sk->sk_rcvbuf = RCVBUF_DEFAULT;
	zmq_mem_sock_init(sk);
	zmq_opts_init(&zsk->core.opts, pattern);
	cap_hwm(zn, &zsk->core.opts);
	zsk->core.opts.name_form = sk->sk_type == SOCK_DGRAM;
	zmq_core_init(&zsk->core, sk, &pattern->ops);
	zsk->core.pattern = pattern;
	zsk->core.by_id = pattern->flags & ZMQ_PAT_ADDRESSED;
	zsk->core.owner.type = pattern->type;
	zsk->core.owner.wire_id = pattern->flags & ZMQ_PAT_WIRE_ID;
	zmq_msg_init(&zsk->tx, sk);
	INIT_LIST_HEAD(&zsk->monitors);
	zmq_sock_orphan_init(zsk);

	if (atomic_inc_return(&zn->nr_sockets) > ZMQ_INT_LIMIT(zn, sockets_max)) {
		zmq_drop(sk, NULL, ZMQ_MIB_SOCKETLIMIT, 1);
		return -ENFILE;
	}
	err = charge_user(&zsk->core);
	if (err)
		return err;
	if (pattern->init) {
		err = pattern->init(&zsk->core);
		if (err)
			return err;
	}
	err = zmq_roster_add_new(&zn->socks, zsk, &zsk->place);
	if (err)
		goto err_pattern;
	zsk->listed = true;
	ZMQ_INC_STATS(sock_net(sk), ZMQ_MIB_SOCKETS);
	return 0;

err_pattern:
	if (pattern->destroy)
		pattern->destroy(&zsk->core);
	return err;
}

/**
 * zmq_sock_next() - find the first socket from a number on
 * @zn: the namespace's
 * @number: where to begin; set to the number of what was found
 *
 * Context: Process context, no lock held.
 * Return: the socket, held, or NULL.
 */
struct zmq_sock *zmq_sock_next(struct zmq_net *zn, unsigned long *number)
{
	struct zmq_sock *zsk;

	/* What is listed has not been freed. */
	xa_lock_bh(&zn->socks.xa);
	while ((zsk = zmq_roster_next(&zn->socks, number)) &&
	       !refcount_inc_not_zero(&zsk->sk.sk_refcnt))
		++*number;
	xa_unlock_bh(&zn->socks.xa);
	return zsk;
}

static void listener_event(const struct zmq_listener *listener, u32 event)
{
	zmq_event_listener(listener->owner, event,
			   SOCK_INODE(listener->sock)->i_ino,
			   listener->endpoint);
}

static void close_listener(struct zmq_listener *listener, bool wait)
{
	listener_event(listener, ZMQ_EVENT_CLOSED);
	zmq_listener_close(listener, wait);
}

/* As long as @text is; without memory for that @text itself serves. */
static void set_last_endpoint(struct zmq_sock *zsk,
			      const struct zmq_endpoint *ep, char **text)
{
	char *last = kstrdup(*text, GFP_KERNEL_ACCOUNT);

	if (!last)
		swap(last, *text);
	spin_lock_bh(&zsk->core.owner.lock);	/* /proc/net/zmq looks at it */
	swap(zsk->last_endpoint, last);
	zsk->last_private = ep->transport == ZMQ_INPROC &&
			    zmq_inproc_is_private(&zsk->core);
	spin_unlock_bh(&zsk->core.owner.lock);
	kfree(last);
}

static int listen(struct zmq_sock *zsk, struct zmq_endpoint *ep, char *text)
{
	struct zmq_listener *listener;
	int err;

	err = zmq_listen(&zsk->core.owner, ep, &listener);
	if (err) {
		zmq_endpoint_format(ep, text, ZMQ_EP_TEXT);
		zmq_event_listener(&zsk->core.owner, ZMQ_EVENT_BIND_FAILED,
				   -err, text);
		return err;
	}
	listener_event(listener, ZMQ_EVENT_LISTENING);
	*ep = listener->ep;
	return 0;
}

/* May the socket use an endpoint? Then get room for its text. */
static int begin_use(const struct zmq_sock *zsk, const struct zmq_endpoint *ep,
		     char **text)
{
	if (zsk->sk.sk_shutdown == SHUTDOWN_MASK)
		return -ESHUTDOWN;
	if (zsk->core.owner.raw && ep->transport != ZMQ_TCP)
		return -EPROTOTYPE;
	*text = kmalloc(ZMQ_EP_TEXT, GFP_KERNEL_ACCOUNT);
	return *text ? 0 : -ENOMEM;
}

/**
 * zmq_sock_bind() - bind an endpoint
 * @zsk: the socket
 * @ep: the endpoint; its wildcard port is filled in
 *
 * Context: Process context of the caller, socket lock held.
 * Return: 0, -EADDRINUSE, -EADDRNOTAVAIL, -ENODEV, -EACCES, -ENOMEM, -EPROTOTYPE
 *	if the socket cannot use the transport, -ESHUTDOWN, or another errno of
 *	bind(2).
 */
int zmq_sock_bind(struct zmq_sock *zsk, struct zmq_endpoint *ep)
{
	char *text;
	int err;

	err = begin_use(zsk, ep, &text);
	if (err)
		return err;
	err = ep->transport == ZMQ_INPROC ? zmq_inproc_bind(&zsk->core, ep) :
					    listen(zsk, ep, text);
	if (!err) {
		zmq_endpoint_format(ep, text, ZMQ_EP_TEXT);
		set_last_endpoint(zsk, ep, &text);
	}
	kfree(text);
	return err;
}

static bool is_connected(const struct zmq_sock *zsk, const char *text)
{
	const struct zmq_pipe *pipe;

	list_for_each_entry(pipe, &zsk->core.pipes, node) {
		if (pipe->dialed && !strcmp(pipe->endpoint, text) &&
		    !test_bit(ZMQ_PIPE_DEAD, &pipe->flags))
			return true;
		cond_resched();
	}
	return false;
}

/* Without ZMQ_IMMEDIATE messages may be queued before there is a peer. */
static int give_pipe(struct zmq_sock *zsk, struct zmq_conn *conn)
{
	const struct zmq_opts *opts = &zsk->core.opts;
	struct zmq_pipe *pipe;
	int err = 0;

	if (opts->immediate && !opts->connect_routing_id_len)
		return 0;
	pipe = zmq_pipe_join(&zsk->core, conn);
	if (!pipe)
		return -ENOMEM;
	if (opts->connect_routing_id_len) {
		set_bit(ZMQ_PIPE_FIXED_ID, &pipe->flags);
		err = zmq_pipe_set_id(pipe, opts->connect_routing_id,
				      opts->connect_routing_id_len, GFP_KERNEL);
	}
	if (!err)
		err = zmq_pipe_attach(pipe);
	if (err)
		zmq_pipe_detach(pipe);
	zmq_pipe_put(pipe);
	return err;
}

static int connect_stream(struct zmq_sock *zsk, const struct zmq_endpoint *ep,
			  const char *text)
{
	struct zmq_conn *conn;
	int err;

	err = zmq_dial(&zsk->core.owner, ep, text, &conn);
	if (err)
		return err;
	err = give_pipe(zsk, conn);
	if (err)
		goto err_close;
	err = zmq_dial_start(conn);
	if (!err)
		return 0;
	if (conn->pipe)
		zmq_pipe_detach(conn->pipe);
err_close:
	zmq_conn_close(conn);
	return err;
}

/**
 * zmq_sock_connect() - connect to an endpoint, now and whenever it is there
 * @zsk: the socket
 * @ep: the endpoint
 *
 * Context: Process context of the caller, socket lock held.
 * Return: 0; -ENODEV, -EADDRNOTAVAIL for the source, -EACCES or -EPERM if the
 *	caller may not, -EPROTOTYPE and -ESHUTDOWN as for bind, -ENOMEM, -ENOBUFS,
 *	or the pattern's reason to refuse a peer.
 */
int zmq_sock_connect(struct zmq_sock *zsk, struct zmq_endpoint *ep)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;
	char *text;
	int err;

	err = begin_use(zsk, ep, &text);
	if (err)
		return err;
	err = zmq_endpoint_format(ep, text, ZMQ_EP_TEXT);
	if (err < 0)
		goto out;
	err = 0;
	if ((pattern->flags & ZMQ_PAT_ONE_CONNECT) &&
	    ep->transport != ZMQ_INPROC && is_connected(zsk, text))
		goto out;

	err = zmq_owner_peer_room(&zsk->core.owner);
	if (err)
		goto out;
	err = ep->transport == ZMQ_INPROC ?
	      zmq_inproc_connect(&zsk->core, ep) :
	      connect_stream(zsk, ep, text);
	if (err)
		goto out;
	zsk->core.opts.connect_routing_id_len = 0;
	set_last_endpoint(zsk, ep, &text);
out:
	kfree(text);
	return err;
}

/**
 * zmq_sock_unbind() - undo a bind; accepted connections stay
 * @zsk: the socket
 * @ep: the endpoint, in any spelling
 *
 * Context: Process context, socket lock held.
 * Return: 0 or -ENOENT.
 */
int zmq_sock_unbind(struct zmq_sock *zsk, const struct zmq_endpoint *ep)
{
	struct zmq_listener *listener;
	struct zmq_endpoint want = *ep;

	if (ep->transport == ZMQ_INPROC)
		return zmq_inproc_unbind(&zsk->core, ep);

	if (zmq_transport_resolve(sock_net(&zsk->sk), &want))
		return -ENOENT;
	list_for_each_entry(listener, &zsk->core.owner.listeners, node) {
		if (zmq_endpoint_equal(&listener->ep, &want)) {
			close_listener(listener, true);
			return 0;
		}
	}
	return -ENOENT;
}

static int linger_ms(const struct zmq_sock *zsk)
{
	if (zsk->core.pattern->flags & ZMQ_PAT_NO_LINGER)
		return 0;
	return zmq_core_linger_ms(&zsk->core);
}

static void end_conn(struct zmq_conn *conn, int linger)
{
	if (conn->pipe)
		zmq_pipe_detach(conn->pipe);
	zmq_conn_linger(conn, linger);
}

/**
 * zmq_sock_disconnect() - undo every connect to an endpoint
 * @zsk: the socket
 * @ep: the endpoint, in any spelling
 *
 * What is queued is still sent, for as long as ZMQ_LINGER says.
 *
 * Context: Process context, socket lock held.
 * Return: 0 or -ENOENT.
 */
int zmq_sock_disconnect(struct zmq_sock *zsk, const struct zmq_endpoint *ep)
{
	struct zmq_pipe *pipe, *next_pipe;
	struct zmq_endpoint want = *ep;
	struct zmq_conn *conn, *next;
	char text[ZMQ_EP_TEXT];
	int err = -ENOENT;

	if (zmq_endpoint_format(ep, text, sizeof(text)) < 0)
		return -ENOENT;
	if (ep->transport != ZMQ_INPROC &&
	    zmq_transport_resolve(sock_net(&zsk->sk), &want))
		return -ENOENT;
	list_for_each_entry_safe(conn, next, &zsk->core.owner.conns, node) {
		cond_resched();
		if (!conn->dial || conn->lingering ||
		    !zmq_endpoint_equal(conn->ep, &want))
			continue;
		if (zsk->core.opts.reconnect_stop &
		    ZMQ_RECONNECT_STOP_AFTER_DISCONNECT)
			conn->no_redial = true;
		end_conn(conn, linger_ms(zsk));
		err = 0;
	}
	list_for_each_entry_safe(pipe, next_pipe, &zsk->core.pipes, node) {
		cond_resched();
		if (!pipe->dialed || !pipe->pair ||
		    strcmp(pipe->endpoint, text))
			continue;
		zmq_inproc_linger(pipe, linger_ms(zsk));
		zmq_pipe_detach(pipe);
		err = 0;
	}
	return err;
}

/**
 * zmq_sock_can_recv() - would recv() return a frame
 * @zsk: the socket
 *
 * Context: Process context, socket lock held.
 * Return: 0 if so, else its errno.
 */
int zmq_sock_can_recv(struct zmq_sock *zsk)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;
	struct zmq_frame f;

	if (!(pattern->flags & ZMQ_PAT_RECV))
		return -EOPNOTSUPP;
	if (zsk->rcvmore)
		zmq_sock_half_drop(zsk);
	return pattern->peek(&zsk->core, &f);
}

static void close_endpoints(struct zmq_sock *zsk)
{
	struct zmq_listener *listener, *next;

	zmq_inproc_unbind_all(&zsk->core);
	list_for_each_entry_safe(listener, next, &zsk->core.owner.listeners,
				 node) {
		close_listener(listener, false);
		cond_resched();
	}
}

static bool owes(const struct zmq_sock *zsk)
{
	struct zmq_pipe *pipe;
	struct zmq_conn *conn;

	if (!list_empty(&zsk->core.lingering))
		return true;
	list_for_each_entry(conn, &zsk->core.owner.conns, node) {
		if (zmq_conn_owes(conn))
			return true;
		cond_resched();
	}
	list_for_each_entry(pipe, &zsk->core.pipes, node) {
		if (zmq_inproc_owes(pipe))
			return true;
		cond_resched();
	}
	return false;
}

/* How long a socket may drain that is being closed. */
static int orphan_ms(struct zmq_sock *zsk)
{
	int ms = linger_ms(zsk);

	if (!ms || !owes(zsk) || zmq_sock_orphan_begin(zsk))
		return ms;
	zmq_drop(&zsk->sk, NULL, ZMQ_MIB_ORPHANLIMIT, 1);
	return 0;
}

static void end_inproc(struct zmq_sock *zsk, int linger)
{
	struct zmq_pipe *pipe;

	if (!linger) {
		zmq_inproc_give_up(&zsk->core);
		return;
	}
	list_for_each_entry(pipe, &zsk->core.pipes, node) {
		zmq_inproc_linger(pipe, linger);
		cond_resched();
	}
}

/**
 * zmq_sock_release() - the last file descriptor is closed
 * @sock: the socket
 *
 * Never blocks: what is queued drains behind the caller's back, for as long as
 * ZMQ_LINGER and the namespace allow.
 *
 * Context: Process context.
 * Return: 0.
 */
int zmq_sock_release(struct socket *sock)
{
	struct zmq_conn *conn, *next;
	struct sock *sk = sock->sk;
	struct zmq_sock *zsk;
	int linger;

	if (!sk)
		return 0;
	zsk = zmq_sk(sk);

	lock_sock(sk);
	WRITE_ONCE(zsk->closed, true);
	close_endpoints(zsk);
	zmq_adopt_forget(&zsk->core.owner);
	if (zsk->tx.pipe)
		zmq_pipe_put(zsk->tx.pipe);
	zsk->tx.pipe = NULL;
	zmq_msg_destroy(&zsk->tx);
	linger = orphan_ms(zsk);
	list_for_each_entry_safe(conn, next, &zsk->core.owner.conns, node) {
		if (!conn->lingering || !linger)
			end_conn(conn, linger);
		cond_resched();
	}
	end_inproc(zsk, linger);
	zmq_core_shutdown(&zsk->core);
	zmq_monitor_stop_all(zsk);
	if (zsk->core.pattern->destroy)
		zsk->core.pattern->destroy(&zsk->core);
	sock_orphan(sk);
	sock->sk = NULL;
	release_sock(sk);
	sock_put(sk);
	return 0;
}
