// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams whose frames are not those of ZMTP 2.0. Queues hold no others, so
 * headers are translated, or left away, between the queue and the stream.
 */

#include <linux/slab.h>
#include "base/compat.h"
#include "base/run.h"
#include "conn.h"
#include "tx.h"
#include "wire/wire_v1.h"

/* Received bytes are copied behind their new headers, so many at a time. */
#define PIECE	SZ_2K

static int deliver_v1(struct zmq_conn *conn, struct sk_buff *run,
		      const struct zmq_scan_result *r)
{
	const struct zmq_ends ends = {
		.msgs = r->msgs,
		.last = r->msg_end - r->msg_begin,
		.tail = r->data_len - r->msg_end,
	};

	if (!zmq_run(run)->len || !conn->pipe) {
		kfree_skb(run);
		return 0;
	}
	return zmq_conn_rx_give(conn, run, &ends);
}

/* Returns the bytes used; if they are refused it is as if there were none. */
static size_t rx_v1_piece(struct zmq_conn *conn, const u8 *p, size_t n,
			  u32 *room, int *err)
{
	struct zmq_scan scan = conn->rx->scan;
	struct zmq_scan_result r;
	struct sk_buff *run;
	size_t used;

	*err = -ENOMEM;
	run = zmq_run_alloc(n + ZMQ_HDR_MAX, GFP_ATOMIC);
	if (!run)
		return 0;
	used = zmq_v1_scan(&scan, p, n, skb_tail_pointer(run), *room, &r);
	zmq_run_put(run, r.data_len);
	*err = deliver_v1(conn, run, &r);
	if (*err)
		return 0;
	conn->rx->scan = scan;
	*room -= r.msgs;
	*err = r.error;
	return used;
}

/**
 * zmq_conn_rx_v1() - queue what a ZMTP 1.0 peer has sent
 * @conn: the connection
 * @skb: what TCP received
 * @off: where it begins
 * @len: how many bytes
 * @room: messages that may be queued
 * @err: set if it cannot go on: -ENOMEM, -ENOBUFS, -EPROTO or -EMSGSIZE
 *
 * Context: Softirq or process context, exclusive use of the child.
 * Return: bytes consumed.
 */
unsigned int zmq_conn_rx_v1(struct zmq_conn *conn, struct sk_buff *skb,
			    unsigned int off, size_t len, u32 room, int *err)
{
	struct skb_seq_state st;
	unsigned int done = 0;
	const u8 *p;
	u32 n;

	skb_prepare_seq_read(skb, off, off + len, &st);
	while (room && !*err) {
		n = skb_seq_read(done, &p, &st);
		if (!n)
			break;
		done += rx_v1_piece(conn, p, min_t(u32, n, PIECE), &room, err);
	}
	skb_abort_seq_read(&st);
	return done;
}

/* The header that the send queue begins with; it may lie in several segments,
 * but not in one that is pinned.
 */
static int peek_hdr(struct zmq_conn *conn, struct zmq_hdr *h)
{
	u32 off = conn->tx->off, n = 0, take;
	const struct zmq_seg *seg;
	u8 hdr[ZMQ_HDR_MAX];

	spin_lock_bh(&conn->tx->qlock);
	list_for_each_entry(seg, &conn->tx->queue, node) {
		if (seg->buf->pinned)
			break;
		take = min_t(u32, seg->len - off, sizeof(hdr) - n);
		memcpy(hdr + n, page_address(seg->buf->page) + seg->off + off,
		       take);
		n += take;
		off = 0;
		if (n == sizeof(hdr))
			break;
	}
	spin_unlock_bh(&conn->tx->qlock);
	return zmq_hdr_get(hdr, n, h) > 0 ? 0 : -EIO;
}

/* Send the new header, then pass over the old one. */
static int send_hdr(struct zmq_conn *conn, unsigned int *msgs)
{
	struct zmq_reframe *rf = &conn->tx->reframe;
	struct msghdr m = {};
	struct zmq_hdr h;
	struct kvec kv;
	int ret;

	ret = peek_hdr(conn, &h);
	if (ret)
		return ret;
	/* Until the stream has a part of it, another message may take its place. */
	if (!rf->hdr_off && conn->session->framing == ZMQ_FRAMING_V1)
		rf->hdr_len = zmq_v1_hdr_put(rf->hdr, h.len, h.flags);
	if (rf->hdr_off < rf->hdr_len) {
		kv.iov_base = rf->hdr + rf->hdr_off;
		kv.iov_len = rf->hdr_len - rf->hdr_off;
		iov_iter_kvec(&m.msg_iter, ITER_SOURCE, &kv, 1, kv.iov_len);
		ret = zmq_conn_tx_give(conn, &m, kv.iov_len,
				       READ_ONCE(conn->tx->bytes) > h.size);
		if (ret < 0)
			return ret;
		conn->tx->mid = true;
		rf->hdr_off += ret;
		if (rf->hdr_off < rf->hdr_len)
			return 0;
	}
	memset(rf, 0, sizeof(*rf));
	rf->body_left = h.len;
	*msgs += zmq_conn_tx_advance(conn, h.size);
	return 0;
}

static int send_body(struct zmq_conn *conn, unsigned int *msgs)
{
	struct zmq_reframe *rf = &conn->tx->reframe;
	const struct zmq_seg *seg;
	struct msghdr m = {};
	struct bio_vec bv;
	u32 off, len;
	int ret;

	spin_lock_bh(&conn->tx->qlock);
	seg = list_first_entry(&conn->tx->queue, struct zmq_seg, node);
	off = seg->off + conn->tx->off;
	len = min_t(u64, rf->body_left, seg->len - conn->tx->off);
	spin_unlock_bh(&conn->tx->qlock);

	if (seg->buf->pinned) {
		zmq_conn_tx_copy_pinned(seg->buf, off, len, &m);
	} else {
		bvec_set_page(&bv, seg->buf->page, len, off);
		iov_iter_bvec(&m.msg_iter, ITER_SOURCE, &bv, 1, len);
	}
	ret = zmq_conn_tx_give(conn, &m, len, READ_ONCE(conn->tx->bytes) > len);
	if (ret < 0)
		return ret;
	rf->body_left -= ret;
	*msgs += zmq_conn_tx_advance(conn, ret);
	return 0;
}

/**
 * zmq_conn_tx_reframe() - send a piece of the queue in the peer's framing
 * @conn: the connection, whose send queue is not empty
 * @msgs: increased by the messages that left the queue
 *
 * The position in the queue is never inside of a header: one that was sent in
 * part still stands before it.
 *
 * Context: Process context, tx->lock and the child's lock held.
 * Return: 0 or the error of zmq_conn_tx_give().
 */
int zmq_conn_tx_reframe(struct zmq_conn *conn, unsigned int *msgs)
{
	return conn->tx->reframe.body_left ? send_body(conn, msgs) :
					 send_hdr(conn, msgs);
}
