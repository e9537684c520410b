// SPDX-License-Identifier: GPL-2.0-only
/*
 * How ipc:// and tcp:// carry bytes between ends that have met: they go through
 * a duct, and whoever sends lets the other end parse them at once. The children
 * still say who the peer is and when it has gone, and limit what is under way.
 */

#include <linux/sched/mm.h>
#include <linux/slab.h>
#include "base/compat.h"
#include "base/run.h"
#include "direct.h"
#include "duct.h"
#include "polled.h"
#include "reader.h"

/* So much, and no more, makes one skb: less than the reader parses at once. */
#define GIVE_MAX	SZ_32K
/* Up to here a copy costs less than references. */
#define COPY_MAX	512
/* What cannot be referenced is copied by pages. */
#define COPY_PIECE	SKB_MAX_HEAD(0)

/**
 * struct direct - a link whose bytes go through a duct
 * @in: the reader
 * @under: what the child does by itself, once this is in its place
 * @duct: the duct
 * @missed: bit 0: the reader's lock was taken when something came
 */
struct direct {
	struct zmq_reader	in;
	struct zmq_link		*under;
	struct zmq_duct		*duct;
	unsigned long		missed;
};

static struct direct *direct(const struct zmq_link *link)
{
	return container_of(link, struct direct, in.link);
}

static unsigned int side_of(const struct zmq_link *link)
{
	return link->conn->dial ? ZMQ_DUCT_DIALED : ZMQ_DUCT_ACCEPTED;
}

static void direct_part(struct zmq_link *link)
{
	struct direct *d = direct(link);

	refcount_inc(&d->under->ref);
	zmq_link_set(link->conn, d->under);
	zmq_duct_leave(d->duct, side_of(link));
	zmq_link_drop(link);
}

static void direct_free(struct zmq_link *link)
{
	struct direct *d = direct(link);

	kfree_skb(d->in.skb);
	if (d->under)
		zmq_link_put(d->under);
}

/* What came is read before the end leaves; what comes now goes another way. */
static void direct_ended(struct zmq_link *link)
{
	zmq_duct_shut(direct(link)->duct, side_of(link));
}

static void direct_unlock(struct zmq_link *link)
{
	struct direct *d = direct(link);

	mutex_unlock(&d->in.lock);
	/* Pairs with the one in lock_or_note(). */
	smp_mb();
	if (test_bit(0, &d->missed) && test_and_clear_bit(0, &d->missed))
		zmq_conn_readable_later(link);
}

/* Whoever sends does not wait for who reads: that one looks again. */
static bool lock_or_note(struct direct *d)
{
	if (mutex_trylock(&d->in.lock))
		return true;
	set_bit(0, &d->missed);
	/* Pairs with the one in direct_unlock(). */
	smp_mb__after_atomic();
	return mutex_trylock(&d->in.lock);
}

/* Let the other end parse what it was sent, at the cost of its owner. */
static void deliver(struct zmq_link *link)
{
	struct mem_cgroup *memcg;
	struct zmq_link *peer;

	peer = zmq_duct_reader(direct(link)->duct, side_of(link));
	if (!peer)
		return;
	memcg = set_active_memcg(zmq_sock_memcg(peer->conn->owner->tasks.sk));
	if (lock_or_note(direct(peer))) {
		zmq_conn_readable(peer);
		direct_unlock(peer);
	}
	set_active_memcg(memcg);
	zmq_link_put(peer);
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

static int give(struct zmq_link *link, struct msghdr *m, size_t len)
{
	struct sock *sk = link->sock->sk;
	struct sk_buff *skb;
	unsigned int n;

	if (READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN)
		return -EPIPE;
	if (zmq_duct_full(direct(link)->duct, side_of(link), sk))
		return -EAGAIN;
	n = min_t(size_t, len, GIVE_MAX);
	skb = make_skb(m, n);
	if (!skb)
		return -ENOMEM;
	n = skb->len;
	if (zmq_duct_put(direct(link)->duct, side_of(link), skb))
		return n;
	kfree_skb(skb);
	return -EPIPE;
}

static int give_blocked(struct zmq_link *link, struct msghdr *m, size_t len)
{
	int ret;

	zmq_duct_set_blocked(direct(link)->duct, side_of(link), true);
	/* Pairs with the one in direct_read(). */
	smp_mb();
	ret = give(link, m, len);
	if (ret > 0)
		zmq_duct_set_blocked(direct(link)->duct, side_of(link), false);
	return ret;
}

static int direct_send(struct zmq_link *link, struct msghdr *m, size_t len)
{
	int ret;

	ret = give(link, m, len);
	if (ret == -EAGAIN) {
		deliver(link);
		ret = give_blocked(link, m, len);
	}
	if (ret == -ENOMEM)
		zmq_polled_send_later(link->conn);
	else if (ret == GIVE_MAX)
		deliver(link);
	return ret;
}

/* The other end puts its last bytes into the duct before it leaves it or ends
 * the stream.
 */
static int fill(struct zmq_reader *reader)
{
	struct zmq_link *link = &reader->link;
	const struct sock *sk = link->sock->sk;
	struct zmq_duct *duct = direct(link)->duct;
	bool ended;

	ended = READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN ||
		zmq_duct_ended(duct, side_of(link));
	/* Pairs with the lock that the end of the stream is set under. */
	smp_rmb();
	reader->skb = zmq_duct_take(duct, side_of(link));
	if (!reader->skb)
		return ended ? 0 : -EAGAIN;
	return reader->skb->len;
}

static int direct_read(struct zmq_link *link, read_descriptor_t *desc,
		       sk_read_actor_t actor)
{
	int ret;

	ret = zmq_reader_read(link, desc, actor);
	/* Pairs with the one in give_blocked(). */
	smp_mb();
	zmq_duct_tell_room(direct(link)->duct, side_of(link));
	return ret;
}

/* What is told by the child is the business of the link below. */
static const struct zmq_stream_ops direct_stream = {
	.direct		= true,
	.free		= direct_free,
	.part		= direct_part,
	.ended		= direct_ended,
	.lock		= zmq_reader_lock,
	.unlock		= direct_unlock,
	.tx_end		= deliver,
	.read		= direct_read,
	.drained	= zmq_reader_drained,
	.send		= direct_send,
};

/**
 * zmq_direct_link() - prepare to let a duct carry a connection's bytes
 * @link: the connection's link
 *
 * Context: Process context, socket lock held. Unused, it is for zmq_link_drop().
 * Return: another link of the same child, or NULL.
 */
struct zmq_link *zmq_direct_link(const struct zmq_link *link)
{
	struct direct *d = kzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);

	if (!d)
		return NULL;
	zmq_reader_init(&d->in, link->conn, &direct_stream, link->sock, fill);
	return &d->in.link;
}

/**
 * zmq_direct_switch() - a child carries nothing any more
 * @link: of zmq_direct_link(), the connection's from now on; all that was sent has
 *	been given to the child
 * @duct: what does, from the first message on
 *
 * Context: Process context, socket lock held.
 */
void zmq_direct_switch(struct zmq_link *link, struct zmq_duct *duct)
{
	struct direct *d = direct(link);

	d->duct = duct;
	d->under = zmq_conn_link(link->conn);
	zmq_link_set(link->conn, link);
	if (link->sock->sk->sk_family == AF_UNIX)
		zmq_polled_forget(d->under);
	zmq_duct_enter(duct, side_of(link), link);
}
