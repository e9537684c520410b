// SPDX-License-Identifier: GPL-2.0-only
/* What a socket and its peers have and did, for those who show it. */

#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include "conn/conn.h"
#include "conn/link.h"
#include "stat.h"

static unsigned long rx_bytes(const struct zmq_pipe *pipe)
{
	const struct zmq_rxq *q = &pipe->rxq;

	return q->runs.bytes + q->part.bytes - READ_ONCE(q->read_bytes);
}

static void add_pipe(struct zmq_core *core, const struct zmq_pipe *pipe,
		     struct zmq_diag_info *info)
{
	spin_lock_bh(&core->lock);
	info->rx_msgs += zmq_pipe_rx_msgs(pipe);
	info->rx_bytes += rx_bytes(pipe);
	info->tx_msgs += atomic_read(&pipe->tx_msgs);
	if (pipe->conn) {
		spin_lock(&pipe->conn->tx->qlock);
		info->tx_bytes += pipe->conn->tx->bytes;
		spin_unlock(&pipe->conn->tx->qlock);
	}
	spin_unlock_bh(&core->lock);
}

/**
 * zmq_stat_core() - sum up what a socket's peers have
 * @core: the socket's core
 * @info: filled in; peers may come and go meanwhile
 *
 * Context: Process context, no spinlock held; something keeps the socket.
 */
void zmq_stat_core(struct zmq_core *core, struct zmq_diag_info *info)
{
	struct sock *sk = core->sk;
	unsigned long number = 0;
	struct zmq_pipe *pipe;

	memset(info, 0, sizeof(*info));
	info->handshakes = READ_ONCE(core->owner.handshakes);
	info->snd_hwm = READ_ONCE(core->opts.snd_hwm);
	info->rcv_hwm = READ_ONCE(core->opts.rcv_hwm);
	info->drops = atomic_long_read(&core->drops);
	info->rx_mem = atomic_read(&sk->sk_rmem_alloc);
	info->tx_mem = READ_ONCE(sk->sk_wmem_queued);
	info->peers = READ_ONCE(core->nr_pipes);
	for (; (pipe = zmq_pipe_next(core, &number)); number++) {
		add_pipe(core, pipe, info);
		zmq_pipe_put(pipe);
		cond_resched();
	}
}

static bool is_direct(const struct zmq_conn *conn)
{
	const struct zmq_link *link;
	bool direct;

	rcu_read_lock();
	link = rcu_dereference(conn->link);
	direct = link && link->ops->direct;
	rcu_read_unlock();
	return direct;
}

static u8 conn_state(const struct zmq_conn *conn)
{
	switch (READ_ONCE(conn->state)) {
	case ZMQ_CONN_CONNECTING:
		return ZMQ_DIAG_CONNECTING;
	case ZMQ_CONN_HANDSHAKE:
		return ZMQ_DIAG_HANDSHAKE;
	case ZMQ_CONN_UP:
		return ZMQ_DIAG_UP;
	case ZMQ_CONN_BACKOFF:
		return ZMQ_DIAG_BACKOFF;
	default:
		return ZMQ_DIAG_GONE;
	}
}

/**
 * zmq_stat_conn() - what a connection has of its own
 * @conn: the connection
 * @peer: filled in; the rest is 0
 *
 * Context: Any; something keeps the connection.
 */
void zmq_stat_conn(struct zmq_conn *conn, struct zmq_diag_peer *peer)
{
	memset(peer, 0, sizeof(*peer));
	peer->state = conn_state(conn);
	peer->type = ZMQ_DIAG_TYPE_UNKNOWN;
	peer->error = READ_ONCE(conn->error);
	peer->reconnects = READ_ONCE(conn->reconnects);
	if (conn->dial)
		peer->flags |= ZMQ_DIAG_F_DIALED;
	if (READ_ONCE(conn->lingering))
		peer->flags |= ZMQ_DIAG_F_LINGERING;
	if (is_direct(conn))
		peer->flags |= ZMQ_DIAG_F_DIRECT;

	spin_lock_bh(&conn->tx->qlock);
	peer->tx_msgs = conn->tx->msgs;
	peer->tx_bytes = conn->tx->bytes;
	spin_unlock_bh(&conn->tx->qlock);
}

static u8 pair_state(const struct zmq_pipe *pipe)
{
	if (test_bit(ZMQ_PIPE_DEAD, &pipe->flags))
		return ZMQ_DIAG_GONE;
	return READ_ONCE(pipe->peer_hwm) < 0 ? ZMQ_DIAG_PARKED : ZMQ_DIAG_UP;
}

/**
 * zmq_stat_pipe() - what a peer has and did
 * @pipe: the peer
 * @peer: filled in
 *
 * Context: core->lock held.
 */
void zmq_stat_pipe(const struct zmq_pipe *pipe, struct zmq_diag_peer *peer)
{
	if (pipe->conn) {
		zmq_stat_conn(pipe->conn, peer);
	} else {
		memset(peer, 0, sizeof(*peer));
		peer->state = pair_state(pipe);
		if (pipe->dialed)
			peer->flags |= ZMQ_DIAG_F_DIALED;
	}
	if (test_bit(ZMQ_PIPE_FULL, &pipe->flags))
		peer->flags |= ZMQ_DIAG_F_FULL;
	if (test_bit(ZMQ_PIPE_THROTTLED, &pipe->flags))
		peer->flags |= ZMQ_DIAG_F_THROTTLED;
	peer->type = pipe->peer_type < 0 ? ZMQ_DIAG_TYPE_UNKNOWN :
					   pipe->peer_type;
	peer->minor = pipe->peer_minor;
	peer->rx_msgs = zmq_pipe_rx_msgs(pipe);
	peer->rx_bytes = rx_bytes(pipe);
	peer->tx_msgs = atomic_read(&pipe->tx_msgs);
	peer->rx_total = READ_ONCE(pipe->rx_total);
	peer->tx_total = READ_ONCE(pipe->tx_total);
	peer->drops = READ_ONCE(pipe->drops);
	peer->topics = min_t(size_t, pipe->topics.count, U32_MAX);
}

/* What the peer has not taken of what the transport was given: nothing while TCP
 * shakes hands, or when that was refused.
 */
static u32 child_unacked(const struct sock *sk)
{
	const struct tcp_sock *tp;

	if (sk->sk_family == AF_UNIX)
		return sk_wmem_alloc_get(sk);
	if (!sk_is_tcp(sk) ||
	    1 << READ_ONCE(sk->sk_state) & (TCPF_SYN_SENT | TCPF_CLOSE))
		return 0;
	tp = tcp_sk(sk);
	return READ_ONCE(tp->write_seq) - READ_ONCE(tp->snd_una);
}

static u64 conn_unsent(struct zmq_conn *conn, bool unacked)
{
	struct zmq_link *link = unacked ? zmq_link_get(conn) : NULL;
	u64 bytes;

	spin_lock_bh(&conn->tx->qlock);
	bytes = conn->tx->bytes;
	spin_unlock_bh(&conn->tx->qlock);
	if (!link)
		return bytes;
	bytes += child_unacked(link->sock->sk);
	zmq_link_put(link);
	return bytes;
}

/**
 * zmq_stat_unsent() - bytes that wait for the network, for all peers together
 * @core: the socket's core
 * @unacked: also those that the peer's TCP has not acknowledged
 *
 * Messages to inproc peers are never on their way: they are received or not.
 *
 * Context: Process context, no spinlock held.
 * Return: how many.
 */
u64 zmq_stat_unsent(struct zmq_core *core, bool unacked)
{
	unsigned long number = 0;
	struct zmq_conn *conn;
	u64 bytes = 0;

	for (; (conn = zmq_conn_next(&core->owner, &number)); number++) {
		bytes += conn_unsent(conn, unacked);
		zmq_conn_put(conn);
		cond_resched();
	}
	return bytes;
}

/**
 * zmq_stat_child() - who the transport's socket is
 * @sock: the child
 * @child: filled in
 *
 * Context: Any; the child is not released meanwhile.
 */
void zmq_stat_child(struct socket *sock, struct zmq_diag_child *child)
{
	struct sock *sk = sock->sk;

	memset(child, 0, sizeof(*child));
	child->ino = SOCK_INODE(sock)->i_ino;
	child->family = sk->sk_family;
	child->state = READ_ONCE(sk->sk_state);
	sock_diag_save_cookie(sk, child->cookie);
}
