// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Endpoints through the ring, and what the kernel has of all this.
 */
#include <errno.h>
#include <string.h>

#include "zmqk-uring.h"

/* Newer than liburing 2.3 */
#define OP_BIND		56

static const int operations[] = {
	/* Nothing tells that a receive can be multishot but what came with it, in 6.0. */
	[ZMQK_URING_RECV_MULTISHOT] = IORING_OP_SEND_ZC,
	[ZMQK_URING_SEND] = IORING_OP_SENDMSG,
	[ZMQK_URING_SEND_ZC] = IORING_OP_SENDMSG_ZC,
	[ZMQK_URING_CONNECT] = IORING_OP_CONNECT,
	[ZMQK_URING_BIND] = OP_BIND,
};

int zmqk_uring_has(struct io_uring *ring, int operation)
{
	/* Room for 256 operations, which is all that there can be */
	union {
		struct io_uring_probe probe;
		char room[sizeof(struct io_uring_probe) + 256 * sizeof(struct io_uring_probe_op)];
	} u;
	int ret;

	if (operation < 1 || operation > ZMQK_URING_BIND)
		return -EINVAL;
	memset(&u, 0, sizeof(u));
	ret = io_uring_register_probe(ring, &u.probe, 256);
	if (ret < 0)
		return ret;
	return operations[operation] <= u.probe.last_op &&
	       u.probe.ops[operations[operation]].flags & IO_URING_OP_SUPPORTED;
}

/* Returns the address's length, or a negative errno. */
static int set_endpoint(struct sockaddr_zmq *addr, const char *endpoint)
{
	size_t len = strlen(endpoint);

	if (len > sizeof(addr->szmq_endpoint))
		return -ENAMETOOLONG;
	addr->szmq_family = zmqk_family();
	memcpy(addr->szmq_endpoint, endpoint, len);
	return offsetof(struct sockaddr_zmq, szmq_endpoint) + len;
}

int zmqk_prep_connect(struct io_uring_sqe *sqe, int fd, struct sockaddr_zmq *addr,
		      const char *endpoint)
{
	int len = set_endpoint(addr, endpoint);

	if (len < 0)
		return len;
	io_uring_prep_connect(sqe, fd, (struct sockaddr *)addr, len);
	return 0;
}

int zmqk_prep_bind(struct io_uring_sqe *sqe, int fd, struct sockaddr_zmq *addr,
		   const char *endpoint)
{
	int len = set_endpoint(addr, endpoint);

	if (len < 0)
		return len;
	io_uring_prep_rw(OP_BIND, sqe, fd, addr, 0, len);
	return 0;
}
