/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_SPINLOCK_H
#define _SHIM_SPINLOCK_H

#include <linux/kernel.h>
#include <stdlib.h>

/* A test has one thread: a lock that is taken twice is a deadlock. */
typedef struct {
	bool held;
} spinlock_t;

static inline void spin_lock_init(spinlock_t *lock)
{
	lock->held = false;
}

static inline void spin_lock_bh(spinlock_t *lock)
{
	if (lock->held)
		abort();
	lock->held = true;
}

static inline void spin_unlock_bh(spinlock_t *lock)
{
	if (!lock->held)
		abort();
	lock->held = false;
}

#define lockdep_assert_held(lock) do {	\
	if (!(lock)->held)		\
		abort();		\
} while (0)

#endif
