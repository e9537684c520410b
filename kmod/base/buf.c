// SPDX-License-Identifier: GPL-2.0-only
/* Buffers that outgoing messages lie in. */

#include <linux/slab.h>
#include "drop.h"
#include "mem.h"
#include "msg.h"
#include "zerocopy.h"

static struct kmem_cache *buf_cache;

/* A buffer that has no memory yet. */
static struct zmq_buf *buf_alloc(struct sock *sk, u32 size)
{
	struct zmq_buf *buf = kmem_cache_zalloc(buf_cache, GFP_KERNEL);

	if (!buf)
		goto err_count;
	if (!zmq_mem_charge_tx(sk, size + sizeof(*buf)))
		goto err_free;
	refcount_set(&buf->ref, 1);
	buf->size = size;
	buf->sk = sk;
	sock_hold(sk);
	return buf;

err_free:
	kmem_cache_free(buf_cache, buf);
err_count:
	zmq_drop(sk, NULL, ZMQ_MIB_NOMEM, 1);
	return NULL;
}

static void buf_free(struct zmq_buf *buf)
{
	struct sock *sk = buf->sk;

	zmq_mem_uncharge_tx(sk, buf->size + sizeof(*buf));
	kmem_cache_free(buf_cache, buf);
	sock_put(sk);
}

/**
 * zmq_buf_new() - make an empty buffer
 * @sk: the socket that is charged
 * @size: room in it, a power of two
 *
 * Context: Process context.
 * Return: the buffer with a reference, or NULL.
 */
struct zmq_buf *zmq_buf_new(struct sock *sk, u32 size)
{
	unsigned int order = get_order(size);
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN;
	struct zmq_buf *buf = buf_alloc(sk, size);

	if (!buf)
		return NULL;
	if (order)
		gfp |= __GFP_COMP | __GFP_NORETRY;
	buf->page = alloc_pages(gfp, order);
	if (buf->page)
		return buf;
	zmq_drop(sk, NULL, ZMQ_MIB_NOMEM, 1);
	buf_free(buf);
	return NULL;
}

/**
 * zmq_buf_of_pinned() - make a buffer of the caller's memory
 * @sk: the socket that is charged
 * @pinned: the memory, taken over
 *
 * Context: Process context.
 * Return: the buffer with a reference, or NULL.
 */
struct zmq_buf *zmq_buf_of_pinned(struct sock *sk, struct zmq_pinned *pinned)
{
	struct zmq_buf *buf = buf_alloc(sk, pinned->nr << PAGE_SHIFT);

	if (!buf) {
		zmq_unpin(pinned);
		return NULL;
	}
	buf->pinned = pinned;
	buf->fill = pinned->len;
	return buf;
}

/**
 * zmq_buf_put() - drop a reference to a buffer
 * @buf: the buffer
 *
 * Context: Any but hard interrupt; no lock that the accounting takes is held.
 */
void zmq_buf_put(struct zmq_buf *buf)
{
	if (!refcount_dec_and_test(&buf->ref))
		return;
	if (buf->pinned)
		zmq_unpin(buf->pinned);
	else
		put_page(buf->page);
	buf_free(buf);
}

/**
 * zmq_buf_cache_init() - create what this file allocates from
 *
 * Return: 0 or -ENOMEM.
 */
int zmq_buf_cache_init(void)
{
	buf_cache = KMEM_CACHE(zmq_buf, SLAB_ACCOUNT);
	return buf_cache ? 0 : -ENOMEM;
}

/**
 * zmq_buf_cache_exit() - undo zmq_buf_cache_init()
 */
void zmq_buf_cache_exit(void)
{
	kmem_cache_destroy(buf_cache);
}
