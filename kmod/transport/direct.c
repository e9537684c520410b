// SPDX-License-Identifier: GPL-2.0-only
/*
 * How ipc:// and tcp:// carry bytes between ends that have met: they go through
 * a duct, and whoever sends lets the other end parse them at once. The children
 * still say who the peer is and when it has gone, and limit what is under way.
 */

#include <linux/sched/mm.h>
#include "base/compat.h"
#include "base/run.h"
#include "child.h"
#include "direct.h"
#include "duct.h"
#include "polled.h"

/* So much, and no more, makes one skb: less than the reader parses at once. */
#define GIVE_MAX	SZ_32K
/* Up to here a copy costs less than references. */
#define COPY_MAX	512
/* What cannot be referenced is copied by pages. */
#define COPY_PIECE	SKB_MAX_HEAD(0)

static unsigned int side_of(const struct zmq_conn *conn)
{
	return conn->dial ? ZMQ_DUCT_DIALED : ZMQ_DUCT_ACCEPTED;
}

/* What the child does by itself. */
static const struct zmq_stream_ops *stream_of(const struct zmq_conn *conn)
{
	return conn->sock->sk->sk_family == AF_UNIX ? &zmq_polled_stream :
						      &zmq_tcp_stream;
}

/* Callbacks of TCP look under the lock of their child. */
static void set_duct(struct zmq_conn *conn, struct zmq_duct *duct,
		     const struct zmq_stream_ops *stream)
{
	mutex_lock(&conn->tx_lock);
	mutex_lock(&conn->rx_lock);
	lock_sock(conn->sock->sk);
	WRITE_ONCE(conn->duct, duct);
	conn->stream = stream;
	release_sock(conn->sock->sk);
	zmq_polled_forget(conn);
	WRITE_ONCE(conn->rx_eof, false);
	mutex_unlock(&conn->rx_lock);
	mutex_unlock(&conn->tx_lock);
}

static void direct_part(struct zmq_conn *conn)
{
	struct zmq_duct *duct = conn->duct;

	set_duct(conn, NULL, stream_of(conn));
	zmq_duct_leave(duct, side_of(conn));
	clear_bit(ZMQ_CONN_RX_MISSED, &conn->flags);
}

/* What came is read before the end leaves; what comes now goes another way. */
static void direct_ended(struct zmq_conn *conn)
{
	zmq_duct_shut(conn->duct, side_of(conn));
}

static void direct_unlock(struct zmq_conn *conn)
{
	mutex_unlock(&conn->rx_lock);
	/* Pairs with the one in lock_or_note(). */
	smp_mb();
	if (test_bit(ZMQ_CONN_RX_MISSED, &conn->flags) &&
	    test_and_clear_bit(ZMQ_CONN_RX_MISSED, &conn->flags))
		zmq_conn_readable_later(conn);
}

/* Whoever sends does not wait for who reads: that one looks again. */
static bool lock_or_note(struct zmq_conn *conn)
{
	if (mutex_trylock(&conn->rx_lock))
		return true;
	set_bit(ZMQ_CONN_RX_MISSED, &conn->flags);
	/* Pairs with the one in direct_unlock(). */
	smp_mb__after_atomic();
	return mutex_trylock(&conn->rx_lock);
}

/* Let the other end parse what it was sent, at the cost of its owner. */
static void deliver(struct zmq_conn *conn)
{
	struct zmq_duct *duct = conn->duct;
	struct mem_cgroup *memcg;
	struct zmq_conn *peer;

	peer = zmq_duct_reader(duct, side_of(conn));
	if (!peer)
		return;
	memcg = set_active_memcg(zmq_sock_memcg(peer->owner->tasks.sk));
	if (lock_or_note(peer)) {
		if (peer->duct == duct)
			zmq_conn_readable(peer);
		direct_unlock(peer);
	}
	set_active_memcg(memcg);
	zmq_conn_put(peer);
}

static struct sk_buff *by_copy(struct msghdr *m, unsigned int len)
{
	struct sk_buff *skb;

	len = min_t(unsigned int, len, COPY_PIECE);
	skb = alloc_skb(len, GFP_KERNEL_ACCOUNT);
	if (!skb)
		return NULL;
	if (copy_from_iter_full(skb_put(skb, len), len, &m->msg_iter))
		return skb;
	kfree_skb(skb);
	return NULL;
}

/* What lies in the send queue never changes. */
static struct sk_buff *by_reference(const struct msghdr *m, unsigned int len)
{
	const struct bio_vec *bv = m->msg_iter.bvec;
	unsigned int off = m->msg_iter.iov_offset;
	struct sk_buff *skb;
	unsigned int n, i;

	skb = alloc_skb(0, GFP_KERNEL_ACCOUNT);
	if (!skb)
		return NULL;
	for (i = 0; len && i < MAX_SKB_FRAGS; i++, bv++) {
		n = min_t(unsigned int, len, bv->bv_len - off);
		get_page(bv->bv_page);
		skb_add_rx_frag(skb, i, bv->bv_page, bv->bv_offset + off, n, n);
		len -= n;
		off = 0;
	}
	return skb;
}

static bool keeps_too_much(const struct iov_iter *from, unsigned int len)
{
	unsigned int off = from->iov_offset, left = len;
	const struct bio_vec *bv = from->bvec;
	u64 kept = 0;

	while (left) {
		kept += page_size(bv->bv_page);
		left -= min_t(unsigned int, left, bv++->bv_len - off);
		off = 0;
	}
	return len < kept / ZMQ_RUN_REF_PART;
}

/* What has a msg_ubuf changes whenever the caller likes. */
static struct sk_buff *make_skb(struct msghdr *m, unsigned int len)
{
	BUILD_BUG_ON(GIVE_MAX > ZMQ_RUN_COPY_PIECE);
	if (len <= COPY_MAX || !iov_iter_is_bvec(&m->msg_iter))
		return by_copy(m, len);
	if (m->msg_ubuf || keeps_too_much(&m->msg_iter, len))
		return zmq_run_from_iter(&m->msg_iter, len, GFP_KERNEL_ACCOUNT);
	return by_reference(m, len);
}

static int give(struct zmq_conn *conn, struct msghdr *m, size_t len)
{
	struct sock *sk = conn->sock->sk;
	struct sk_buff *skb;
	unsigned int n;

	if (READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN)
		return -EPIPE;
	if (zmq_duct_full(conn->duct, side_of(conn), sk))
		return -EAGAIN;
	n = min_t(size_t, len, GIVE_MAX);
	skb = make_skb(m, n);
	if (!skb)
		return -ENOMEM;
	n = skb->len;
	if (zmq_duct_put(conn->duct, side_of(conn), skb))
		return n;
	kfree_skb(skb);
	return -EPIPE;
}

static int give_blocked(struct zmq_conn *conn, struct msghdr *m, size_t len)
{
	int ret;

	zmq_duct_set_blocked(conn->duct, side_of(conn), true);
	/* Pairs with the one in direct_read(). */
	smp_mb();
	ret = give(conn, m, len);
	if (ret > 0)
		zmq_duct_set_blocked(conn->duct, side_of(conn), false);
	return ret;
}

static int direct_send(struct zmq_conn *conn, struct msghdr *m, size_t len)
{
	int ret;

	ret = give(conn, m, len);
	if (ret == -EAGAIN) {
		deliver(conn);
		ret = give_blocked(conn, m, len);
	}
	if (ret == -ENOMEM)
		zmq_polled_send_later(conn);
	else if (ret == GIVE_MAX)
		deliver(conn);
	return ret;
}

/* As zmq_polled_fill(). The other end puts its last bytes into the duct
 * before it leaves it or ends the stream.
 */
static int fill(struct zmq_conn *conn)
{
	const struct sock *sk = conn->sock->sk;
	struct sk_buff *skb;
	bool ended;

	ended = READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN ||
		zmq_duct_ended(conn->duct, side_of(conn));
	/* Pairs with the lock that the end of the stream is set under. */
	smp_rmb();
	skb = zmq_duct_take(conn->duct, side_of(conn));
	if (!skb)
		return ended ? 0 : -EAGAIN;
	conn->rx_skb = skb;
	conn->rx_off = 0;
	return skb->len;
}

static int direct_read(struct zmq_conn *conn, read_descriptor_t *desc,
		       sk_read_actor_t actor)
{
	struct zmq_duct *duct = conn->duct;
	int ret;

	ret = zmq_polled_read(conn, desc, actor, fill);
	/* Pairs with the one in give_blocked(). */
	smp_mb();
	zmq_duct_tell_room(duct, side_of(conn));
	return ret;
}

/* What is told by the child is the business of the stream that it is. */
static const struct zmq_stream_ops direct_stream = {
	.part		= direct_part,
	.ended		= direct_ended,
	.lock		= zmq_polled_lock,
	.unlock		= direct_unlock,
	.tx_end		= deliver,
	.read		= direct_read,
	.drained	= zmq_polled_drained,
	.send		= direct_send,
};

/**
 * zmq_direct_switch() - a child carries nothing any more
 * @conn: the connection; all that was sent has been given to the child
 * @duct: what does, from the first message on
 *
 * Context: Process context, socket lock held.
 */
void zmq_direct_switch(struct zmq_conn *conn, struct zmq_duct *duct)
{
	set_duct(conn, duct, &direct_stream);
	zmq_duct_enter(duct, side_of(conn), conn);
}
