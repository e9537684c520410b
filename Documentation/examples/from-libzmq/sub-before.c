// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <zmq.h>

int main(void)
{
	void *ctx = zmq_ctx_new();
	void *sub = zmq_socket(ctx, ZMQ_SUB);
	char buf[256];
	int len;

	zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "weather.", 8);
	zmq_connect(sub, "tcp://localhost:5556");
	len = zmq_recv(sub, buf, sizeof(buf), 0);
	if (len >= 0)
		printf("%.*s\n", len, buf);
	zmq_close(sub);
	zmq_ctx_term(ctx);
	return len < 0;
}
