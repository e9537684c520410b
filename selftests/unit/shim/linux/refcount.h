/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_REFCOUNT_H
#define _SHIM_REFCOUNT_H

#include <linux/atomic.h>
#include <stdlib.h>

typedef struct {
	unsigned int refs;
} refcount_t;

static inline void refcount_set(refcount_t *r, unsigned int n)
{
	r->refs = n;
}

static inline void refcount_inc(refcount_t *r)
{
	if (!r->refs++)
		abort();
}

static inline bool refcount_inc_not_zero(refcount_t *r)
{
	if (r->refs)
		r->refs++;
	return r->refs;
}

static inline bool refcount_dec_and_test(refcount_t *r)
{
	if (!r->refs)
		abort();
	return !--r->refs;
}

#endif
