// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Names are looked up in threads, since getaddrinfo() can neither be asked not
 * to wait nor be interrupted. A thread is there while there is something to do.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lookup.h"
#include "names.h"

/* At a time, so that a few servers that do not answer hold up nobody else */
#define THREADS_MAX	16

/**
 * struct zmqk_lookups - the look-ups of a resolver
 * @lock: protects all but @fd
 * @refs: the resolver and the threads
 * @threads: how many there are
 * @closed: the resolver is gone
 * @fd: readable while @done has something
 * @waiting: no thread has taken these
 * @done: what was found
 */
struct zmqk_lookups {
	pthread_mutex_t lock;
	int refs;
	int threads;
	bool closed;
	int fd;
	struct zmqk_lookup *waiting;
	struct zmqk_lookup *done;
};

static void append(struct zmqk_lookup **list, struct zmqk_lookup *lookup)
{
	while (*list)
		list = &(*list)->next;
	lookup->next = NULL;
	*list = lookup;
}

static struct zmqk_lookup *take(struct zmqk_lookup **list)
{
	struct zmqk_lookup *first = *list;

	if (first)
		*list = first->next;
	return first;
}

static void free_list(struct zmqk_lookup **list)
{
	struct zmqk_lookup *lookup;

	while ((lookup = take(list)))
		free(lookup);
}

struct zmqk_lookups *zmqk__lookups_new(void)
{
	struct zmqk_lookups *lookups = calloc(1, sizeof(*lookups));
	int err;

	if (!lookups)
		return NULL;
	lookups->refs = 1;
	lookups->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (lookups->fd >= 0) {
		pthread_mutex_init(&lookups->lock, NULL);
		return lookups;
	}
	err = errno;
	free(lookups);
	errno = err;
	return NULL;
}

int zmqk__lookups_fd(const struct zmqk_lookups *lookups)
{
	return lookups->fd;
}

/* Under the lock, which it releases. */
static void put(struct zmqk_lookups *lookups)
{
	bool last = !--lookups->refs;

	pthread_mutex_unlock(&lookups->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&lookups->lock);
	free(lookups);
}

static const struct addrinfo *choose(const struct addrinfo *list, unsigned int turn)
{
	const struct addrinfo *ai;
	unsigned int n = 0;

	for (ai = list; ai; ai = ai->ai_next)
		n++;
	for (turn %= n; turn; turn--)
		list = list->ai_next;
	return list;
}

static void find(struct zmqk_lookup *lookup)
{
	struct zmqk_names names;
	struct addrinfo *list;

	if (zmqk__split(lookup->endpoint, false, &names) != 1 ||
	    zmqk__lookup(&names, lookup->ipv6, &list))
		return;
	if (zmqk__print(lookup->endpoint, &names, choose(list, lookup->turn),
			lookup->address, sizeof(lookup->address)))
		*lookup->address = '\0';
	freeaddrinfo(list);
}

static void finish(struct zmqk_lookups *lookups, struct zmqk_lookup *lookup)
{
	if (lookups->closed) {
		free(lookup);
		return;
	}
	append(&lookups->done, lookup);
	/* Fails only where it is readable anyway. */
	eventfd_write(lookups->fd, 1);
}

static void *work(void *arg)
{
	struct zmqk_lookups *lookups = arg;
	struct zmqk_lookup *lookup;

	pthread_mutex_lock(&lookups->lock);
	while ((lookup = take(&lookups->waiting))) {
		pthread_mutex_unlock(&lookups->lock);
		find(lookup);
		pthread_mutex_lock(&lookups->lock);
		finish(lookups, lookup);
	}
	lookups->threads--;
	put(lookups);
	return NULL;
}

/* Under the lock. Signals are for the program's own threads. */
static int start_thread(struct zmqk_lookups *lookups)
{
	sigset_t all, saved;
	pthread_t thread;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &saved);
	err = pthread_create(&thread, NULL, work, lookups);
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	if (err)
		return err;
	pthread_detach(thread);
	lookups->threads++;
	lookups->refs++;
	return 0;
}

int zmqk__lookups_start(struct zmqk_lookups *lookups, struct zmqk_lookup *lookup)
{
	int err = 0;

	pthread_mutex_lock(&lookups->lock);
	if (lookups->threads < THREADS_MAX)
		err = start_thread(lookups);
	/* Those that there are will do it, too. */
	if (lookups->threads)
		err = 0;
	if (!err)
		append(&lookups->waiting, lookup);
	pthread_mutex_unlock(&lookups->lock);
	errno = err;
	return err ? -1 : 0;
}

struct zmqk_lookup *zmqk__lookups_done(struct zmqk_lookups *lookups)
{
	struct zmqk_lookup *list;
	eventfd_t count;

	pthread_mutex_lock(&lookups->lock);
	eventfd_read(lookups->fd, &count);
	list = lookups->done;
	lookups->done = NULL;
	pthread_mutex_unlock(&lookups->lock);
	return list;
}

void zmqk__lookups_free(struct zmqk_lookups *lookups)
{
	if (!lookups)
		return;
	pthread_mutex_lock(&lookups->lock);
	lookups->closed = true;
	close(lookups->fd);
	free_list(&lookups->waiting);
	free_list(&lookups->done);
	put(lookups);
}
