// SPDX-License-Identifier: GPL-2.0-only
/*
 * One of two processes that talk over inproc://, which in AF_ZMQ reaches as
 * far as the network namespace.
 *
 *	inproc bind|connect ENDPOINT COUNT
 *
 * The one that connects sends COUNT pings, the other answers each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/zmq.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void say(int fd, const char *word, int number)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%s %d", word, number);

	if (send(fd, text, n, 0) != n)
		die("send");
}

static void hear(int fd, const char *word, int number)
{
	char expected[32], text[32];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		die("recv");
	text[n] = '\0';
	snprintf(expected, sizeof(expected), "%s %d", word, number);
	if (strcmp(text, expected)) {
		fprintf(stderr, "expected \"%s\", received \"%s\"\n", expected, text);
		exit(1);
	}
	if (number < 2)
		printf("received \"%s\"\n", text);
}

int main(int argc, char **argv)
{
	struct sockaddr_zmq addr = { .szmq_family = AF_ZMQ };
	struct sockaddr *sa = (struct sockaddr *)&addr;
	int fd, count, binds;

	if (argc != 4)
		return 2;
	binds = !strcmp(argv[1], "bind");
	count = atoi(argv[3]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(30);
	fd = socket(AF_ZMQ, SOCK_SEQPACKET, ZMQ_PAIR);
	if (fd < 0)
		die("socket(AF_ZMQ)");
	snprintf(addr.szmq_endpoint, sizeof(addr.szmq_endpoint), "%s", argv[2]);
	if (binds ? bind(fd, sa, sizeof(addr)) : connect(fd, sa, sizeof(addr)))
		die(argv[2]);
	printf("process %d %s %s\n", getpid(), binds ? "binds" : "connects to", argv[2]);

	for (int i = 0; i < count; i++) {
		if (binds) {
			hear(fd, "ping", i);
			say(fd, "pong", i);
		} else {
			say(fd, "ping", i);
			hear(fd, "pong", i);
		}
	}
	printf("… %d pings, %d pongs\n", count, count);
	return 0;
}
