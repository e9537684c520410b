// SPDX-License-Identifier: GPL-2.0-only
/* How TCP carries bytes: read in softirq, where its callbacks run. */

#include <linux/slab.h>
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

/**
 * struct tcp_link - a link whose child calls it
 * @link: the link
 * @data_ready: the child's own callback
 * @write_space: likewise
 * @state_change: likewise
 * @error_report: likewise
 * @giving: something is being given to the child; under its lock
 */
struct tcp_link {
	struct zmq_link	link;
	void		(*data_ready)(struct sock *sk);
	void		(*write_space)(struct sock *sk);
	void		(*state_change)(struct sock *sk);
	void		(*error_report)(struct sock *sk);
	bool		giving;
};

static struct tcp_link *tcp_link(struct zmq_link *link)
{
	return container_of(link, struct tcp_link, link);
}

/* Softirq, or process context from the child's backlog; either way with
 * exclusive use of the child.
 */
static void on_data_ready(struct sock *sk)
{
	struct tcp_link *tl;

#ifdef ZMQ_HAVE_TRACE_SK_DATA_READY
	trace_sk_data_ready(sk);
#endif
	rcu_read_lock();
	tl = rcu_dereference_sk_user_data(sk);
	if (tl)
		zmq_conn_readable(&tl->link);
	rcu_read_unlock();
}

static void on_write_space(struct sock *sk)
{
	struct tcp_link *tl;

	rcu_read_lock();
	tl = rcu_dereference_sk_user_data(sk);
	/* TCP that has no memory, and nothing under way, says that there is
	 * room to whoever has just failed to send.
	 */
	if (tl && !tl->giving && sk_stream_is_writeable(sk)) {
		clear_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		zmq_conn_writable(tl->link.conn);
	}
	rcu_read_unlock();
}

static void on_event(struct sock *sk)
{
	struct tcp_link *tl;

	rcu_read_lock();
	tl = rcu_dereference_sk_user_data(sk);
	if (tl)
		zmq_task_run(&tl->link.conn->task);
	rcu_read_unlock();
}

static bool install(struct tcp_link *tl, struct sock *sk)
{
	bool free;

	write_lock_bh(&sk->sk_callback_lock);
	free = !sk->sk_user_data && !inet_csk(sk)->icsk_ulp_ops;
	if (free) {
		tl->data_ready = sk->sk_data_ready;
		tl->write_space = sk->sk_write_space;
		tl->state_change = sk->sk_state_change;
		tl->error_report = sk->sk_error_report;
		__rcu_assign_sk_user_data_with_flags(sk, tl,
						     SK_USER_DATA_NOCOPY);
		WRITE_ONCE(sk->sk_data_ready, on_data_ready);
		WRITE_ONCE(sk->sk_write_space, on_write_space);
		WRITE_ONCE(sk->sk_state_change, on_event);
		WRITE_ONCE(sk->sk_error_report, on_event);
	}
	write_unlock_bh(&sk->sk_callback_lock);
	return free;
}

static void tcp_detach(struct zmq_link *link)
{
	struct tcp_link *tl = tcp_link(link);
	struct sock *sk = link->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	rcu_assign_sk_user_data(sk, NULL);
	WRITE_ONCE(sk->sk_data_ready, tl->data_ready);
	WRITE_ONCE(sk->sk_write_space, tl->write_space);
	WRITE_ONCE(sk->sk_state_change, tl->state_change);
	WRITE_ONCE(sk->sk_error_report, tl->error_report);
	write_unlock_bh(&sk->sk_callback_lock);

	/* Whoever found the callback before runs under this lock. */
	lock_sock(sk);
	release_sock(sk);
}

static void tcp_free(struct zmq_link *link)
{
	zmq_child_release(link->sock);
}

static void tcp_lock(struct zmq_link *link)
{
	lock_sock(link->sock->sk);
}

static void tcp_unlock(struct zmq_link *link)
{
	release_sock(link->sock->sk);
}

/* ZMTP has no urgent data, and nothing behind it can be read: the stream ends
 * when all that came before has been taken.
 */
static int tcp_read(struct zmq_link *link, read_descriptor_t *desc,
		    sk_read_actor_t actor)
{
	struct sock *sk = link->sock->sk;
	const struct tcp_sock *tp = tcp_sk(sk);
	int ret = tcp_read_sock(sk, desc, actor);

	link->dry = skb_queue_empty(&sk->sk_receive_queue);
	if (unlikely(tp->urg_data) && tp->copied_seq == tp->urg_seq)
		return -EPROTO;
	return ret;
}

static int sent(struct zmq_link *link, int ret)
{
	tcp_link(link)->giving = false;
	if (ret != -EAGAIN)
		return ret;
	set_bit(SOCK_NOSPACE, &link->sock->flags);
	/* Then nothing is acknowledged that would make room. */
	if (tcp_rtx_and_write_queues_empty(link->sock->sk))
		zmq_polled_send_later(link->conn);
	return ret;
}

static int tcp_send(struct zmq_link *link, struct msghdr *m, size_t len)
{
	tcp_link(link)->giving = true;
	return sent(link, tcp_sendmsg_locked(link->sock->sk, m, len));
}

static int tcp_send_pages(struct zmq_link *link, struct msghdr *m, size_t len)
{
	tcp_link(link)->giving = true;
	return sent(link, zmq_tcp_send_pages(link->sock->sk, m, len));
}

static int tcp_send_zerocopy(struct zmq_link *link, struct msghdr *m,
			     size_t len)
{
	/* TCP does not say that it copies. */
	if (!(link->sock->sk->sk_route_caps & NETIF_F_SG))
		zmq_zerocopy_copied(m->msg_ubuf);
	return tcp_send(link, m, len);
}

static void tcp_position(const struct zmq_link *link, u32 *given, u32 *acked)
{
	const struct tcp_sock *tp = tcp_sk(link->sock->sk);

	*given = READ_ONCE(tp->write_seq);
	*acked = READ_ONCE(tp->snd_una);
}

static const struct zmq_stream_ops tcp_stream = {
	.detach		= tcp_detach,
	.free		= tcp_free,
	.meet		= zmq_rendezvous_offer,
	.token		= zmq_rendezvous_token,
	.up		= zmq_rendezvous_meet,
	.part		= zmq_rendezvous_withdraw,
	.lock		= tcp_lock,
	.unlock		= tcp_unlock,
	.tx_begin	= tcp_lock,
	.tx_end		= tcp_unlock,
	.read		= tcp_read,
	.send		= tcp_send,
	.send_pages	= tcp_send_pages,
	.send_zerocopy	= tcp_send_zerocopy,
	.position	= tcp_position,
};

/**
 * zmq_tcp_link() - zmq_transport.link
 * @conn: the connection
 * @sock: the child, which is the link's from now on
 *
 * A child that came with somebody else's data, as those in a sockmap do, is left
 * as it is and used as any socket can be.
 *
 * Context: Process context, socket lock held.
 * Return: the link; or NULL, and the child is released.
 */
struct zmq_link *zmq_tcp_link(struct zmq_conn *conn, struct socket *sock)
{
	struct tcp_link *tl = kzalloc(sizeof(*tl), GFP_KERNEL_ACCOUNT);

	if (!tl) {
		zmq_child_release(sock);
		return NULL;
	}
	zmq_link_init(&tl->link, conn, &tcp_stream, sock);
	if (install(tl, sock->sk))
		return &tl->link;
	zmq_conn_put(conn);
	kfree(tl);
	return zmq_polled_link(conn, sock);
}
