// SPDX-License-Identifier: GPL-2.0-only
/* A connection's life: states, timers, close. */

#include <linux/slab.h>
#include "base/net.h"
#include "base/trace.h"
#include "conn.h"
#include "dial.h"
#include "event.h"
#include "link.h"

/* A connection and what it has of its own, of a size for which kmalloc() would
 * waste a third.
 */
struct body {
	struct zmq_conn		conn;
	struct zmq_tx		tx;
	struct zmq_rx		rx;
	struct zmq_session	session;
	struct zmq_heartbeat	heartbeat;
};

static struct kmem_cache *conn_cache;

static struct zmq_conn *task_conn(struct zmq_task *task)
{
	return container_of(task, struct zmq_conn, task);
}

static struct net *conn_net(const struct zmq_conn *conn)
{
	return sock_net(conn->owner->tasks.sk);
}

static void note_handshake(struct zmq_conn *conn, u8 state)
{
	struct zmq_owner *owner = conn->owner;

	if (state == ZMQ_CONN_HANDSHAKE) {
		list_add_tail(&conn->handshake_node, &owner->handshaking);
		owner->handshakes++;
	} else if (conn->state == ZMQ_CONN_HANDSHAKE) {
		list_del(&conn->handshake_node);
		owner->handshakes--;
	}
}

/**
 * zmq_conn_set_state() - go to another state, which no timer ends
 * @conn: the connection
 * @state: ZMQ_CONN_...
 * @reason: the counter that it adds to, or ZMQ_MIB_NONE
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_set_state(struct zmq_conn *conn, u8 state,
			enum zmq_mib_field reason)
{
	trace_zmq_conn_state(conn, conn->state, state, reason);
	if (!conn->dial && state != conn->state)
		note_handshake(conn, state);
	WRITE_ONCE(conn->state, state);
	conn->timed = false;
}

/**
 * zmq_conn_get() - take a reference
 * @conn: the connection
 *
 * Context: Any.
 */
void zmq_conn_get(struct zmq_conn *conn)
{
	refcount_inc(&conn->ref);
}

static void conn_free_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(conn_cache, container_of(rcu, struct body, conn.rcu));
}

static void conn_free_work(struct work_struct *work)
{
	struct zmq_conn *conn = container_of(work, struct zmq_conn, free_work);
	struct sock *sk = conn->owner->tasks.sk;

	/* A drainer that was short of memory may have started it at the end. */
	hrtimer_cancel(&conn->retry_timer);
	zmq_conn_tx_purge(conn);
	kfree(conn->rx->scan.cmd);
	kfree(conn->session->hs);
	kfree_skb(conn->bye);
	if (conn->dial)
		conn->dial->ops->free(conn->dial);
	zmq_sender_put(&conn->sender);
	kfree(conn->endpoint);
	kfree(conn->ep);
	call_rcu(&conn->rcu, conn_free_rcu);
	sock_put(sk);
}

/**
 * zmq_conn_put() - drop a reference
 * @conn: the connection
 *
 * Context: Any. Freeing may sleep, so it is left to a worker.
 */
void zmq_conn_put(struct zmq_conn *conn)
{
	if (refcount_dec_and_test(&conn->ref))
		queue_work(conn->dial ? conn->dial->wq : zmq_wq,
			   &conn->free_work);
}

static void task_get(struct zmq_task *task)
{
	zmq_conn_get(task_conn(task));
}

static void task_put(struct zmq_task *task)
{
	zmq_conn_put(task_conn(task));
}

/**
 * zmq_conn_set_pipe() - tell the connection who is above it
 * @conn: the connection
 * @pipe: opaque, or NULL: received messages are discarded from now on
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_set_pipe(struct zmq_conn *conn, void *pipe)
{
	struct zmq_link *link = zmq_conn_link(conn);

	mutex_lock(&conn->tx->lock);
	if (link)
		link->ops->lock(link);
	conn->pipe = pipe;
	if (link)
		link->ops->unlock(link);
	mutex_unlock(&conn->tx->lock);
}

/**
 * zmq_conn_close() - end a connection for good
 * @conn: the connection
 *
 * What the stream has is still delivered, what waits in the queue is dropped.
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_close(struct zmq_conn *conn)
{
	if (conn->state == ZMQ_CONN_CLOSED)
		return;
	zmq_event_closed(conn);
	if (conn->dial)
		conn->dial->ops->closed(conn);
	zmq_conn_set_state(conn, ZMQ_CONN_CLOSED, ZMQ_MIB_NONE);
	zmq_task_stop_timer(&conn->task);
	spin_lock_bh(&conn->owner->lock);
	list_del_init(&conn->node);
	spin_unlock_bh(&conn->owner->lock);
	zmq_roster_del(&conn->owner->conn_roster, conn->place);
	atomic_dec(&conn->owner->peers);

	zmq_link_stop(conn);
	zmq_link_end(conn, false);
	zmq_conn_put(conn);
}

/**
 * zmq_conn_set_timer() - let the current state end after a while
 * @conn: the connection
 * @ms: milliseconds, 0 for never
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_set_timer(struct zmq_conn *conn, unsigned int ms)
{
	/* Of the state before, it would run the task for nothing. */
	zmq_task_stop_timer(&conn->task);
	conn->timed = ms;
	conn->deadline = jiffies + msecs_to_jiffies(ms);
	if (ms)
		zmq_task_run_after(&conn->task, msecs_to_jiffies(ms));
}

static void note_failure(struct zmq_conn *conn, enum zmq_mib_field why, int err)
{
	const struct zmq_link *link = zmq_conn_link(conn);

	if (!err && link)
		err = READ_ONCE(link->sock->sk->sk_err);
	WRITE_ONCE(conn->reason, why);
	WRITE_ONCE(conn->error, err);
}

/**
 * zmq_conn_lost() - the stream is of no more use
 * @conn: the connection
 * @why: what to count
 * @err: its errno, or 0 for that of the stream
 *
 * A connection that was dialed is dialed again, unless the options say no.
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_lost(struct zmq_conn *conn, enum zmq_mib_field why, int err)
{
	const struct zmq_owner *owner = conn->owner;
	bool again, done;

	note_failure(conn, why, err);
	ZMQ_INC_STATS(conn_net(conn), why);
	zmq_event_lost(conn, why);
	again = conn->dial && conn->dial->ops->lost(conn, why);

	zmq_link_stop(conn);
	zmq_conn_tx_rewind(conn);
	done = conn->lingering && zmq_conn_tx_empty(conn);
	zmq_link_end(conn, again && !done);
	zmq_conn_set_state(conn, ZMQ_CONN_BACKOFF, why);
	if (conn->pipe) {
		zmq_conn_raw_down(conn);
		owner->ops->down(conn, again);
	}

	if (conn->state == ZMQ_CONN_CLOSED)
		return;
	if (again && !done) {
		conn->dial->ops->wait(conn);
		return;
	}
	if (conn->dial && !done)
		zmq_event_conn(conn, ZMQ_EVENT_GIVEN_UP, conn->error);
	zmq_conn_close(conn);
}

/* Nobody reads what is sent to a peer that has said its last word, so it waits
 * for the next stream; one without ZMTP may only have said that.
 */
static void note_end(struct zmq_conn *conn, struct zmq_link *link)
{
	if (!conn->owner->raw)
		clear_bit(ZMQ_CONN_TX_MSGS, &conn->flags);
	if (link->ops->ended)
		link->ops->ended(link);
}

static void stream_over(struct zmq_conn *conn, const struct zmq_link *link)
{
	/* That is what a connection that lingers has waited for. */
	if (test_bit(ZMQ_CONN_TX_ENDED, &conn->flags) &&
	    !READ_ONCE(link->sock->sk->sk_err))
		zmq_conn_close(conn);
	else
		zmq_conn_lost(conn, ZMQ_MIB_DISCONNECTS, 0);
}

static void run_up(struct zmq_conn *conn)
{
	struct zmq_link *link = zmq_conn_link(conn);
	bool ended = zmq_link_ended(link);
	enum zmq_mib_field why;
	bool drained;

	if (ended)
		note_end(conn, link);
	drained = zmq_conn_rx(conn) ||
		  (conn->lingering && test_bit(ZMQ_CONN_RX_STOPPED, &conn->flags));
	if (test_bit(ZMQ_CONN_RX_ERROR, &conn->flags)) {
		why = zmq_conn_rx_failure(conn);
		zmq_conn_lost(conn, why, -conn->rx->err);
	} else if (ended && drained) {
		stream_over(conn, link);
	} else {
		if (test_and_clear_bit(ZMQ_CONN_CMD_ROOM, &conn->flags) &&
		    conn->pipe)
			conn->owner->ops->cmd_room(conn);
		if (!test_bit(ZMQ_CONN_TX_ENDED, &conn->flags) &&
		    !zmq_heartbeat_run(conn))
			zmq_conn_lost(conn, ZMQ_MIB_HBTIMEOUT, ETIMEDOUT);
	}
}

static void timed_out(struct zmq_conn *conn)
{
	conn->timed = false;
	switch (conn->state) {
	case ZMQ_CONN_CONNECTING:
		zmq_conn_lost(conn, ZMQ_MIB_CONNECTFAIL, ETIMEDOUT);
		break;
	case ZMQ_CONN_HANDSHAKE:
		zmq_conn_lost(conn, ZMQ_MIB_HSTIMEOUT, ETIMEDOUT);
		break;
	case ZMQ_CONN_BACKOFF:
		conn->dial->ops->again(conn);
		break;
	}
}

/* One timer for all that the connection waits for. */
static void rearm(struct zmq_conn *conn)
{
	unsigned long next = MAX_JIFFY_OFFSET;

	if (conn->timed)
		next = zmq_until(conn->deadline);
	if (conn->lingering)
		next = min(next, zmq_until(conn->linger_end));
	if (conn->state == ZMQ_CONN_UP &&
	    !test_bit(ZMQ_CONN_TX_ENDED, &conn->flags))
		next = min(next, zmq_heartbeat_next(conn));
	if (next < MAX_JIFFY_OFFSET)
		zmq_task_run_after(&conn->task, next);
}

static void task_run(struct zmq_task *task)
{
	struct zmq_conn *conn = task_conn(task);
	struct zmq_link *link = zmq_conn_link(conn);

	if (link && zmq_unix_has_files(link->sock->sk)) {
		zmq_conn_lost(conn, ZMQ_MIB_PROTOERROR, EPROTO);
	} else if (conn->timed && time_after_eq(jiffies, conn->deadline)) {
		timed_out(conn);
	} else {
		switch (conn->state) {
		case ZMQ_CONN_CONNECTING:
			conn->dial->ops->run(conn);
			break;
		case ZMQ_CONN_HANDSHAKE:
			zmq_conn_run_handshake(conn);
			break;
		case ZMQ_CONN_UP:
			run_up(conn);
			break;
		}
	}

	if (conn->lingering && conn->state != ZMQ_CONN_CLOSED)
		zmq_conn_linger_run(conn);
	if (conn->state != ZMQ_CONN_CLOSED)
		rearm(conn);
}

static const struct zmq_task_ops conn_task_ops = {
	.run	= task_run,
	.get	= task_get,
	.put	= task_put,
};

/**
 * zmq_conn_new() - make a connection without a stream
 * @owner: the socket
 * @dial: who makes its streams, if it was made by connect(); else NULL
 * @endpoint: text of the endpoint bound or connected to
 *
 * The reference belongs to owner->conns, which zmq_conn_close() leaves.
 *
 * Context: Process context, socket lock held.
 * Return: the connection, or NULL.
 */
struct zmq_conn *zmq_conn_new(struct zmq_owner *owner, struct zmq_dial *dial,
			      const char *endpoint)
{
	struct zmq_conn *conn;
	struct body *body;

	body = kmem_cache_zalloc(conn_cache, GFP_KERNEL_ACCOUNT);
	if (!body)
		return NULL;
	conn = &body->conn;
	conn->tx = &body->tx;
	conn->rx = &body->rx;
	conn->session = &body->session;
	conn->heartbeat = &body->heartbeat;
	conn->endpoint = kstrdup(endpoint, GFP_KERNEL_ACCOUNT);
	if (!conn->endpoint)
		goto err_conn;

	refcount_set(&conn->ref, 1);
	conn->owner = owner;
	conn->dial = dial;
	INIT_WORK(&conn->free_work, conn_free_work);
	zmq_task_init(&conn->task, &owner->tasks, &conn_task_ops);
	zmq_conn_tx_init(conn);
	if (zmq_roster_add(&owner->conn_roster, conn, &conn->place))
		goto err_endpoint;
	sock_hold(owner->tasks.sk);
	spin_lock_bh(&owner->lock);
	list_add_tail(&conn->node, &owner->conns);
	spin_unlock_bh(&owner->lock);
	atomic_inc(&owner->peers);
	return conn;

err_endpoint:
	kfree(conn->endpoint);
err_conn:
	kmem_cache_free(conn_cache, body);
	return NULL;
}

/**
 * zmq_conn_start() - give a new connection a stream that is established
 * @conn: the connection, which was not dialed
 * @link: the stream, which is the connection's from now on; NULL if there was no
 *	memory for it
 *
 * Context: Process context, socket lock held.
 * Return: 0, or -ENOMEM and the connection is closed.
 */
int zmq_conn_start(struct zmq_conn *conn, struct zmq_link *link)
{
	int err;

	if (!link) {
		zmq_conn_close(conn);
		return -ENOMEM;
	}
	zmq_link_set(conn, link);
	err = zmq_conn_handshake(conn);
	if (err)
		zmq_conn_lost(conn, ZMQ_MIB_NOMEM, ENOMEM);
	return err;
}

/**
 * zmq_conn_cache_init() - create what connections are allocated from
 *
 * Return: 0 or -ENOMEM.
 */
int zmq_conn_cache_init(void)
{
	int err;

	err = zmq_conn_tx_cache_init();
	if (err)
		return err;
	conn_cache = kmem_cache_create("zmq_conn", sizeof(struct body), 0,
				       SLAB_ACCOUNT, NULL);
	if (conn_cache)
		return 0;
	zmq_conn_tx_cache_exit();
	return -ENOMEM;
}

/**
 * zmq_conn_cache_exit() - undo zmq_conn_cache_init(), behind rcu_barrier()
 */
void zmq_conn_cache_exit(void)
{
	kmem_cache_destroy(conn_cache);
	zmq_conn_tx_cache_exit();
}
