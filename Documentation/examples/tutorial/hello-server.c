// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <zmqk/zmq.h>

int main(void)
{
	struct sockaddr_zmq here = { AF_ZMQ, "tcp://127.0.0.1:5555" };
	int rep = socket(AF_ZMQ, SOCK_SEQPACKET, ZMQ_REP);
	char buf[1024];
	ssize_t len;

	if (rep < 0 || bind(rep, (struct sockaddr *)&here, sizeof(here))) {
		perror("hello-server");
		return 1;
	}
	while ((len = recv(rep, buf, sizeof(buf) - 7, 0)) >= 0) {
		memcpy(buf + len, ", World", 7);
		send(rep, buf, len + 7, 0);
	}
	perror("hello-server");
	return 1;
}
