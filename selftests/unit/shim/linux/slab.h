/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_SLAB_H
#define _SHIM_SLAB_H

#include <linux/sched.h>
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

#define GFP_KERNEL 0U
#define GFP_ATOMIC 1U
#define __GFP_ACCOUNT 2U
#define __GFP_NOWARN 4U
#define SLAB_ACCOUNT 0
#define GFP_KERNEL_ACCOUNT (GFP_KERNEL | __GFP_ACCOUNT)

/* The number of allocations that succeed before one fails, -1 for ever. */
extern long shim_alloc_budget;

static inline void *kmalloc(size_t n, gfp_t gfp)
{
	(void)gfp;
	if (shim_alloc_budget >= 0 && shim_alloc_budget-- == 0)
		return NULL;
	return malloc(n);
}

static inline void *kzalloc(size_t n, gfp_t gfp)
{
	void *p = kmalloc(n, gfp);

	return p ? memset(p, 0, n) : NULL;
}

static inline void *kmemdup(const void *from, size_t n, gfp_t gfp)
{
	void *p = kmalloc(n, gfp);

	return p ? memcpy(p, from, n) : NULL;
}

static inline void kfree(void *p)
{
	free(p);
}

/* There are no readers without a lock in a test. */
#define kfree_rcu(p, rcu) kfree(p)

struct kmem_cache {
	size_t size;
};

static inline struct kmem_cache *kmem_cache_create(const char *name, size_t size,
						   size_t align, unsigned int flags,
						   void (*ctor)(void *p))
{
	struct kmem_cache *cache = malloc(sizeof(*cache));

	cache->size = size;
	return cache;
}

#define KMEM_CACHE(type, flags) \
	kmem_cache_create(#type, sizeof(struct type), 0, flags, NULL)

static inline void kmem_cache_destroy(struct kmem_cache *cache)
{
	free(cache);
}

static inline void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	return kmalloc(cache->size, gfp);
}

static inline void kmem_cache_free(struct kmem_cache *cache, void *p)
{
	free(p);
}

#endif
