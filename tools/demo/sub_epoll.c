// SPDX-License-Identifier: GPL-2.0-only
/*
 * A subscriber to two prefixes that waits in epoll. Every message is one
 * frame, so recv() is all it takes to read one.
 *
 *	sub_epoll PUBLISHER READY COUNT
 *
 * A publisher cannot know when it has a subscriber's prefixes: this one says
 * so with a message to READY once it has seen a hello of each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <linux/zmq.h>

#define WAIT_MS 30000
#define BOTH 3	/* a bit for each prefix */

static const char * const prefixes[] = { "weather.", "sport." };

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int zmq_connect(int type, const char *endpoint)
{
	struct sockaddr_zmq addr = { .szmq_family = AF_ZMQ };
	int fd = socket(AF_ZMQ, SOCK_SEQPACKET, type);

	if (fd < 0)
		die("socket(AF_ZMQ)");
	snprintf(addr.szmq_endpoint, sizeof(addr.szmq_endpoint), "%s", endpoint);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die(endpoint);
	return fd;
}

static int which_prefix(const char *message)
{
	for (int i = 0; i < 2; i++)
		if (!strncmp(message, prefixes[i], strlen(prefixes[i])))
			return i;
	fprintf(stderr, "\"%s\" was not asked for\n", message);
	exit(1);
}

/* The next message, as a string. */
static void next(int epfd, int sub, char *buf, size_t size)
{
	struct epoll_event ev;
	ssize_t n;

	if (epoll_wait(epfd, &ev, 1, WAIT_MS) != 1) {
		fprintf(stderr, "no message in %d s\n", WAIT_MS / 1000);
		exit(1);
	}
	if (ev.events != EPOLLIN) {
		fprintf(stderr, "epoll reports %#x\n", ev.events);
		exit(1);
	}
	n = recv(sub, buf, size - 1, MSG_DONTWAIT);
	if (n < 0)
		die("recv");
	buf[n] = '\0';
}

int main(int argc, char **argv)
{
	int sub, ready, epfd, total, greeted = 0, count[2] = { 0, 0 };
	struct epoll_event ev = { .events = EPOLLIN };
	char message[128];

	if (argc != 4)
		return 2;
	total = atoi(argv[3]);
	setvbuf(stdout, NULL, _IOLBF, 0);

	sub = zmq_connect(ZMQ_SUB, argv[1]);
	for (int i = 0; i < 2; i++)
		if (setsockopt(sub, SOL_ZMQ, ZMQ_SUBSCRIBE, prefixes[i], strlen(prefixes[i])))
			die("ZMQ_SUBSCRIBE");
	ready = zmq_connect(ZMQ_PUSH, argv[2]);
	epfd = epoll_create1(0);
	if (epfd < 0 || epoll_ctl(epfd, EPOLL_CTL_ADD, sub, &ev))
		die("epoll");
	printf("subscribed to \"%s\" and \"%s\" at %s\n", prefixes[0], prefixes[1], argv[1]);

	while (count[0] < total || count[1] < total) {
		int i;

		next(epfd, sub, message, sizeof(message));
		i = which_prefix(message);
		if (strstr(message, "hello")) {
			if (greeted == BOTH)
				continue;
			greeted |= 1 << i;
			if (greeted == BOTH && send(ready, "ready", 5, 0) != 5)
				die("send");
			continue;
		}
		if (atoi(message + strlen(prefixes[i])) != count[i]) {
			fprintf(stderr, "\"%s\" is not number %d\n", message, count[i]);
			return 1;
		}
		if (count[i] < 2)
			printf("received \"%s\"\n", message);
		count[i]++;
	}
	printf("… received %d of \"%s\", %d of \"%s\", all in order\n",
	       count[0], prefixes[0], count[1], prefixes[1]);
	return 0;
}
