// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* AF_ZMQ sockets in libev: ev_io; the argument before the endpoints is the backend, select, poll or epoll */
#include <ev.h>
#include "scenario.h"

static struct ev_io watches[1000][2];
static struct ev_loop *loop;

static void ready(struct ev_loop *l, struct ev_io *io, int events)
{
	((void (*)(void))io->data)();
}

static void watch(int fd, int for_room, void (*call)(void))
{
	struct ev_io *io = &watches[fd][for_room];

	if (!call) {
		ev_io_stop(loop, io);
		return;
	}
	ev_io_init(io, ready, fd, for_room ? EV_WRITE : EV_READ);
	io->data = call;
	ev_io_start(loop, io);
}

static void stop(void)
{
	ev_break(loop, EVBREAK_ALL);
}

int main(int argc, char **argv)
{
	unsigned int backend = !strcmp(argv[1], "select") ? EVBACKEND_SELECT :
			       !strcmp(argv[1], "poll") ? EVBACKEND_POLL : EVBACKEND_EPOLL;

	loop = ev_loop_new(backend);
	if (!loop || ev_backend(loop) != backend)
		errx(1, "no backend %s", argv[1]);
	begin(argv + 1);
	ev_run(loop, 0);
	return 0;
}
