// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Options.
 */
#include <errno.h>
#include <limits.h>

#include "option.h"
#include "zmqk.h"

int zmqk__set_bytes(int fd, int option, const void *value, size_t len)
{
	if (len > INT_MAX) {
		errno = EINVAL;
		return -1;
	}
	return setsockopt(fd, SOL_ZMQ, option, value, len);
}

int zmqk_set_int(int fd, int option, int value)
{
	return setsockopt(fd, SOL_ZMQ, option, &value, sizeof(value));
}

int zmqk_get_int(int fd, int option, int *value)
{
	socklen_t len = sizeof(*value);

	return getsockopt(fd, SOL_ZMQ, option, value, &len);
}

int zmqk_subscribe(int fd, const void *prefix, size_t len)
{
	return zmqk__set_bytes(fd, ZMQ_SUBSCRIBE, prefix, len);
}

int zmqk_unsubscribe(int fd, const void *prefix, size_t len)
{
	return zmqk__set_bytes(fd, ZMQ_UNSUBSCRIBE, prefix, len);
}

int zmqk_last_endpoint(int fd, char *buf, size_t size)
{
	socklen_t len = size < INT_MAX ? size : INT_MAX;

	return getsockopt(fd, SOL_ZMQ, ZMQ_LAST_ENDPOINT, buf, &len);
}
