// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSG_ZEROCOPY: messages are sent from --batch buffers in turn, each of which
 * may change again when a notification says so.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <linux/errqueue.h>
#include "zmqperf.h"

#define CONTROL_MAX	256

/* A process has one port that sends this way. */
static bool busy[BATCH_MAX];
static uint32_t sent;

static void told(const struct options *o, const struct sock_extended_err *ee)
{
	uint32_t id = ee->ee_info;

	if (ee->ee_origin != SO_EE_ORIGIN_ZEROCOPY || ee->ee_errno)
		die("the error queue has something else than notifications");
	do {
		busy[id % o->batch] = false;
	} while (id++ != ee->ee_data);
}

/* Wait for a notification, which may be of several calls. */
static void reap(const struct options *o, int fd)
{
	char control[CONTROL_MAX];
	struct msghdr m = {
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct pollfd p = { .fd = fd };
	struct sock_extended_err ee;

	while (recvmsg(fd, &m, MSG_ERRQUEUE) < 0) {
		if (errno != EAGAIN)
			die_errno("recvmsg(MSG_ERRQUEUE)");
		if (poll(&p, 1, -1) < 0)
			die_errno("poll");
	}
	if (!CMSG_FIRSTHDR(&m))
		die("a notification without a control message");
	memcpy(&ee, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(ee));
	told(o, &ee);
}

void zc_reclaim(const struct options *o, int fd, unsigned int slot)
{
	while (busy[slot])
		reap(o, fd);
}

static bool nothing_under_way(const struct options *o)
{
	unsigned int i;

	for (i = 0; i < o->batch; i++)
		if (busy[i])
			return false;
	return true;
}

void zc_send(const struct options *o, int fd, const void *data, size_t len)
{
	ssize_t n;

	/* Beyond net.core.optmem_max some have to be told first. */
	while ((n = send(fd, data, len, MSG_ZEROCOPY)) < 0) {
		if (errno != ENOBUFS || nothing_under_way(o))
			die_errno("send(MSG_ZEROCOPY)");
		reap(o, fd);
	}
	if ((size_t)n != len)
		die("a part of a message was sent only");
	busy[sent++ % o->batch] = true;
}
