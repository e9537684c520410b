// SPDX-License-Identifier: GPL-2.0-only
/* A connection's receive half: parse in softirq, queue runs of frames. */

#include <linux/slab.h>
#include <net/tcp.h>
#include "compat.h"
#include "conn.h"
#include "drop.h"
#include "net.h"
#include "run.h"
#include "transport.h"

/* What one softirq may parse; a worker does the rest. */
#define RX_BUDGET	SZ_64K

/**
 * struct rx - one pass over the received data
 * @conn: the connection
 * @budget: bytes that may still be parsed in this pass
 * @room: messages that may still be queued
 * @again: the budget is used up
 * @nomem: memory is short, try again later
 */
struct rx {
	struct zmq_conn	*conn;
	u32		budget;
	u32		room;
	bool		again;
	bool		nomem;
};

/**
 * struct rx_span - the message frames found in an skb so far, not yet queued
 * @skb: the skb
 * @off: where they begin
 * @len: how many bytes
 * @msgs: how many messages end in them
 * @scan: the scanner's position at @off, to return to if memory is short
 */
struct rx_span {
	struct sk_buff	*skb;
	u32		off;
	u32		len;
	u32		msgs;
	struct zmq_scan	scan;
};

/* What came by a duct is nobody else's. */
static struct sk_buff *make_run(struct zmq_conn *conn,
				const struct rx_span *span)
{
	if (conn->duct && span->len == span->skb->len)
		return zmq_run_own(span->skb);
	return zmq_run_from_skb(span->skb, span->off, span->len,
				&conn->owner->spare_run);
}

static int deliver(struct rx *rx, struct rx_span *span)
{
	struct zmq_conn *conn = rx->conn;
	struct sk_buff_head runs;
	struct sk_buff *run;
	int err;

	if (!conn->pipe)
		zmq_drop(conn->owner->tasks.sk, NULL, ZMQ_MIB_RXDROPCLOSED,
			 span->msgs);
	if (!span->len || !conn->pipe)
		goto next;
	run = make_run(conn, span);
	if (!run)
		goto err_nomem;
	__skb_queue_head_init(&runs);
	__skb_queue_tail(&runs, run);
	err = conn->owner->ops->rx(conn, &runs, span->msgs);
	if (err) {
		kfree_skb(run);
		goto err_nomem;
	}
next:
	rx->room -= span->msgs;
	span->off += span->len;
	span->len = 0;
	span->msgs = 0;
	span->scan = conn->scan;
	return 0;

err_nomem:
	conn->scan = span->scan;
	rx->nomem = true;
	return -ENOMEM;
}

/* A malformed or unknown command costs the peer nothing but a count, as with
 * libzmq.
 */
static void rx_command(struct zmq_conn *conn, const u8 *body, size_t len)
{
	struct zmq_cmd cmd;

	if (zmq_cmd_parse(body, len, &cmd)) {
		zmq_drop(conn->owner->tasks.sk, NULL, ZMQ_MIB_PROTOERROR, 1);
		return;
	}
	switch (cmd.type) {
	case ZMQ_CMD_PING:
		zmq_heartbeat_pinged(conn, &cmd);
		break;
	case ZMQ_CMD_SUBSCRIBE:
	case ZMQ_CMD_CANCEL:
		if (conn->pipe)
			conn->owner->ops->subscription(conn, cmd.data, cmd.len,
						       cmd.type == ZMQ_CMD_SUBSCRIBE);
		break;
	default:
		break;
	}
}

static int grow_cmd(struct zmq_conn *conn, u32 len)
{
	u32 size = max_t(u32, len, 64);
	u8 *cmd = kmalloc(size, GFP_ATOMIC | __GFP_ACCOUNT | __GFP_NOWARN);

	if (!cmd)
		return -ENOMEM;
	kfree(conn->scan.cmd);
	zmq_scan_buffer(&conn->scan, cmd, size);
	return 0;
}

static void drop_cmd(struct zmq_conn *conn)
{
	if (!conn->scan.cmd)
		return;
	kfree(conn->scan.cmd);
	zmq_scan_buffer(&conn->scan, NULL, 0);
}

static void rx_broken(struct rx *rx, int err)
{
	rx->conn->rx_err = err;
	set_bit(ZMQ_CONN_RX_ERROR, &rx->conn->flags);
	zmq_task_run(&rx->conn->task);
}

static bool at_command(const struct zmq_scan *s, const u8 *p)
{
	return !s->in_body && !s->hdr_fill && (*p & ZMTP_COMMAND);
}

/* Parse a contiguous piece; adds to @span. Returns the bytes used, fewer than
 * @n with *@stop set if parsing must end here.
 */
static size_t rx_piece(struct rx *rx, struct rx_span *span, const u8 *p,
		       size_t n, bool *stop)
{
	struct zmq_conn *conn = rx->conn;
	struct zmq_scan_result r;
	size_t done = 0, used;

	while (done < n && !*stop) {
		/* What came before a command is queued before it. */
		if (span->len && at_command(&conn->scan, p + done) &&
		    deliver(rx, span)) {
			*stop = true;
			break;
		}
		used = zmq_scan(&conn->scan, p + done, n - done,
				rx->room - span->msgs, &r);
		if (r.data_len) {
			span->len += r.data_len;
			span->msgs += r.msgs;
		} else {
			span->off += used;
			span->scan = conn->scan;
		}
		done += used;

		switch (r.event) {
		case ZMQ_SCAN_COMMAND:
			rx_command(conn, r.cmd, r.cmd_len);
			drop_cmd(conn);
			span->scan = conn->scan;
			break;
		case ZMQ_SCAN_CMD_BUFFER:
			if (grow_cmd(conn, r.cmd_len)) {
				rx->nomem = true;
				*stop = true;
			}
			span->scan = conn->scan;
			break;
		case ZMQ_SCAN_FRAME_LIMIT:
			*stop = true;
			break;
		case ZMQ_SCAN_ERROR:
			rx_broken(rx, r.error);
			*stop = true;
			break;
		case ZMQ_SCAN_NEED_MORE:
			break;
		}
	}
	return done;
}

static u32 rx_room(struct zmq_conn *conn)
{
	return conn->pipe ? conn->owner->ops->room(conn) : U32_MAX;
}

static void rx_pieces(struct rx *rx, struct rx_span *span, unsigned int off,
		      size_t len)
{
	struct skb_seq_state st;
	unsigned int done = 0;
	bool stop = false;
	const u8 *p;
	u32 n;

	skb_prepare_seq_read(span->skb, off, off + len, &st);
	while (!stop) {
		n = skb_seq_read(done, &p, &st);
		if (!n)
			break;
		done += rx_piece(rx, span, p, n, &stop);
	}
	skb_abort_seq_read(&st);
}

static unsigned int rx_frames(struct rx *rx, struct sk_buff *skb,
			      unsigned int off, size_t len)
{
	struct rx_span span = {
		.skb = skb,
		.off = off,
		.scan = rx->conn->scan,
	};
	bool stop = false;
	size_t n = len;
	const u8 *p;

	p = zmq_skb_bytes(skb, off, &n);
	if (p && n == len)
		rx_piece(rx, &span, p, len, &stop);
	else
		rx_pieces(rx, &span, off, len);

	if (!rx->nomem)
		deliver(rx, &span);
	return span.off - off;
}

static unsigned int rx_other(struct rx *rx, struct sk_buff *skb,
			     unsigned int off, size_t len)
{
	struct zmq_conn *conn = rx->conn;
	unsigned int done;
	int err = 0;

	if (conn->session.framing == ZMQ_FRAMING_RAW)
		done = zmq_conn_rx_raw(conn, skb, off, len, rx->room, &err);
	else
		done = zmq_conn_rx_v1(conn, skb, off, len, rx->room, &err);
	if (err == -ENOMEM)
		rx->nomem = true;
	else if (err)
		rx_broken(rx, err);
	return done;
}

/* Called by stream->read() for each skb; returns the bytes consumed. */
static int rx_actor(read_descriptor_t *desc, struct sk_buff *skb,
		    unsigned int off, size_t len)
{
	struct rx *rx = desc->arg.data;
	struct zmq_conn *conn = rx->conn;
	unsigned int done;

	zmq_heartbeat_heard(conn);
	rx->room = rx_room(conn);
	if (!rx->room) {
		set_bit(ZMQ_CONN_RX_STOPPED, &conn->flags);
		zmq_heartbeat_stopped(conn);
		ZMQ_INC_STATS(sock_net(conn->owner->tasks.sk),
			      ZMQ_MIB_RXTHROTTLED);
		desc->count = 0;
		return 0;
	}
	if (!zmq_skb_readable(skb)) {
		rx_broken(rx, -EFAULT);
		desc->count = 0;
		return 0;
	}

	if (conn->session.framing == ZMQ_FRAMING_V2)
		done = rx_frames(rx, skb, off, len);
	else
		done = rx_other(rx, skb, off, len);
	if (done >= rx->budget)
		rx->again = true;
	else
		rx->budget -= done;
	if (rx->again || rx->nomem || test_bit(ZMQ_CONN_RX_ERROR, &conn->flags))
		desc->count = 0;
	return done;
}

/**
 * zmq_conn_rx_locked() - parse what the child has received
 * @conn: the connection
 *
 * Context: Under stream->lock(), or its softirq counterpart.
 */
void zmq_conn_rx_locked(struct zmq_conn *conn)
{
	struct rx rx = { .conn = conn, .budget = RX_BUDGET };
	read_descriptor_t desc = { .arg.data = &rx, .count = 1 };
	struct sock *sk = conn->sock->sk;

	if (!test_bit(ZMQ_CONN_RX_ON, &conn->flags) ||
	    test_bit(ZMQ_CONN_RX_STOPPED, &conn->flags) ||
	    test_bit(ZMQ_CONN_RX_ERROR, &conn->flags))
		return;
	conn->stream->read(conn, &desc, rx_actor);

	if (rx.nomem) {
		ZMQ_INC_STATS(sock_net(conn->owner->tasks.sk), ZMQ_MIB_NOMEM);
		zmq_task_run_after(&conn->task, ZMQ_CONN_RX_RETRY);
	} else if (rx.again) {
		set_bit(ZMQ_CONN_RX_MORE, &conn->flags);
		zmq_conn_kick(conn);
	} else if (sk->sk_shutdown & RCV_SHUTDOWN) {
		zmq_task_run(&conn->task);
	} else if (!test_bit(ZMQ_CONN_RX_STOPPED, &conn->flags)) {
		zmq_heartbeat_caught_up(conn);
	}
}

static bool rx_drained(const struct zmq_conn *conn)
{
	return !test_bit(ZMQ_CONN_RX_STOPPED, &conn->flags) &&
	       !test_bit(ZMQ_CONN_RX_MORE, &conn->flags) &&
	       conn->stream->drained(conn);
}

/**
 * zmq_conn_rx() - parse what the child has received
 * @conn: the connection
 *
 * Context: Process context, socket lock held.
 * Return: true if nothing is left.
 */
bool zmq_conn_rx(struct zmq_conn *conn)
{
	bool drained;

	conn->stream->lock(conn);
	zmq_conn_rx_locked(conn);
	drained = rx_drained(conn);
	conn->stream->unlock(conn);
	return drained;
}

/**
 * zmq_conn_rx_resume() - the queue above has room again
 * @conn: the connection
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_rx_resume(struct zmq_conn *conn)
{
	if (!conn->sock)
		return;
	conn->stream->lock(conn);
	clear_bit(ZMQ_CONN_RX_STOPPED, &conn->flags);
	zmq_conn_rx_locked(conn);
	conn->stream->unlock(conn);
}

/**
 * zmq_conn_readable() - the child has received something
 * @conn: the connection
 *
 * Context: As with stream->read(), where it may be called at once.
 */
void zmq_conn_readable(struct zmq_conn *conn)
{
	if (test_bit(ZMQ_CONN_RX_ON, &conn->flags))
		zmq_conn_rx_locked(conn);
	else
		zmq_task_run(&conn->task);
}

/**
 * zmq_conn_readable_later() - the child has received something
 * @conn: the connection
 *
 * Context: Any.
 */
void zmq_conn_readable_later(struct zmq_conn *conn)
{
	if (!test_bit(ZMQ_CONN_RX_ON, &conn->flags)) {
		zmq_task_run(&conn->task);
	} else if (!test_bit(ZMQ_CONN_RX_STOPPED, &conn->flags)) {
		set_bit(ZMQ_CONN_RX_MORE, &conn->flags);
		zmq_conn_kick(conn);
	}
}

/**
 * struct rx_handshake - one pass over received data of a handshake
 * @conn: the connection
 * @err: why it failed
 * @out: what to answer; not on the stack, which TCP has used much of
 */
struct rx_handshake {
	struct zmq_conn	*conn;
	int		err;
	u8		out[ZMQ_SESSION_OUT_MAX];
};

static int handshake_actor(read_descriptor_t *desc, struct sk_buff *skb,
			   unsigned int off, size_t len)
{
	struct rx_handshake *rx = desc->arg.data;
	struct zmq_session *s = &rx->conn->session;
	struct skb_seq_state st;
	unsigned int done = 0;
	size_t outlen;
	const u8 *p;
	ssize_t ret;
	u32 n;

	skb_prepare_seq_read(skb, off, off + len, &st);
	while (!rx->err && !zmq_session_done(s)) {
		n = skb_seq_read(done, &p, &st);
		if (!n)
			break;
		outlen = 0;
		ret = zmq_session_input(s, p, n, rx->out, sizeof(rx->out),
					&outlen);
		if (outlen && zmq_conn_queue_cmd(rx->conn, rx->out, outlen,
						 NULL, 0, GFP_ATOMIC))
			rx->err = -ENOMEM;
		if (ret < 0)
			rx->err = ret;
		else
			done += ret;
	}
	skb_abort_seq_read(&st);
	if (rx->err || zmq_session_done(s))
		desc->count = 0;
	return done;
}

/**
 * zmq_conn_rx_handshake() - feed the handshake what the child has received
 * @conn: the connection
 *
 * Answers are queued, the caller flushes.
 *
 * Context: Process context, socket lock held.
 * Return: 0 or the error with which the handshake failed.
 */
int zmq_conn_rx_handshake(struct zmq_conn *conn)
{
	read_descriptor_t desc = { .count = 1 };
	struct rx_handshake *rx;
	int err;

	rx = kmalloc(sizeof(*rx), GFP_KERNEL);
	if (!rx)
		return -ENOMEM;
	rx->conn = conn;
	rx->err = 0;
	desc.arg.data = rx;
	conn->stream->lock(conn);
	conn->stream->read(conn, &desc, handshake_actor);
	conn->stream->unlock(conn);
	err = rx->err;
	kfree(rx);
	return err;
}

static int discard_actor(read_descriptor_t *desc, struct sk_buff *skb,
			 unsigned int off, size_t len)
{
	return len;
}

/**
 * zmq_conn_rx_discard() - drop what was received and not parsed
 * @conn: the connection, whose end is near
 *
 * TCP answers a close over unread data with a reset, which would take with it
 * what the peer has not read yet.
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_rx_discard(struct zmq_conn *conn)
{
	read_descriptor_t desc = { .count = 1 };

	conn->stream->lock(conn);
	conn->stream->read(conn, &desc, discard_actor);
	conn->stream->unlock(conn);
}
