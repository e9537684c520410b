// SPDX-License-Identifier: GPL-2.0-only
/* Socket options by their names. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "zmqcat.h"

enum kind {
	INT,
	S64,
	U64,
	BYTES,
};

/* Those of linux/zmq.h that are set to a number or to text. */
static const struct {
	const char	*name;
	int		number;
	enum kind	kind;
} options[] = {
#define OPTION(name, kind) { #name, ZMQ_##name, kind }
	OPTION(AFFINITY, U64),
	OPTION(ROUTING_ID, BYTES),
	OPTION(SUBSCRIBE, BYTES),
	OPTION(UNSUBSCRIBE, BYTES),
	OPTION(SNDBUF, INT),
	OPTION(RCVBUF, INT),
	OPTION(LINGER, INT),
	OPTION(RECONNECT_IVL, INT),
	OPTION(BACKLOG, INT),
	OPTION(RECONNECT_IVL_MAX, INT),
	OPTION(MAXMSGSIZE, S64),
	OPTION(SNDHWM, INT),
	OPTION(RCVHWM, INT),
	OPTION(RCVTIMEO, INT),
	OPTION(SNDTIMEO, INT),
	OPTION(ROUTER_MANDATORY, INT),
	OPTION(TCP_KEEPALIVE, INT),
	OPTION(TCP_KEEPALIVE_CNT, INT),
	OPTION(TCP_KEEPALIVE_IDLE, INT),
	OPTION(TCP_KEEPALIVE_INTVL, INT),
	OPTION(IMMEDIATE, INT),
	OPTION(XPUB_VERBOSE, INT),
	OPTION(ROUTER_RAW, INT),
	OPTION(IPV6, INT),
	OPTION(PROBE_ROUTER, INT),
	OPTION(REQ_CORRELATE, INT),
	OPTION(REQ_RELAXED, INT),
	OPTION(CONFLATE, INT),
	OPTION(ROUTER_HANDOVER, INT),
	OPTION(TOS, INT),
	OPTION(IPC_FILTER_PID, INT),
	OPTION(IPC_FILTER_UID, INT),
	OPTION(IPC_FILTER_GID, INT),
	OPTION(CONNECT_ROUTING_ID, BYTES),
	OPTION(HANDSHAKE_IVL, INT),
	OPTION(XPUB_NODROP, INT),
	OPTION(XPUB_MANUAL, INT),
	OPTION(XPUB_WELCOME_MSG, BYTES),
	OPTION(STREAM_NOTIFY, INT),
	OPTION(INVERT_MATCHING, INT),
	OPTION(HEARTBEAT_IVL, INT),
	OPTION(HEARTBEAT_TTL, INT),
	OPTION(HEARTBEAT_TIMEOUT, INT),
	OPTION(XPUB_VERBOSER, INT),
	OPTION(CONNECT_TIMEOUT, INT),
	OPTION(TCP_MAXRT, INT),
	OPTION(USE_FD, INT),
	OPTION(BINDTODEVICE, BYTES),
	OPTION(RECONNECT_STOP, INT),
	OPTION(BIND, BYTES),
	OPTION(CONNECT, BYTES),
	OPTION(ATTACH_FD, INT),
	OPTION(INPROC_NS, INT),
	OPTION(LOCAL_DIRECT, INT),
#undef OPTION
};

#define NR_OPTIONS (sizeof(options) / sizeof(*options))

static void set(int fd, int option, const void *value, socklen_t len, const char *name)
{
	if (setsockopt(fd, SOL_ZMQ, option, value, len))
		die_errno("option %s", name);
}

static void set_number(int fd, int option, enum kind kind, const char *name,
		       const char *value)
{
	long long number;
	char *end;
	int i;

	errno = 0;
	number = strtoll(value, &end, 0);
	if (errno || end == value || *end ||
	    (kind == INT && (number > INT32_MAX || number < INT32_MIN)) ||
	    (kind == U64 && number < 0))
		die(STATUS_USAGE, "option %s: '%s' is not a number that it can have",
		    name, value);
	i = number;
	if (kind == INT)
		set(fd, option, &i, sizeof(i), name);
	else
		set(fd, option, &number, sizeof(number), name);
}

void sockopt_int(int fd, int option, int value, const char *name)
{
	set(fd, option, &value, sizeof(value), name);
}

/**
 * sockopt_set() - set an option by name
 * @fd: the socket
 * @name: with or without ZMQ_ in front, in any case
 * @value: a number, or text with backslash escapes
 */
void sockopt_set(int fd, const char *name, const char *value)
{
	struct text text;
	size_t i;

	if (!strncasecmp(name, "ZMQ_", 4))
		name += 4;
	for (i = 0; i < NR_OPTIONS && strcasecmp(name, options[i].name); i++)
		;
	if (i == NR_OPTIONS)
		die(STATUS_USAGE, "there is no option %s to set", name);
	if (options[i].kind != BYTES) {
		set_number(fd, options[i].number, options[i].kind, name, value);
		return;
	}
	if (!escape_parse(value, strlen(value), &text))
		die(STATUS_USAGE, "option %s: a backslash escape in '%s' means nothing",
		    name, value);
	set(fd, options[i].number, text.data, text.len, name);
	free(text.data);
}
