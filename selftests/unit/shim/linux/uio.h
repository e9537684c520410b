/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_UIO_H
#define _SHIM_UIO_H

#include <linux/bvec.h>
#include <linux/types.h>

#define ITER_SOURCE 1

struct kvec {
	void	*iov_base;
	size_t	iov_len;
};

/**
 * struct iov_iter - memory that is read once, from its beginning
 * @bv: pieces of it, or NULL
 * @kv: the one piece otherwise
 * @count: bytes
 */
struct iov_iter {
	const struct bio_vec	*bv;
	const struct kvec	*kv;
	size_t			count;
};

static inline void iov_iter_bvec(struct iov_iter *i, int dir,
				 const struct bio_vec *bv, unsigned long nr,
				 size_t count)
{
	*i = (struct iov_iter){ .bv = bv, .count = count };
}

static inline void iov_iter_kvec(struct iov_iter *i, int dir,
				 const struct kvec *kv, unsigned long nr,
				 size_t count)
{
	*i = (struct iov_iter){ .kv = kv, .count = count };
}

#endif
