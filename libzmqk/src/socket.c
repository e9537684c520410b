// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Opening a socket, and making ready what came from elsewhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "zmqk.h"

/* 0: not read yet */
static int loaded_family;

static int fail(int err)
{
	errno = err;
	return -1;
}

static int read_family(void)
{
	char text[16];
	ssize_t len;
	int fd;

	fd = open("/sys/module/zmq/parameters/family", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return 0;
	text[len] = '\0';
	return atoi(text);
}

int zmqk_family(void)
{
	int family = __atomic_load_n(&loaded_family, __ATOMIC_RELAXED);
	int saved = errno;

	if (family > 0)
		return family;
	family = read_family();
	errno = saved;
	/* Not remembered while the module is absent: it may come later. */
	if (family <= 0)
		return AF_ZMQ;
	__atomic_store_n(&loaded_family, family, __ATOMIC_RELAXED);
	return family;
}

static int whole_messages(int fd)
{
	return zmqk_set_int(fd, ZMQ_RCVFRAMES, 1);
}

static int open_any(int type, int flags)
{
	int family = zmqk_family();
	int fd;

	fd = socket(family, flags, type);
	if (fd >= 0 || errno != EAFNOSUPPORT)
		return fd;
	/* The first attempt may have loaded the module, with a family of its own. */
	if (zmqk_family() == family)
		return -1;
	return socket(zmqk_family(), flags, type);
}

int zmqk_socket(int type, int flags)
{
	int form = flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
	int fd, err;

	if (!form)
		flags |= SOCK_SEQPACKET;
	else if (form != SOCK_SEQPACKET && form != SOCK_DGRAM)
		return fail(EINVAL);
	fd = open_any(type, flags);
	if (fd < 0 || !whole_messages(fd))
		return fd;
	err = errno;
	close(fd);
	return fail(err);
}

int zmqk_adopt(int fd)
{
	socklen_t len = sizeof(int);
	int family;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len))
		return -1;
	return family == zmqk_family() ? whole_messages(fd) : fail(EAFNOSUPPORT);
}

int zmqk_abort(int fd)
{
	return zmqk_set_bytes(fd, ZMQ_ABORT, NULL, 0);
}
