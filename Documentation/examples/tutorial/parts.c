// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <zmqk.h>

int main(void)
{
	struct iovec parts[] = { { "a name", 6 }, { "", 0 }, { "and a body", 10 } };
	int left = zmqk_socket(ZMQ_PAIR, SOCK_CLOEXEC);
	int right = zmqk_socket(ZMQ_PAIR, SOCK_CLOEXEC);
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	int i;

	if (left < 0 || right < 0 || zmqk_bind(left, "inproc://parts") ||
	    zmqk_connect(right, "inproc://parts") ||
	    zmqk_sendv(left, parts, 3, 0) < 0 || zmqk_recv_msg(right, &msg, 0) < 0) {
		perror("parts");
		return 1;
	}
	for (i = 0; i < msg.nparts; i++)
		printf("[%.*s]\n", (int)msg.parts[i].iov_len, (char *)msg.parts[i].iov_base);
	zmqk_msg_free(&msg);
	return 0;
}
