/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_JIFFIES_H
#define _SHIM_JIFFIES_H

#include <linux/hrtimer.h>
#include <linux/time64.h>
#include <limits.h>

#define HZ 250
#define MAX_JIFFY_OFFSET ((LONG_MAX >> 1) - 1)

/* As the kernel's they wrap around while a test runs, if it takes minutes. */
#define SHIM_JIFFIES_START ((unsigned long)-100 * HZ)
#define jiffies (SHIM_JIFFIES_START + shim_now / (NSEC_PER_SEC / HZ))
#define tcp_jiffies32 ((u32)jiffies)

#define time_after(a, b) ((long)((b) - (a)) < 0)
#define time_before(a, b) time_after(b, a)
#define time_after_eq(a, b) ((long)((a) - (b)) >= 0)
#define time_before32(a, b) ((s32)((u32)(a) - (u32)(b)) < 0)

static inline unsigned long msecs_to_jiffies(unsigned int ms)
{
	return ((unsigned long)ms * HZ + MSEC_PER_SEC - 1) / MSEC_PER_SEC;
}

#endif
