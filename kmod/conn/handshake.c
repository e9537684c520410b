// SPDX-License-Identifier: GPL-2.0-only
/* From a stream that is established to a connection that is up. */

#include <linux/slab.h>
#include "base/net.h"
#include "conn.h"
#include "event.h"
#include "link.h"

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
	struct zmq_session *s = rx->conn->session;
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

/* Answers are queued, the caller flushes. */
static int feed(struct zmq_conn *conn)
{
	struct zmq_link *link = zmq_conn_link(conn);
	read_descriptor_t desc = { .count = 1 };
	struct rx_handshake *rx;
	int err, ret;

	rx = kmalloc(sizeof(*rx), GFP_KERNEL);
	if (!rx)
		return -ENOMEM;
	rx->conn = conn;
	rx->err = 0;
	desc.arg.data = rx;
	link->ops->lock(link);
	ret = link->ops->read(link, &desc, handshake_actor);
	link->ops->unlock(link);
	err = rx->err;
	if (!err && ret < 0)
		err = ret;
	kfree(rx);
	return err;
}

static void handshake_failed(struct zmq_conn *conn, int err)
{
	enum zmq_mib_field field = ZMQ_MIB_HSPROTO;

	switch (err) {
	case -EPROTONOSUPPORT:
		field = conn->session->major < 3 ? ZMQ_MIB_HSVERSION :
						  ZMQ_MIB_HSMECHANISM;
		break;
	case -EPROTOTYPE:
		field = ZMQ_MIB_HSTYPE;
		break;
	case -ECONNREFUSED:
		field = ZMQ_MIB_HSERROR;
		break;
	case -ENOMEM:
		field = ZMQ_MIB_NOMEM;
		break;
	}
	zmq_conn_lost(conn, field, -err);
}

static void may_parse(struct zmq_link *link)
{
	link->ops->lock(link);
	WRITE_ONCE(link->rx_on, true);
	link->ops->unlock(link);
}

static void conn_up(struct zmq_conn *conn)
{
	struct zmq_link *link = zmq_conn_link(conn);
	int err;

	zmq_conn_rx_start(conn);
	zmq_conn_set_state(conn, ZMQ_CONN_UP, ZMQ_MIB_NONE);
	conn->up_since = jiffies;
	zmq_heartbeat_start(conn);
	if (link->ops->up)
		link->ops->up(link);
	/* Messages that wait go out behind what up() announces. */
	if (!conn->lingering) {
		err = conn->owner->ops->up(conn);
		if (err) {
			zmq_conn_lost(conn, ZMQ_MIB_HSREFUSED, -err);
			return;
		}
		err = zmq_conn_raw_up(conn);
		if (err) {
			zmq_conn_lost(conn, ZMQ_MIB_NOMEM, ENOMEM);
			return;
		}
	}
	ZMQ_INC_STATS(sock_net(conn->owner->tasks.sk), ZMQ_MIB_ESTABLISHED);
	zmq_event_conn(conn, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0);
	kfree(conn->session->hs);
	conn->session->hs = NULL;

	may_parse(zmq_conn_link(conn));
	set_bit(ZMQ_CONN_TX_MSGS, &conn->flags);
	zmq_conn_flush(conn, ZMQ_FLUSH_NOW);
	/* Nobody else looked at what came before that. */
	zmq_task_run(&conn->task);
}

static const u8 *stream_token(const struct zmq_conn *conn)
{
	const struct zmq_link *link = zmq_conn_link(conn);

	return link->ops->token ? link->ops->token(link) : NULL;
}

/* What goes another way then must not overtake the handshake. A peer without a
 * token has no other way.
 */
static bool all_told(struct zmq_conn *conn)
{
	bool told;

	if (!stream_token(conn) || !conn->session->hs->has_token)
		return true;
	mutex_lock(&conn->tx->lock);
	told = list_empty(&conn->tx->cmds);
	mutex_unlock(&conn->tx->lock);
	return told;
}

static void handshake_ended(struct zmq_conn *conn)
{
	const struct sock *sk = zmq_conn_link(conn)->sock->sk;

	zmq_conn_lost(conn, ZMQ_MIB_HSCLOSED, READ_ONCE(sk->sk_err) ?: EPIPE);
}

static void handshake_done(struct zmq_conn *conn, bool ended)
{
	if (all_told(conn))
		conn_up(conn);
	else if (ended)
		handshake_ended(conn);
	else
		zmq_task_run_after(&conn->task, ZMQ_CONN_RX_RETRY);
}

/**
 * zmq_conn_handshake() - the stream is established, begin to speak ZMTP
 * @conn: the connection
 *
 * Context: Process context, socket lock held.
 * Return: 0 or -ENOMEM.
 */
int zmq_conn_handshake(struct zmq_conn *conn)
{
	struct zmq_link *link = zmq_conn_link(conn);
	const struct zmq_opts *opts = conn->owner->opts;
	struct zmq_session_conf conf = {
		.type = conn->owner->type,
	};
	u8 greeting[ZMQ_GREETING_LEN];
	struct zmq_handshake *hs;
	int len, err;

	if (link->ops->meet)
		link->ops->meet(link);
	zmq_event_established(conn);
	if (conn->owner->raw) {
		zmq_conn_raw_start(conn);
		conn_up(conn);
		return 0;
	}
	hs = kmalloc(sizeof(*hs), GFP_KERNEL_ACCOUNT);
	if (!hs)
		return -ENOMEM;
	if (conn->owner->wire_id) {
		conf.routing_id = opts->routing_id;
		conf.routing_id_len = opts->routing_id_len;
	}
	conf.token = stream_token(conn);
	zmq_session_init(conn->session, hs, &conf);
	zmq_conn_set_state(conn, ZMQ_CONN_HANDSHAKE, ZMQ_MIB_NONE);
	zmq_conn_set_timer(conn, READ_ONCE(opts->handshake_ivl));

	len = zmq_session_start(conn->session, greeting, sizeof(greeting));
	err = zmq_conn_queue_cmd(conn, greeting, len, NULL, 0, GFP_KERNEL);
	if (err)
		return err;
	set_bit(ZMQ_CONN_TX_ON, &conn->flags);
	zmq_conn_flush(conn, ZMQ_FLUSH_NOW);
	/* The peer's greeting may have come before the callbacks were ours. */
	zmq_task_run(&conn->task);
	return 0;
}

/**
 * zmq_conn_run_handshake() - go on with what zmq_conn_handshake() began
 * @conn: the connection
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_run_handshake(struct zmq_conn *conn)
{
	bool ended = zmq_link_ended(zmq_conn_link(conn));
	int err;

	err = feed(conn);
	zmq_conn_flush(conn, ZMQ_FLUSH_NOW);
	if (err)
		handshake_failed(conn, err);
	else if (zmq_session_done(conn->session))
		handshake_done(conn, ended);
	else if (ended)
		handshake_ended(conn);
}
