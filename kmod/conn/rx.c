// SPDX-License-Identifier: GPL-2.0-only
/* A connection's receive half: parse in softirq, queue runs of frames. */

#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <net/tcp.h>
#include "base/compat.h"
#include "base/drop.h"
#include "base/mem.h"
#include "base/net.h"
#include "base/run.h"
#include "conn.h"
#include "link.h"

/* What one softirq may parse; a worker does the rest. */
#define RX_BUDGET	SZ_64K
#define RX_COMMANDS	1000

/* Room for a subscription of any length that could match. */
#define CMD_MAX		(ZMQ_TOPIC_MAX + 16)

/**
 * struct rx - one pass over the received data
 * @link: whose
 * @conn: the connection
 * @budget: bytes that may still be parsed in this pass
 * @commands: commands that may still be obeyed in it
 * @room: messages that may still be queued
 * @stop: the pass has ended, whatever else there is to read
 * @again: because the budget is used up
 * @nomem: because memory is short, try again later
 */
struct rx {
	struct zmq_link	*link;
	struct zmq_conn	*conn;
	u32		budget;
	u32		commands;
	u32		room;
	bool		stop;
	bool		again;
	bool		nomem;
};

/**
 * struct rx_span - what was found in an skb and is not yet taken
 * @skb: the skb
 * @off: where it begins; all before is taken
 * @len: bytes of message frames from there
 * @msgs: how many messages end in them
 * @begin: where the last of them begins, from @off; 0 if before that
 * @end: where it ends, 0 if none does
 * @cmd: bytes of a command behind them
 * @scan: the scanner's position behind all that
 */
struct rx_span {
	struct sk_buff	*skb;
	u32		off;
	u32		len;
	u32		msgs;
	u32		begin;
	u32		end;
	u32		cmd;
	struct zmq_scan	scan;
};

static struct sk_buff *make_run(struct rx *rx, const struct rx_span *span)
{
	if (rx->link->ops->direct && span->len == span->skb->len)
		return zmq_run_own(span->skb);
	return zmq_run_from_skb(span->skb, span->off, span->len,
				&rx->conn->owner->spare_run);
}

/**
 * zmq_conn_rx_give() - give a run to the floor above
 * @conn: the connection, which has a pipe
 * @run: the run, which is gone afterwards; NULL if there was no memory
 * @ends: where messages end in it
 *
 * Context: Under link->ops->lock(), or its softirq counterpart.
 * Return: 0, -ENOMEM or -ENOBUFS, see struct zmq_conn_ops.
 */
int zmq_conn_rx_give(struct zmq_conn *conn, struct sk_buff *run,
		     const struct zmq_ends *ends)
{
	struct sk_buff_head runs;
	int err;

	if (!run)
		return -ENOMEM;
	__skb_queue_head_init(&runs);
	__skb_queue_tail(&runs, run);
	err = conn->owner->ops->rx(conn, &runs, ends);
	if (err)
		kfree_skb(run);
	return err;
}

static int deliver(struct rx *rx, const struct rx_span *span)
{
	struct zmq_conn *conn = rx->conn;
	const struct zmq_ends ends = {
		.msgs = span->msgs,
		.last = span->end - span->begin,
		.tail = span->len - span->end,
	};

	if (!conn->pipe) {
		zmq_drop(conn->owner->tasks.sk, NULL, ZMQ_MIB_RXDROPCLOSED,
			 span->msgs);
		return 0;
	}
	return zmq_conn_rx_give(conn, make_run(rx, span), &ends);
}

static void rx_broken(struct rx *rx, int err)
{
	rx->stop = true;
	rx->conn->rx->err = err;
	set_bit(ZMQ_CONN_RX_ERROR, &rx->conn->flags);
	zmq_task_run(&rx->conn->task);
}

/* The pass ends without taking more; what is refused may be taken by the next. */
static void rx_refused(struct rx *rx, int err)
{
	if (err == -ENOMEM) {
		rx->nomem = true;
		rx->stop = true;
	} else {
		rx_broken(rx, err);
	}
}

static void rx_later(struct rx *rx)
{
	rx->again = true;
	rx->stop = true;
}

/* Take what was found. Here alone the position in the stream moves, and together
 * with the bytes that are consumed: without memory all is as before.
 */
static bool commit(struct rx *rx, struct rx_span *span)
{
	int err = span->len ? deliver(rx, span) : 0;

	if (err) {
		rx_refused(rx, err);
		return false;
	}
	rx->room -= span->msgs;
	span->off += span->len + span->cmd;
	span->len = 0;
	span->msgs = 0;
	span->begin = 0;
	span->end = 0;
	span->cmd = 0;
	rx->conn->rx->scan = span->scan;
	return true;
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
	case ZMQ_CMD_PONG:
		zmq_heartbeat_spoke(conn);
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

static bool grow_cmd(struct rx *rx, struct zmq_scan *scan, u32 len)
{
	u32 size = max_t(u32, len, 64);
	struct mem_cgroup *memcg;
	u8 *old = scan->cmd;
	u8 *cmd;

	memcg = set_active_memcg(zmq_sock_memcg(rx->conn->owner->tasks.sk));
	cmd = kmalloc(size, GFP_ATOMIC | __GFP_ACCOUNT | __GFP_NOWARN);
	set_active_memcg(memcg);
	if (!cmd) {
		rx_refused(rx, -ENOMEM);
		return false;
	}
	zmq_scan_buffer(scan, cmd, size);
	kfree(old);
	return true;
}

static void drop_cmd(struct zmq_scan *scan)
{
	if (!scan->cmd)
		return;
	kfree(scan->cmd);
	zmq_scan_buffer(scan, NULL, 0);
}

static bool at_command(const struct zmq_scan *s, const u8 *p)
{
	return !s->in_body && !s->hdr_fill && (*p & ZMTP_COMMAND);
}

/* Deal with what ended a scan. Return: true if the next may follow. */
static bool rx_event(struct rx *rx, struct rx_span *span,
		     const struct zmq_scan_result *r)
{
	switch (r->event) {
	case ZMQ_SCAN_COMMAND:
		rx_command(rx->conn, r->cmd, r->cmd_len);
		drop_cmd(&span->scan);
		if (!commit(rx, span))
			return false;
		if (!--rx->commands)
			rx_later(rx);
		return !rx->stop;
	case ZMQ_SCAN_CMD_BUFFER:
		/* The old buffer is gone: what was read so far stays read. */
		return grow_cmd(rx, &span->scan, r->cmd_len) &&
		       commit(rx, span);
	case ZMQ_SCAN_ERROR:
		if (commit(rx, span))
			rx_broken(rx, r->error);
		return false;
	case ZMQ_SCAN_NEED_MORE:
		return !span->cmd || commit(rx, span);
	case ZMQ_SCAN_FRAME_LIMIT:
		break;
	}
	return false;
}

/* Parse a contiguous piece; adds to @span. Return: false if parsing must end
 * here.
 */
static bool rx_piece(struct rx *rx, struct rx_span *span, const u8 *p, size_t n)
{
	struct zmq_scan_result r;
	size_t done = 0, used;

	while (done < n) {
		/* What came before a command is queued before it. */
		if (span->len && at_command(&span->scan, p + done) &&
		    !commit(rx, span))
			return false;
		used = zmq_scan(&span->scan, p + done, n - done,
				rx->room - span->msgs, &r);
		if (r.msgs) {
			span->begin = r.msg_begin ? span->len + r.msg_begin :
						    span->end;
			span->end = span->len + r.msg_end;
		}
		span->len += r.data_len;
		span->msgs += r.msgs;
		span->cmd += used - r.data_len;
		done += used;
		if (!rx_event(rx, span, &r))
			return false;
	}
	return true;
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
	const u8 *p;
	u32 n;

	skb_prepare_seq_read(span->skb, off, off + len, &st);
	for (;;) {
		n = skb_seq_read(done, &p, &st);
		if (!n || !rx_piece(rx, span, p, n))
			break;
		done += n;
	}
	skb_abort_seq_read(&st);
}

static unsigned int rx_frames(struct rx *rx, struct sk_buff *skb,
			      unsigned int off, size_t len)
{
	struct rx_span span = {
		.skb = skb,
		.off = off,
		.scan = rx->conn->rx->scan,
	};
	size_t n = len;
	const u8 *p;

	p = zmq_skb_bytes(skb, off, &n);
	if (p && n == len)
		rx_piece(rx, &span, p, len);
	else
		rx_pieces(rx, &span, off, len);

	if (!rx->stop)
		commit(rx, &span);
	return span.off - off;
}

static unsigned int rx_other(struct rx *rx, struct sk_buff *skb,
			     unsigned int off, size_t len)
{
	struct zmq_conn *conn = rx->conn;
	unsigned int done;
	int err = 0;

	if (conn->session->framing == ZMQ_FRAMING_RAW)
		done = zmq_conn_rx_raw(conn, skb, off, len, rx->room, &err);
	else
		done = zmq_conn_rx_v1(conn, skb, off, len, rx->room, &err);
	if (err)
		rx_refused(rx, err);
	return done;
}

/* Called by link->ops->read() for each skb, and again for the rest of one of which
 * a part was taken, also when desc->count is 0. Returns the bytes consumed.
 */
static int rx_actor(read_descriptor_t *desc, struct sk_buff *skb,
		    unsigned int off, size_t len)
{
	struct rx *rx = desc->arg.data;
	struct zmq_conn *conn = rx->conn;
	unsigned int done = 0;

	if (rx->stop)
		return 0;
	zmq_heartbeat_heard(conn);
	rx->room = rx_room(conn);
	if (!rx->room) {
		rx->stop = true;
		set_bit(ZMQ_CONN_RX_STOPPED, &conn->flags);
		zmq_heartbeat_stopped(conn);
		ZMQ_INC_STATS(sock_net(conn->owner->tasks.sk),
			      ZMQ_MIB_RXTHROTTLED);
	} else if (!zmq_skb_readable(skb)) {
		rx_broken(rx, -EFAULT);
	} else {
		len = min_t(size_t, len, RX_BUDGET);
		if (conn->session->framing == ZMQ_FRAMING_V2)
			done = rx_frames(rx, skb, off, len);
		else
			done = rx_other(rx, skb, off, len);
	}
	if (done < rx->budget)
		rx->budget -= done;
	else if (!rx->stop)
		rx_later(rx);
	if (rx->stop)
		desc->count = 0;
	return done;
}

/**
 * zmq_conn_rx_start() - begin at the first byte behind the handshake
 * @conn: the connection
 *
 * ZMQ_MAXMSGSIZE bounds a frame, as libzmq has it; a message, all frames
 * together, may take a part of what the family has.
 *
 * Context: Process context, socket lock held; nothing is received yet.
 */
void zmq_conn_rx_start(struct zmq_conn *conn)
{
	const struct zmq_net *zn = conn->owner->zn;
	s64 opt = READ_ONCE(conn->owner->opts->max_msg_size);

	clear_bit(ZMQ_CONN_RX_ERROR, &conn->flags);
	zmq_scan_init(&conn->rx->scan, opt < 0 ? U64_MAX : opt, CMD_MAX);
	zmq_scan_limit_msgs(&conn->rx->scan,
			    min_t(u64, ZMQ_LIMIT(zn, max_msg_bytes),
				  zmq_mem_msg_max()),
			    ZMQ_INT_LIMIT(zn, max_msg_frames));
}

/**
 * zmq_conn_rx_locked() - parse what the child has received
 * @link: the stream
 *
 * Context: Under link->ops->lock(), or its softirq counterpart.
 */
void zmq_conn_rx_locked(struct zmq_link *link)
{
	struct zmq_conn *conn = link->conn;
	struct rx rx = {
		.link = link,
		.conn = conn,
		.budget = RX_BUDGET,
		.commands = RX_COMMANDS,
	};
	read_descriptor_t desc = { .arg.data = &rx, .count = 1 };
	int ret;

	if (!link->rx_on || test_bit(ZMQ_CONN_RX_STOPPED, &conn->flags) ||
	    test_bit(ZMQ_CONN_RX_ERROR, &conn->flags))
		return;
	ret = link->ops->read(link, &desc, rx_actor);
	if (ret < 0)
		rx_broken(&rx, ret);
	else if (READ_ONCE(conn->lingering))
		zmq_conn_linger_read(conn, ret);

	if (rx.nomem) {
		ZMQ_INC_STATS(sock_net(conn->owner->tasks.sk), ZMQ_MIB_NOMEM);
		zmq_task_run_after(&conn->task, ZMQ_CONN_RX_RETRY);
	} else if (rx.again) {
		set_bit(ZMQ_CONN_RX_MORE, &conn->flags);
		zmq_conn_kick(conn);
	} else if (!link->ops->late &&
		   link->sock->sk->sk_shutdown & RCV_SHUTDOWN) {
		zmq_task_run(&conn->task);
	} else if (!test_bit(ZMQ_CONN_RX_STOPPED, &conn->flags)) {
		zmq_heartbeat_caught_up(conn);
	}
}

static bool rx_drained(const struct zmq_conn *conn,
		       const struct zmq_link *link)
{
	return !test_bit(ZMQ_CONN_RX_STOPPED, &conn->flags) &&
	       !test_bit(ZMQ_CONN_RX_MORE, &conn->flags) &&
	       link->dry;
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
	struct zmq_link *link = zmq_conn_link(conn);
	bool drained;

	link->ops->lock(link);
	zmq_conn_rx_locked(link);
	drained = rx_drained(conn, link);
	link->ops->unlock(link);
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
	struct zmq_link *link = zmq_conn_link(conn);

	if (!link)
		return;
	link->ops->lock(link);
	clear_bit(ZMQ_CONN_RX_STOPPED, &conn->flags);
	/* Whoever finds it set has put there what is looked for now. */
	smp_mb__after_atomic();
	zmq_conn_rx_locked(link);
	link->ops->unlock(link);
}

/**
 * zmq_conn_rx_give_up() - nothing more is taken of what the peer sends
 * @conn: the connection; its end follows
 *
 * Context: Any, under a lock that the @down of its owner takes, too, so that it
 * is the stream that is meant.
 */
void zmq_conn_rx_give_up(struct zmq_conn *conn)
{
	WRITE_ONCE(conn->rx->err, -ENOBUFS);
	set_bit(ZMQ_CONN_RX_ERROR, &conn->flags);
	zmq_task_run(&conn->task);
}

/**
 * zmq_conn_rx_failure() - what ended reading
 * @conn: a connection with ZMQ_CONN_RX_ERROR
 *
 * Context: Process context, socket lock held.
 * Return: what to count.
 */
enum zmq_mib_field zmq_conn_rx_failure(const struct zmq_conn *conn)
{
	switch (READ_ONCE(conn->rx->err)) {
	case -EMSGSIZE:
		return ZMQ_MIB_RXTOOBIG;
	case -ENOBUFS:
		return ZMQ_MIB_RXGIVENUP;
	default:
		return ZMQ_MIB_PROTOERROR;
	}
}

/**
 * zmq_conn_readable() - the child has received something
 * @link: the stream
 *
 * Context: As with link->ops->read(), where it may be called at once.
 */
void zmq_conn_readable(struct zmq_link *link)
{
	if (link->rx_on)
		zmq_conn_rx_locked(link);
	else
		zmq_task_run(&link->conn->task);
}

/**
 * zmq_conn_readable_later() - the child has received something
 * @link: the stream
 *
 * Context: Any.
 */
void zmq_conn_readable_later(struct zmq_link *link)
{
	struct zmq_conn *conn = link->conn;

	if (!READ_ONCE(link->rx_on)) {
		zmq_task_run(&conn->task);
	} else if (!test_bit(ZMQ_CONN_RX_STOPPED, &conn->flags)) {
		set_bit(ZMQ_CONN_RX_MORE, &conn->flags);
		zmq_conn_kick(conn);
	}
}
