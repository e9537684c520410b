/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_HRTIMER_H
#define _SHIM_HRTIMER_H

#include <linux/types.h>

typedef s64 ktime_t;

/* Only as members of structs; nothing that is tested uses them. */
struct hrtimer {
	char unused;
};

#endif
