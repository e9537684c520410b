// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* AF_ZMQ sockets in GLib: g_unix_fd_add() */
#include <glib-unix.h>
#include "scenario.h"

static guint sources[1000][2];
static GMainLoop *loop;

static gboolean ready(gint fd, GIOCondition condition, gpointer call)
{
	((void (*)(void))call)();
	return G_SOURCE_CONTINUE;
}

static void watch(int fd, int for_room, void (*call)(void))
{
	guint *source = &sources[fd][for_room];

	if (call)
		*source = g_unix_fd_add(fd, for_room ? G_IO_OUT : G_IO_IN, ready, call);
	else
		g_source_remove(*source);
}

static void stop(void)
{
	g_main_loop_quit(loop);
}

int main(int argc, char **argv)
{
	loop = g_main_loop_new(NULL, FALSE);
	begin(argv);
	g_main_loop_run(loop);
	return 0;
}
