// SPDX-License-Identifier: GPL-2.0-only
/* A connection's send queue: many producers, one drainer. */

#include <linux/sched/mm.h>
#include <linux/slab.h>
#include "compat.h"
#include "conn.h"
#include "conn_tx.h"
#include "drop.h"
#include "transport.h"
#include "zerocopy.h"

/* What one call gives to the stream. */
#define DRAIN_RANGES		16
#define DRAIN_BYTES		SZ_128K

/* Less than this is cheaper copied than referenced. */
#define REF_MIN			SZ_2K
/* Whoever refers to less than this part of a buffer would keep too much memory
 * for what it is charged.
 */
#define REF_PART		4

static struct kmem_cache *seg_cache;

static struct zmq_seg *tx_head(struct zmq_conn *conn)
{
	return list_first_entry_or_null(&conn->tx_queue, struct zmq_seg, node);
}

static void segs_free(struct zmq_conn *conn, struct list_head *segs)
{
	struct zmq_seg *seg, *next;

	list_for_each_entry_safe(seg, next, segs, node) {
		zmq_buf_put(seg->buf);
		if (seg == &conn->tx_seg) {
			/* Pairs with use_own_seg(), which writes to it then. */
			smp_store_release(&seg->buf, NULL);
		} else {
			kmem_cache_free(seg_cache, seg);
		}
	}
	INIT_LIST_HEAD(segs);
}

/* The @i-th range of a message. */
static void seg_set(struct zmq_seg *seg, const struct zmq_msg *msg,
		    unsigned int i)
{
	seg->buf = msg->ranges[i].buf;
	refcount_inc(&seg->buf->ref);
	seg->off = msg->ranges[i].off;
	seg->len = msg->ranges[i].len;
	seg->first = i == 0;
	seg->end = i == msg->nr - 1;
	seg->msgs = seg->end ? msg->msgs : 0;
}

static int segs_from_msg(struct zmq_conn *conn, const struct zmq_msg *msg,
			 struct list_head *segs)
{
	struct zmq_seg *seg;
	unsigned int i;

	for (i = 0; i < msg->nr; i++) {
		seg = kmem_cache_alloc(seg_cache, GFP_KERNEL);
		if (!seg) {
			segs_free(conn, segs);
			return -ENOMEM;
		}
		seg_set(seg, msg, i);
		list_add_tail(&seg->node, segs);
	}
	return 0;
}

/* A stream to one peer lies in memory as it goes over the wire, so its queue
 * needs no segment of its own for each message. Credit returns by segment, so
 * one must not hold too much of the high-water mark.
 */
static bool merge_tail(struct zmq_conn *conn, const struct zmq_msg *msg)
{
	int hwm = READ_ONCE(conn->owner->opts->snd_hwm);
	const struct zmq_range *r = msg->ranges;
	struct zmq_seg *tail;

	if (msg->nr != 1 || list_empty(&conn->tx_queue) ||
	    READ_ONCE(conn->owner->opts->conflate))
		return false;
	tail = list_last_entry(&conn->tx_queue, struct zmq_seg, node);
	if (!tail->end || tail->buf != r->buf || tail->off + tail->len != r->off)
		return false;
	if (hwm && tail->msgs > hwm / 8)
		return false;
	tail->len += r->len;
	tail->msgs += msg->msgs;
	return true;
}

/* Nor does a lone message need one. */
static bool use_own_seg(struct zmq_conn *conn, const struct zmq_msg *msg)
{
	/* Pairs with segs_free(), which has done with it then. */
	if (msg->nr != 1 || smp_load_acquire(&conn->tx_seg.buf))
		return false;
	seg_set(&conn->tx_seg, msg, 0);
	list_add_tail(&conn->tx_seg.node, &conn->tx_queue);
	return true;
}

/**
 * zmq_conn_queue() - put whole messages at the end of the send queue
 * @conn: the connection
 * @msg: the messages; their memory is referenced
 *
 * Context: Process context, socket lock held.
 * Return: 0 or -ENOMEM.
 */
int zmq_conn_queue(struct zmq_conn *conn, const struct zmq_msg *msg)
{
	LIST_HEAD(segs);
	bool queued;
	int err;

	spin_lock_bh(&conn->tx_qlock);
	queued = merge_tail(conn, msg) || use_own_seg(conn, msg);
	if (queued) {
		conn->tx_bytes += msg->bytes;
		conn->tx_msgs += msg->msgs;
	}
	spin_unlock_bh(&conn->tx_qlock);
	if (queued)
		return 0;

	err = segs_from_msg(conn, msg, &segs);
	if (err)
		return err;
	spin_lock_bh(&conn->tx_qlock);
	list_splice_tail(&segs, &conn->tx_queue);
	conn->tx_bytes += msg->bytes;
	conn->tx_msgs += msg->msgs;
	spin_unlock_bh(&conn->tx_qlock);
	return 0;
}

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
 * Context: Process context, tx_lock and the child's lock held.
 * Return: how many it took, -EAGAIN if none, or an errno of sendmsg(2).
 */
int zmq_conn_tx_give(struct zmq_conn *conn, struct msghdr *m, size_t bytes,
		     bool more)
{
	int ret;

	m->msg_flags = tx_flags(more);
	ret = conn->stream->send(conn, m, bytes);
	return ret ?: -EAGAIN;
}

static int give_pages(struct zmq_conn *conn, struct msghdr *m, size_t bytes,
		      bool more)
{
	int ret;

	m->msg_flags = tx_flags(more);
	ret = conn->stream->send_pages(conn, m, bytes);
	return ret ?: -EAGAIN;
}

static int give_pinned(struct zmq_conn *conn, struct msghdr *m, size_t bytes,
		       bool more)
{
	int ret;

	m->msg_flags = tx_flags(more) | MSG_ZEROCOPY;
	ret = conn->stream->send_zerocopy(conn, m, bytes);
	return ret ?: -EAGAIN;
}

/**
 * zmq_conn_tx_copy_pinned() - prepare to copy the caller's memory to the stream
 * @buf: of the send queue, pinned
 * @off: where the bytes begin
 * @len: how many
 * @m: what is to be sent; its msg_ubuf tells a stream not to refer to it
 *
 * Context: Process context, tx_lock held.
 */
void zmq_conn_tx_copy_pinned(const struct zmq_buf *buf, u32 off, u32 len,
			     struct msghdr *m)
{
	zmq_pinned_iter(buf->pinned, off, len, &m->msg_iter);
	m->msg_ubuf = buf->pinned->ubuf;
	zmq_zerocopy_copied(m->msg_ubuf);
}

/**
 * zmq_conn_tx_advance() - take bytes from the beginning of the send queue
 * @conn: the connection
 * @sent: how many
 *
 * Context: Process context, tx_lock held.
 * Return: the messages that are gone with them.
 */
unsigned int zmq_conn_tx_advance(struct zmq_conn *conn, u32 sent)
{
	unsigned int msgs = 0;
	struct zmq_seg *seg;
	LIST_HEAD(done);
	u32 left;

	spin_lock_bh(&conn->tx_qlock);
	conn->tx_bytes -= sent;
	while (sent) {
		seg = tx_head(conn);
		left = seg->len - conn->tx_off;
		if (sent < left) {
			conn->tx_off += sent;
			conn->tx_mid = true;
			break;
		}
		sent -= left;
		conn->tx_off = 0;
		conn->tx_mid = !seg->end;
		msgs += seg->msgs;
		list_move_tail(&seg->node, &done);
	}
	conn->tx_msgs -= msgs;
	spin_unlock_bh(&conn->tx_qlock);
	segs_free(conn, &done);
	return msgs;
}

static bool by_reference(const struct zmq_conn *conn,
			 const struct zmq_seg *seg, u32 len)
{
	return conn->stream->send_pages && !seg->buf->pinned &&
	       len >= REF_MIN && len >= seg->buf->size / REF_PART;
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
	u32 len, off = conn->tx_off;
	struct zmq_seg *seg;
	bool pages;

	list_for_each_entry(seg, &conn->tx_queue, node) {
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
	const struct zmq_buf *buf = tx->pinned;
	struct msghdr m = {};

	if (!buf) {
		iov_iter_bvec(&m.msg_iter, ITER_SOURCE, tx->bv, tx->n,
			      tx->bytes);
		return tx->pages ? give_pages(conn, &m, tx->bytes, tx->more) :
			zmq_conn_tx_give(conn, &m, tx->bytes, tx->more);
	}
	if (!conn->stream->send_zerocopy) {
		zmq_conn_tx_copy_pinned(buf, tx->off, tx->bytes, &m);
		return zmq_conn_tx_give(conn, &m, tx->bytes, tx->more);
	}
	zmq_pinned_iter(buf->pinned, tx->off, tx->bytes, &m.msg_iter);
	m.msg_ubuf = buf->pinned->ubuf;
	return give_pinned(conn, &m, tx->bytes, tx->more);
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
	spin_lock_bh(&conn->tx_qlock);
	collect(conn, &tx);
	spin_unlock_bh(&conn->tx_qlock);

	ret = give_ranges(conn, &tx);
	if (ret > 0)
		*msgs += zmq_conn_tx_advance(conn, ret);
	return ret;
}

/* The stream has @msgs messages more, the last of which ends @behind bytes
 * before the end of what it has.
 */
static void note_unacked(struct zmq_conn *conn, u32 msgs, u32 behind)
{
	u32 given, acked;

	if (!msgs || !conn->sock || !conn->stream->position)
		return;
	conn->stream->position(conn, &given, &acked);
	zmq_unacked_add(&conn->unacked, acked, given - behind, msgs);
}

static u32 take_unacked(struct zmq_conn *conn)
{
	u32 given, acked;

	if (!conn->unacked.nr)
		return 0;
	conn->stream->position(conn, &given, &acked);
	return zmq_unacked_take(&conn->unacked, acked);
}

/* Give the stream what it takes. The caller holds tx_lock. */
static int drain(struct zmq_conn *conn)
{
	const struct zmq_stream_ops *stream = conn->stream;
	unsigned int msgs = 0;
	int ret = 0;

	if (stream->tx_begin)
		stream->tx_begin(conn);
	while (ret >= 0 && test_bit(ZMQ_CONN_TX_ON, &conn->flags)) {
		if (!conn->tx_mid && !list_empty(&conn->tx_cmds))
			ret = zmq_conn_send_cmds(conn);
		else if (!conn->tx_in_cmd && !list_empty(&conn->tx_queue) &&
			 test_bit(ZMQ_CONN_TX_MSGS, &conn->flags))
			ret = conn->session.framing == ZMQ_FRAMING_V2 ?
			      send_msgs(conn, &msgs) :
			      zmq_conn_tx_reframe(conn, &msgs);
		else
			break;
	}
	note_unacked(conn, msgs, conn->tx_in_cmd ? 0 : conn->tx_off);
	if (stream->tx_end)
		stream->tx_end(conn);

	conn->tx_last = ktime_get();
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
	if (!test_bit(ZMQ_CONN_TX_ON, &conn->flags))
		return false;
	return !list_empty(&conn->tx_cmds) ||
	       (!list_empty(&conn->tx_queue) &&
		test_bit(ZMQ_CONN_TX_MSGS, &conn->flags));
}

/**
 * zmq_conn_drain() - give the stream what it takes, unless somebody does it
 * @conn: the connection
 *
 * Whoever fails to get tx_lock has queued before, so the holder looks again
 * after it let go: the barrier is in mutex_unlock() and mutex_trylock().
 *
 * Context: Process context, socket lock held, or in a worker behind
 *	zmq_conn_tx_work().
 */
void zmq_conn_drain(struct zmq_conn *conn)
{
	int err = 0;

	while (!err && zmq_conn_tx_pending(conn) &&
	       mutex_trylock(&conn->tx_lock)) {
		if (conn->sock)
			err = drain(conn);
		else
			err = -ENOTCONN;
		mutex_unlock(&conn->tx_lock);
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

	mutex_lock(&conn->tx_lock);
	if (conn->sock && zmq_conn_tx_pending(conn))
		err = drain(conn);
	mutex_unlock(&conn->tx_lock);
	if (!err)
		zmq_conn_drain(conn);
	if (conn->lingering && zmq_conn_tx_empty(conn))
		zmq_task_run(&conn->task);
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
	mutex_lock(&conn->tx_lock);
	if (conn->sock && test_and_clear_bit(ZMQ_CONN_RX_MORE, &conn->flags)) {
		conn->stream->lock(conn);
		zmq_conn_rx_locked(conn);
		conn->stream->unlock(conn);
	}
	mutex_unlock(&conn->tx_lock);
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

/* Where the last message that is sent whole ends in the first @off bytes. */
static u32 last_boundary(const struct zmq_seg *seg, u32 off, u32 *msgs)
{
	const u8 *p = page_address(seg->buf->page) + seg->off;
	struct zmq_hdr hdr;
	u32 pos = 0, end = 0;
	int n;

	*msgs = 0;
	while (pos < off) {
		n = zmq_hdr_get(p + pos, seg->len - pos, &hdr);
		if (n <= 0 || hdr.len > off - pos - min_t(u32, n, off - pos))
			break;
		pos += n + hdr.len;
		if (pos <= off && !(hdr.flags & ZMTP_MORE)) {
			end = pos;
			++*msgs;
		}
	}
	return end;
}

/* The beginning of the first message left with the old stream: drop the rest. */
static void drop_first_message(struct zmq_conn *conn, struct list_head *dropped)
{
	struct zmq_seg *seg;
	bool end = false;

	while (!end && (seg = tx_head(conn))) {
		end = seg->end;
		conn->tx_bytes -= seg->len - conn->tx_off;
		conn->tx_off = 0;
		list_move_tail(&seg->node, dropped);
	}
	conn->tx_msgs--;
}

/**
 * zmq_conn_tx_rewind() - make the queue fit for a new stream
 * @conn: the connection, whose stream was stopped
 *
 * Commands are void. A message that was sent in part is sent again from its
 * start if that is still here, else it is lost and counted. What the old stream
 * had and the peer did not acknowledge is counted: nobody knows whether it
 * arrived, so it is not sent again.
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_tx_rewind(struct zmq_conn *conn)
{
	LIST_HEAD(dropped);
	struct zmq_seg *seg;
	u32 sent = 0, lost = 0, unacked, end;

	mutex_lock(&conn->tx_lock);
	spin_lock_bh(&conn->tx_qlock);
	if (conn->tx_in_cmd)
		conn->tx_off = 0;
	seg = tx_head(conn);
	if (seg && !seg->first) {
		drop_first_message(conn, &dropped);
		lost = 1;
	} else if (seg && conn->tx_off) {
		end = last_boundary(seg, conn->tx_off, &sent);
		note_unacked(conn, sent, conn->tx_off - end);
		conn->tx_bytes += conn->tx_off - end;
		seg->off += end;
		seg->len -= end;
		seg->msgs -= sent;
		conn->tx_msgs -= sent;
		if (!seg->len)
			list_move_tail(&seg->node, &dropped);
	}
	conn->tx_off = 0;
	conn->tx_mid = false;
	conn->tx_in_cmd = false;
	memset(&conn->reframe, 0, sizeof(conn->reframe));
	spin_unlock_bh(&conn->tx_qlock);
	if (conn->pipe && sent + lost)
		conn->owner->ops->sent(conn, sent + lost);
	unacked = take_unacked(conn);
	mutex_unlock(&conn->tx_lock);

	zmq_drop(conn->owner->tasks.sk, NULL, ZMQ_MIB_TXDROPCONN, lost);
	zmq_drop(conn->owner->tasks.sk, NULL, ZMQ_MIB_TXUNACKED, unacked);
	segs_free(conn, &dropped);
	zmq_conn_free_cmds(conn);
}

/**
 * zmq_conn_tx_purge() - drop the whole queue
 * @conn: the connection, which has no stream
 *
 * Context: Process context, nobody else uses the connection.
 */
void zmq_conn_tx_purge(struct zmq_conn *conn)
{
	LIST_HEAD(segs);

	spin_lock_bh(&conn->tx_qlock);
	list_splice_init(&conn->tx_queue, &segs);
	zmq_drop(conn->owner->tasks.sk, NULL, conn->lingering ?
		 ZMQ_MIB_LINGERDROP : ZMQ_MIB_TXDROPCONN, conn->tx_msgs);
	conn->tx_msgs = 0;
	conn->tx_bytes = 0;
	spin_unlock_bh(&conn->tx_qlock);
	segs_free(conn, &segs);
	zmq_conn_free_cmds(conn);
}

/**
 * zmq_conn_tx_replace() - drop what waits behind the message being sent
 * @conn: the connection
 *
 * While somebody else drains the queue nothing is dropped: it moves.
 *
 * Context: Process context, socket lock held.
 * Return: how many messages were dropped.
 */
unsigned int zmq_conn_tx_replace(struct zmq_conn *conn)
{
	struct zmq_seg *seg, *next;
	unsigned int msgs = 0;
	LIST_HEAD(dropped);
	bool keep;

	if (!mutex_trylock(&conn->tx_lock))
		return 0;
	spin_lock_bh(&conn->tx_qlock);
	keep = conn->tx_mid || (!conn->tx_in_cmd && conn->tx_off);
	list_for_each_entry_safe(seg, next, &conn->tx_queue, node) {
		if (!keep) {
			conn->tx_bytes -= seg->len;
			msgs += seg->msgs;
			list_move_tail(&seg->node, &dropped);
		} else if (seg->end) {
			keep = false;
		}
	}
	conn->tx_msgs -= msgs;
	spin_unlock_bh(&conn->tx_qlock);
	mutex_unlock(&conn->tx_lock);
	segs_free(conn, &dropped);
	return msgs;
}

/**
 * zmq_conn_tx_empty() - whether the stream has been given everything
 * @conn: the connection
 *
 * Context: Any.
 * Return: true if so.
 */
bool zmq_conn_tx_empty(struct zmq_conn *conn)
{
	bool empty;

	spin_lock_bh(&conn->tx_qlock);
	empty = list_empty(&conn->tx_queue);
	spin_unlock_bh(&conn->tx_qlock);
	return empty;
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
	zmq_conn_flush_init(conn);
	mutex_init(&conn->tx_lock);
	mutex_init(&conn->rx_lock);
	spin_lock_init(&conn->tx_qlock);
	INIT_LIST_HEAD(&conn->tx_queue);
	INIT_LIST_HEAD(&conn->tx_cmds);
}

/**
 * zmq_conn_tx_cache_init() - create what this file allocates from
 *
 * Return: 0 or -ENOMEM.
 */
int zmq_conn_tx_cache_init(void)
{
	seg_cache = KMEM_CACHE(zmq_seg, SLAB_ACCOUNT);
	return seg_cache ? 0 : -ENOMEM;
}

/**
 * zmq_conn_tx_cache_exit() - undo zmq_conn_tx_cache_init()
 */
void zmq_conn_tx_cache_exit(void)
{
	kmem_cache_destroy(seg_cache);
}
