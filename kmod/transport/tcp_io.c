// SPDX-License-Identifier: GPL-2.0-only
/* How TCP carries bytes: read in softirq, where its callbacks run. */

#include <linux/tcp.h>
#include <net/tcp.h>
#include "base/compat.h"
#include "base/zerocopy.h"
#include "child.h"
#include "polled.h"
#include "rendezvous.h"

#ifdef ZMQ_HAVE_TRACE_SK_DATA_READY
#include <trace/events/sock.h>
#endif

/* With a duct nothing comes but the end. */
static void readable(struct zmq_conn *conn)
{
	if (conn->duct)
		zmq_task_run(&conn->task);
	else
		zmq_conn_readable(conn);
}

/* Softirq, or process context from the child's backlog; either way with
 * exclusive use of the child.
 */
static void on_data_ready(struct sock *sk)
{
	struct zmq_conn *conn;

#ifdef ZMQ_HAVE_TRACE_SK_DATA_READY
	trace_sk_data_ready(sk);
#endif
	rcu_read_lock();
	conn = rcu_dereference_sk_user_data(sk);
	if (conn)
		readable(conn);
	rcu_read_unlock();
}

static void on_write_space(struct sock *sk)
{
	struct zmq_conn *conn;

	rcu_read_lock();
	conn = rcu_dereference_sk_user_data(sk);
	/* TCP that has no memory, and nothing under way, says that there is
	 * room to whoever has just failed to send.
	 */
	if (conn && !conn->tx_giving && sk_stream_is_writeable(sk)) {
		clear_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		zmq_conn_writable(conn);
	}
	rcu_read_unlock();
}

static void on_event(struct sock *sk)
{
	struct zmq_conn *conn;

	rcu_read_lock();
	conn = rcu_dereference_sk_user_data(sk);
	if (conn)
		zmq_task_run(&conn->task);
	rcu_read_unlock();
}

/* A child that came with somebody else's data, as those in a sockmap do, is left
 * as it is and used as any socket can be.
 */
static void tcp_install(struct zmq_conn *conn)
{
	struct sock *sk = conn->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_user_data || inet_csk(sk)->icsk_ulp_ops) {
		write_unlock_bh(&sk->sk_callback_lock);
		conn->stream = &zmq_polled_stream;
		conn->stream->install(conn);
		return;
	}
	conn->data_ready = sk->sk_data_ready;
	conn->write_space = sk->sk_write_space;
	conn->state_change = sk->sk_state_change;
	conn->error_report = sk->sk_error_report;
	__rcu_assign_sk_user_data_with_flags(sk, conn, SK_USER_DATA_NOCOPY);
	WRITE_ONCE(sk->sk_data_ready, on_data_ready);
	WRITE_ONCE(sk->sk_write_space, on_write_space);
	WRITE_ONCE(sk->sk_state_change, on_event);
	WRITE_ONCE(sk->sk_error_report, on_event);
	write_unlock_bh(&sk->sk_callback_lock);
}

static void tcp_uninstall(struct zmq_conn *conn)
{
	struct sock *sk = conn->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	rcu_assign_sk_user_data(sk, NULL);
	WRITE_ONCE(sk->sk_data_ready, conn->data_ready);
	WRITE_ONCE(sk->sk_write_space, conn->write_space);
	WRITE_ONCE(sk->sk_state_change, conn->state_change);
	WRITE_ONCE(sk->sk_error_report, conn->error_report);
	write_unlock_bh(&sk->sk_callback_lock);

	/* Whoever found the callback before runs under this lock. */
	lock_sock(sk);
	release_sock(sk);
}

static void tcp_lock(struct zmq_conn *conn)
{
	lock_sock(conn->sock->sk);
}

static void tcp_unlock(struct zmq_conn *conn)
{
	release_sock(conn->sock->sk);
}

/* ZMTP has no urgent data, and nothing behind it can be read: the stream ends
 * when all that came before has been taken.
 */
static int tcp_read(struct zmq_conn *conn, read_descriptor_t *desc,
		    sk_read_actor_t actor)
{
	struct sock *sk = conn->sock->sk;
	const struct tcp_sock *tp = tcp_sk(sk);
	int ret = tcp_read_sock(sk, desc, actor);

	if (unlikely(tp->urg_data) && tp->copied_seq == tp->urg_seq)
		return -EPROTO;
	return ret;
}

static bool tcp_drained(const struct zmq_conn *conn)
{
	return skb_queue_empty(&conn->sock->sk->sk_receive_queue);
}

static int sent(struct zmq_conn *conn, int ret)
{
	conn->tx_giving = false;
	if (ret != -EAGAIN)
		return ret;
	set_bit(SOCK_NOSPACE, &conn->sock->flags);
	/* Then nothing is acknowledged that would make room. */
	if (tcp_rtx_and_write_queues_empty(conn->sock->sk))
		zmq_polled_send_later(conn);
	return ret;
}

static int tcp_send(struct zmq_conn *conn, struct msghdr *m, size_t len)
{
	conn->tx_giving = true;
	return sent(conn, tcp_sendmsg_locked(conn->sock->sk, m, len));
}

static int tcp_send_pages(struct zmq_conn *conn, struct msghdr *m, size_t len)
{
	conn->tx_giving = true;
	return sent(conn, zmq_tcp_send_pages(conn->sock->sk, m, len));
}

static int tcp_send_zerocopy(struct zmq_conn *conn, struct msghdr *m,
			     size_t len)
{
	/* TCP does not say that it copies. */
	if (!(conn->sock->sk->sk_route_caps & NETIF_F_SG))
		zmq_zerocopy_copied(m->msg_ubuf);
	return tcp_send(conn, m, len);
}

static void tcp_position(const struct zmq_conn *conn, u32 *given, u32 *acked)
{
	const struct tcp_sock *tp = tcp_sk(conn->sock->sk);

	*given = READ_ONCE(tp->write_seq);
	*acked = READ_ONCE(tp->snd_una);
}

const struct zmq_stream_ops zmq_tcp_stream = {
	.install	= tcp_install,
	.uninstall	= tcp_uninstall,
	.release	= zmq_child_drop,
	.meet		= zmq_rendezvous_offer,
	.token		= zmq_rendezvous_token,
	.up		= zmq_rendezvous_meet,
	.part		= zmq_rendezvous_withdraw,
	.lock		= tcp_lock,
	.unlock		= tcp_unlock,
	.tx_begin	= tcp_lock,
	.tx_end		= tcp_unlock,
	.read		= tcp_read,
	.drained	= tcp_drained,
	.send		= tcp_send,
	.send_pages	= tcp_send_pages,
	.send_zerocopy	= tcp_send_zerocopy,
	.position	= tcp_position,
};
