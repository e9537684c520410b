// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Addresses as text.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "zmqk.h"

static int print_in(const void *any, char *buf, size_t size)
{
	const struct sockaddr_in *in = any;
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
	return snprintf(buf, size, "tcp://%s:%u", text, ntohs(in->sin_port));
}

static int print_in6(const void *any, char *buf, size_t size)
{
	const struct sockaddr_in6 *in6 = any;
	char text[INET6_ADDRSTRLEN], zone[16] = "";

	inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
	if (in6->sin6_scope_id)
		snprintf(zone, sizeof(zone), "%%%u", (unsigned int)in6->sin6_scope_id);
	return snprintf(buf, size, "tcp://[%s%s]:%u", text, zone, ntohs(in6->sin6_port));
}

static int print_un(const void *any, size_t len, char *buf, size_t size)
{
	const struct sockaddr_un *un = any;
	size_t head = offsetof(struct sockaddr_un, sun_path);

	len = len > head ? len - head : 0;
	if (len && !un->sun_path[0])
		return snprintf(buf, size, "ipc://@%.*s", (int)len - 1, un->sun_path + 1);
	return snprintf(buf, size, "ipc://%.*s", (int)len, un->sun_path);
}

static int print_vm(const void *any, char *buf, size_t size)
{
	const struct sockaddr_vm *vm = any;

	return snprintf(buf, size, "vsock://%u:%u", vm->svm_cid, vm->svm_port);
}

static int print_zmq(const void *any, size_t len, char *buf, size_t size)
{
	const struct sockaddr_zmq_peer *peer = any;
	const struct sockaddr_zmq *zmq = any;
	size_t head = offsetof(struct sockaddr_zmq, szmq_endpoint);

	if (len == sizeof(*peer) && !peer->szmq_zero)
		return snprintf(buf, size, "peer:%u", peer->szmq_peer);
	len = len > head ? len - head : 0;
	return snprintf(buf, size, "%.*s", (int)len, zmq->szmq_endpoint);
}

static int print(const struct zmqk_addr *addr, char *buf, size_t size)
{
	switch (addr->len < sizeof(sa_family_t) ? AF_UNSPEC : addr->any.ss_family) {
	case AF_INET:
		return print_in(&addr->any, buf, size);
	case AF_INET6:
		return print_in6(&addr->any, buf, size);
	case AF_UNIX:
		return print_un(&addr->any, addr->len, buf, size);
	case AF_VSOCK:
		return print_vm(&addr->any, buf, size);
	case AF_UNSPEC:
		return -1;
	}
	return addr->any.ss_family == zmqk_family() ?
	       print_zmq(&addr->any, addr->len, buf, size) : -1;
}

char *zmqk_addr_text(const struct zmqk_addr *addr, char *buf, size_t size)
{
	int len = print(addr, buf, size);

	if (len >= 0 && (size_t)len < size)
		return buf;
	errno = len < 0 ? EAFNOSUPPORT : ENOSPC;
	return NULL;
}
