// SPDX-License-Identifier: GPL-2.0-only
/* What becomes of a connection's link. */

#include <linux/slab.h>
#include "conn.h"
#include "dial.h"
#include "link.h"

static void link_free(struct zmq_link *link)
{
	struct zmq_conn *conn = link->conn;

	link->ops->free(link);
	kfree_rcu(link, rcu);
	zmq_conn_put(conn);
}

static void free_work(struct work_struct *work)
{
	link_free(container_of(work, struct zmq_link, free_work));
}

/**
 * zmq_link_init() - fill in what all links have
 * @link: where a larger structure of kzalloc() begins
 * @conn: the connection
 * @ops: how the child carries bytes
 * @sock: the child, which is the link's from now on
 *
 * Context: Process context, socket lock held. The reference is the caller's.
 */
void zmq_link_init(struct zmq_link *link, struct zmq_conn *conn,
		   const struct zmq_stream_ops *ops, struct socket *sock)
{
	refcount_set(&link->ref, 1);
	zmq_conn_get(conn);
	link->conn = conn;
	link->ops = ops;
	link->sock = sock;
	INIT_WORK(&link->free_work, free_work);
}

/**
 * zmq_link_get() - what a connection has of a stream
 * @conn: the connection
 *
 * Context: Any.
 * Return: its link with a reference, or NULL.
 */
struct zmq_link *zmq_link_get(const struct zmq_conn *conn)
{
	struct zmq_link *link;

	rcu_read_lock();
	link = rcu_dereference(conn->link);
	if (link && !refcount_inc_not_zero(&link->ref))
		link = NULL;
	rcu_read_unlock();
	return link;
}

/**
 * zmq_link_put() - drop a reference
 * @link: the link
 *
 * Context: Any. Freeing may sleep, so it is left to a worker.
 */
void zmq_link_put(struct zmq_link *link)
{
	if (refcount_dec_and_test(&link->ref))
		queue_work(zmq_wq, &link->free_work);
}

/**
 * zmq_link_drop() - drop a reference, and the child at once if it is the last
 * @link: the link
 *
 * Context: Process context that may sleep.
 */
void zmq_link_drop(struct zmq_link *link)
{
	if (refcount_dec_and_test(&link->ref))
		link_free(link);
}

/**
 * zmq_link_set() - put a link, or none, in the place of a connection's
 * @conn: the connection
 * @link: the link, whose reference is the connection's from now on; that to
 *	the one before is the caller's
 *
 * Context: Process context, socket lock held. Nobody drains into the one before
 * afterwards.
 */
void zmq_link_set(struct zmq_conn *conn, struct zmq_link *link)
{
	mutex_lock(&conn->tx->lock);
	rcu_assign_pointer(conn->link, link);
	mutex_unlock(&conn->tx->lock);
}

static int discard_actor(read_descriptor_t *desc, struct sk_buff *skb,
			 unsigned int off, size_t len)
{
	return len;
}

/* TCP answers a close over unread data with a reset, which would take with it
 * what the peer has not read yet. One pass is enough for what it had when it was
 * asked; what a peer goes on to write is its own affair.
 */
static void discard(struct zmq_link *link)
{
	read_descriptor_t desc = { .count = 1 };

	link->ops->lock(link);
	link->ops->read(link, &desc, discard_actor);
	link->ops->unlock(link);
}

/**
 * zmq_link_stop() - nothing is read from a stream or written to it any more
 * @conn: the connection, with or without one
 *
 * Context: Process context, socket lock held.
 */
void zmq_link_stop(struct zmq_conn *conn)
{
	struct zmq_link *link = zmq_conn_link(conn);

	if (!link)
		return;
	clear_bit(ZMQ_CONN_TX_ON, &conn->flags);
	clear_bit(ZMQ_CONN_TX_MSGS, &conn->flags);
	clear_bit(ZMQ_CONN_CMD_ROOM, &conn->flags);
	zmq_conn_flush_stop(conn);
	hrtimer_cancel(&conn->retry_timer);

	link->ops->lock(link);
	WRITE_ONCE(link->rx_on, false);
	clear_bit(ZMQ_CONN_RX_MORE, &conn->flags);
	clear_bit(ZMQ_CONN_RX_STOPPED, &conn->flags);
	link->ops->unlock(link);

	kfree(conn->rx->scan.cmd);
	memset(&conn->rx->scan, 0, sizeof(conn->rx->scan));
	kfree(conn->session->hs);
	conn->session->hs = NULL;
}

/**
 * zmq_link_end() - a connection has no stream any more
 * @conn: the connection, whose stream, if it had one, was stopped
 * @again: another attempt to connect follows, which may use the child
 *
 * The stream ends for the peer as well: one that can be connected again is
 * reset, and would otherwise go on acknowledging what nobody reads.
 *
 * Context: Process context, socket lock held.
 */
void zmq_link_end(struct zmq_conn *conn, bool again)
{
	struct zmq_link *link = zmq_conn_link(conn);

	if (!link)
		return;
	/* Nobody is behind it any more but whoever TCP, or UNIX, knows. */
	if (link->ops->part)
		link->ops->part(link);
	if (again && conn->dial->ops->renew(conn))
		return;
	link = zmq_conn_link(conn);
	discard(link);
	link->ops->detach(link);
	zmq_link_set(conn, NULL);
	zmq_link_drop(link);
}

/**
 * zmq_link_ended() - is nothing more to come behind what can be read
 * @link: the link
 *
 * Context: Process context, socket lock held.
 * Return: true if so.
 */
bool zmq_link_ended(const struct zmq_link *link)
{
	const struct sock *sk = link->sock->sk;

	if (READ_ONCE(link->eof))
		return true;
	return !link->ops->late &&
	       (READ_ONCE(sk->sk_err) || sk->sk_state == TCP_CLOSE ||
		(READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN));
}
