// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <zmqk/zmq.h>

int main(int argc, char **argv)
{
	struct sockaddr_zmq server = { AF_ZMQ, "tcp://127.0.0.1:5556" };
	int sub = socket(AF_ZMQ, SOCK_SEQPACKET, ZMQ_SUB);
	int n, total = 0;
	char buf[256];

	if (argc < 2 || sub < 0 ||
	    setsockopt(sub, SOL_ZMQ, ZMQ_SUBSCRIBE, argv[1], strlen(argv[1])) ||
	    connect(sub, (struct sockaddr *)&server, sizeof(server))) {
		perror("weather-client");
		return 1;
	}
	for (n = 0; n < 10; n++) {
		ssize_t len = recv(sub, buf, sizeof(buf) - 1, 0);

		if (len < 0)
			return 1;
		buf[len] = 0;
		total += atoi(strchr(buf, ' '));
	}
	printf("%s: %.1f degrees on average\n", argv[1], total / 10.0);
	return 0;
}
