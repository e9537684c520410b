// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Opening a socket, and saying why it cannot be opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "zmqk.h"

#define SYSFS_MODULE "/sys/module/zmq"

/* 0: not read yet */
static int loaded_family;

static int read_family(void)
{
	char text[16];
	ssize_t len;
	int fd;

	fd = open(SYSFS_MODULE "/parameters/family", O_RDONLY | O_CLOEXEC);
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

int zmqk_socket(int type, int flags)
{
	int family = zmqk_family();
	int fd;

	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) {
		errno = EINVAL;
		return -1;
	}
	fd = socket(family, SOCK_SEQPACKET | flags, type);
	if (fd >= 0 || errno != EAFNOSUPPORT)
		return fd;
	/* The first attempt may have loaded the module, with a family of its own. */
	if (zmqk_family() == family)
		return -1;
	return socket(zmqk_family(), SOCK_SEQPACKET | flags, type);
}

const char *zmqk_strerror(int err)
{
	int saved = errno;
	int absent;

	switch (err) {
	case EAFNOSUPPORT:
		absent = access(SYSFS_MODULE, F_OK);
		errno = saved;
		if (absent)
			return "AF_ZMQ is not available: load the module with 'modprobe zmq'";
		return "A sandbox forbids AF_ZMQ, or the endpoint's address family is not there";
	case ENODEV:
		return "No such host or interface";
	case EPROTONOSUPPORT:
		return "Unknown socket type, or unknown transport in the endpoint";
	case EBADFD:
		return "Not now: this socket sends and receives in turn";
	case EHOSTUNREACH:
		return "No peer with this routing id";
	case EMSGSIZE:
		return "A part is too long, or was cut";
	default:
		return strerror(err);
	}
}
