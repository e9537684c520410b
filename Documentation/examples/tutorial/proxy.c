// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <zmqk.h>

static int open_and_bind(const char *type, const char *endpoint)
{
	static const char * const types[] = {
		[ZMQ_DEALER] = "DEALER", [ZMQ_ROUTER] = "ROUTER", [ZMQ_PULL] = "PULL",
		[ZMQ_PUSH] = "PUSH", [ZMQ_XPUB] = "XPUB", [ZMQ_XSUB] = "XSUB",
	};
	int fd, i;

	for (i = ZMQ_XSUB; i >= 0; i--)
		if (types[i] && !strcmp(types[i], type))
			break;
	fd = zmqk_socket(i, SOCK_CLOEXEC);
	return fd < 0 || zmqk_bind(fd, endpoint) ? -1 : fd;
}

static int forward(int from, int to)
{
	static struct zmqk_msgs in = ZMQK_MSGS_INIT;
	int n, sent;

	if (zmqk_recv_msgs(from, &in, MSG_DONTWAIT) < 0)
		return errno == EAGAIN ? 0 : -1;
	for (sent = 0; sent < in.nmsgs; sent += n) {
		n = zmqk_send_msgs(to, in.msgs + sent, in.nmsgs - sent, 0);
		if (n < 0)
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct pollfd fds[] = { { -1, POLLIN, 0 }, { -1, POLLIN, 0 } };

	if (argc == 5) {
		fds[0].fd = open_and_bind(argv[1], argv[2]);
		fds[1].fd = open_and_bind(argv[3], argv[4]);
	}
	if (fds[0].fd >= 0 && fds[1].fd >= 0)
		while (poll(fds, 2, -1) > 0 && !forward(fds[0].fd, fds[1].fd) &&
		       !forward(fds[1].fd, fds[0].fd))
			;
	fprintf(stderr, "proxy: %s\n", argc == 5 ? zmqk_strerror(errno) : "TYPE ENDPOINT TYPE ENDPOINT");
	return 1;
}
