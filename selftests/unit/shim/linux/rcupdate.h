/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_RCUPDATE_H
#define _SHIM_RCUPDATE_H

static inline void rcu_read_lock(void)
{
}

static inline void rcu_read_unlock(void)
{
}

/* There is one thread. */
#define __rcu
#define rcu_dereference(p)		(p)
#define rcu_dereference_protected(p, c)	(p)
#define rcu_assign_pointer(p, v)	((p) = (v))

#endif
