/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * What the loops written in C do with three AF_ZMQ descriptors, each callback with one recv() or one send().
 * A loop has watch(), stop() and a main() that calls begin() and runs it.
 */
#include "dial.h"

static void watch(int fd, int for_room, void (*call)(void));	/* NULL ends it */
static void stop(void);

static char **endpoints;	/* of an echoing ROUTER, a PUB and a PULL */
static int dealer = -1, sub = -1, push = -1, count;

static void say(int fd, const char *format)
{
	char text[20];
	int len = snprintf(text, sizeof(text), format, count);

	if (send(fd, text, len, 0) != len)
		err(1, "send %s", text);
}

static int hears(int fd, const char *format)
{
	char text[20] = "", want[20];

	snprintf(want, sizeof(want), format, count);
	if (recv(fd, text, sizeof(text) - 1, 0) < 0)
		err(1, "recv, for %s", want);
	if (!strcmp(text, want))
		return 1;
	if (strcmp(text, "go"))
		errx(1, "got %s, not %s", text, want);
	return 0;
}

static void on_push(void)
{
	say(push, "p%d");
	if (++count < ROUND)
		return;
	watch(push, 1, NULL);
	watch(dealer, 0, NULL);
	watch(sub, 0, NULL);
	close(push);
	close(dealer);
	close(sub);
	stop();
}

static void on_news(void)
{
	hears(sub, "t %d");
	if (++count == ROUND)
		say(dealer, "idle");
}

static void on_answer(void)
{
	if (!hears(dealer, "e%d")) {
		count = 0;
		push = dial(SOCK_NONBLOCK, ZMQ_PUSH, endpoints[2]);
		watch(push, 1, on_push);
	} else if (++count < ROUND) {
		say(dealer, "e%d");
	} else {
		count = 0;
		sub = dial(SOCK_NONBLOCK, ZMQ_SUB, endpoints[1]);
		watch(sub, 0, on_news);
	}
}

static void on_room(void)
{
	watch(dealer, 1, NULL);
	say(dealer, "e%d");
}

static void begin(char **argv)
{
	endpoints = argv + 1;
	dealer = dial(SOCK_NONBLOCK, ZMQ_DEALER, endpoints[0]);
	watch(dealer, 0, on_answer);
	watch(dealer, 1, on_room);
}
