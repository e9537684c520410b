// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* sub ENDPOINT [PREFIX...]: print what a publisher sends */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zmqk.h>

int main(int argc, char **argv)
{
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	int i, fd;

	fd = zmqk_socket(ZMQ_SUB, SOCK_CLOEXEC);
	if (argc < 2 || fd < 0 || zmqk_connect(fd, argv[1]))
		goto fail;
	for (i = 2; i < argc; i++)
		zmqk_subscribe(fd, argv[i], strlen(argv[i]));
	if (argc == 2)
		zmqk_subscribe(fd, "", 0);
	while (zmqk_recv_msg(fd, &msg, 0) > 0) {
		for (i = 0; i < msg.nparts; i++)
			printf("%.*s%s", (int)msg.parts[i].iov_len,
			       (char *)msg.parts[i].iov_base,
			       i < msg.nparts - 1 ? " " : "\n");
		fflush(stdout);
	}
fail:
	fprintf(stderr, "sub: %s\n", argc < 2 ? "no endpoint" : zmqk_strerror(errno));
	return 1;
}
