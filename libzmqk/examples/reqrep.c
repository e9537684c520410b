// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* reqrep ENDPOINT [REQUEST]: answer requests in kind, or make one */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zmqk.h>

int main(int argc, char **argv)
{
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	int fd;

	fd = zmqk_socket(argc > 2 ? ZMQ_REQ : ZMQ_REP, SOCK_CLOEXEC);
	if (argc < 2 || fd < 0)
		goto fail;
	if (argc > 2) {
		if (zmqk_connect(fd, argv[1]) || zmqk_send(fd, argv[2], strlen(argv[2]), 0) < 0 ||
		    zmqk_recv_msg(fd, &msg, 0) < 0)
			goto fail;
		return puts(msg.parts[msg.nparts - 1].iov_base) == EOF;
	}
	if (!zmqk_bind(fd, argv[1]))
		while (zmqk_recv_msg(fd, &msg, 0) > 0 &&
		       zmqk_sendv(fd, msg.parts, msg.nparts, 0) > 0)
			;
fail:
	fprintf(stderr, "reqrep: %s\n", argc < 2 ? "no endpoint" : zmqk_strerror(errno));
	return 1;
}
