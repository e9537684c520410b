// SPDX-License-Identifier: GPL-2.0-only
/* Connections without ZMTP, of STREAM and ROUTER_RAW: every read is a message. */

#include <linux/slab.h>
#include "base/run.h"
#include "conn.h"

/* libzmq's limit, which programs have buffers for. */
#define RAW_MSG_MAX	SZ_8K

static const u8 empty_frame[2];

/**
 * zmq_conn_raw_start() - there is no handshake
 * @conn: the connection, whose stream is established
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_raw_start(struct zmq_conn *conn)
{
	memset(conn->session, 0, sizeof(*conn->session));
	conn->session->framing = ZMQ_FRAMING_RAW;
	conn->session->peer_type = ZMQ_PEER_TYPE_UNKNOWN;
	conn->session->state = ZMQ_SESSION_DONE;
	set_bit(ZMQ_CONN_TX_ON, &conn->flags);
}

/**
 * zmq_conn_raw_up() - let the socket's reader know of a new stream
 * @conn: the connection; it has a pipe
 *
 * What its end will say is made now, so that it can be said for certain.
 *
 * Context: Process context, socket lock held; nothing is received yet.
 * Return: 0 or -ENOMEM.
 */
int zmq_conn_raw_up(struct zmq_conn *conn)
{
	const struct zmq_ends ends = { .msgs = 1, .last = sizeof(empty_frame) };
	struct sk_buff_head runs;
	struct sk_buff *hello;

	if (conn->session->framing != ZMQ_FRAMING_RAW ||
	    !conn->owner->raw_notify)
		return 0;
	hello = zmq_run_from_bytes(empty_frame, sizeof(empty_frame),
				   GFP_KERNEL);
	conn->bye = zmq_run_from_bytes(empty_frame, sizeof(empty_frame),
				       GFP_KERNEL);
	if (!hello || !conn->bye)
		goto err_free;
	__skb_queue_head_init(&runs);
	__skb_queue_tail(&runs, hello);
	if (!conn->owner->ops->rx(conn, &runs, &ends))
		return 0;

err_free:
	kfree_skb(hello);
	kfree_skb(conn->bye);
	conn->bye = NULL;
	return -ENOMEM;
}

/**
 * zmq_conn_raw_down() - let the socket's reader know that a stream has ended
 * @conn: the connection; it has a pipe
 *
 * Context: Process context, socket lock held; nothing is received any more.
 */
void zmq_conn_raw_down(struct zmq_conn *conn)
{
	struct sk_buff *bye = conn->bye;

	conn->bye = NULL;
	if (bye)
		conn->owner->ops->note(conn, bye);
}

/* A part of a large skb pins it, but must not be charged for all of it. */
static struct sk_buff *body_run(struct zmq_conn *conn, struct sk_buff *skb,
				unsigned int off, unsigned int len)
{
	struct sk_buff *run = zmq_run_from_skb(skb, off, len,
					       &conn->owner->spare_run);

	if (run && skb_cloned(run))
		run->truesize = SKB_TRUESIZE(0) +
				div_u64((u64)skb->truesize * len, skb->len);
	return run;
}

static int add_message(struct zmq_conn *conn, struct sk_buff_head *runs,
		       struct sk_buff *skb, unsigned int off, unsigned int len)
{
	struct sk_buff *head, *body;
	u8 hdr[ZMQ_HDR_MAX];

	head = zmq_run_from_bytes(hdr, zmq_hdr_put(hdr, len, 0), GFP_ATOMIC);
	if (!head)
		return -ENOMEM;
	body = body_run(conn, skb, off, len);
	if (!body) {
		kfree_skb(head);
		return -ENOMEM;
	}
	__skb_queue_tail(runs, head);
	__skb_queue_tail(runs, body);
	return 0;
}

/**
 * zmq_conn_rx_raw() - queue what was received as messages
 * @conn: the connection
 * @skb: what TCP received
 * @off: where it begins
 * @len: how many bytes
 * @room: messages that may be queued
 * @err: set to -ENOMEM if it cannot go on
 *
 * Context: Softirq or process context, exclusive use of the child.
 * Return: bytes consumed.
 */
unsigned int zmq_conn_rx_raw(struct zmq_conn *conn, struct sk_buff *skb,
			     unsigned int off, size_t len, u32 room, int *err)
{
	struct sk_buff_head runs;
	struct zmq_ends ends = {};
	unsigned int done = 0, n;

	if (!conn->pipe)
		return len;
	__skb_queue_head_init(&runs);
	while (done < len && ends.msgs < room) {
		n = min_t(size_t, len - done, RAW_MSG_MAX);
		*err = add_message(conn, &runs, skb, off + done, n);
		if (*err)
			break;
		done += n;
		ends.last = zmq_run(skb_peek_tail(&runs)->prev)->len + n;
		ends.msgs++;
	}
	if (ends.msgs && conn->owner->ops->rx(conn, &runs, &ends)) {
		__skb_queue_purge(&runs);
		*err = -ENOMEM;
		done = 0;
	}
	return done;
}
