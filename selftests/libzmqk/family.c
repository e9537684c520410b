// SPDX-License-Identifier: GPL-2.0-only
/* Open a socket and use it; print what came of it in a line. */
#include "zmqk.h"
#include "zmqtest.h"

int main(void)
{
	int pull = zmqk_socket(ZMQ_PULL, 0), push, value;
	socklen_t len = sizeof(value);
	char buf[8];

	if (pull < 0) {
		printf("%s: %s\n", strerrorname_np(errno), zmqk_strerror(errno));
		return 0;
	}
	push = zmqk_socket(ZMQ_PUSH, 0);
	if (getsockopt(pull, SOL_SOCKET, SO_DOMAIN, &value, &len) ||
	    zmqk_set_int(pull, ZMQ_RCVTIMEO, ZT_DEADLINE_MS) ||
	    zmqk_bind(pull, "inproc://family") || zmqk_connect(push, "inproc://family") ||
	    zmqk_send(push, "x", 1, 0) != 1 || zmqk_recv(pull, buf, sizeof(buf), 0, NULL) != 1) {
		perror("# family");
		return 1;
	}
	printf("family %d, %d\n", value, zmqk_family());
	return 0;
}
