// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdio.h>
#include <unistd.h>
#include <zmqk.h>

int main(void)
{
	int router = zmqk_socket(ZMQ_ROUTER, 0);
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	int i;

	if (router < 0 || zmqk_bind(router, "ipc://pool")) {
		perror("workers");
		return 1;
	}
	for (i = 0; i < 3; i++)
		if (!fork())
			break;
	while (zmqk_recv_msg(router, &msg, 0) > 0) {
		struct iovec *last = &msg.parts[msg.nparts - 1];

		for (i = 0; i < (int)last->iov_len; i++)
			((char *)last->iov_base)[i] = toupper(((char *)last->iov_base)[i]);
		zmqk_sendv(router, msg.parts, msg.nparts, 0);
	}
	return 1;
}
