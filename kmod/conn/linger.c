// SPDX-License-Identifier: GPL-2.0-only
/*
 * A connection whose socket is closed or whose endpoint is disconnected: it
 * sends what is queued, then ends its half of the stream and goes when the peer
 * has ended the other one. Going before would reset the stream as soon as the
 * peer sends something, and hang up on one that polls, which takes from it what
 * it has not read yet.
 */

#include "conn.h"
#include "event.h"
#include "link.h"
#include "tx.h"

/* What peers may send to a socket that nobody reads any more, before it lets them
 * wait.
 */
#define DISCARD_MAX	SZ_64M

/**
 * zmq_conn_owes() - is there something that the peer has not got for sure
 * @conn: the connection
 *
 * What is in a duct stays there for the peer to read.
 *
 * Context: Process context, socket lock held.
 * Return: true if lingering is of use.
 */
bool zmq_conn_owes(struct zmq_conn *conn)
{
	bool up = conn->state == ZMQ_CONN_UP;
	bool queued, sent;

	spin_lock_bh(&conn->tx->qlock);
	queued = !list_empty(&conn->tx->queue);
	sent = conn->tx->sent;
	spin_unlock_bh(&conn->tx->qlock);
	if (up)
		return queued ||
		       (sent && !zmq_conn_link(conn)->ops->direct);
	return queued && conn->dial &&
	       !(conn->no_redial && conn->state == ZMQ_CONN_BACKOFF);
}

/**
 * zmq_conn_linger() - send what is queued, then close
 * @conn: the connection; its pipe is gone
 * @ms: how long to try
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_linger(struct zmq_conn *conn, int ms)
{
	WRITE_ONCE(conn->lingering, true);
	if (!ms || !zmq_conn_owes(conn)) {
		zmq_conn_close(conn);
		return;
	}
	conn->linger_end = jiffies + msecs_to_jiffies(ms);
	zmq_conn_flush(conn, ZMQ_FLUSH_NOW);
	/* With unread data in it, the stream would be reset instead of closed. */
	zmq_conn_rx_resume(conn);
	zmq_task_run(&conn->task);
}

/**
 * zmq_conn_linger_run() - see whether a connection has lingered long enough
 * @conn: the connection, lingering and not closed
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_linger_run(struct zmq_conn *conn)
{
	if (time_after_eq(jiffies, conn->linger_end)) {
		if (conn->dial && !zmq_conn_tx_empty(conn))
			zmq_event_conn(conn, ZMQ_EVENT_GIVEN_UP, ETIMEDOUT);
		zmq_conn_close(conn);
	} else if (!zmq_conn_owes(conn)) {
		zmq_conn_close(conn);
	} else if (test_bit(ZMQ_CONN_TX_MSGS, &conn->flags) &&
		   zmq_conn_tx_empty(conn)) {
		zmq_conn_kick(conn);
	}
}

/**
 * zmq_conn_linger_sent() - the stream has been given all that there was
 * @conn: the connection, lingering
 *
 * Context: Worker, without the socket lock.
 */
void zmq_conn_linger_sent(struct zmq_conn *conn)
{
	struct zmq_link *link;

	mutex_lock(&conn->tx->lock);
	link = zmq_conn_link(conn);
	if (link && !link->ops->direct &&
	    test_and_clear_bit(ZMQ_CONN_TX_MSGS, &conn->flags)) {
		clear_bit(ZMQ_CONN_TX_ON, &conn->flags);
		set_bit(ZMQ_CONN_TX_ENDED, &conn->flags);
		if (link->ops->finish)
			link->ops->finish(link);
		else
			kernel_sock_shutdown(link->sock, SHUT_WR);
	}
	mutex_unlock(&conn->tx->lock);
	zmq_task_run(&conn->task);
}

/**
 * zmq_conn_linger_read() - a peer goes on sending
 * @conn: the connection, lingering
 * @bytes: how many were read and dropped
 *
 * One that sends without end is not read any more: what it has been sent is
 * there for it all the same.
 *
 * Context: Under link->ops->lock(), or its softirq counterpart.
 */
void zmq_conn_linger_read(struct zmq_conn *conn, unsigned int bytes)
{
	if (atomic_long_add_return(bytes, &conn->owner->discarded) > DISCARD_MAX)
		set_bit(ZMQ_CONN_RX_STOPPED, &conn->flags);
}
