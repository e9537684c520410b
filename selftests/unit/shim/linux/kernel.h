/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_KERNEL_H
#define _SHIM_KERNEL_H

#include <linux/err.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <stdio.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))

/* Like the kernel's, these refuse to compare different types. */
#define min(a, b) ({				\
	__typeof__(a) _a = (a);			\
	__typeof__(b) _b = (b);			\
	(void)(&_a == &_b);			\
	_a < _b ? _a : _b; })
#define max(a, b) ({				\
	__typeof__(a) _a = (a);			\
	__typeof__(b) _b = (b);			\
	(void)(&_a == &_b);			\
	_a > _b ? _a : _b; })
#define min_not_zero(a, b) ({			\
	__typeof__(a) _x = (a);			\
	__typeof__(b) _y = (b);			\
	!_x ? _y : !_y ? _x : min(_x, _y); })
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define div_u64(n, d) ((u64)(n) / (u32)(d))
#define clamp_t(type, v, lo, hi) min_t(type, (type)(v) < (type)(lo) ? (lo) : (v), hi)

static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

#endif
