// SPDX-License-Identifier: GPL-2.0-only
/*
 * When a connection's queue is sent. Messages wait for company while their
 * socket streams: one timer of the socket ticks for all its connections, and at
 * each tick what has begun to wait since the one before is sent. A tick without
 * anything ends it.
 */

#include <linux/sched/mm.h>
#include "base/compat.h"
#include "base/net.h"
#include "conn.h"
#include "tx.h"

/* Commands go out at most this often, unless there are many. */
#define CMDS_CAP_NS	NSEC_PER_MSEC
/* So much in the queue is a segment worth sending: none is larger. */
#define FLUSH_BYTES	SZ_64K
/* So many commands are, too. */
#define CMDS_BYTES	SZ_16K
/* Fan-outs that are this part of the cap apart follow each other closely. */
#define CLOSE_FRACTION	16
/* Who got nothing of so many messages gets no company for the next one. */
#define COMPANY_SENDS	32

static u64 cap_ns(const struct zmq_owner *owner)
{
	return READ_ONCE(owner->zn->coalesce_us) * (u64)NSEC_PER_USEC;
}

static bool moment_ago(ktime_t when, u64 ns)
{
	return ktime_to_ns(ktime_sub(ktime_get(), when)) < (s64)ns;
}

/**
 * zmq_owner_fanout_begin() - a message to many peers is here, but not yet routed
 * @owner: the socket
 *
 * Routing takes its time, too, so this is when the clock is read.
 *
 * Context: Process context, socket lock held.
 */
void zmq_owner_fanout_begin(struct zmq_owner *owner)
{
	owner->fanout_gap = ktime_sub(ktime_get(), owner->fanout_end);
}

/**
 * zmq_owner_fanout_flush() - the message is about to be flushed to them
 * @owner: the socket
 * @more: the caller has another one at hand
 *
 * zmq_owner_fanout_end() follows. A message so close behind the end of the one
 * before is no answer to it, and neither is the next one. It waits whatever the
 * peers have taken, since a fan-out costs a segment for each of them; that it
 * takes its time does not count.
 *
 * Context: Process context, socket lock held.
 * Return: how to flush it.
 */
enum zmq_flush zmq_owner_fanout_flush(struct zmq_owner *owner, bool more)
{
	bool close = ktime_to_ns(owner->fanout_gap) <
		     (s64)cap_ns(owner) / CLOSE_FRACTION;
	enum zmq_flush how = ZMQ_FLUSH_AUTO;

	if (more)
		how = ZMQ_FLUSH_LATER;
	else if (close || owner->fanout_close)
		how = ZMQ_FLUSH_STREAM;
	owner->fanout_close = close;
	owner->fanouts++;
	return how;
}

/**
 * zmq_owner_fanout_end() - the message has been flushed to all of them
 * @owner: the socket
 *
 * Context: Process context, socket lock held.
 */
void zmq_owner_fanout_end(struct zmq_owner *owner)
{
	owner->fanout_end = ktime_get();
}

/* The peer is one of those to whom the socket streams. */
static bool has_company(struct zmq_conn *conn)
{
	u32 behind = conn->owner->fanouts - conn->tx_fanout;

	conn->tx_fanout = conn->owner->fanouts;
	return behind <= COMPANY_SENDS;
}

static bool is_held(const struct zmq_conn *conn)
{
	return !list_empty(&conn->flush_node);
}

/* What was sent last left a moment ago: the next message will have company
 * soon.
 */
static bool is_streaming(const struct zmq_conn *conn)
{
	return moment_ago(conn->tx_last, cap_ns(conn->owner));
}

static bool may_wait(struct zmq_conn *conn, enum zmq_flush how)
{
	switch (how) {
	case ZMQ_FLUSH_LATER:
		return READ_ONCE(conn->tx_bytes) < FLUSH_BYTES;
	case ZMQ_FLUSH_STREAM:
		return READ_ONCE(conn->tx_bytes) < FLUSH_BYTES &&
		       has_company(conn);
	case ZMQ_FLUSH_AUTO:
		return READ_ONCE(conn->tx_bytes) < FLUSH_BYTES &&
		       is_streaming(conn);
	case ZMQ_FLUSH_CMDS:
		return READ_ONCE(conn->tx_cmd_bytes) < CMDS_BYTES &&
		       moment_ago(conn->tx_last, CMDS_CAP_NS);
	default:
		return false;
	}
}

static void tick(struct zmq_owner *owner)
{
	WRITE_ONCE(owner->ticking, true);
	sock_hold(owner->tasks.sk);
	hrtimer_start(&owner->flush_timer, ns_to_ktime(cap_ns(owner)),
		      HRTIMER_MODE_REL_SOFT);
}

static void hold(struct zmq_conn *conn, bool ticks)
{
	struct zmq_owner *owner = conn->owner;

	/* Pairs with send_held(): either it sees the message or we see that the
	 * connection is held no more.
	 */
	smp_mb();
	if (is_held(conn) && (!ticks || READ_ONCE(owner->ticking)))
		return;
	spin_lock_bh(&owner->flush_lock);
	if (!is_held(conn))
		list_add_tail(&conn->flush_node, &owner->unflushed);
	if (ticks && !owner->ticking)
		tick(owner);
	spin_unlock_bh(&owner->flush_lock);
}

static void release(struct zmq_conn *conn)
{
	struct zmq_owner *owner = conn->owner;

	if (!is_held(conn))
		return;
	spin_lock_bh(&owner->flush_lock);
	list_del_init(&conn->flush_node);
	spin_unlock_bh(&owner->flush_lock);
}

/**
 * zmq_conn_flush() - send what is queued, or see to it that it is sent soon
 * @conn: the connection
 * @how: when; ZMQ_FLUSH_STREAM if zmq_owner_fanout_flush() says so
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_flush(struct zmq_conn *conn, enum zmq_flush how)
{
	if (!conn->sock || !zmq_conn_tx_pending(conn))
		return;
	if (!may_wait(conn, how)) {
		release(conn);
		zmq_conn_drain(conn);
		return;
	}
	hold(conn, how != ZMQ_FLUSH_CMDS);
	if (how == ZMQ_FLUSH_CMDS && !hrtimer_active(&conn->flush_timer))
		hrtimer_start(&conn->flush_timer, ns_to_ktime(CMDS_CAP_NS),
			      HRTIMER_MODE_REL_SOFT);
}

/* Under flush_lock. Return: a connection with a reference, or NULL. */
static struct zmq_conn *take_held(struct list_head *held)
{
	struct zmq_conn *conn = list_first_entry_or_null(held, struct zmq_conn,
							 flush_node);

	if (conn) {
		list_del_init(&conn->flush_node);
		zmq_conn_get(conn);
	}
	return conn;
}

/**
 * zmq_owner_flush() - the caller is about to sleep: hold nothing back
 * @owner: the socket
 *
 * Context: Process context, socket lock held.
 */
void zmq_owner_flush(struct zmq_owner *owner)
{
	struct zmq_conn *conn;

	for (;;) {
		if (list_empty(&owner->unflushed))
			return;
		spin_lock_bh(&owner->flush_lock);
		conn = take_held(&owner->unflushed);
		spin_unlock_bh(&owner->flush_lock);
		if (!conn)
			return;
		zmq_conn_drain(conn);
		zmq_conn_put(conn);
	}
}

static void send_held(struct zmq_conn *conn)
{
	/* Pairs with hold(). */
	smp_mb();
	zmq_conn_tx_work(conn);
	zmq_conn_put(conn);
	cond_resched();
}

static void send_all_held(struct zmq_owner *owner)
{
	struct zmq_conn *conn;
	LIST_HEAD(held);

	spin_lock_bh(&owner->flush_lock);
	/* What begins to wait meanwhile is left to the next tick. */
	list_splice_init(&owner->unflushed, &held);
	while ((conn = take_held(&held))) {
		spin_unlock_bh(&owner->flush_lock);
		send_held(conn);
		spin_lock_bh(&owner->flush_lock);
	}
	spin_unlock_bh(&owner->flush_lock);
}

static void owner_work(struct work_struct *work)
{
	struct zmq_owner *owner = container_of(work, struct zmq_owner,
					       flush_work);
	struct sock *sk = owner->tasks.sk;
	struct mem_cgroup *memcg;
	bool again;

	memcg = set_active_memcg(zmq_sock_memcg(sk));
	send_all_held(owner);
	set_active_memcg(memcg);

	spin_lock_bh(&owner->flush_lock);
	again = !owner->flush_ended;
	if (again)
		hrtimer_start(&owner->flush_timer, ns_to_ktime(cap_ns(owner)),
			      HRTIMER_MODE_REL_SOFT);
	spin_unlock_bh(&owner->flush_lock);
	if (!again)
		sock_put(sk);
}

static enum hrtimer_restart owner_timeout(struct hrtimer *timer)
{
	struct zmq_owner *owner = container_of(timer, struct zmq_owner,
					       flush_timer);
	bool more;

	spin_lock_bh(&owner->flush_lock);
	more = !list_empty(&owner->unflushed);
	WRITE_ONCE(owner->ticking, more);
	spin_unlock_bh(&owner->flush_lock);
	if (more)
		queue_work(zmq_wq, &owner->flush_work);
	else
		sock_put(owner->tasks.sk);
	return HRTIMER_NORESTART;
}

/**
 * zmq_owner_flush_init() - prepare a socket for messages that wait
 * @owner: the socket
 *
 * Context: Any.
 */
void zmq_owner_flush_init(struct zmq_owner *owner)
{
	spin_lock_init(&owner->flush_lock);
	INIT_LIST_HEAD(&owner->unflushed);
	INIT_WORK(&owner->flush_work, owner_work);
	hrtimer_setup(&owner->flush_timer, owner_timeout, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_SOFT);
}

/**
 * zmq_owner_flush_end() - nobody sends by this socket any more
 * @owner: the socket, whose connections hold nothing back
 *
 * Context: Process context, socket lock held.
 */
void zmq_owner_flush_end(struct zmq_owner *owner)
{
	spin_lock_bh(&owner->flush_lock);
	owner->flush_ended = true;
	spin_unlock_bh(&owner->flush_lock);
	if (hrtimer_cancel(&owner->flush_timer))
		sock_put(owner->tasks.sk);
}

static enum hrtimer_restart conn_timeout(struct hrtimer *timer)
{
	zmq_conn_writable(container_of(timer, struct zmq_conn, flush_timer));
	return HRTIMER_NORESTART;
}

/**
 * zmq_conn_flush_init() - prepare a connection for what waits
 * @conn: the connection
 *
 * Context: Any.
 */
void zmq_conn_flush_init(struct zmq_conn *conn)
{
	INIT_LIST_HEAD(&conn->flush_node);
	hrtimer_setup(&conn->flush_timer, conn_timeout, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_SOFT);
}

/**
 * zmq_conn_flush_stop() - the connection's stream ends
 * @conn: the connection
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_flush_stop(struct zmq_conn *conn)
{
	release(conn);
	hrtimer_cancel(&conn->flush_timer);
}
