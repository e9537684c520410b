// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSG_ZEROCOPY: a message refers to the caller's memory, and the caller is told
 * when nobody does any more.
 *
 * Whom to tell is a struct ubuf_info: of the socket's error queue or io_uring's.
 * io_uring links those that meet in one skb, under no lock but the stream's. A
 * fan-out gives a message to several streams, so that what they get is a struct
 * ubuf_info of ours, which is never linked and tells the other one.
 */

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include "compat.h"
#include "zerocopy.h"

/* What one struct zmq_pinned refers to; half a page of it. */
#define PIN_PAGES	120
/* Pages that are looked up at once. */
#define PIN_BATCH	16

/**
 * struct zerocopy - one call of sendmsg()
 * @ubuf: a reference is held by the call, by all that is pinned, and by skbs
 * @user: is told
 * @given: what the caller gave for @user, or NULL
 * @sk: the socket, held, and with it this module
 * @lock: taken to tell
 * @size: bytes of the call
 * @pinned: some of them are not copied
 */
struct zerocopy {
	struct ubuf_info	ubuf;
	struct ubuf_info	*user;
	struct ubuf_info	*given;
	struct sock		*sk;
	spinlock_t		lock; /* see locking.rst */
	size_t			size;
	bool			pinned;
};

static struct zerocopy *zerocopy_of(struct ubuf_info *ubuf)
{
	return container_of(ubuf, struct zerocopy, ubuf);
}

/* The streams of a fan-out complete on several CPUs, and the hint of what was
 * copied is a bit that @user changes under no lock.
 */
static void tell(struct zerocopy *zc, struct sk_buff *skb, bool success)
{
	unsigned long flags;

	net_zcopy_get(zc->user);
	spin_lock_irqsave(&zc->lock, flags);
	zmq_ubuf_complete(zc->user, skb, success);
	spin_unlock_irqrestore(&zc->lock, flags);
}

/* Drops a reference. In any context but hard interrupt. */
static void on_complete(struct sk_buff *skb, struct ubuf_info *ubuf,
			bool success)
{
	struct zerocopy *zc = zerocopy_of(ubuf);
	struct sock *sk = zc->sk;

	if (skb)
		tell(zc, skb, success);
	if (!refcount_dec_and_test(&ubuf->refcnt))
		return;
	net_zcopy_put(zc->user);
	kfree(zc);
	sock_put(sk);
}

static const struct ubuf_info_ops zerocopy_ops = {
	.complete = on_complete,
};

/* Of the call that sends @m, or NULL. */
static struct zerocopy *zerocopy_in(const struct msghdr *m)
{
	struct ubuf_info *ubuf = m->msg_ubuf;

	return ubuf && zmq_ubuf_has_ops(ubuf, &zerocopy_ops) ?
	       zerocopy_of(ubuf) : NULL;
}

static struct zerocopy *zerocopy_new(struct sock *sk, struct ubuf_info *given,
				     size_t size)
{
	struct zerocopy *zc = kzalloc(sizeof(*zc), GFP_KERNEL_ACCOUNT);

	if (!zc)
		return NULL;
	zc->user = given;
	if (given)
		net_zcopy_get(given);
	else
		zc->user = zmq_msg_zerocopy_alloc(sk, size);
	if (!zc->user) {
		kfree(zc);
		return NULL;
	}
	refcount_set(&zc->ubuf.refcnt, 1);
	zc->ubuf.flags = SKBFL_ZEROCOPY_FRAG | SKBFL_DONT_ORPHAN;
	zmq_ubuf_set_ops(&zc->ubuf, &zerocopy_ops);
	zc->given = given;
	zc->sk = sk;
	spin_lock_init(&zc->lock);
	zc->size = size;
	sock_hold(sk);
	return zc;
}

/**
 * zmq_zerocopy_begin() - see whether a call is to copy
 * @sk: the socket
 * @m: what is sent; its msg_ubuf is set to be given to zmq_msg_put_frame(),
 *	NULL to copy
 *
 * Does nothing if it was called before without zmq_zerocopy_refuse().
 *
 * Context: Process context, socket lock held.
 * Return: 0, or -ENOBUFS if too many notifications are under way or too much
 *	memory would be locked.
 */
int zmq_zerocopy_begin(struct sock *sk, struct msghdr *m)
{
	struct ubuf_info *given = m->msg_ubuf;
	size_t size = iov_iter_count(&m->msg_iter);
	struct zerocopy *zc;

	if (!(m->msg_flags & MSG_ZEROCOPY)) {
		m->msg_ubuf = NULL;
		return 0;
	}
	if (zerocopy_in(m))
		return 0;
	if (!size || (!given && !sock_flag(sk, SOCK_ZEROCOPY))) {
		m->msg_ubuf = NULL;
		return 0;
	}
	zc = zerocopy_new(sk, given, size);
	if (!zc)
		return -ENOBUFS;
	m->msg_ubuf = &zc->ubuf;
	return 0;
}

/**
 * zmq_zerocopy_end() - undo zmq_zerocopy_begin()
 * @m: what was sent
 * @sent: the call succeeds; otherwise nothing refers to its memory, and there
 *	will be no notification
 *
 * Context: Process context, socket lock held ever since an id was taken that is
 *	given back.
 */
void zmq_zerocopy_end(struct msghdr *m, bool sent)
{
	struct zerocopy *zc = zerocopy_in(m);

	if (!zc)
		return;
	m->msg_ubuf = zc->given;
	if (!sent)
		net_zcopy_put_abort(zc->user, false);
	else if (!zc->pinned)
		tell(zc, NULL, false);
	net_zcopy_put(&zc->ubuf);
}

/**
 * zmq_zerocopy_refuse() - the call is about to sleep
 * @m: what is left to send
 *
 * Others may send meanwhile, so it gives back its id, unless something was sent
 * under it.
 *
 * Context: Process context, socket lock held.
 */
void zmq_zerocopy_refuse(struct msghdr *m)
{
	struct zerocopy *zc = zerocopy_in(m);

	if (zc && zc->size == iov_iter_count(&m->msg_iter))
		zmq_zerocopy_end(m, false);
}

/**
 * zmq_zerocopy_copied() - tell that memory is copied after all
 * @ubuf: of what is pinned, held
 *
 * Context: Any but hard interrupt.
 */
void zmq_zerocopy_copied(struct ubuf_info *ubuf)
{
	tell(zerocopy_of(ubuf), NULL, false);
}

/**
 * zmq_zerocopy_pays() - whether to pin what comes next
 * @from: where it comes from
 * @len: how much is wanted of it
 *
 * Context: Any.
 * Return: false if it should be copied, at least ZMQ_ZEROCOPY_MIN of it.
 */
bool zmq_zerocopy_pays(const struct iov_iter *from, u64 len)
{
	if (len < ZMQ_ZEROCOPY_MIN)
		return false;
	if (iov_iter_is_bvec(from))
		return true;
	return user_backed_iter(from) &&
	       iov_iter_single_seg_count(from) >= ZMQ_ZEROCOPY_MIN;
}

static void keep_pages(struct zmq_pinned *pinned, struct page **pages,
		       size_t off, size_t len)
{
	size_t n;

	pinned->len += len;
	for (; len; len -= n) {
		n = min_t(size_t, len, PAGE_SIZE - off);
		bvec_set_page(&pinned->bv[pinned->nr++], *pages++, n, off);
		off = 0;
	}
}

/**
 * zmq_pin() - refer to memory in place of copying it
 * @from: where it is; goes on behind what is pinned
 * @len: how much, at the most
 * @ubuf: of zmq_zerocopy_begin()
 *
 * Context: Process context; may fault in user memory.
 * Return: what is pinned, or NULL if it has to be copied.
 */
struct zmq_pinned *zmq_pin(struct iov_iter *from, size_t len,
			   struct ubuf_info *ubuf)
{
	struct page *pages[PIN_BATCH];
	struct zmq_pinned *pinned;
	unsigned int room;
	ssize_t n = 1;
	size_t off;

	pinned = kmalloc(struct_size(pinned, bv, PIN_PAGES), GFP_KERNEL_ACCOUNT);
	if (!pinned)
		return NULL;
	pinned->len = 0;
	pinned->nr = 0;
	while (n > 0 && pinned->nr < PIN_PAGES && pinned->len < len) {
		room = min_t(unsigned int, PIN_BATCH, PIN_PAGES - pinned->nr);
		n = iov_iter_get_pages2(from, pages, len - pinned->len, room,
					&off);
		if (n > 0)
			keep_pages(pinned, pages, off, n);
	}
	if (!pinned->nr) {
		kfree(pinned);
		return NULL;
	}
	net_zcopy_get(ubuf);
	pinned->ubuf = ubuf;
	zerocopy_of(ubuf)->pinned = true;
	return pinned;
}

/**
 * zmq_unpin() - undo zmq_pin()
 * @pinned: what nobody refers to any more
 *
 * Context: Any but hard interrupt; no lock that the end of a socket takes.
 */
void zmq_unpin(struct zmq_pinned *pinned)
{
	while (pinned->nr)
		put_page(pinned->bv[--pinned->nr].bv_page);
	net_zcopy_put(pinned->ubuf);
	kfree(pinned);
}

/**
 * zmq_pinned_iter() - make an iterator of a part of what is pinned
 * @pinned: the memory
 * @off: where the part begins
 * @len: bytes in it
 * @iter: the iterator
 *
 * Context: Any.
 */
void zmq_pinned_iter(const struct zmq_pinned *pinned, u32 off, u32 len,
		     struct iov_iter *iter)
{
	iov_iter_bvec(iter, ITER_SOURCE, pinned->bv, pinned->nr, pinned->len);
	iov_iter_advance(iter, off);
	iov_iter_truncate(iter, len);
}
