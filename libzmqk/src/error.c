// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * What errno values mean here.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "zmqk.h"

#define SYSFS_MODULE "/sys/module/zmq"

static const char *why_no_family(void)
{
	int saved = errno;
	int absent = access(SYSFS_MODULE, F_OK);

	errno = saved;
	return absent ? "AF_ZMQ is not available: load the module with 'modprobe zmq'" :
		"A sandbox forbids AF_ZMQ, or the endpoint's address family is not there";
}

/* Unlike strerror(3) it is the same text for all threads. */
static const char *libc_text(int err)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 32)
	const char *text = strerrordesc_np(err);

	return text ? text : "Unknown error";
#else
	return strerror(err);
#endif
}

const char *zmqk_strerror(int err)
{
	switch (err) {
	case EAFNOSUPPORT:
		return why_no_family();
	case ENODEV:
		return "No such host or interface";
	case ENOMSG:
		return "Not an AF_ZMQ socket: what was received is no message";
	case EPROTONOSUPPORT:
		return "Unknown socket type, or unknown transport in the endpoint";
	case EBADFD:
		return "Not now: sending and receiving take turns, or half a message is under way";
	case EHOSTUNREACH:
		return "No peer with this routing id";
	case EMSGSIZE:
		return "The message is too long, or needs more room";
	default:
		return libc_text(err);
	}
}
