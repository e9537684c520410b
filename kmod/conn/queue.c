// SPDX-License-Identifier: GPL-2.0-only
/* A connection's send queue: whole messages, in segments that refer to them. */

#include <linux/slab.h>
#include "base/drop.h"
#include "conn.h"
#include "link.h"
#include "tx.h"

static struct kmem_cache *seg_cache;

static struct zmq_seg *tx_head(struct zmq_conn *conn)
{
	return list_first_entry_or_null(&conn->tx->queue, struct zmq_seg, node);
}

static void segs_free(struct zmq_conn *conn, struct list_head *segs)
{
	struct zmq_seg *seg, *next;

	list_for_each_entry_safe(seg, next, segs, node) {
		zmq_buf_put(seg->buf);
		if (seg == &conn->tx->seg) {
			/* Pairs with use_own_seg(), which writes to it then. */
			smp_store_release(&seg->buf, NULL);
		} else {
			kmem_cache_free(seg_cache, seg);
		}
		cond_resched();
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
	struct zmq_tx *tx = conn->tx;
	struct zmq_seg *tail;

	if (msg->nr != 1 || list_empty(&tx->queue) ||
	    READ_ONCE(conn->owner->opts->conflate))
		return false;
	tail = list_last_entry(&tx->queue, struct zmq_seg, node);
	if (!tail->first || !tail->end || tail->buf != r->buf ||
	    tail->off + tail->len != r->off)
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
	struct zmq_tx *tx = conn->tx;

	/* Pairs with segs_free(), which has done with it then. */
	if (msg->nr != 1 || smp_load_acquire(&tx->seg.buf))
		return false;
	seg_set(&tx->seg, msg, 0);
	list_add_tail(&tx->seg.node, &tx->queue);
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
	struct zmq_tx *tx = conn->tx;
	LIST_HEAD(segs);
	bool queued;
	int err;

	spin_lock_bh(&tx->qlock);
	queued = merge_tail(conn, msg) || use_own_seg(conn, msg);
	if (queued) {
		tx->bytes += msg->bytes;
		tx->msgs += msg->msgs;
	}
	spin_unlock_bh(&tx->qlock);
	if (queued)
		return 0;

	err = segs_from_msg(conn, msg, &segs);
	if (err)
		return err;
	spin_lock_bh(&tx->qlock);
	list_splice_tail(&segs, &tx->queue);
	tx->bytes += msg->bytes;
	tx->msgs += msg->msgs;
	spin_unlock_bh(&tx->qlock);
	return 0;
}

/**
 * zmq_conn_tx_advance() - take bytes from the beginning of the send queue
 * @conn: the connection
 * @sent: how many
 *
 * Context: Process context, tx->lock held.
 * Return: the messages that are gone with them.
 */
unsigned int zmq_conn_tx_advance(struct zmq_conn *conn, u32 sent)
{
	struct zmq_tx *tx = conn->tx;
	unsigned int msgs = 0;
	struct zmq_seg *seg;
	LIST_HEAD(done);
	u32 left;

	spin_lock_bh(&tx->qlock);
	tx->bytes -= sent;
	while (sent) {
		seg = tx_head(conn);
		left = seg->len - tx->off;
		if (sent < left) {
			tx->off += sent;
			tx->mid = true;
			break;
		}
		sent -= left;
		tx->off = 0;
		tx->mid = !seg->end;
		msgs += seg->msgs;
		list_move_tail(&seg->node, &done);
	}
	tx->msgs -= msgs;
	if (msgs)
		tx->sent = true;
	spin_unlock_bh(&tx->qlock);
	segs_free(conn, &done);
	return msgs;
}

/**
 * zmq_conn_tx_note_unacked() - the stream has messages more
 * @conn: the connection
 * @msgs: how many
 * @behind: bytes that the stream has been given since the last one of them ended
 *
 * Context: Process context, tx->lock held.
 */
void zmq_conn_tx_note_unacked(struct zmq_conn *conn, u32 msgs, u32 behind)
{
	const struct zmq_link *link = zmq_conn_link(conn);
	u32 given, acked;

	if (!msgs || !link || !link->ops->position)
		return;
	link->ops->position(link, &given, &acked);
	zmq_unacked_add(&conn->tx->unacked, acked, given - behind, msgs);
}

static u32 take_unacked(struct zmq_conn *conn)
{
	const struct zmq_link *link = zmq_conn_link(conn);
	u32 given, acked;

	if (!conn->tx->unacked.nr)
		return 0;
	link->ops->position(link, &given, &acked);
	return zmq_unacked_take(&conn->tx->unacked, acked);
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
		conn->tx->bytes -= seg->len - conn->tx->off;
		conn->tx->off = 0;
		list_move_tail(&seg->node, dropped);
	}
	conn->tx->msgs--;
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

	mutex_lock(&conn->tx->lock);
	spin_lock_bh(&conn->tx->qlock);
	if (conn->tx->in_cmd)
		conn->tx->off = 0;
	seg = tx_head(conn);
	if (seg && !seg->first) {
		drop_first_message(conn, &dropped);
		lost = 1;
	} else if (seg && conn->tx->off) {
		end = last_boundary(seg, conn->tx->off, &sent);
		zmq_conn_tx_note_unacked(conn, sent, conn->tx->off - end);
		conn->tx->bytes += conn->tx->off - end;
		seg->off += end;
		seg->len -= end;
		seg->msgs -= sent;
		conn->tx->msgs -= sent;
		if (!seg->len)
			list_move_tail(&seg->node, &dropped);
	}
	conn->tx->off = 0;
	conn->tx->mid = false;
	conn->tx->in_cmd = false;
	conn->tx->sent = false;
	clear_bit(ZMQ_CONN_TX_ENDED, &conn->flags);
	memset(&conn->tx->reframe, 0, sizeof(conn->tx->reframe));
	spin_unlock_bh(&conn->tx->qlock);
	if (conn->pipe && sent + lost)
		conn->owner->ops->sent(conn, sent + lost);
	unacked = take_unacked(conn);
	mutex_unlock(&conn->tx->lock);

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

	spin_lock_bh(&conn->tx->qlock);
	list_splice_init(&conn->tx->queue, &segs);
	zmq_drop(conn->owner->tasks.sk, NULL, conn->lingering ?
		 ZMQ_MIB_LINGERDROP : ZMQ_MIB_TXDROPCONN, conn->tx->msgs);
	conn->tx->msgs = 0;
	conn->tx->bytes = 0;
	spin_unlock_bh(&conn->tx->qlock);
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

	if (!mutex_trylock(&conn->tx->lock))
		return 0;
	spin_lock_bh(&conn->tx->qlock);
	keep = conn->tx->mid || (!conn->tx->in_cmd && conn->tx->off);
	list_for_each_entry_safe(seg, next, &conn->tx->queue, node) {
		if (!keep) {
			conn->tx->bytes -= seg->len;
			msgs += seg->msgs;
			list_move_tail(&seg->node, &dropped);
		} else if (seg->end) {
			keep = false;
		}
	}
	conn->tx->msgs -= msgs;
	spin_unlock_bh(&conn->tx->qlock);
	mutex_unlock(&conn->tx->lock);
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

	spin_lock_bh(&conn->tx->qlock);
	empty = list_empty(&conn->tx->queue);
	spin_unlock_bh(&conn->tx->qlock);
	return empty;
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
