/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_SLAB_H
#define _SHIM_SLAB_H

#include <linux/types.h>
#include <stdlib.h>

#define GFP_KERNEL 0U
#define GFP_ATOMIC 1U

/* The number of allocations that succeed before one fails, -1 for ever. */
extern long shim_alloc_budget;

static inline void *kmalloc(size_t n, gfp_t gfp)
{
	(void)gfp;
	if (shim_alloc_budget >= 0 && shim_alloc_budget-- == 0)
		return NULL;
	return malloc(n);
}

static inline void kfree(void *p)
{
	free(p);
}

#endif
