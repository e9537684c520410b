/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_MUTEX_H
#define _SHIM_MUTEX_H

#include <linux/types.h>
#include <stdlib.h>

/* A test has one thread: a lock that is taken twice is a deadlock. */
struct mutex {
	bool held;
};

static inline void mutex_init(struct mutex *lock)
{
	lock->held = false;
}

static inline bool mutex_trylock(struct mutex *lock)
{
	if (lock->held)
		return false;
	lock->held = true;
	return true;
}

static inline void mutex_lock(struct mutex *lock)
{
	if (!mutex_trylock(lock))
		abort();
}

static inline void mutex_unlock(struct mutex *lock)
{
	if (!lock->held)
		abort();
	lock->held = false;
}

#endif
