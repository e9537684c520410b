// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Options.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "zmqk.h"

#define PREFIX	"ZMQ_"

static const struct zmqk_option options[] = {
#include "options.inc"
};

#define NR_OPTIONS ((int)(sizeof(options) / sizeof(*options)))

static int fail(int err)
{
	errno = err;
	return -1;
}

int zmqk_set_bytes(int fd, int option, const void *value, size_t len)
{
	/* socklen_t need not hold it. */
	if (len > INT_MAX)
		return fail(EINVAL);
	return setsockopt(fd, SOL_ZMQ, option, value, len);
}

ssize_t zmqk_get_bytes(int fd, int option, void *buf, size_t size)
{
	socklen_t len = size < INT_MAX ? size : INT_MAX;

	return getsockopt(fd, SOL_ZMQ, option, buf, &len) ? -1 : (ssize_t)len;
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

int zmqk_set_int64(int fd, int option, int64_t value)
{
	return setsockopt(fd, SOL_ZMQ, option, &value, sizeof(value));
}

int zmqk_get_int64(int fd, int option, int64_t *value)
{
	socklen_t len = sizeof(*value);

	return getsockopt(fd, SOL_ZMQ, option, value, &len);
}

int zmqk_subscribe(int fd, const void *prefix, size_t len)
{
	return zmqk_set_bytes(fd, ZMQ_SUBSCRIBE, prefix, len);
}

int zmqk_unsubscribe(int fd, const void *prefix, size_t len)
{
	return zmqk_set_bytes(fd, ZMQ_UNSUBSCRIBE, prefix, len);
}

int zmqk_last_endpoint(int fd, char *buf, size_t size)
{
	return zmqk_get_bytes(fd, ZMQ_LAST_ENDPOINT, buf, size) < 0 ? -1 : 0;
}

const struct zmqk_option *zmqk_option(int index)
{
	return index >= 0 && index < NR_OPTIONS ? &options[index] : NULL;
}

const struct zmqk_option *zmqk_option_by_name(const char *name)
{
	int i;

	if (!strncasecmp(name, PREFIX, strlen(PREFIX)))
		name += strlen(PREFIX);
	for (i = 0; i < NR_OPTIONS; i++)
		if (!strcasecmp(options[i].name + strlen(PREFIX), name))
			return &options[i];
	errno = ENOPROTOOPT;
	return NULL;
}

static int parse_number(const char *text, long long *number)
{
	char *end;

	errno = 0;
	*number = strtoll(text, &end, 0);
	if (errno)
		return -1;
	return end == text || *end ? fail(EINVAL) : 0;
}

int zmqk_set_option(int fd, const struct zmqk_option *option, const char *value)
{
	long long number;

	if (option->type == ZMQK_OPT_BYTES || option->type == ZMQK_OPT_TEXT)
		return zmqk_set_bytes(fd, option->number, value, strlen(value));
	if (parse_number(value, &number))
		return -1;
	if (option->type == ZMQK_OPT_INT64)
		return zmqk_set_int64(fd, option->number, number);
	if (number < INT_MIN || number > INT_MAX)
		return fail(ERANGE);
	return zmqk_set_int(fd, option->number, number);
}
