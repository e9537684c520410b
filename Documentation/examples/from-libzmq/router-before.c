// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <zmq.h>

int main(void)
{
	void *ctx = zmq_ctx_new();
	void *router = zmq_socket(ctx, ZMQ_ROUTER);
	zmq_msg_t part;
	int more;

	if (zmq_bind(router, "tcp://127.0.0.1:5557"))
		return 1;
	do {
		zmq_msg_init(&part);
		if (zmq_msg_recv(&part, router, 0) < 0)
			return 1;
		more = zmq_msg_more(&part);
		if (zmq_msg_send(&part, router, more ? ZMQ_SNDMORE : 0) < 0)
			return 1;
	} while (more);
	zmq_close(router);
	zmq_ctx_term(ctx);
	return 0;
}
