/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_SCHED_H
#define _SHIM_SCHED_H

/* How often a long loop has let others run. */
extern unsigned long shim_rescheds;

static inline void cond_resched(void)
{
	shim_rescheds++;
}

#endif
