// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* AF_ZMQ sockets in libevent: event_new() */
#include <event2/event.h>
#include "scenario.h"

static struct event *watches[1000][2];
static struct event_base *base;

static void ready(evutil_socket_t fd, short events, void *call)
{
	((void (*)(void))call)();
}

static void watch(int fd, int for_room, void (*call)(void))
{
	struct event **event = &watches[fd][for_room];

	if (!call) {
		event_free(*event);
		return;
	}
	*event = event_new(base, fd, EV_PERSIST | (for_room ? EV_WRITE : EV_READ), ready, call);
	event_add(*event, NULL);
}

static void stop(void)
{
	event_base_loopbreak(base);
}

int main(int argc, char **argv)
{
	base = event_base_new();
	begin(argv);
	event_base_dispatch(base);
	return 0;
}
