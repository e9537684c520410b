// SPDX-License-Identifier: GPL-2.0-only
/* A bound stream endpoint: accepts connections for its socket. */

#include <linux/cred.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include "adopt.h"
#include "base/compat.h"
#include "base/drop.h"
#include "base/lane.h"
#include "base/net.h"
#include "child.h"
#include "conn/event.h"
#include "listener.h"
#include "pump.h"

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
	zmq_sender_put(&listener->binder);
	zmq_lane_put(listener->lane);
	kfree(listener);
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

/* Accept for the task, or end, where that may have to wait for whoever has the
 * adopted socket, too.
 */
static void accept_adopted(struct zmq_listener *listener)
{
	struct socket *sock;
	int err;

	while (!READ_ONCE(listener->closed) &&
	       !kfifo_is_full(&listener->accepted)) {
		err = kernel_accept(listener->adopted, &sock, O_NONBLOCK);
		if (err == -EAGAIN)
			return;
		if (err) {
			WRITE_ONCE(listener->error, err);
			break;
		}
		zmq_child_no_linger(sock->sk);
		kfifo_put(&listener->accepted, sock);
		zmq_task_run(&listener->task);
	}
	zmq_task_run(&listener->task);
}

static void end_adopted(struct zmq_listener *listener)
{
	struct socket *sock;

	while (kfifo_get(&listener->accepted, &sock))
		sock_release(sock);
	zmq_pump_release_file(listener->adopted);
	listener->adopted = NULL;
}

/* The name goes with the rights of whoever bound it. */
static void unlink_name(struct zmq_listener *listener)
{
	const struct cred *cred;

	cred = override_creds(listener->binder.cred);
	listener->transport->unlink(&listener->path);
	revert_creds(cred);
	path_put(&listener->path);
	listener->path.dentry = NULL;
}

static void lane_work(struct work_struct *work)
{
	struct zmq_listener *listener = container_of(work, struct zmq_listener,
						     lane_work);
	struct mem_cgroup *memcg;

	memcg = set_active_memcg(zmq_sock_memcg(listener->owner->tasks.sk));
	/* Pairs with smp_store_release() in zmq_listener_close(). */
	if (!smp_load_acquire(&listener->closed))
		accept_adopted(listener);
	else if (listener->adopted)
		end_adopted(listener);
	else if (listener->path.dentry)
		unlink_name(listener);
	set_active_memcg(memcg);
	listener_put(listener);
}

static void run_in_lane(struct zmq_listener *listener)
{
	refcount_inc(&listener->ref);
	if (!queue_work(listener->lane->wq, &listener->lane_work))
		refcount_dec(&listener->ref);
}

/* Called with the lock of the wait queue. A callback of the socket itself would
 * be inherited by its children, also by those that somebody else accepts.
 */
static int listener_wake(wait_queue_entry_t *wait, unsigned int mode, int sync,
			 void *key)
{
	struct zmq_listener *listener = container_of(wait, struct zmq_listener,
						     wait);

	if (listener->adopted)
		run_in_lane(listener);
	else
		zmq_task_run(&listener->task);
	return 0;
}

static int start(const struct zmq_listener *listener, struct socket *sock)
{
	const struct zmq_sender *binder = &listener->binder;
	struct zmq_conn *conn;

	conn = zmq_conn_new(listener->owner, NULL, listener->endpoint);
	if (!conn) {
		zmq_child_release(sock);
		return -ENOMEM;
	}
	if (sock->sk->sk_family == AF_UNIX)
		zmq_sender_copy(&conn->sender, binder->pid, binder->cred);
	return zmq_conn_start(conn, listener->transport->link(conn, sock));
}

static void take(struct zmq_listener *listener, struct socket *sock)
{
	struct zmq_owner *owner = listener->owner;
	struct net *net = sock_net(owner->tasks.sk);

	if (zmq_owner_peer_room(owner)) {
		zmq_child_release(sock);
		return;
	}
	zmq_conn_limit_handshakes(owner);
	if (start(listener, sock))
		zmq_drop(owner->tasks.sk, NULL, ZMQ_MIB_ACCEPTFAIL, 1);
	else
		ZMQ_INC_STATS(net, ZMQ_MIB_ACCEPTS);
}

static int accept_next(struct zmq_listener *listener, struct socket **res)
{
	bool was_full;
	int err;

	if (!listener->adopted)
		return zmq_child_accept(listener->owner, listener->transport,
					listener->sock, res);
	was_full = kfifo_is_full(&listener->accepted);
	if (!kfifo_get(&listener->accepted, res)) {
		err = xchg(&listener->error, 0);
		/* It may be our own retry. */
		if (!err)
			run_in_lane(listener);
		return err ?: -EAGAIN;
	}
	if (was_full)
		run_in_lane(listener);
	return zmq_child_adopt(listener->owner, listener->transport,
			       listener->sock, *res);
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
		err = accept_next(listener, &sock);
		if (err == -EAGAIN)
			return;
		if (err == -ECONNABORTED)
			continue;
		if (err) {
			zmq_drop(listener->owner->tasks.sk, NULL,
				 ZMQ_MIB_ACCEPTFAIL, 1);
			zmq_event_listener(listener->owner,
					   ZMQ_EVENT_ACCEPT_FAILED, -err,
					   listener->endpoint);
			zmq_task_run_after(task, ACCEPT_RETRY);
			return;
		}
		take(listener, sock);
	}
	zmq_task_run(task);
}

static const struct zmq_task_ops listener_task_ops = {
	.run	= task_run,
	.get	= task_get,
	.put	= task_put,
};

/* A file system may keep whoever removes a name waiting. */
static void end_own(struct zmq_listener *listener, struct socket *sock,
		    bool wait)
{
	if (listener->transport->unlisten)
		listener->transport->unlisten(sock, &listener->path);
	zmq_child_release(sock);
	if (!listener->path.dentry)
		return;
	if (wait) {
		unlink_name(listener);
		return;
	}
	/* Pairs with smp_load_acquire() in lane_work(). */
	smp_store_release(&listener->closed, true);
	run_in_lane(listener);
}

static void let_go(struct zmq_listener *listener, bool wait)
{
	struct socket *sock = listener->sock;

	listener->sock = NULL;
	if (listener->adopted) {
		/* Pairs with smp_load_acquire() in lane_work(). */
		smp_store_release(&listener->closed, true);
		run_in_lane(listener);
	} else {
		end_own(listener, sock, wait);
	}
}

/**
 * zmq_listener_close() - accept no more; connections stay
 * @listener: the listener
 * @wait: until its name in a file system is gone; else it goes soon
 *
 * Context: Process context, socket lock held.
 */
void zmq_listener_close(struct zmq_listener *listener, bool wait)
{
	remove_wait_queue(sk_sleep(listener->sock->sk), &listener->wait);
	zmq_task_stop_timer(&listener->task);
	spin_lock_bh(&listener->owner->lock);
	list_del(&listener->node);
	zmq_roster_del(&listener->owner->listener_roster, listener->place);
	spin_unlock_bh(&listener->owner->lock);
	listener->owner->nr_listeners--;
	let_go(listener, wait);
	listener_put(listener);
}

static int adopt(struct zmq_listener *listener)
{
	struct zmq_owner *owner = listener->owner;
	struct zmq_lane *lane = zmq_owner_lane(owner);
	int err;

	if (IS_ERR(lane))
		return PTR_ERR(lane);
	err = zmq_adopt_listener(owner, &listener->ep, &listener->sock);
	if (err)
		return err;
	zmq_lane_get(lane);
	listener->lane = lane;
	listener->adopted = listener->sock;
	return 0;
}

/* A new child, or the one of ZMQ_USE_FD, which listens already. */
static int get_child(struct zmq_listener *listener)
{
	const struct zmq_transport *transport = listener->transport;
	struct zmq_owner *owner = listener->owner;
	struct zmq_endpoint *ep = &listener->ep;
	int err;

	if (owner->given)
		return adopt(listener);
	err = zmq_transport_resolve(sock_net(owner->tasks.sk), ep);
	if (err)
		return err;
	if (transport->unlink) {
		listener->lane = zmq_lane_of_user(sock_net(owner->tasks.sk),
						  ZMQ_LANE_UNLINK);
		if (!listener->lane)
			return -ENOMEM;
	}
	err = transport->create(owner, ep, &listener->sock);
	if (err)
		return err;
	err = transport->listen(listener->sock, ep, owner->opts->backlog);
	if (err)
		zmq_child_release(listener->sock);
	return err;
}

/**
 * zmq_listen() - bind and listen
 * @owner: the socket
 * @ep: the endpoint, not inproc
 * @res: set to the listener, which belongs to owner->listeners
 *
 * Context: Process context of bind(), socket lock held.
 * Return: 0, -ENOBUFS if there are too many, -ENODEV, an errno of socket(2),
 *	bind(2) or listen(2), or of zmq_adopt_listener().
 */
int zmq_listen(struct zmq_owner *owner, const struct zmq_endpoint *ep,
	       struct zmq_listener **res)
{
	struct zmq_listener *listener;
	int err;

	if (owner->nr_listeners >= ZMQ_INT_LIMIT(owner->zn, listeners_max)) {
		zmq_drop(owner->tasks.sk, NULL, ZMQ_MIB_LISTENERLIMIT, 1);
		return -ENOBUFS;
	}
	listener = kzalloc(sizeof(*listener), GFP_KERNEL_ACCOUNT);
	if (!listener)
		return -ENOMEM;
	refcount_set(&listener->ref, 1);
	listener->owner = owner;
	listener->ep = *ep;
	listener->transport = zmq_transport_find(ep->transport);
	zmq_sender_current(&listener->binder);
	zmq_task_init(&listener->task, &owner->tasks, &listener_task_ops);
	INIT_WORK(&listener->lane_work, lane_work);
	INIT_KFIFO(listener->accepted);
	sock_hold(owner->tasks.sk);

	err = get_child(listener);
	if (err) {
		listener_put(listener);
		return err;
	}
	zmq_endpoint_format(&listener->ep, listener->endpoint,
			    sizeof(listener->endpoint));
	err = zmq_roster_add(&owner->listener_roster, listener,
			     &listener->place);
	if (err) {
		let_go(listener, true);
		listener_put(listener);
		return err;
	}
	spin_lock_bh(&owner->lock);
	list_add_tail(&listener->node, &owner->listeners);
	spin_unlock_bh(&owner->lock);
	owner->nr_listeners++;
	init_waitqueue_func_entry(&listener->wait, listener_wake);
	add_wait_queue(sk_sleep(listener->sock->sk), &listener->wait);
	/* Somebody may have come before that. */
	zmq_task_run(&listener->task);
	*res = listener;
	return 0;
}
