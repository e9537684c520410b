// SPDX-License-Identifier: GPL-2.0-only
/*
 * How ipc:// and tcp:// carry bytes between ends that have met: they go through
 * a duct, two queues, and whoever sends lets the other end parse them at once.
 * The children still say who the peer is and when it has gone, and limit what is
 * under way.
 */

#include <linux/sched/mm.h>
#include <linux/slab.h>
#include "base/compat.h"
#include "base/run.h"
#include "direct.h"
#include "polled.h"
#include "reader.h"

/* So much, and no more, makes one skb: less than the reader parses at once. */
#define GIVE_MAX	SZ_32K
/* Up to here a copy costs less than references. */
#define COPY_MAX	512
/* What cannot be referenced is copied by pages. */
#define COPY_PIECE	SKB_MAX_HEAD(0)

/* What lies in a duct at the most, unless ZMQ_SNDBUF says so: TCP's buffers grow
 * for a long way, here there is none.
 */
#define SIZE_MAX_AUTO	SZ_256K

/**
 * struct end - an end of a duct, as the other one sees it
 * @lock: protects the rest
 * @queue: bytes that it has not read
 * @size: memory of @queue
 * @link: who reads, NULL before it is there and after it has left
 * @gone: it has left
 * @shut: it takes nothing more
 * @blocked: the other one found no room to send
 */
struct end {
	spinlock_t		lock; /* see locking.rst, 7 */
	struct sk_buff_head	queue;
	unsigned int		size;
	struct zmq_link		*link;
	bool			gone;
	bool			shut;
	bool			blocked;
};

/**
 * struct duct - two queues that carry the bytes of two children in their stead
 * @ref: one for each end that is there or can still come
 * @end: of who dialed, and of who accepted
 */
struct duct {
	refcount_t		ref;
	struct end		end[2];
};

/**
 * struct direct - a link whose bytes go through a duct
 * @in: the reader
 * @under: what the child does by itself, once this is in its place
 * @duct: the duct; of who accepted once they have met
 * @own: this end of it
 * @peer: the other one
 * @missed: bit 0: the reader's lock was taken when something came
 */
struct direct {
	struct zmq_reader	in;
	struct zmq_link		*under;
	struct duct		*duct;
	struct end		*own;
	struct end		*peer;
	unsigned long		missed;
};

static struct direct *direct(const struct zmq_link *link)
{
	return container_of(link, struct direct, in.link);
}

static struct duct *duct_new(void)
{
	struct duct *duct = kzalloc(sizeof(*duct), GFP_KERNEL_ACCOUNT);
	struct end *end;

	if (!duct)
		return NULL;
	refcount_set(&duct->ref, 1);
	for (end = duct->end; end < duct->end + ARRAY_SIZE(duct->end); end++) {
		spin_lock_init(&end->lock);
		__skb_queue_head_init(&end->queue);
	}
	return duct;
}

/* The other end is told here: a stream that has no memory for its end is silent. */
static void leave(struct direct *d)
{
	struct sk_buff_head unread;
	struct duct *duct = d->duct;

	d->duct = NULL;
	__skb_queue_head_init(&unread);
	spin_lock(&d->own->lock);
	d->own->link = NULL;
	/* Pairs with the one in fill(). */
	smp_store_release(&d->own->gone, true);
	skb_queue_splice_init(&d->own->queue, &unread);
	d->own->size = 0;
	spin_unlock(&d->own->lock);
	__skb_queue_purge(&unread);
	spin_lock(&d->peer->lock);
	if (d->peer->link)
		zmq_conn_readable_later(d->peer->link);
	spin_unlock(&d->peer->lock);
	if (!refcount_dec_and_test(&duct->ref))
		return;
	__skb_queue_purge(&duct->end[0].queue);
	__skb_queue_purge(&duct->end[1].queue);
	kfree(duct);
}

static void direct_part(struct zmq_link *link)
{
	struct direct *d = direct(link);

	refcount_inc(&d->under->ref);
	zmq_link_set(link->conn, d->under);
	leave(d);
	zmq_link_drop(link);
}

static void direct_free(struct zmq_link *link)
{
	struct direct *d = direct(link);

	kfree_skb(d->in.skb);
	if (d->duct)
		leave(d);
	if (d->under)
		zmq_link_drop(d->under);
}

/* What came is read before the end leaves; what comes now goes another way. */
static void direct_ended(struct zmq_link *link)
{
	struct end *own = direct(link)->own;

	spin_lock(&own->lock);
	own->shut = true;
	spin_unlock(&own->lock);
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

/* Who has something to read, with a reference. */
static struct zmq_link *get_reader(struct end *end)
{
	struct zmq_link *link = NULL;

	spin_lock(&end->lock);
	if (!skb_queue_empty(&end->queue))
		link = end->link;
	if (link)
		refcount_inc(&link->ref);
	spin_unlock(&end->lock);
	return link;
}

/* Let the other end parse what it was sent, at the cost of its owner. */
static void deliver(struct zmq_link *link)
{
	struct zmq_link *peer = get_reader(direct(link)->peer);
	struct mem_cgroup *memcg;

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

static unsigned int size_max(const struct sock *sk)
{
	unsigned int max = READ_ONCE(sk->sk_sndbuf);

	return sk->sk_userlocks & SOCK_SNDBUF_LOCK ? max :
	       min_t(unsigned int, max, SIZE_MAX_AUTO);
}

static bool put(struct end *end, struct sk_buff *skb)
{
	bool takes;

	spin_lock(&end->lock);
	takes = !end->gone && !end->shut;
	if (takes) {
		__skb_queue_tail(&end->queue, skb);
		WRITE_ONCE(end->size, end->size + skb->truesize);
	}
	spin_unlock(&end->lock);
	return takes;
}

/* As with a UNIX stream, the last skb may go beyond the limit. */
static int give(struct zmq_link *link, struct msghdr *m, size_t len)
{
	struct end *peer = direct(link)->peer;
	struct sock *sk = link->sock->sk;
	struct sk_buff *skb;
	unsigned int n;

	if (READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN)
		return -EPIPE;
	if (READ_ONCE(peer->size) >= size_max(sk))
		return -EAGAIN;
	n = min_t(size_t, len, GIVE_MAX);
	skb = make_skb(m, n);
	if (!skb)
		return -ENOMEM;
	n = skb->len;
	if (put(peer, skb))
		return n;
	kfree_skb(skb);
	return -EPIPE;
}

static int give_blocked(struct zmq_link *link, struct msghdr *m, size_t len)
{
	struct end *peer = direct(link)->peer;
	int ret;

	WRITE_ONCE(peer->blocked, true);
	/* Pairs with the one in direct_read(). */
	smp_mb();
	ret = give(link, m, len);
	if (ret > 0)
		WRITE_ONCE(peer->blocked, false);
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
	struct direct *d = container_of(reader, struct direct, in);
	const struct sock *sk = reader->link.sock->sk;
	struct end *own = d->own;
	bool ended;

	/* Pairs with the one in leave(). */
	ended = smp_load_acquire(&d->peer->gone) ||
		READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN;
	/* Pairs with the lock that the end of the stream is set under. */
	smp_rmb();
	spin_lock(&own->lock);
	reader->skb = __skb_dequeue(&own->queue);
	if (reader->skb)
		WRITE_ONCE(own->size, own->size - reader->skb->truesize);
	spin_unlock(&own->lock);
	if (!reader->skb)
		return ended ? 0 : -EAGAIN;
	return reader->skb->len;
}

/* Let the other end go on, but not for each few bytes, as with a UNIX stream. */
static void tell_room(struct direct *d)
{
	struct zmq_link *writer;

	if (!READ_ONCE(d->own->blocked))
		return;
	spin_lock(&d->peer->lock);
	writer = d->peer->link;
	if (writer &&
	    READ_ONCE(d->own->size) <= size_max(writer->sock->sk) / 4) {
		WRITE_ONCE(d->own->blocked, false);
		zmq_conn_kick(writer->conn);
	}
	spin_unlock(&d->peer->lock);
}

static int direct_read(struct zmq_link *link, read_descriptor_t *desc,
		       sk_read_actor_t actor)
{
	int ret;

	ret = zmq_reader_read(link, desc, actor);
	/* Pairs with the one in give_blocked(). */
	smp_mb();
	tell_room(direct(link));
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
	if (link->conn->dial) {
		d->duct = duct_new();
		if (!d->duct) {
			kfree(d);
			return NULL;
		}
		d->own = &d->duct->end[0];
		d->peer = &d->duct->end[1];
	}
	zmq_reader_init(&d->in, link->conn, &direct_stream, link->sock, fill);
	return &d->in.link;
}

/**
 * zmq_direct_join() - let two links have one duct
 * @a: one of zmq_direct_link()
 * @b: another one; one of their connections was dialed, the other was accepted
 *
 * Context: Any, the caller locks.
 */
void zmq_direct_join(struct zmq_link *a, struct zmq_link *b)
{
	struct direct *from = direct(a->conn->dial ? a : b);
	struct direct *to = direct(a->conn->dial ? b : a);

	refcount_inc(&from->duct->ref);
	to->duct = from->duct;
	to->own = from->peer;
	to->peer = from->own;
}

/**
 * zmq_direct_switch() - a child carries nothing any more
 * @link: of zmq_direct_join(), the connection's from now on; all that was sent has
 *	been given to the child
 *
 * The connection looks for itself what the other end has sent before.
 *
 * Context: Process context, socket lock held.
 */
void zmq_direct_switch(struct zmq_link *link)
{
	struct direct *d = direct(link);

	d->under = zmq_conn_link(link->conn);
	zmq_link_set(link->conn, link);
	if (link->sock->sk->sk_family == AF_UNIX)
		zmq_polled_forget(d->under);
	spin_lock(&d->own->lock);
	d->own->link = link;
	spin_unlock(&d->own->lock);
}
