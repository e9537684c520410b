// SPDX-License-Identifier: GPL-2.0-only
/* Closed sockets that drain: they are counted, and go when memory is short. */

#include "base/drop.h"
#include "base/mem.h"
#include "conn/conn.h"
#include "pipe/inproc.h"
#include "sock.h"

/* Of all namespaces, the oldest first. */
static LIST_HEAD(orphans);
static DEFINE_SPINLOCK(orphans_lock);	/* of orphans and nr_orphans, a leaf */
static int nr_orphans;

/* How many are asked at a time to end. */
#define ORPHANS_STEP	64

static void drop_task_run(struct zmq_task *task)
{
	struct zmq_sock *zsk = container_of(task, struct zmq_sock, drop_task);
	struct zmq_conn *conn, *next;

	if (list_empty(&zsk->core.owner.conns) &&
	    list_empty(&zsk->core.lingering))
		return;
	zmq_drop(&zsk->sk, NULL, ZMQ_MIB_ORPHANLIMIT, 1);
	zmq_inproc_give_up(&zsk->core);
	list_for_each_entry_safe(conn, next, &zsk->core.owner.conns, node) {
		zmq_conn_close(conn);
		cond_resched();
	}
}

static void drop_task_get(struct zmq_task *task)
{
	sock_hold(&container_of(task, struct zmq_sock, drop_task)->sk);
}

static void drop_task_put(struct zmq_task *task)
{
	sock_put(&container_of(task, struct zmq_sock, drop_task)->sk);
}

static const struct zmq_task_ops drop_task_ops = {
	.run	= drop_task_run,
	.get	= drop_task_get,
	.put	= drop_task_put,
};

static struct zmq_sock *next_orphan(void)
{
	struct zmq_sock *zsk;

	spin_lock_bh(&orphans_lock);
	zsk = list_first_entry_or_null(&orphans, struct zmq_sock, orphan_node);
	if (zsk) {
		list_move_tail(&zsk->orphan_node, &orphans);
		if (!refcount_inc_not_zero(&zsk->sk.sk_refcnt))
			zsk = NULL;
	}
	spin_unlock_bh(&orphans_lock);
	return zsk;
}

/* The living have no memory: the dead that have more than their share go. */
static int memory_refused(struct notifier_block *nb, unsigned long action,
			  void *data)
{
	int n = min(READ_ONCE(nr_orphans), ORPHANS_STEP);
	struct zmq_sock *zsk;

	while (n--) {
		zsk = next_orphan();
		if (!zsk)
			continue;
		if (zmq_mem_is_greedy(&zsk->sk))
			zmq_task_run(&zsk->drop_task);
		sock_put(&zsk->sk);
	}
	return NOTIFY_OK;
}

static struct notifier_block refusal_nb = {
	.notifier_call	= memory_refused,
};

/**
 * zmq_sock_init_module() - prepare what all sockets share
 */
void zmq_sock_init_module(void)
{
	zmq_mem_on_refusal(&refusal_nb);
}

/**
 * zmq_sock_exit_module() - undo zmq_sock_init_module()
 */
void zmq_sock_exit_module(void)
{
	zmq_mem_off_refusal(&refusal_nb);
}

/**
 * zmq_sock_orphan_init() - prepare a socket for draining
 * @zsk: the socket
 *
 * Context: Process context.
 */
void zmq_sock_orphan_init(struct zmq_sock *zsk)
{
	zmq_task_init(&zsk->drop_task, &zsk->core.owner.tasks, &drop_task_ops);
}

/**
 * zmq_sock_orphan_begin() - a socket is closed and owes something
 * @zsk: the socket, an orphan until it is destroyed
 *
 * Context: Process context, socket lock held.
 * Return: whether one more may drain.
 */
bool zmq_sock_orphan_begin(struct zmq_sock *zsk)
{
	struct zmq_net *zn = zsk->core.owner.zn;
	int all;

	spin_lock_bh(&orphans_lock);
	zsk->orphan = true;
	list_add_tail(&zsk->orphan_node, &orphans);
	all = ++nr_orphans;
	spin_unlock_bh(&orphans_lock);
	return atomic_inc_return(&zn->nr_orphans) <=
	       ZMQ_INT_LIMIT(zn, orphans_max) &&
	       all <= READ_ONCE(zn->first->orphans_max);
}

/**
 * zmq_sock_orphan_end() - a socket is destroyed
 * @zsk: the socket, an orphan or not
 *
 * Context: Any but hard interrupt.
 */
void zmq_sock_orphan_end(struct zmq_sock *zsk)
{
	if (!zsk->orphan)
		return;
	atomic_dec(&zsk->core.owner.zn->nr_orphans);
	spin_lock_bh(&orphans_lock);
	list_del(&zsk->orphan_node);
	nr_orphans--;
	spin_unlock_bh(&orphans_lock);
}
