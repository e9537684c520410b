// SPDX-License-Identifier: GPL-2.0-only
/* The socket, and what it is bound and connected to. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zmqcat.h"

#define TCP "tcp://"

/* The module may have been given another number. */
static int number_in_use(void)
{
	FILE *f = fopen("/sys/module/zmq/parameters/family", "re");
	int number = AF_ZMQ;

	if (f) {
		if (fscanf(f, "%d", &number) != 1)
			number = AF_ZMQ;
		fclose(f);
	}
	return number;
}

int socket_open(const struct config *c)
{
	int fd = socket(number_in_use(), SOCK_SEQPACKET | SOCK_CLOEXEC, c->type);
	int on = 1;

	if (fd >= 0) {
		if (type_receives(c->type))
			sockopt_int(fd, ZMQ_RCVFRAMES, 1, "RCVFRAMES");
		if (c->show & SHOW_PEER && !type_has_id(c->type))
			sockopt_int(fd, ZMQ_NAME_FORM, 1, "NAME_FORM");
		if (c->show & SHOW_SENDER &&
		    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)))
			die_errno("SO_PASSCRED");
		return fd;
	}
	if (errno == EAFNOSUPPORT)
		die(STATUS_NO_FAMILY, "this kernel has no AF_ZMQ; zmqk-check tells why");
	if (errno == EACCES || errno == EPERM)
		die(STATUS_NO_FAMILY, "AF_ZMQ sockets are not allowed here; zmqk-check tells why");
	die_errno("socket of type %s", type_name(c->type));
}

/* The host's end in "host:port", NULL if it is an address already. */
static const char *host_end(const char *host)
{
	const char *end = strrchr(host, ':');
	struct in_addr in;
	char text[256];

	if (!end || *host == '[' || *host == '*' || end == host ||
	    (size_t)(end - host) >= sizeof(text))
		return NULL;
	memcpy(text, host, end - host);
	text[end - host] = 0;
	return inet_pton(AF_INET, text, &in) == 1 ? NULL : end;
}

/* Return: what getaddrinfo() finds, to be freed. */
static struct addrinfo *find(const char *text, const char *host, const char *end)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	char *name = xprintf("%.*s", (int)(end - host), host);
	struct addrinfo *list;
	int err = getaddrinfo(name, NULL, &hints, &list);

	if (err)
		die(STATUS_ERROR, "%s: %s: %s", text, name, gai_strerror(err));
	free(name);
	return list;
}

static bool has_ipv6(const struct addrinfo *list)
{
	while (list && list->ai_family != AF_INET6)
		list = list->ai_next;
	return list;
}

static char *with_address(const char *text, const char *host, const struct addrinfo *ai,
			  const char *end)
{
	bool six = ai->ai_family == AF_INET6;
	char address[NI_MAXHOST];
	int err;

	err = getnameinfo(ai->ai_addr, ai->ai_addrlen, address, sizeof(address), NULL, 0,
			  NI_NUMERICHOST);
	if (err)
		die(STATUS_ERROR, "%s: %s", text, gai_strerror(err));
	return xprintf("%.*s%s%s%s%s", (int)(host - text), text, six ? "[" : "", address,
		       six ? "]" : "", end);
}

/* A name that has no address is told at once. One that has is followed from then on, but the
 * kernel takes none behind a source. Return: the endpoint to connect to, to be freed.
 */
static char *resolve(int fd, char *text)
{
	struct addrinfo *list;
	const char *host, *end;
	char *out = text;

	if (strncmp(text, TCP, strlen(TCP)))
		return text;
	host = text + strlen(TCP);
	if (strchr(host, ';'))
		host = strchr(host, ';') + 1;
	end = host_end(host);
	if (!end)
		return text;
	list = find(text, host, end);
	if (host == text + strlen(TCP)) {
		names_follow(fd);
		if (has_ipv6(list))
			sockopt_int(fd, ZMQ_IPV6, 1, "IPV6");
	} else {
		out = with_address(text, host, list, end);
		free(text);
	}
	freeaddrinfo(list);
	return out;
}

/* "host:port" and ":port" mean tcp://. Return: the endpoint's text, to be freed. */
static char *complete(const struct endpoint *e)
{
	const char *text = e->text, *here = e->bind ? "*" : "127.0.0.1";

	return xprintf("%s%s%s", strstr(text, "://") ? "" : TCP, *text == ':' ? here : "",
		       text);
}

/**
 * endpoint_go() - bind or connect
 * @fd: the socket
 * @e: the endpoint
 * @c: the configuration
 */
void endpoint_go(int fd, const struct endpoint *e, const struct config *c)
{
	char *text = complete(e);
	char last[512];
	socklen_t len = sizeof(last);

	if (!e->bind)
		text = resolve(fd, text);
	if (!strncmp(text, TCP, strlen(TCP)) && strchr(text, '['))
		sockopt_int(fd, ZMQ_IPV6, 1, "IPV6");
	if (setsockopt(fd, SOL_ZMQ, e->bind ? ZMQ_BIND : ZMQ_CONNECT, text, strlen(text)))
		die_errno("%s %s", e->bind ? "bind" : "connect", text);
	if (c->verbose) {
		if (getsockopt(fd, SOL_ZMQ, ZMQ_LAST_ENDPOINT, last, &len) || !len)
			len = 1 + snprintf(last, sizeof(last), "%s", text);
		say("%s %.*s", e->bind ? "bound to" : "connecting to", (int)len - 1, last);
	}
	free(text);
}
