// SPDX-License-Identifier: GPL-2.0-only
/* The socket as its pipes see it: who is there, who waits. */

#include "base/drop.h"
#include "conn/conn.h"
#include "inproc.h"
#include "pipe.h"
#include "trash.h"

static struct zmq_core *task_core(struct zmq_task *task)
{
	return container_of(task, struct zmq_core, task);
}

static void core_task_run(struct zmq_task *task)
{
	zmq_core_settle(task_core(task));
}

static void core_task_get(struct zmq_task *task)
{
	sock_hold(task_core(task)->sk);
}

static void core_task_put(struct zmq_task *task)
{
	sock_put(task_core(task)->sk);
}

static const struct zmq_task_ops core_task_ops = {
	.run	= core_task_run,
	.get	= core_task_get,
	.put	= core_task_put,
};

/**
 * zmq_core_wake_readers() - something can be received
 * @core: the socket's core
 * @msgs: how many messages there are for how many readers, at least 1
 *
 * Context: Any.
 */
void zmq_core_wake_readers(struct zmq_core *core, unsigned int msgs)
{
	const __poll_t events = EPOLLIN | EPOLLRDNORM | EPOLLRDBAND;
	struct socket_wq *wq;

	rcu_read_lock();
	wq = rcu_dereference(core->sk->sk_wq);
	/* Pairs with the barrier of the sleeper between queueing itself and
	 * looking for input.
	 */
	if (!skwq_has_sleeper(wq))
		goto out;
	if (msgs == 1)
		wake_up_interruptible_sync_poll(&wq->wait, events);
	else
		__wake_up(&wq->wait, TASK_INTERRUPTIBLE,
			  min_t(unsigned int, msgs, INT_MAX),
			  poll_to_key(events));
out:
	sk_wake_async(core->sk, SOCK_WAKE_WAITD, POLL_IN);
	rcu_read_unlock();
}

/**
 * zmq_core_wake_writers() - something can be sent
 * @core: the socket's core
 *
 * Context: Any.
 */
void zmq_core_wake_writers(struct zmq_core *core)
{
	struct socket_wq *wq;

	rcu_read_lock();
	wq = rcu_dereference(core->sk->sk_wq);
	/* Pairs with the barrier of the sleeper between queueing itself and
	 * testing for credit.
	 */
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_sync_poll(&wq->wait, EPOLLOUT |
						EPOLLWRNORM | EPOLLWRBAND);
	sk_wake_async(core->sk, SOCK_WAKE_SPACE, POLL_OUT);
	rcu_read_unlock();
}

/**
 * zmq_core_new_hwm() - let go on who has room by a new high-water mark
 * @core: the socket's core
 *
 * Context: Process context, socket lock held.
 */
void zmq_core_new_hwm(struct zmq_core *core)
{
	struct zmq_pipe *pipe;

	list_for_each_entry(pipe, &core->pipes, node) {
		zmq_pipe_new_hwm(pipe);
		if (pipe->pair)
			zmq_inproc_ack(pipe, 0);
		else
			zmq_pipe_conn_new_hwm(pipe);
		cond_resched();
	}
}

/**
 * zmq_core_linger_ms() - how long connections may drain that nobody wants more of
 * @core: the socket's core
 *
 * Context: Socket lock held.
 * Return: milliseconds: ZMQ_LINGER within what the namespace allows.
 */
int zmq_core_linger_ms(const struct zmq_core *core)
{
	int max = zmq_linger_max_ms(core->owner.zn);
	int ms = core->opts.linger;

	return ms < 0 ? max : min(ms, max);
}

static struct zmq_pipe *take_unsettled(struct zmq_core *core)
{
	struct zmq_pipe *pipe;

	spin_lock_bh(&core->lock);
	pipe = list_first_entry_or_null(&core->unsettled, struct zmq_pipe,
					settle_node);
	if (pipe)
		list_del_init(&pipe->settle_node);
	spin_unlock_bh(&core->lock);
	return pipe;
}

static int welcome(struct zmq_pipe *pipe)
{
	int err = 0;

	/* Its endpoint was disconnected before we came to it. */
	if (test_bit(ZMQ_PIPE_DETACHED, &pipe->flags))
		return -EPIPE;
	if (pipe->pair)
		err = zmq_inproc_meet(pipe);
	if (err || test_bit(ZMQ_PIPE_ATTACHED, &pipe->flags))
		return err;
	return zmq_pipe_attach(pipe);
}

static void bury(struct zmq_pipe *pipe)
{
	struct zmq_conn *conn = pipe->conn;

	if (conn)
		zmq_conn_get(conn);
	zmq_pipe_detach(pipe);
	if (conn) {
		zmq_conn_close(conn);
		zmq_conn_put(conn);
	}
}

/* So many portions are looked at before others get the socket. */
#define DIGEST_PORTIONS	16

static struct zmq_pipe *digest_some(struct zmq_core *core)
{
	struct zmq_pipe *pipe;

	spin_lock_bh(&core->lock);
	pipe = list_first_entry_or_null(&core->backlog, struct zmq_pipe,
					backlog_node);
	if (pipe)
		zmq_pipe_digest_locked(pipe);
	spin_unlock_bh(&core->lock);
	return pipe;
}

/* What the pattern could not look at when it arrived. */
static void digest(struct zmq_core *core)
{
	unsigned int n = DIGEST_PORTIONS;
	struct zmq_pipe *pipe;

	while (n-- && (pipe = digest_some(core))) {
		if (!zmq_pipe_has_backlog(pipe)) {
			zmq_core_wake_readers(core, 1);
			zmq_pipe_conn_new_hwm(pipe);
			if (pipe->pair)
				zmq_inproc_ack_consumed(pipe);
		}
		cond_resched();
	}
	if (!list_empty(&core->backlog))
		zmq_task_run(&core->task);
}

/**
 * zmq_core_settle() - attach and detach the pipes that others left to us
 * @core: the socket's core
 *
 * Context: Process context, socket lock held.
 */
void zmq_core_settle(struct zmq_core *core)
{
	struct zmq_pipe *pipe;
	int err;

	while ((pipe = take_unsettled(core))) {
		/* A dead one may have sent something before it was known. */
		err = welcome(pipe);
		if (err || test_bit(ZMQ_PIPE_DEAD, &pipe->flags))
			bury(pipe);
		else
			zmq_pipe_up(pipe);
		zmq_pipe_put(pipe);
		cond_resched();
	}
	digest(core);
}

/* Takes over a reference. What nobody will read is counted. */
static void drop_pipe(struct zmq_core *core, struct zmq_pipe *pipe)
{
	/* Nor will the pattern look at it. */
	spin_lock_bh(&core->lock);
	list_del_init(&pipe->backlog_node);
	spin_unlock_bh(&core->lock);
	zmq_pipe_detach(pipe);
	spin_lock_bh(&core->lock);
	list_del_init(&pipe->ready_node);
	zmq_drop(core->sk, pipe, ZMQ_MIB_RXDROPCLOSED, zmq_pipe_rx_msgs(pipe));
	zmq_pipe_purge_locked(pipe);
	spin_unlock_bh(&core->lock);
	zmq_trash_empty(core);
	zmq_pipe_reap(pipe);
	zmq_pipe_put(pipe);
}

/**
 * zmq_core_shutdown() - drop every pipe, read or unread
 * @core: the socket's core; its connections have no pipes any more
 *
 * Context: Process context, socket lock held; nobody will read or write again.
 */
void zmq_core_shutdown(struct zmq_core *core)
{
	struct zmq_pipe *pipe;

	while ((pipe = list_first_entry_or_null(&core->pipes, struct zmq_pipe,
						node))) {
		zmq_pipe_get(pipe);
		drop_pipe(core, pipe);
		cond_resched();
	}
	while ((pipe = take_unsettled(core))) {
		drop_pipe(core, pipe);
		cond_resched();
	}
	zmq_owner_flush_end(&core->owner);
	kfree_skb(xchg(&core->owner.spare_run, NULL));
}

/**
 * zmq_core_init() - prepare the routing half of a socket
 * @core: zeroed
 * @sk: the socket
 * @ops: whom its pipes tell
 *
 * Context: Process context.
 */
void zmq_core_init(struct zmq_core *core, struct sock *sk,
		   const struct zmq_pipe_ops *ops)
{
	core->sk = sk;
	core->ops = ops;
	spin_lock_init(&core->lock);
	INIT_LIST_HEAD(&core->pipes);
	zmq_roster_init(&core->roster);
	zmq_roster_init(&core->names);
	INIT_LIST_HEAD(&core->ready);
	INIT_LIST_HEAD(&core->writable);
	INIT_LIST_HEAD(&core->inproc);
	zmq_inproc_init(core);
	INIT_LIST_HEAD(&core->unsettled);
	INIT_LIST_HEAD(&core->backlog);
	zmq_trash_init(core);
	zmq_owner_init(&core->owner, sk, &core->opts, &zmq_pipe_conn_ops);
	zmq_task_init(&core->task, &core->owner.tasks, &core_task_ops);
}
