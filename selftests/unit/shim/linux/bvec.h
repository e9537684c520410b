/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_BVEC_H
#define _SHIM_BVEC_H

#include <linux/types.h>

struct page;

struct bio_vec {
	struct page	*bv_page;
	unsigned int	bv_len;
	unsigned int	bv_offset;
};

static inline void bvec_set_page(struct bio_vec *bv, struct page *page,
				 unsigned int len, unsigned int off)
{
	*bv = (struct bio_vec){ page, len, off };
}

#endif
