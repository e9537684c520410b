// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* AF_ZMQ sockets in libuv: uv_poll */
#include <uv.h>
#include "scenario.h"

static struct watched {
	uv_poll_t handle;
	void (*calls[2])(void);
} watches[1000];

static void ready(uv_poll_t *handle, int status, int events)
{
	struct watched *w = (struct watched *)handle;

	if (status)
		errx(1, "%s", uv_strerror(status));
	if (events & UV_READABLE && w->calls[0])
		w->calls[0]();
	if (events & UV_WRITABLE && w->calls[1])
		w->calls[1]();
}

static void watch(int fd, int for_room, void (*call)(void))
{
	struct watched *w = &watches[fd];
	int events;

	if (!w->calls[0] && !w->calls[1])
		uv_poll_init(uv_default_loop(), &w->handle, fd);
	w->calls[for_room] = call;
	events = (w->calls[0] ? UV_READABLE : 0) | (w->calls[1] ? UV_WRITABLE : 0);
	if (events)
		uv_poll_start(&w->handle, events, ready);
	else
		uv_close((uv_handle_t *)&w->handle, NULL);
}

static void stop(void)
{
}

int main(int argc, char **argv)
{
	begin(argv);
	/* It ends when nothing is watched. */
	return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
