// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Name spaces of inproc:// endpoints.
 */
#include <errno.h>

#include "zmqk.h"

int zmqk_inproc_unshare(int fd)
{
	return zmqk_set_int(fd, ZMQ_INPROC_NS, -1);
}

int zmqk_inproc_join(int fd, int other)
{
	/* -1 would make another name space. */
	if (other < 0) {
		errno = EBADF;
		return -1;
	}
	return zmqk_set_int(fd, ZMQ_INPROC_NS, other);
}

int zmqk_inproc_number(int fd)
{
	int number;

	return zmqk_get_int(fd, ZMQ_INPROC_NS, &number) ? -1 : number;
}
