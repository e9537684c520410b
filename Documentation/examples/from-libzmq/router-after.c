// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <unistd.h>
#include <zmqk.h>

int main(void)
{
	int router = zmqk_socket(ZMQ_ROUTER, SOCK_CLOEXEC);
	struct zmqk_msg msg = ZMQK_MSG_INIT;

	if (router < 0 || zmqk_bind(router, "tcp://127.0.0.1:5557"))
		return 1;
	if (zmqk_recv_msg(router, &msg, 0) < 0)
		return 1;
	if (zmqk_sendv(router, msg.parts, msg.nparts, 0) < 0)
		return 1;
	zmqk_msg_free(&msg);
	close(router);
	return 0;
}
