// SPDX-License-Identifier: GPL-2.0-only
/* What tries are made of: memory in sizes that fit keys. */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/types.h>
#include "trie_node.h"

/* Between the slab allocator's own sizes there is room for ours: a key of 14
 * bytes takes 40 bytes, with an owner 72.
 */
#define ZMQ_TRIE_CACHE_MIN	32
#define ZMQ_TRIE_CACHE_MAX	96
#define ZMQ_TRIE_CACHE_STEP	8
#define ZMQ_TRIE_CACHES \
	((ZMQ_TRIE_CACHE_MAX - ZMQ_TRIE_CACHE_MIN) / ZMQ_TRIE_CACHE_STEP + 1)

static struct kmem_cache *zmq_trie_caches[ZMQ_TRIE_CACHES];

static struct kmem_cache *zmq_trie_cache(size_t size)
{
	return zmq_trie_caches[(size - ZMQ_TRIE_CACHE_MIN) /
			       ZMQ_TRIE_CACHE_STEP];
}

/**
 * zmq_trie_size() - what an object takes
 * @n: its bytes
 *
 * Return: bytes, near enough.
 */
size_t zmq_trie_size(size_t n)
{
	size_t size = 128;

	if (n <= ZMQ_TRIE_CACHE_MIN)
		return ZMQ_TRIE_CACHE_MIN;
	if (n <= ZMQ_TRIE_CACHE_MAX)
		return (n + ZMQ_TRIE_CACHE_STEP - 1) / ZMQ_TRIE_CACHE_STEP *
		       ZMQ_TRIE_CACHE_STEP;
	if (n > 128 && n <= 192)
		return 192;
	while (size < n)
		size *= 2;
	return size;
}

/**
 * zmq_trie_alloc() - get memory
 * @t: whose account it is
 * @n: bytes
 * @gfp: how to allocate
 *
 * Context: As @gfp allows, the caller locks @t.
 * Return: the memory or NULL.
 */
void *zmq_trie_alloc(struct zmq_trie *t, size_t n, gfp_t gfp)
{
	size_t size = zmq_trie_size(n);
	void *p;

	if (size <= ZMQ_TRIE_CACHE_MAX)
		p = kmem_cache_alloc(zmq_trie_cache(size), gfp);
	else
		p = kmalloc(n, gfp);
	if (p)
		t->bytes += size;
	return p;
}

/**
 * zmq_trie_free() - give memory back
 * @t: whose account it is
 * @p: from zmq_trie_alloc()
 * @n: bytes, as there
 *
 * Context: Any, the caller locks @t.
 */
void zmq_trie_free(struct zmq_trie *t, void *p, size_t n)
{
	size_t size = zmq_trie_size(n);

	t->bytes -= size;
	if (size <= ZMQ_TRIE_CACHE_MAX)
		kmem_cache_free(zmq_trie_cache(size), p);
	else
		kfree(p);
}

int zmq_trie_cache_init(void)
{
	size_t size;
	char name[24];
	int i;

	for (i = 0; i < ZMQ_TRIE_CACHES; i++) {
		size = ZMQ_TRIE_CACHE_MIN + i * ZMQ_TRIE_CACHE_STEP;
		snprintf(name, sizeof(name), "zmq_trie_%zu", size);
		zmq_trie_caches[i] = kmem_cache_create(name, size, 0, 0, NULL);
		if (!zmq_trie_caches[i]) {
			zmq_trie_cache_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

void zmq_trie_cache_exit(void)
{
	int i;

	for (i = 0; i < ZMQ_TRIE_CACHES; i++) {
		kmem_cache_destroy(zmq_trie_caches[i]);
		zmq_trie_caches[i] = NULL;
	}
}
