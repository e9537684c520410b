/* SPDX-License-Identifier: GPL-2.0-only */
/* Both ends of what libzmqk is tested with. */
#ifndef _ENDS_H
#define _ENDS_H

#include "zmqtest.h"
#include "zmqk.h"

/* A socket that gives up in time. */
static inline int open_socket(int type)
{
	int fd = zmqk_socket(type, SOCK_CLOEXEC);

	if (fd < 0)
		return -1;
	if (zmqk_set_int(fd, ZMQ_RCVTIMEO, ZT_DEADLINE_MS) ||
	    zmqk_set_int(fd, ZMQ_SNDTIMEO, ZT_DEADLINE_MS))
		return -1;
	return fd;
}

static inline int open_bound(int type, const char *endpoint, char *ep)
{
	int fd = open_socket(type);

	if (fd < 0 || zmqk_bind(fd, endpoint) ||
	    zmqk_last_endpoint(fd, ep, ZMQ_ENDPOINT_MAX))
		return -1;
	return fd;
}

static inline int open_connected(int type, const char *endpoint)
{
	int fd = open_socket(type);

	if (fd < 0 || zmqk_connect(fd, endpoint))
		return -1;
	return fd;
}

static inline bool carries(int from, int to, const char *text)
{
	char buf[100];
	int more = -1;

	if (zmqk_send(from, text, strlen(text), 0) != strlen(text))
		return false;
	return zmqk_recv(to, buf, sizeof(buf), 0, &more) == strlen(text) && !more &&
	       !memcmp(buf, text, strlen(text));
}

static inline struct iovec part(const void *data, size_t len)
{
	return (struct iovec){ (void *)data, len };
}

static inline bool part_is(const struct iovec *part, const char *text)
{
	return part->iov_len == strlen(text) && !memcmp(part->iov_base, text, part->iov_len);
}

/* Send one part, or a message of two. */
static inline int put(int fd, const char *a, const char *b)
{
	struct iovec parts[] = { part(a, strlen(a)), part(b ? b : "", b ? strlen(b) : 0) };

	return zmqk_sendv(fd, parts, b ? 2 : 1, 0);
}

#endif /* _ENDS_H */
