/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#ifndef ZMQK_LOOKUP_H
#define ZMQK_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "zmqk.h"

/**
 * struct zmqk_lookup - a name whose address is wanted
 * @next: in a list
 * @watch: who wants it
 * @ipv6: IPv6 addresses are of use
 * @turn: which one of several addresses
 * @endpoint: with the name
 * @address: the same with the address, or "" if there is none
 */
struct zmqk_lookup {
	struct zmqk_lookup *next;
	uint64_t watch;
	bool ipv6;
	unsigned int turn;
	char endpoint[ZMQ_EVENT_ENDPOINT_MAX];
	char address[ZMQ_EVENT_ENDPOINT_MAX];
};

struct zmqk_lookups;

/**
 * zmqk__lookups_new - prepare to look names up
 *
 * Return: the object, or NULL with errno.
 */
struct zmqk_lookups *zmqk__lookups_new(void);

/**
 * zmqk__lookups_fd - tell what is readable when something was found
 * @lookups: the object
 *
 * Return: the descriptor, which stays the object's.
 */
int zmqk__lookups_fd(const struct zmqk_lookups *lookups);

/**
 * zmqk__lookups_start - look a name up in a thread
 * @lookups: the object
 * @lookup: which; the object's if this succeeds
 *
 * Return: 0, or -1 with errno.
 */
int zmqk__lookups_start(struct zmqk_lookups *lookups, struct zmqk_lookup *lookup);

/**
 * zmqk__lookups_done - take what is done
 * @lookups: the object
 *
 * Return: a list of them, which is the caller's, in the order in which they
 * were done; or NULL.
 */
struct zmqk_lookup *zmqk__lookups_done(struct zmqk_lookups *lookups);

/**
 * zmqk__lookups_free - undo zmqk__lookups_new()
 * @lookups: the object, or NULL
 *
 * Waits for no thread: those that are busy end when their look-up does.
 */
void zmqk__lookups_free(struct zmqk_lookups *lookups);

#endif /* ZMQK_LOOKUP_H */
