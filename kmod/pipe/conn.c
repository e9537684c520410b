// SPDX-License-Identifier: GPL-2.0-only
/* A pipe whose peer is behind a connection. */

#include <linux/slab.h>
#include "base/trace.h"
#include "conn/conn.h"
#include "conn/link.h"
#include "peercred.h"
#include "peername.h"
#include "pipe.h"

static struct zmq_core *conn_core(const struct zmq_conn *conn)
{
	return container_of(conn->owner, struct zmq_core, owner);
}

/**
 * zmq_pipe_join() - put a pipe on a connection
 * @core: the socket's side
 * @conn: the connection
 *
 * The connection and the pipe take a reference to each other.
 *
 * Context: Process context, socket lock held.
 * Return: the pipe with a reference for the caller, or NULL.
 */
struct zmq_pipe *zmq_pipe_join(struct zmq_core *core, struct zmq_conn *conn)
{
	struct zmq_pipe *pipe = zmq_pipe_new(core, GFP_KERNEL);

	if (!pipe)
		return NULL;
	pipe->endpoint = kstrdup(conn->endpoint, GFP_KERNEL_ACCOUNT);
	if (!pipe->endpoint) {
		zmq_pipe_put(pipe);
		return NULL;
	}
	pipe->dialed = conn->dial;
	pipe->conn = conn;
	zmq_conn_get(conn);
	zmq_pipe_get(pipe);
	zmq_conn_set_pipe(conn, pipe);
	return pipe;
}

/**
 * zmq_pipe_close() - end the connection to a peer
 * @pipe: the pipe; may be freed unless the caller has a reference
 *
 * What is queued is still sent, for as long as ZMQ_LINGER says.
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_close(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	struct zmq_conn *conn = pipe->conn;

	if (!conn)
		return;
	zmq_conn_get(conn);
	zmq_pipe_detach(pipe);
	zmq_conn_linger(conn, zmq_core_linger_ms(core));
	zmq_conn_put(conn);
}

static int meet_stream(struct zmq_pipe *pipe, const struct zmq_session *s)
{
	int type = s->peer_type == ZMQ_PEER_TYPE_UNKNOWN ? -1 : s->peer_type;
	int err;

	err = zmq_pipe_set_cred_of(pipe, zmq_conn_link(pipe->conn)->sock->sk);
	if (err)
		return err;
	return zmq_pipe_meet(pipe, s->minor, type, s->peer_id, s->peer_id_len);
}

static void conn_subscription(struct zmq_conn *conn, const u8 *topic,
			      size_t len, bool subscribe)
{
	struct zmq_core *core = conn_core(conn);

	if (core->ops->subscription)
		core->ops->subscription(core, conn->pipe, topic, len,
					subscribe);
}

static void pipe_up(struct zmq_pipe *pipe)
{
	zmq_peername_note(pipe);
	zmq_pipe_up(pipe);
	if (pipe->conn->session->takes_all)
		conn_subscription(pipe->conn, (const u8 *)"", 0, true);
}

static int conn_up(struct zmq_conn *conn)
{
	struct zmq_core *core = conn_core(conn);
	struct zmq_pipe *pipe = conn->pipe;
	int err;

	if (pipe) {
		err = meet_stream(pipe, conn->session);
		if (err)
			return err;
		pipe_up(pipe);
		return 0;
	}

	pipe = zmq_pipe_join(core, conn);
	if (!pipe)
		return -ENOMEM;
	err = meet_stream(pipe, conn->session);
	if (!err)
		err = zmq_pipe_attach(pipe);
	if (err)
		zmq_pipe_detach(pipe);
	else
		pipe_up(pipe);
	zmq_pipe_put(pipe);
	return err;
}

static void conn_down(struct zmq_conn *conn, bool again)
{
	struct zmq_core *core = conn_core(conn);
	struct zmq_pipe *pipe = conn->pipe;

	if (again && !core->opts.immediate) {
		zmq_pipe_down(pipe);
		return;
	}
	zmq_pipe_detach(pipe);
	zmq_conn_tx_purge(conn);
}

static unsigned int room_in(const struct zmq_pipe *pipe)
{
	int hwm = READ_ONCE(pipe->core->opts.rcv_hwm);
	unsigned int msgs = zmq_pipe_rx_msgs(pipe);

	if (zmq_pipe_has_backlog(pipe))
		return 0;
	if (pipe->conflate)
		return U32_MAX;
	if ((hwm && msgs >= hwm) ||
	    (msgs && zmq_pipe_rx_charged(pipe) >=
		     READ_ONCE(pipe->core->sk->sk_rcvbuf)))
		return 0;
	return hwm ? hwm - msgs : U32_MAX;
}

static unsigned int conn_room(struct zmq_conn *conn)
{
	struct zmq_pipe *pipe = conn->pipe;
	struct zmq_core *core = pipe->core;
	unsigned int room;

	/* What is read meanwhile can only make more of it. */
	room = room_in(pipe);
	if (room)
		return room;

	spin_lock_bh(&core->lock);
	room = room_in(pipe);
	if (!room)
		set_bit(ZMQ_PIPE_THROTTLED, &pipe->flags);
	spin_unlock_bh(&core->lock);
	if (!room)
		trace_zmq_hwm(core->sk, pipe, ZMQ_TRACE_RX);
	return room;
}

/**
 * zmq_pipe_conn_new_hwm() - the socket's high-water mark for receiving has changed
 * @pipe: one of its pipes; its connection goes on if there is room now
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_conn_new_hwm(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	bool resume;

	spin_lock_bh(&core->lock);
	resume = test_bit(ZMQ_PIPE_THROTTLED, &pipe->flags) && room_in(pipe);
	if (resume)
		clear_bit(ZMQ_PIPE_THROTTLED, &pipe->flags);
	spin_unlock_bh(&core->lock);
	if (resume && pipe->conn)
		zmq_conn_rx_resume(pipe->conn);
}

static int conn_rx(struct zmq_conn *conn, struct sk_buff_head *runs,
		   const struct zmq_ends *ends)
{
	return zmq_pipe_rx(conn->pipe, runs, ends);
}

static void conn_note(struct zmq_conn *conn, struct sk_buff *run)
{
	zmq_pipe_note(conn->pipe, run);
}

static void conn_sent(struct zmq_conn *conn, unsigned int msgs)
{
	zmq_pipe_tx_done(conn->pipe, msgs);
}

static void conn_cmd_room(struct zmq_conn *conn)
{
	struct zmq_core *core = conn_core(conn);

	if (core->ops->room)
		core->ops->room(core, conn->pipe);
}

const struct zmq_conn_ops zmq_pipe_conn_ops = {
	.up		= conn_up,
	.down		= conn_down,
	.room		= conn_room,
	.rx		= conn_rx,
	.note		= conn_note,
	.subscription	= conn_subscription,
	.sent		= conn_sent,
	.cmd_room	= conn_cmd_room,
};
