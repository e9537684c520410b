// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Streams and listeners that somebody else made.
 */
#include <errno.h>

#include "zmqk.h"

int zmqk_attach(int fd, int stream)
{
	return zmqk_set_int(fd, ZMQ_ATTACH_FD, stream);
}

int zmqk_bind_fd(int fd, int listener)
{
	struct zmqk_addr addr = { .len = sizeof(addr.any) };
	int ret, err;

	if (getsockname(listener, (struct sockaddr *)&addr.any, &addr.len) ||
	    zmqk_set_int(fd, ZMQ_USE_FD, listener))
		return -1;
	ret = bind(fd, (struct sockaddr *)&addr.any, addr.len);
	err = errno;
	/* What is bound later makes its own listener again. */
	zmqk_set_int(fd, ZMQ_USE_FD, -1);
	errno = err;
	return ret;
}
