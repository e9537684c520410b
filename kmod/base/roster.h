/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Things that are looked at one after another while they come and go: each has
 * a number, and who looks goes on behind the last one that it saw, however many
 * there are, without any lock in between.
 */
#ifndef _ZMQ_ROSTER_H
#define _ZMQ_ROSTER_H

#include <linux/xarray.h>

#define ZMQ_ROSTER_MAX	((1U << 30) - 2)	/* the highest number */

/**
 * struct zmq_roster - numbered things
 * @xa: the things by their number; its lock is taken with bottom halves off
 * @next: where zmq_roster_add_new() looks first
 */
struct zmq_roster {
	struct xarray	xa;
	u32		next;
};

/**
 * zmq_roster_init() - make an empty roster
 * @roster: the roster
 *
 * Context: Any.
 */
static inline void zmq_roster_init(struct zmq_roster *roster)
{
	xa_init_flags(&roster->xa, XA_FLAGS_ALLOC | XA_FLAGS_LOCK_BH |
				   XA_FLAGS_ACCOUNT);
	roster->next = 0;
}

/**
 * zmq_roster_destroy() - undo zmq_roster_init()
 * @roster: the roster, empty
 *
 * Context: Any.
 */
static inline void zmq_roster_destroy(struct zmq_roster *roster)
{
	xa_destroy(&roster->xa);
}

/**
 * zmq_roster_add() - give a thing the lowest number that is free
 * @roster: the roster; one that only ever had one thing takes no memory
 * @thing: the thing
 * @number: set to its number
 *
 * Context: Process context, no spinlock held.
 * Return: 0, -ENOMEM or -EBUSY.
 */
static inline int zmq_roster_add(struct zmq_roster *roster, void *thing,
				 u32 *number)
{
	return xa_alloc_bh(&roster->xa, number, thing,
			   XA_LIMIT(0, ZMQ_ROSTER_MAX), GFP_KERNEL_ACCOUNT);
}

/**
 * zmq_roster_add_new() - give a thing a number that nothing had for long
 * @roster: the roster
 * @thing: the thing
 * @number: set to its number
 *
 * Context: Process context, no spinlock held.
 * Return: 0, -ENOMEM or -EBUSY.
 */
static inline int zmq_roster_add_new(struct zmq_roster *roster, void *thing,
				     u32 *number)
{
	int err;

	err = xa_alloc_cyclic_bh(&roster->xa, number, thing,
				 XA_LIMIT(0, ZMQ_ROSTER_MAX), &roster->next,
				 GFP_KERNEL_ACCOUNT);
	return err < 0 ? err : 0;
}

/**
 * zmq_roster_del() - forget a thing
 * @roster: the roster
 * @number: the thing's number
 *
 * Context: Any but hard interrupts.
 */
static inline void zmq_roster_del(struct zmq_roster *roster, u32 number)
{
	xa_erase_bh(&roster->xa, number);
}

/**
 * zmq_roster_next() - find the first thing from a number on
 * @roster: the roster
 * @number: where to begin; set to the number of what was found
 *
 * Context: Any; what keeps the thing is up to the caller.
 * Return: the thing, or NULL; @number is unchanged then.
 */
static inline void *zmq_roster_next(struct zmq_roster *roster,
				    unsigned long *number)
{
	return xa_find(&roster->xa, number, ULONG_MAX, XA_PRESENT);
}

#endif /* _ZMQ_ROSTER_H */
