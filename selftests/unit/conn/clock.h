/* SPDX-License-Identifier: GPL-2.0-only */
/* Time that passes when a test says so, and work that is done then. */
#ifndef _UNIT_CLOCK_H
#define _UNIT_CLOCK_H

#include <linux/hrtimer.h>

/* Begin at 0, with nothing set and nothing queued. */
void clock_init(void);

/* When the first timer expires, S64_MAX for never. */
s64 clock_next(void);

/* Move to @when and call the timers that expire until then. */
void clock_move(s64 when);

/* Do what is queued. Return: false if there was nothing. */
bool clock_work(void);

#endif
