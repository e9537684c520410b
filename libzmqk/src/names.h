/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#ifndef ZMQK_NAMES_H
#define ZMQK_NAMES_H

#include <netdb.h>
#include <stdbool.h>

/* A DNS name has at most 253 bytes, a service name 15 (RFC 6335). */
#define ZMQK_HOST_MAX		256
#define ZMQK_SERVICE_MAX	32

/**
 * struct zmqk_names - a tcp endpoint in its pieces
 * @prefix: bytes before the host: "tcp://", and a source address with its ';'
 * @host: the host
 * @service: the port or service
 * @host_is_name: @host is to be resolved
 * @service_is_name: @service is to be resolved
 */
struct zmqk_names {
	size_t prefix;
	char host[ZMQK_HOST_MAX];
	char service[ZMQK_SERVICE_MAX];
	bool host_is_name;
	bool service_is_name;
};

/**
 * zmqk__split - find the names in an endpoint
 * @endpoint: its text
 * @interfaces: the host may also be a network interface, which is no name
 * @names: filled in if there are any
 *
 * What is not understood holds no names either: the kernel judges it.
 *
 * Return: 1 if there are names, 0 if not, -1 with errno.
 */
int zmqk__split(const char *endpoint, bool interfaces, struct zmqk_names *names);

/**
 * zmqk__lookup - resolve the names
 * @names: from zmqk__split()
 * @ipv6: take IPv6 addresses as well
 * @list: set to the addresses, for freeaddrinfo(3)
 *
 * Return: 0, or -1 with errno.
 */
int zmqk__lookup(const struct zmqk_names *names, bool ipv6, struct addrinfo **list);

/**
 * zmqk__print - write an endpoint with an address in place of its names
 * @endpoint: its text
 * @names: from zmqk__split()
 * @ai: from zmqk__lookup()
 * @buf: receives the text
 * @size: room in @buf
 *
 * Return: 0, or -1 with errno.
 */
int zmqk__print(const char *endpoint, const struct zmqk_names *names,
		const struct addrinfo *ai, char *buf, size_t size);

#endif /* ZMQK_NAMES_H */
