// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a connection's queue waits in for company while its socket streams: one
 * list of the socket, sorted by when to send (see when.h), and one timer. When it
 * expires, a worker sends what is due within the cap from there.
 */

#include <linux/sched/mm.h>
#include "base/compat.h"
#include "base/net.h"
#include "conn.h"
#include "tx.h"

/* So many that are due later are passed by; the lock is not held for longer. */
#define INSERT_STEPS	64

static s64 cap_ns(const struct zmq_owner *owner)
{
	return READ_ONCE(owner->zn->coalesce_us) * (s64)NSEC_PER_USEC;
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
	owner->fanout_gap = ktime_to_ns(ktime_sub(ktime_get(),
						  owner->fanout_end));
}

/**
 * zmq_owner_fanout_end() - the message has been flushed to all of them
 * @owner: the socket
 *
 * A message close behind the end of the one before is no answer to it; that it
 * takes its time does not count.
 *
 * Context: Process context, socket lock held.
 */
void zmq_owner_fanout_end(struct zmq_owner *owner)
{
	owner->fanout_gap_before = owner->fanout_gap;
	owner->fanout_end = ktime_get();
	owner->fanouts++;
}

static bool is_held(const struct zmq_conn *conn)
{
	return !list_empty(&conn->flush_node);
}

/* Under flush_lock. */
static struct zmq_conn *first_held(struct zmq_owner *owner)
{
	return list_first_entry_or_null(&owner->unflushed, struct zmq_conn,
					flush_node);
}

static void start_timer(struct zmq_owner *owner, ktime_t when)
{
	hrtimer_start(&owner->flush_timer, when, HRTIMER_MODE_ABS_SOFT);
}

/* Under flush_lock. There are two caps, so what is set last is due last, or
 * nearly so; where it is not, it need not be exact.
 */
static void insert(struct zmq_owner *owner, struct zmq_conn *conn)
{
	unsigned int steps = INSERT_STEPS;
	struct zmq_conn *before;

	list_for_each_entry_reverse(before, &owner->unflushed, flush_node)
		if (before->send_by <= conn->send_by || !steps--)
			break;
	list_add(&conn->flush_node, &before->flush_node);
}

/* Under flush_lock: something is due before all else that waits. */
static void new_first(struct zmq_owner *owner, ktime_t by)
{
	if (!owner->flushing) {
		owner->flushing = true;
		sock_hold(owner->tasks.sk);
		start_timer(owner, by);
	} else if (hrtimer_is_queued(&owner->flush_timer) &&
		   by < hrtimer_get_expires(&owner->flush_timer)) {
		start_timer(owner, by);
	}
}

static void hold(struct zmq_conn *conn, ktime_t by)
{
	struct zmq_owner *owner = conn->owner;

	spin_lock_bh(&owner->flush_lock);
	conn->send_by = by;
	insert(owner, conn);
	if (first_held(owner) == conn)
		new_first(owner, by);
	spin_unlock_bh(&owner->flush_lock);
}

/**
 * zmq_conn_flush_stop() - what is queued waits for no time any more
 * @conn: the connection
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_flush_stop(struct zmq_conn *conn)
{
	struct zmq_owner *owner = conn->owner;

	spin_lock_bh(&owner->flush_lock);
	list_del_init(&conn->flush_node);
	spin_unlock_bh(&owner->flush_lock);
}

static ktime_t when_to_send(struct zmq_conn *conn, enum zmq_flush how,
			    ktime_t now)
{
	const struct zmq_owner *owner = conn->owner;
	struct zmq_tx *tx = conn->tx;
	const struct zmq_when when = {
		.how = how,
		.bytes = READ_ONCE(tx->bytes),
		.cmd_bytes = READ_ONCE(tx->cmd_bytes),
		.now = now,
		.last = tx->last,
		.cap = cap_ns(owner),
		.gap = owner->fanout_gap,
		.gap_before = owner->fanout_gap_before,
		.behind = owner->fanouts - tx->fanout,
	};

	if (how == ZMQ_FLUSH_FANOUT)
		tx->fanout = owner->fanouts;
	return zmq_when(&when);
}

static bool stays_held(struct zmq_conn *conn)
{
	/* Pairs with send_held(): either it sees the message or we see that the
	 * connection is held no more.
	 */
	smp_mb();
	return is_held(conn);
}

/**
 * zmq_conn_flush() - send what is queued, or see to it that it is sent soon
 * @conn: the connection
 * @how: what was queued; ZMQ_FLUSH_FANOUT between zmq_owner_fanout_begin() and
 *	zmq_owner_fanout_end()
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_flush(struct zmq_conn *conn, enum zmq_flush how)
{
	ktime_t by, now = 0;

	if (!zmq_conn_tx_pending(conn))
		return;
	/* Who waits already, and is followed, needs no other time. */
	if ((how != ZMQ_FLUSH_LATER && how != ZMQ_FLUSH_FANOUT) ||
	    !is_held(conn))
		now = ktime_get();
	by = when_to_send(conn, how, now);
	if (by > now) {
		if (!stays_held(conn))
			hold(conn, now ? by : ktime_get() + by);
		return;
	}
	if (is_held(conn))
		zmq_conn_flush_stop(conn);
	zmq_conn_drain(conn);
}

/* Return: the first that is due by then, with a reference, or NULL. */
static struct zmq_conn *take_due(struct zmq_owner *owner, ktime_t then)
{
	struct zmq_conn *conn;

	spin_lock_bh(&owner->flush_lock);
	conn = first_held(owner);
	if (conn && conn->send_by > then)
		conn = NULL;
	if (conn) {
		list_del_init(&conn->flush_node);
		zmq_conn_get(conn);
	}
	spin_unlock_bh(&owner->flush_lock);
	return conn;
}

/**
 * zmq_owner_flush() - the caller is about to sleep: hold nothing back
 * @owner: the socket
 *
 * Nobody else makes anything wait meanwhile, so there is an end.
 *
 * Context: Process context, socket lock held.
 */
void zmq_owner_flush(struct zmq_owner *owner)
{
	struct zmq_conn *conn;

	if (list_empty(&owner->unflushed))
		return;
	while ((conn = take_due(owner, KTIME_MAX))) {
		zmq_conn_drain(conn);
		zmq_conn_put(conn);
	}
}

static void send_held(struct zmq_conn *conn)
{
	/* Pairs with stays_held(). */
	smp_mb();
	zmq_conn_tx_work(conn);
	zmq_conn_put(conn);
	cond_resched();
}

static void owner_work(struct work_struct *work)
{
	struct zmq_owner *owner = container_of(work, struct zmq_owner,
					       flush_work);
	struct sock *sk = owner->tasks.sk;
	struct zmq_conn *conn, *first;
	s64 cap = cap_ns(owner);
	struct mem_cgroup *memcg;
	ktime_t then;

	memcg = set_active_memcg(zmq_sock_memcg(sk));
	/* Messages that begin to wait meanwhile are due later. */
	then = ktime_get() + cap - 1;
	while ((conn = take_due(owner, then)))
		send_held(conn);
	set_active_memcg(memcg);

	spin_lock_bh(&owner->flush_lock);
	first = first_held(owner);
	if (first)
		start_timer(owner, max(first->send_by, ktime_get() + cap));
	else
		owner->flushing = false;
	spin_unlock_bh(&owner->flush_lock);
	if (!first)
		sock_put(sk);
}

static enum hrtimer_restart owner_timeout(struct hrtimer *timer)
{
	struct zmq_owner *owner = container_of(timer, struct zmq_owner,
					       flush_timer);
	struct sock *sk = owner->tasks.sk;
	struct zmq_conn *first;
	bool end = false;

	spin_lock_bh(&owner->flush_lock);
	first = first_held(owner);
	if (hrtimer_is_queued(timer)) {
		/* It was set anew meanwhile, to an earlier time. */
	} else if (!first) {
		owner->flushing = false;
		end = true;
	} else if (first->send_by > ktime_get()) {
		/* The one that it was set for has been sent. */
		start_timer(owner, first->send_by);
	} else {
		queue_work(zmq_wq, &owner->flush_work);
	}
	spin_unlock_bh(&owner->flush_lock);
	if (end)
		sock_put(sk);
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
	/* Nothing was sent yet that could be followed closely. */
	owner->fanout_gap_before = S64_MAX;
	INIT_WORK(&owner->flush_work, owner_work);
	hrtimer_setup(&owner->flush_timer, owner_timeout, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_SOFT);
}

/**
 * zmq_owner_flush_end() - nobody sends by this socket any more
 * @owner: the socket, whose connections hold nothing back
 *
 * Where the timer has something to do all the same, it ends by itself.
 *
 * Context: Process context, socket lock held.
 */
void zmq_owner_flush_end(struct zmq_owner *owner)
{
	bool end;

	spin_lock_bh(&owner->flush_lock);
	end = list_empty(&owner->unflushed) &&
	      hrtimer_try_to_cancel(&owner->flush_timer) > 0;
	if (end)
		owner->flushing = false;
	spin_unlock_bh(&owner->flush_lock);
	if (end)
		sock_put(owner->tasks.sk);
}
