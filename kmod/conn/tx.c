// SPDX-License-Identifier: GPL-2.0-only
/* Sending: many fill a connection's queue, one drains it. */

#include <linux/sched/mm.h>
#include "base/compat.h"
#include "base/run.h"
#include "base/zerocopy.h"
#include "conn.h"
#include "link.h"
#include "tx.h"

/* What one call gives to the stream. */
#define DRAIN_RANGES		16
#define DRAIN_BYTES		SZ_128K

/* Less than this is cheaper copied than referenced. */
#define REF_MIN			SZ_2K

static int tx_flags(bool more)
{
	return MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
}

/**
 * zmq_conn_tx_give() - give bytes to the stream
 * @conn: the connection
 * @m: the bytes
 * @bytes: how many
 * @more: others follow at once
 *
 * Context: Process context, tx->lock and the child's lock held.
 * Return: how many it took, -EAGAIN if none, or an errno of sendmsg(2).
 */
int zmq_conn_tx_give(struct zmq_conn *conn, struct msghdr *m, size_t bytes,
		     bool more)
{
	struct zmq_link *link = zmq_conn_link(conn);
	int ret;

	m->msg_flags = tx_flags(more);
	ret = link->ops->send(link, m, bytes);
	return ret ?: -EAGAIN;
}

/**
 * zmq_conn_tx_copy_pinned() - prepare to copy the caller's memory to the stream
 * @buf: of the send queue, pinned
 * @off: where the bytes begin
 * @len: how many
 * @m: what is to be sent; its msg_ubuf tells a stream not to refer to it
 *
 * Context: Process context, tx->lock held.
 */
void zmq_conn_tx_copy_pinned(const struct zmq_buf *buf, u32 off, u32 len,
			     struct msghdr *m)
{
	zmq_pinned_iter(buf->pinned, off, len, &m->msg_iter);
	m->msg_ubuf = buf->pinned->ubuf;
	zmq_zerocopy_copied(m->msg_ubuf);
}

static bool by_reference(const struct zmq_conn *conn,
			 const struct zmq_seg *seg, u32 len)
{
	return zmq_conn_link(conn)->ops->send_pages && !seg->buf->pinned &&
	       len >= REF_MIN && len >= seg->buf->size / ZMQ_RUN_REF_PART;
}

/**
 * struct tx_ranges - what one call gives to the stream
 * @bv: the ranges
 * @n: how many
 * @bytes: in all of them
 * @pinned: the caller's memory instead, or NULL
 * @off: where @bytes of it begin
 * @pages: they are referenced, otherwise copied
 * @more: there are others behind them
 */
struct tx_ranges {
	struct bio_vec		bv[DRAIN_RANGES];
	int			n;
	size_t			bytes;
	const struct zmq_buf	*pinned;
	u32			off;
	bool			pages;
	bool			more;
};

static void collect(struct zmq_conn *conn, struct tx_ranges *tx)
{
	u32 len, off = conn->tx->off;
	struct zmq_seg *seg;
	bool pages;

	list_for_each_entry(seg, &conn->tx->queue, node) {
		len = seg->len - off;
		pages = by_reference(conn, seg, len);
		if (!tx->n)
			tx->pages = pages;
		if (tx->n == DRAIN_RANGES || tx->bytes >= DRAIN_BYTES ||
		    tx->pages != pages || tx->pinned ||
		    (tx->n && seg->buf->pinned)) {
			tx->more = true;
			break;
		}
		if (seg->buf->pinned) {
			tx->pinned = seg->buf;
			tx->off = seg->off + off;
		} else {
			bvec_set_page(&tx->bv[tx->n], seg->buf->page, len,
				      seg->off + off);
		}
		tx->n++;
		tx->bytes += len;
		off = 0;
	}
}

static int give_ranges(struct zmq_conn *conn, struct tx_ranges *tx)
{
	int (*send)(struct zmq_link *link, struct msghdr *m, size_t len);
	struct msghdr m = { .msg_flags = tx_flags(tx->more) };
	struct zmq_link *link = zmq_conn_link(conn);
	const struct zmq_buf *buf = tx->pinned;

	send = link->ops->send;
	if (!buf) {
		iov_iter_bvec(&m.msg_iter, ITER_SOURCE, tx->bv, tx->n,
			      tx->bytes);
		if (tx->pages)
			send = link->ops->send_pages;
	} else if (link->ops->send_zerocopy) {
		zmq_pinned_iter(buf->pinned, tx->off, tx->bytes, &m.msg_iter);
		m.msg_ubuf = buf->pinned->ubuf;
		m.msg_flags |= MSG_ZEROCOPY;
		send = link->ops->send_zerocopy;
	} else {
		zmq_conn_tx_copy_pinned(buf, tx->off, tx->bytes, &m);
	}
	return send(link, &m, tx->bytes) ?: -EAGAIN;
}

static int send_msgs(struct zmq_conn *conn, unsigned int *msgs)
{
	struct tx_ranges tx;
	int ret;

	tx.n = 0;
	tx.bytes = 0;
	tx.pinned = NULL;
	tx.pages = false;
	tx.more = false;
	spin_lock_bh(&conn->tx->qlock);
	collect(conn, &tx);
	spin_unlock_bh(&conn->tx->qlock);

	ret = give_ranges(conn, &tx);
	if (ret > 0)
		*msgs += zmq_conn_tx_advance(conn, ret);
	return ret;
}

/* Give the stream what it takes. The caller holds tx->lock. */
static int drain(struct zmq_conn *conn)
{
	struct zmq_link *link = zmq_conn_link(conn);
	struct zmq_tx *tx = conn->tx;
	unsigned int msgs = 0;
	int ret = 0;

	if (!link)
		return -ENOTCONN;
	if (link->ops->tx_begin)
		link->ops->tx_begin(link);
	while (ret >= 0 && test_bit(ZMQ_CONN_TX_ON, &conn->flags)) {
		if (!tx->mid && !list_empty(&tx->cmds))
			ret = zmq_conn_send_cmds(conn);
		else if (!tx->in_cmd && !list_empty(&tx->queue) &&
			 test_bit(ZMQ_CONN_TX_MSGS, &conn->flags))
			ret = conn->session->framing == ZMQ_FRAMING_V2 ?
			      send_msgs(conn, &msgs) :
			      zmq_conn_tx_reframe(conn, &msgs);
		else
			break;
	}
	zmq_conn_tx_note_unacked(conn, msgs, tx->in_cmd ? 0 : tx->off);
	if (link->ops->tx_end)
		link->ops->tx_end(link);

	tx->last = ktime_get();
	if (msgs && conn->pipe)
		conn->owner->ops->sent(conn, msgs);
	return ret < 0 ? ret : 0;
}

/**
 * zmq_conn_tx_pending() - is there something that the stream may be given
 * @conn: the connection
 *
 * Context: Any; a glance.
 * Return: true if so.
 */
bool zmq_conn_tx_pending(const struct zmq_conn *conn)
{
	const struct zmq_tx *tx = conn->tx;

	if (!test_bit(ZMQ_CONN_TX_ON, &conn->flags))
		return false;
	return !list_empty(&tx->cmds) ||
	       (!list_empty(&tx->queue) &&
		test_bit(ZMQ_CONN_TX_MSGS, &conn->flags));
}

/**
 * zmq_conn_drain() - give the stream what it takes, unless somebody does it
 * @conn: the connection
 *
 * Whoever fails to get tx->lock has queued before, so the holder looks again
 * after it let go. Neither mutex_unlock() nor a mutex_trylock() that fails keeps
 * those apart.
 *
 * Context: Process context, socket lock held, or in a worker behind
 *	zmq_conn_tx_work().
 */
void zmq_conn_drain(struct zmq_conn *conn)
{
	int err = 0;

	while (!err) {
		/* Pairs with itself, where another one drains. */
		smp_mb();
		if (!zmq_conn_tx_pending(conn) ||
		    !mutex_trylock(&conn->tx->lock))
			break;
		err = drain(conn);
		mutex_unlock(&conn->tx->lock);
	}
}

/**
 * zmq_conn_tx_work() - give the stream what it takes
 * @conn: the connection
 *
 * Context: Worker, without the socket lock.
 */
void zmq_conn_tx_work(struct zmq_conn *conn)
{
	int err = 0;

	mutex_lock(&conn->tx->lock);
	if (zmq_conn_tx_pending(conn))
		err = drain(conn);
	mutex_unlock(&conn->tx->lock);
	if (!err)
		zmq_conn_drain(conn);
	if (READ_ONCE(conn->lingering) && zmq_conn_tx_empty(conn))
		zmq_conn_linger_sent(conn);
}

/**
 * zmq_conn_kick() - let a worker send and parse
 * @conn: the connection
 *
 * Context: Any.
 */
void zmq_conn_kick(struct zmq_conn *conn)
{
	zmq_conn_get(conn);
	if (!queue_work(zmq_wq, &conn->io_work))
		zmq_conn_put(conn);
}

/**
 * zmq_conn_writable() - the child has room again
 * @conn: the connection
 *
 * Context: Any.
 */
void zmq_conn_writable(struct zmq_conn *conn)
{
	if (zmq_conn_tx_pending(conn))
		zmq_conn_kick(conn);
}

static void parse_rest(struct zmq_conn *conn)
{
	struct zmq_link *link;

	mutex_lock(&conn->tx->lock);
	link = zmq_conn_link(conn);
	if (link && test_and_clear_bit(ZMQ_CONN_RX_MORE, &conn->flags)) {
		link->ops->lock(link);
		zmq_conn_rx_locked(link);
		link->ops->unlock(link);
		/* The task may have seen it, but not that nothing is left. */
		if (READ_ONCE(link->eof))
			zmq_task_run(&conn->task);
	}
	mutex_unlock(&conn->tx->lock);
}

/**
 * zmq_conn_io_work() - send what the caller could not, parse what is left
 * @work: in the connection
 *
 * Context: Worker, without the socket lock.
 */
void zmq_conn_io_work(struct work_struct *work)
{
	struct zmq_conn *conn = container_of(work, struct zmq_conn, io_work);
	struct mem_cgroup *memcg;

	memcg = set_active_memcg(zmq_sock_memcg(conn->owner->tasks.sk));
	if (test_bit(ZMQ_CONN_RX_MORE, &conn->flags))
		parse_rest(conn);
	zmq_conn_tx_work(conn);
	set_active_memcg(memcg);
	zmq_conn_put(conn);
}

static enum hrtimer_restart retry(struct hrtimer *timer)
{
	zmq_conn_writable(container_of(timer, struct zmq_conn, retry_timer));
	return HRTIMER_NORESTART;
}

/**
 * zmq_conn_tx_init() - prepare the send half of a connection
 * @conn: the connection
 *
 * Context: Any.
 */
void zmq_conn_tx_init(struct zmq_conn *conn)
{
	INIT_WORK(&conn->io_work, zmq_conn_io_work);
	INIT_LIST_HEAD(&conn->flush_node);
	hrtimer_setup(&conn->retry_timer, retry, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_SOFT);
	mutex_init(&conn->tx->lock);
	spin_lock_init(&conn->tx->qlock);
	INIT_LIST_HEAD(&conn->tx->queue);
	INIT_LIST_HEAD(&conn->tx->cmds);
}
