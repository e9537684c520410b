// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Bind, connect and their opposites.
 */
#include <errno.h>
#include <string.h>

#include "names.h"
#include "zmqk.h"

/* A source and a destination address, both as long as they get, and "tcp://" */
#define RESOLVED_MAX	512

/**
 * struct verb - one of the four things to do with an endpoint
 * @syscall: bind() or connect(); NULL if there is none
 * @option: the same as a socket option
 * @interfaces: the endpoint may name a network interface
 * @resolver: a socket with ZMQ_RESOLVE takes the name of a host as it is
 */
struct verb {
	int (*syscall)(int fd, const struct sockaddr *addr, socklen_t len);
	int option;
	bool interfaces;
	bool resolver;
};

static int apply(int fd, const struct verb *verb, const char *text)
{
	struct sockaddr_zmq sz;
	size_t len = strlen(text);

	if (!verb->syscall || len > sizeof(sz.szmq_endpoint))
		return zmqk_set_bytes(fd, verb->option, text, len);
	sz.szmq_family = zmqk_family();
	memcpy(sz.szmq_endpoint, text, len);
	return verb->syscall(fd, (struct sockaddr *)&sz,
			     offsetof(struct sockaddr_zmq, szmq_endpoint) + len);
}

/* Whether another address of the same name may do where this one did not */
static bool wrong_address(int err)
{
	return err == EADDRNOTAVAIL || err == EAFNOSUPPORT || err == ENOENT;
}

static int apply_names(int fd, const struct verb *verb, const char *endpoint,
		       const struct zmqk_names *names)
{
	char text[RESOLVED_MAX];
	struct addrinfo *list, *ai;
	int ipv6, err, ret = -1;

	if (zmqk_get_int(fd, ZMQ_IPV6, &ipv6) || zmqk__lookup(names, ipv6, &list))
		return -1;
	for (ai = list; ai; ai = ai->ai_next) {
		ret = zmqk__print(endpoint, names, ai, text, sizeof(text));
		if (!ret)
			ret = apply(fd, verb, text);
		if (!ret || !wrong_address(errno))
			break;
	}
	err = errno;
	freeaddrinfo(list);
	errno = err;
	return ret;
}

static bool has_resolver(int fd)
{
	int on;

	return !zmqk_get_int(fd, ZMQ_RESOLVE, &on) && on;
}

static int run(int fd, const struct verb *verb, const char *endpoint)
{
	struct zmqk_names names;
	int found;

	if (!endpoint) {
		errno = EINVAL;
		return -1;
	}
	found = zmqk__split(endpoint, verb->interfaces, &names);
	if (found < 0)
		return -1;
	if (found && names.host_is_name && verb->resolver && has_resolver(fd)) {
		names.host_is_name = false;
		found = names.service_is_name;
	}
	return found ? apply_names(fd, verb, endpoint, &names) : apply(fd, verb, endpoint);
}

int zmqk_bind(int fd, const char *endpoint)
{
	static const struct verb verb = { bind, ZMQ_BIND, true, false };

	return run(fd, &verb, endpoint);
}

int zmqk_unbind(int fd, const char *endpoint)
{
	static const struct verb verb = { NULL, ZMQ_UNBIND, true, false };

	return run(fd, &verb, endpoint);
}

int zmqk_connect(int fd, const char *endpoint)
{
	static const struct verb verb = { connect, ZMQ_CONNECT, false, true };

	return run(fd, &verb, endpoint);
}

int zmqk_disconnect(int fd, const char *endpoint)
{
	static const struct verb verb = { NULL, ZMQ_DISCONNECT, false, true };

	return run(fd, &verb, endpoint);
}
