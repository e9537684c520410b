// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmqk/zmq.h>

static int open_and_connect(int pattern, const char *endpoint)
{
	struct sockaddr_zmq addr = { AF_ZMQ, "" };
	int fd = socket(AF_ZMQ, SOCK_SEQPACKET, pattern);

	snprintf(addr.szmq_endpoint, sizeof(addr.szmq_endpoint), "%s", endpoint);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		perror(endpoint);
		exit(1);
	}
	return fd;
}

int main(void)
{
	int tasks = open_and_connect(ZMQ_PULL, "tcp://127.0.0.1:5557");
	int results = open_and_connect(ZMQ_PUSH, "tcp://127.0.0.1:5558");
	char buf[256];
	ssize_t len;

	while ((len = recv(tasks, buf, sizeof(buf) - 1, 0)) >= 0) {
		buf[len] = 0;
		usleep(atoi(buf) * 1000);
		send(results, buf, len, 0);
	}
	return 1;
}
