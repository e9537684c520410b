// SPDX-License-Identifier: GPL-2.0-only
/* What becomes of a connection's stream. */

#include <linux/slab.h>
#include "conn.h"
#include "dial.h"
#include "link.h"

static void set_child(struct zmq_conn *conn, struct socket *sock)
{
	mutex_lock(&conn->tx_lock);
	spin_lock_bh(&conn->tx_qlock);
	conn->sock = sock;
	spin_unlock_bh(&conn->tx_qlock);
	mutex_unlock(&conn->tx_lock);
}

/**
 * zmq_conn_install() - give a connection its stream
 * @conn: the connection, without one
 * @sock: the child, which is the connection's from now on
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_install(struct zmq_conn *conn, struct socket *sock)
{
	set_child(conn, sock);
	conn->rx_eof = false;
	conn->stream->install(conn);
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
static void discard(struct zmq_conn *conn)
{
	read_descriptor_t desc = { .count = 1 };

	conn->stream->lock(conn);
	conn->stream->read(conn, &desc, discard_actor);
	conn->stream->unlock(conn);
}

/**
 * zmq_conn_uninstall() - take a connection's stream from it
 * @conn: the connection; the child is the caller's from now on
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_uninstall(struct zmq_conn *conn)
{
	discard(conn);
	conn->stream->uninstall(conn);
	set_child(conn, NULL);
}

/**
 * zmq_stream_stop() - nothing is read from a stream or written to it any more
 * @conn: the connection
 *
 * Context: Process context, socket lock held.
 */
void zmq_stream_stop(struct zmq_conn *conn)
{
	clear_bit(ZMQ_CONN_TX_ON, &conn->flags);
	clear_bit(ZMQ_CONN_TX_MSGS, &conn->flags);
	clear_bit(ZMQ_CONN_CMD_ROOM, &conn->flags);
	zmq_conn_flush_stop(conn);
	hrtimer_cancel(&conn->retry_timer);

	conn->stream->lock(conn);
	clear_bit(ZMQ_CONN_RX_ON, &conn->flags);
	clear_bit(ZMQ_CONN_RX_MORE, &conn->flags);
	clear_bit(ZMQ_CONN_RX_STOPPED, &conn->flags);
	conn->stream->unlock(conn);

	kfree(conn->scan.cmd);
	memset(&conn->scan, 0, sizeof(conn->scan));
	kfree(conn->session.hs);
	conn->session.hs = NULL;
}

/**
 * zmq_stream_end() - a connection has no stream any more
 * @conn: the connection, whose stream was stopped
 * @again: another attempt to connect follows, which may use the child
 *
 * The stream ends for the peer as well: one that can be connected again is
 * reset, and would otherwise go on acknowledging what nobody reads.
 *
 * Context: Process context, socket lock held.
 */
void zmq_stream_end(struct zmq_conn *conn, bool again)
{
	struct socket *sock = conn->sock;

	/* Nobody is behind it any more but whoever TCP, or UNIX, knows. */
	if (conn->stream->part)
		conn->stream->part(conn);
	if (again && conn->dial->ops->renew(conn))
		return;
	zmq_conn_uninstall(conn);
	conn->stream->release(conn, sock);
}

/**
 * zmq_stream_ended() - is nothing more to come behind what can be read
 * @conn: the connection
 *
 * Context: Process context, socket lock held.
 * Return: true if so.
 */
bool zmq_stream_ended(const struct zmq_conn *conn)
{
	const struct sock *sk = conn->sock->sk;

	if (READ_ONCE(conn->rx_eof))
		return true;
	return !conn->stream->late &&
	       (READ_ONCE(sk->sk_err) || sk->sk_state == TCP_CLOSE ||
		(READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN));
}

/**
 * zmq_stream_has_files() - was a connection sent descriptors
 * @conn: the connection
 *
 * Context: Process context, socket lock held.
 * Return: true if so and they have not been read.
 */
bool zmq_stream_has_files(const struct zmq_conn *conn)
{
	return conn->sock && conn->stream->has_files &&
	       conn->stream->has_files(conn);
}
