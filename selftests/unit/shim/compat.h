/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands in for kmod/base/compat.h, whose guard it takes; see the Makefile. */
#ifndef _ZMQ_COMPAT_H
#define _ZMQ_COMPAT_H

#include <linux/types.h>
#include <endian.h>
#include <string.h>

/* Nodes of a trie that were visited. */
extern unsigned long shim_visits;
#define ZMQ_TRIE_VISIT() (shim_visits++)

#define SHIM_UNALIGNED(bits)						\
static inline u##bits get_unaligned_be##bits(const void *p)		\
{									\
	u##bits v;							\
									\
	memcpy(&v, p, sizeof(v));					\
	return be##bits##toh(v);					\
}									\
									\
static inline void put_unaligned_be##bits(u##bits v, void *p)		\
{									\
	v = htobe##bits(v);						\
	memcpy(p, &v, sizeof(v));					\
}

SHIM_UNALIGNED(16)
SHIM_UNALIGNED(32)
SHIM_UNALIGNED(64)

#endif
