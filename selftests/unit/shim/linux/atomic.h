/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_ATOMIC_H
#define _SHIM_ATOMIC_H

#include <linux/kernel.h>

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	long counter;
} atomic_long_t;

/* There is one thread, which sees its own memory in order. */
#define READ_ONCE(x) (x)
#define WRITE_ONCE(x, v) ((x) = (v))
#define smp_mb() do { } while (0) /* as said */
#define smp_mb__after_atomic() do { } while (0) /* as said */

#define smp_load_acquire(p) (*(p)) /* as said */
#define smp_store_release(p, v) (*(p) = (v)) /* as said */

#define atomic_read(v) ((v)->counter)
#define atomic_inc(v) ((void)(v)->counter++)
#define atomic_dec(v) ((void)(v)->counter--)
#define atomic_add(n, v) ((void)((v)->counter += (int)(n)))
#define atomic_sub(n, v) ((void)((v)->counter -= (int)(n)))
#define atomic_long_read(v) ((v)->counter)
#define atomic_long_add_return(n, v) ((v)->counter += (long)(n))
#define atomic_long_inc(v) ((void)(v)->counter++)

#define BIT(n)		(1UL << (n))

static inline bool test_bit(int bit, const unsigned long *word)
{
	return *word >> bit & 1;
}

static inline void set_bit(int bit, unsigned long *word)
{
	*word |= 1UL << bit;
}

static inline void clear_bit(int bit, unsigned long *word)
{
	*word &= ~(1UL << bit);
}

static inline bool test_and_set_bit(int bit, unsigned long *word)
{
	bool old = test_bit(bit, word);

	set_bit(bit, word);
	return old;
}

static inline bool test_and_clear_bit(int bit, unsigned long *word)
{
	bool old = test_bit(bit, word);

	clear_bit(bit, word);
	return old;
}

#endif
