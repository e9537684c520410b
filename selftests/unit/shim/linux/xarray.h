/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_XARRAY_H
#define _SHIM_XARRAY_H

#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/types.h>

#define XA_FLAGS_ALLOC		0
#define XA_FLAGS_LOCK_BH	0
#define XA_FLAGS_ACCOUNT	0
#define XA_PRESENT		0
#define XA_LIMIT(min, max)	(max)

/* Nobody looks at what there is by its number in a test. */
struct xarray {
	unsigned int	nr;
};

static inline void xa_init_flags(struct xarray *xa, gfp_t flags)
{
	xa->nr = 0;
}

static inline void xa_destroy(struct xarray *xa)
{
}

static inline int xa_alloc_bh(struct xarray *xa, u32 *id, void *entry, u32 max,
			      gfp_t gfp)
{
	*id = xa->nr++;
	return 0;
}

static inline int xa_alloc_cyclic_bh(struct xarray *xa, u32 *id, void *entry,
				     u32 max, u32 *next, gfp_t gfp)
{
	*id = xa->nr++;
	return 0;
}

static inline void xa_erase_bh(struct xarray *xa, unsigned long id)
{
}

static inline void *xa_find(struct xarray *xa, unsigned long *id,
			    unsigned long max, int filter)
{
	return NULL;
}

#endif
