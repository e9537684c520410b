// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Names of hosts. The kernel asks for an address before each attempt to connect
 * to a name, by an event, and is told by a socket option.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lookup.h"
#include "names.h"

#define RECORDS	8	/* are read at once */
#define EVENTS	16
#define TURNS	256

/* What epoll_wait() says of look-ups; sockets have other numbers. */
#define LOOKUPS	0

/**
 * struct watch - a socket whose names are looked up
 * @next: in the resolver's list
 * @id: its number, which no other has
 * @fd: the socket
 * @monitor: asks
 * @turns: how often something was asked, by the hash of its name
 */
struct watch {
	struct watch *next;
	uint64_t id;
	int fd;
	int monitor;
	unsigned char turns[TURNS];
};

/**
 * struct zmqk_resolver - who looks names up
 * @fd: the epoll instance
 * @lookup: the caller's function, or NULL
 * @arg: for @lookup
 * @lookups: without @lookup: the threads
 * @watches: the sockets
 * @ids: the last number that was given
 */
struct zmqk_resolver {
	int fd;
	int (*lookup)(void *arg, const char *host, int family, struct sockaddr_storage *addr);
	void *arg;
	struct zmqk_lookups *lookups;
	struct watch *watches;
	uint64_t ids;
};

static int fail(int err)
{
	errno = err;
	return -1;
}

static int wait_for(struct zmqk_resolver *resolver, int fd, uint64_t id)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = id };

	return epoll_ctl(resolver->fd, EPOLL_CTL_ADD, fd, &event);
}

struct zmqk_resolver *zmqk_resolver_new(int (*lookup)(void *arg, const char *host, int family,
						      struct sockaddr_storage *addr),
					void *arg)
{
	struct zmqk_resolver *resolver = calloc(1, sizeof(*resolver));

	if (!resolver)
		return NULL;
	resolver->lookup = lookup;
	resolver->arg = arg;
	resolver->fd = epoll_create1(EPOLL_CLOEXEC);
	if (resolver->fd < 0)
		goto err;
	if (lookup)
		return resolver;
	resolver->lookups = zmqk__lookups_new();
	if (resolver->lookups &&
	    !wait_for(resolver, zmqk__lookups_fd(resolver->lookups), LOOKUPS))
		return resolver;
err:
	zmqk_resolver_free(resolver);
	return NULL;
}

static struct watch **find_fd(struct zmqk_resolver *resolver, int fd)
{
	struct watch **p;

	for (p = &resolver->watches; *p; p = &(*p)->next)
		if ((*p)->fd == fd)
			break;
	return p;
}

static struct watch **find_id(struct zmqk_resolver *resolver, uint64_t id)
{
	struct watch **p;

	for (p = &resolver->watches; *p; p = &(*p)->next)
		if ((*p)->id == id)
			break;
	return p;
}

static void drop(struct watch **p)
{
	struct watch *watch = *p;

	*p = watch->next;
	close(watch->monitor);
	free(watch);
}

/* A monitor tells all that it is made for, so what others are to tell is kept. */
static int open_monitor(int fd)
{
	int events, monitor, err, ret;

	if (zmqk_get_int(fd, ZMQ_MONITOR, &events) ||
	    zmqk_set_int(fd, ZMQ_MONITOR, ZMQ_EVENT_RESOLVE))
		return -1;
	ret = zmqk_get_int(fd, ZMQ_MONITOR_FD, &monitor);
	err = errno;
	zmqk_set_int(fd, ZMQ_MONITOR, events);
	return ret ? fail(err) : monitor;
}

static bool is_over(const struct watch *watch)
{
	struct pollfd p = { .fd = watch->monitor };

	return poll(&p, 1, 0) == 1 && p.revents & POLLHUP;
}

int zmqk_resolver_add(struct zmqk_resolver *resolver, int fd)
{
	struct watch **same = find_fd(resolver, fd);
	struct watch *watch;
	int err, on;

	/* A number is given anew once a socket is closed. */
	if (*same && !is_over(*same))
		return fail(EEXIST);
	if (*same)
		drop(same);
	if (zmqk_get_int(fd, ZMQ_RESOLVE, &on))
		return -1;
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return -1;
	watch->fd = fd;
	watch->id = ++resolver->ids;
	watch->monitor = open_monitor(fd);
	if (watch->monitor < 0)
		goto err_watch;
	if (fcntl(watch->monitor, F_SETFL, O_NONBLOCK) ||
	    wait_for(resolver, watch->monitor, watch->id) ||
	    (!on && zmqk_set_int(fd, ZMQ_RESOLVE, 1)))
		goto err_monitor;
	watch->next = resolver->watches;
	resolver->watches = watch;
	return 0;

err_monitor:
	err = errno;
	close(watch->monitor);
	errno = err;
err_watch:
	err = errno;
	free(watch);
	return fail(err);
}

int zmqk_resolver_remove(struct zmqk_resolver *resolver, int fd)
{
	struct watch **p = find_fd(resolver, fd);

	if (!*p)
		return fail(ENOENT);
	drop(p);
	return 0;
}

int zmqk_resolver_fd(const struct zmqk_resolver *resolver)
{
	return resolver->fd;
}

/* @address may be "": there is none. */
static int answer(int fd, const char *endpoint, const char *address)
{
	char text[2 * ZMQ_EVENT_ENDPOINT_MAX];
	size_t head = strlen(endpoint) + 1, len = strlen(address);

	if (head + len > sizeof(text))
		return fail(EINVAL);
	memcpy(text, endpoint, head);
	memcpy(text + head, address, len);
	return setsockopt(fd, SOL_ZMQ, ZMQ_RESOLVED, text, head + len);
}

static int print(const char *endpoint, const struct sockaddr *addr, char *text, size_t size)
{
	struct addrinfo ai = { .ai_family = addr->sa_family, .ai_addr = (struct sockaddr *)addr };
	struct zmqk_names names;

	if (addr->sa_family == AF_INET)
		ai.ai_addrlen = sizeof(struct sockaddr_in);
	else if (addr->sa_family == AF_INET6)
		ai.ai_addrlen = sizeof(struct sockaddr_in6);
	else
		return fail(EAFNOSUPPORT);
	if (zmqk__split(endpoint, false, &names) != 1 || !names.host_is_name)
		return fail(EINVAL);
	return zmqk__print(endpoint, &names, &ai, text, size);
}

int zmqk_resolved(int fd, const char *endpoint, const struct sockaddr *addr)
{
	char text[ZMQ_EVENT_ENDPOINT_MAX] = "";

	if (addr && print(endpoint, addr, text, sizeof(text)))
		return -1;
	return answer(fd, endpoint, text);
}

/* Returns 1 if @watch was given an answer, 0 if nobody waits for it any more. */
static int ask_caller(struct zmqk_resolver *resolver, const struct watch *watch,
		      const char *endpoint, bool ipv6)
{
	struct sockaddr_storage addr = {};
	const int fd = watch->fd;
	struct zmqk_names names;
	int err;

	if (zmqk__split(endpoint, false, &names) != 1)
		return 0;
	/* It may remove the socket. */
	err = resolver->lookup(resolver->arg, names.host, ipv6 ? AF_UNSPEC : AF_INET, &addr);
	if (!err && !zmqk_resolved(fd, endpoint, (struct sockaddr *)&addr))
		return 1;
	return !zmqk_resolved(fd, endpoint, NULL);
}

static unsigned int next_turn(struct watch *watch, const char *endpoint)
{
	unsigned int hash = 0;

	while (*endpoint)
		hash = hash * 31 + (unsigned char)*endpoint++;
	return watch->turns[hash % TURNS]++;
}

static int ask_threads(struct zmqk_resolver *resolver, struct watch *watch,
		       const char *endpoint, bool ipv6)
{
	struct zmqk_lookup *lookup = calloc(1, sizeof(*lookup));

	if (!lookup)
		return !answer(watch->fd, endpoint, "");
	lookup->watch = watch->id;
	lookup->ipv6 = ipv6;
	lookup->turn = next_turn(watch, endpoint);
	memcpy(lookup->endpoint, endpoint, strlen(endpoint) + 1);
	if (!zmqk__lookups_start(resolver->lookups, lookup))
		return 0;
	free(lookup);
	return !answer(watch->fd, endpoint, "");
}

static int ask(struct zmqk_resolver *resolver, uint64_t id, const char *endpoint)
{
	struct watch *watch = *find_id(resolver, id);
	int ipv6;

	if (!watch || zmqk_get_int(watch->fd, ZMQ_IPV6, &ipv6))
		return 0;
	if (resolver->lookup)
		return ask_caller(resolver, watch, endpoint, ipv6);
	return ask_threads(resolver, watch, endpoint, ipv6);
}

static int read_questions(struct zmqk_resolver *resolver, uint64_t id)
{
	struct zmq_event_record records[RECORDS];
	struct watch **p = find_id(resolver, id);
	int answers = 0;
	ssize_t len, i;

	if (!*p)
		return 0;
	len = read((*p)->monitor, records, sizeof(records));
	if (!len) {
		drop(p);
		return 0;
	}
	for (i = 0; i < len / (ssize_t)sizeof(*records); i++)
		if (records[i].event == ZMQ_EVENT_RESOLVE)
			answers += ask(resolver, id, records[i].remote);
	return answers;
}

static int give_answers(struct zmqk_resolver *resolver)
{
	struct zmqk_lookup *list = zmqk__lookups_done(resolver->lookups), *lookup;
	struct watch *watch;
	int answers = 0;

	while ((lookup = list)) {
		list = lookup->next;
		watch = *find_id(resolver, lookup->watch);
		/* Without an address the text is empty. */
		if (watch)
			answers += !answer(watch->fd, lookup->endpoint, lookup->address);
		free(lookup);
	}
	return answers;
}

int zmqk_resolver_run(struct zmqk_resolver *resolver)
{
	struct epoll_event events[EVENTS];
	int answers = 0, n, i;

	n = epoll_wait(resolver->fd, events, EVENTS, 0);
	for (i = 0; i < n; i++) {
		if (events[i].data.u64 == LOOKUPS)
			answers += give_answers(resolver);
		else
			answers += read_questions(resolver, events[i].data.u64);
	}
	return n < 0 ? -1 : answers;
}

void zmqk_resolver_free(struct zmqk_resolver *resolver)
{
	int err = errno;

	if (!resolver)
		return;
	while (resolver->watches)
		drop(&resolver->watches);
	zmqk__lookups_free(resolver->lookups);
	if (resolver->fd >= 0)
		close(resolver->fd);
	free(resolver);
	errno = err;
}
