// SPDX-License-Identifier: GPL-2.0-only
/* A bound stream endpoint: accepts connections for its socket. */

#include <linux/slab.h>
#include "listener.h"
#include "net.h"
#include "tcp.h"

/* Connections that one run accepts before it lets others use the socket. */
#define ACCEPT_BUDGET	64

/* How long to wait for memory. */
#define ACCEPT_RETRY	(HZ / 10)

static struct zmq_listener *task_listener(struct zmq_task *task)
{
	return container_of(task, struct zmq_listener, task);
}

static void listener_put(struct zmq_listener *listener)
{
	struct sock *sk = listener->owner->tasks.sk;

	if (!refcount_dec_and_test(&listener->ref))
		return;
	kfree_rcu(listener, rcu);
	sock_put(sk);
}

static void task_get(struct zmq_task *task)
{
	refcount_inc(&task_listener(task)->ref);
}

static void task_put(struct zmq_task *task)
{
	listener_put(task_listener(task));
}

/* Called with no lock at all, also for children, who inherit it until they
 * get callbacks of their own.
 */
static void listener_data_ready(struct sock *sk)
{
	struct zmq_listener *listener;

	rcu_read_lock();
	listener = rcu_dereference_sk_user_data(sk);
	if (listener && sk->sk_state == TCP_LISTEN)
		zmq_task_run(&listener->task);
	rcu_read_unlock();
}

static void start_conn(struct zmq_listener *listener, struct socket *sock)
{
	struct zmq_owner *owner = listener->owner;
	struct sock *sk = sock->sk;
	struct zmq_conn *conn;

	write_lock_bh(&sk->sk_callback_lock);
	WRITE_ONCE(sk->sk_data_ready, listener->data_ready);
	write_unlock_bh(&sk->sk_callback_lock);

	conn = zmq_conn_new(owner, false, listener->endpoint);
	if (!conn) {
		ZMQ_INC_STATS(sock_net(sk), ZMQ_MIB_ACCEPTFAIL);
		sock_release(sock);
		return;
	}
	ZMQ_INC_STATS(sock_net(sk), ZMQ_MIB_ACCEPTS);
	conn->sock = sock;
	zmq_conn_install(conn);
	if (zmq_conn_handshake(conn))
		zmq_conn_lost(conn, ZMQ_MIB_NOMEM, true);
}

static void task_run(struct zmq_task *task)
{
	struct zmq_listener *listener = task_listener(task);
	unsigned int budget = ACCEPT_BUDGET;
	struct socket *sock;
	int err;

	if (!listener->sock)
		return;
	while (budget--) {
		err = zmq_tcp_accept(listener->owner, listener->sock, &sock);
		if (err == -EAGAIN)
			return;
		if (err == -ECONNABORTED)
			continue;
		if (err) {
			ZMQ_INC_STATS(sock_net(listener->owner->tasks.sk),
				      ZMQ_MIB_ACCEPTFAIL);
			zmq_task_run_after(task, ACCEPT_RETRY);
			return;
		}
		start_conn(listener, sock);
	}
	zmq_task_run(task);
}

static const struct zmq_task_ops listener_task_ops = {
	.run	= task_run,
	.get	= task_get,
	.put	= task_put,
};

static void install(struct zmq_listener *listener)
{
	struct sock *sk = listener->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	listener->data_ready = sk->sk_data_ready;
	__rcu_assign_sk_user_data_with_flags(sk, listener,
					     SK_USER_DATA_NOCOPY);
	WRITE_ONCE(sk->sk_data_ready, listener_data_ready);
	write_unlock_bh(&sk->sk_callback_lock);
}

/**
 * zmq_listener_close() - accept no more; connections stay
 * @listener: the listener
 *
 * Context: Process context, socket lock held.
 */
void zmq_listener_close(struct zmq_listener *listener)
{
	struct socket *sock = listener->sock;
	struct sock *sk = sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	rcu_assign_sk_user_data(sk, NULL);
	WRITE_ONCE(sk->sk_data_ready, listener->data_ready);
	write_unlock_bh(&sk->sk_callback_lock);

	zmq_task_stop_timer(&listener->task);
	list_del(&listener->node);
	listener->sock = NULL;
	sock_release(sock);
	listener_put(listener);
}

static int listen_on(struct zmq_listener *listener)
{
	struct zmq_endpoint *ep = &listener->ep;
	int err;

	err = zmq_tcp_bind(listener->sock, &ep->addr);
	if (err)
		return err;
	err = zmq_tcp_local_port(listener->sock, &ep->addr);
	if (err)
		return err;
	err = zmq_endpoint_format(ep, listener->endpoint,
				  sizeof(listener->endpoint));
	if (err < 0)
		return err;
	install(listener);
	return kernel_listen(listener->sock, listener->owner->opts->backlog);
}

/**
 * zmq_listen() - bind and listen
 * @owner: the socket
 * @ep: a tcp:// endpoint
 * @res: set to the listener, which belongs to owner->listeners
 *
 * Context: Process context of bind(), socket lock held.
 * Return: 0, -ENODEV, or an errno of socket(2), bind(2) or listen(2).
 */
int zmq_listen(struct zmq_owner *owner, const struct zmq_endpoint *ep,
	       struct zmq_listener **res)
{
	struct zmq_listener *listener;
	int err;

	listener = kzalloc(sizeof(*listener), GFP_KERNEL_ACCOUNT);
	if (!listener)
		return -ENOMEM;
	refcount_set(&listener->ref, 1);
	listener->owner = owner;
	listener->ep = *ep;
	zmq_task_init(&listener->task, &owner->tasks, &listener_task_ops);
	sock_hold(owner->tasks.sk);

	err = zmq_tcp_resolve(sock_net(owner->tasks.sk), &listener->ep);
	if (err)
		goto err_put;
	err = zmq_tcp_create(owner, &listener->ep.addr, &listener->sock);
	if (err)
		goto err_put;
	list_add_tail(&listener->node, &owner->listeners);
	err = listen_on(listener);
	if (err) {
		if (!listener->data_ready)
			listener->data_ready = listener->sock->sk->sk_data_ready;
		zmq_listener_close(listener);
		return err;
	}
	*res = listener;
	return 0;

err_put:
	listener_put(listener);
	return err;
}
