/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* A socket that is connected, for the loops written in C */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/zmq.h>

#define ROUND 200

static int dial(int flags, int pattern, const char *endpoint)
{
	int fd = socket(AF_ZMQ, SOCK_SEQPACKET | flags, pattern), five = 5;

	if (pattern == ZMQ_SUB)
		setsockopt(fd, SOL_ZMQ, ZMQ_SUBSCRIBE, "t ", 2);
	if (pattern == ZMQ_PUSH)
		setsockopt(fd, SOL_ZMQ, ZMQ_SNDHWM, &five, sizeof(five));
	if (setsockopt(fd, SOL_ZMQ, ZMQ_CONNECT, endpoint, strlen(endpoint)))
		err(1, "%s", endpoint);
	return fd;
}
