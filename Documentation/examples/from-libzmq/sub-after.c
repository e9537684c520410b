// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <unistd.h>
#include <zmqk.h>

int main(void)
{
	int sub = zmqk_socket(ZMQ_SUB, SOCK_CLOEXEC);
	char buf[256];
	int len;

	setsockopt(sub, SOL_ZMQ, ZMQ_SUBSCRIBE, "weather.", 8);
	zmqk_connect(sub, "tcp://localhost:5556");
	len = recv(sub, buf, sizeof(buf), 0);
	if (len >= 0)
		printf("%.*s\n", len, buf);
	close(sub);
	return len < 0;
}
