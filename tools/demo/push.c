// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hand COUNT tasks to all workers in turn.
 *
 *	push COUNT WORKER...
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/zmq.h>

int main(int argc, char **argv)
{
	struct sockaddr_zmq addr = { .szmq_family = AF_ZMQ };
	char task[32];
	int fd, count;

	if (argc < 3)
		return 2;
	count = atoi(argv[1]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(30);
	fd = socket(AF_ZMQ, SOCK_SEQPACKET, ZMQ_PUSH);
	if (fd < 0) {
		perror("socket(AF_ZMQ)");
		return 1;
	}
	for (int i = 2; i < argc; i++) {
		snprintf(addr.szmq_endpoint, sizeof(addr.szmq_endpoint), "%s", argv[i]);
		if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
			perror(argv[i]);
			return 1;
		}
		printf("connected to %s\n", argv[i]);
	}
	for (int i = 0; i < count; i++) {
		int n = snprintf(task, sizeof(task), "%d", i);

		if (send(fd, task, n, 0) != n) {
			perror("send");
			return 1;
		}
	}
	printf("handed out %d tasks, closes and ends\n", count);
	return 0;
}
