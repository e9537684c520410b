// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <sys/socket.h>
#include <zmqk/zmq.h>

int main(void)
{
	struct sockaddr_zmq server = { AF_ZMQ, "tcp://127.0.0.1:5555" };
	int req = socket(AF_ZMQ, SOCK_SEQPACKET, ZMQ_REQ);
	char buf[1024];
	int n, len;

	if (req < 0 || connect(req, (struct sockaddr *)&server, sizeof(server))) {
		perror("hello-client");
		return 1;
	}
	for (n = 0; n < 3; n++) {
		len = snprintf(buf, sizeof(buf), "Hello %d", n);
		if (send(req, buf, len, 0) < 0)
			break;
		len = recv(req, buf, sizeof(buf), 0);
		if (len < 0)
			break;
		printf("%.*s\n", len, buf);
	}
	return n < 3;
}
