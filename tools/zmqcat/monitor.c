// SPDX-License-Identifier: GPL-2.0-only
/* Tell on standard error what happens to the connections. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "zmqcat.h"

static const struct {
	unsigned int	event;
	const char	*name;
} names[] = {
	{ ZMQ_EVENT_CONNECTED, "stream established" },
	{ ZMQ_EVENT_CONNECT_RETRIED, "waits before it connects again" },
	{ ZMQ_EVENT_ACCEPTED, "accepted" },
	{ ZMQ_EVENT_ACCEPT_FAILED, "not accepted" },
	{ ZMQ_EVENT_CLOSED, "closed" },
	{ ZMQ_EVENT_DISCONNECTED, "disconnected" },
	{ ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, "handshake failed" },
	{ ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, "handshake failed" },
	{ ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, "handshake refused" },
	{ ZMQ_EVENT_HANDSHAKE_SUCCEEDED, "connected" },
	{ ZMQ_EVENT_GIVEN_UP, "given up" },
};

/* Return: the monitor, or -1 if there can be none. */
int monitor_open(int fd)
{
	socklen_t len = sizeof(int);
	int monitor;

	if (getsockopt(fd, SOL_ZMQ, ZMQ_MONITOR_FD, &monitor, &len))
		return -1;
	fcntl(monitor, F_SETFL, O_NONBLOCK);
	fcntl(monitor, F_SETFD, FD_CLOEXEC);
	return monitor;
}

static void tell(const struct zmq_event_record *r)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i].event != r->event)
			continue;
		say("%s%s%s%s%s", *r->remote ? r->remote : r->local,
		    *r->remote || *r->local ? ": " : "", names[i].name,
		    r->error ? ": " : "", r->error ? strerror(r->error) : "");
	}
	if (r->lost)
		say("%u events were lost", r->lost);
}

void monitor_tell(int fd)
{
	struct zmq_event_record r;

	while (read(fd, &r, sizeof(r)) == sizeof(r))
		tell(&r);
}
