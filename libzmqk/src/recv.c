// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Receiving into memory of the caller's: a part, or a message.
 */
#include <errno.h>
#include <stdlib.h>

#include "frames.h"
#include "zmqk.h"

/* So many parts need no allocation to be received. */
#define STACK_PARTS	64

/* What is needed is told in the room of two frames. */
#define MIN_PARTS	2

ssize_t zmqk_recv(int fd, void *buf, size_t len, int flags, int *more)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t ret;

	if (flags & MSG_ERRQUEUE) {
		errno = EINVAL;
		return -1;
	}
	ret = recvmsg(fd, &mh, flags | MSG_TRUNC);
	if (ret >= 0 && more)
		*more = !(mh.msg_flags & MSG_EOR);
	return ret;
}

static int recv_into(int fd, struct msghdr *mh, struct iovec *parts,
		     struct zmq_frames_need *need, int flags)
{
	char *at = mh->msg_iov->iov_base;
	struct zmqk_got got;
	size_t i;
	int ret;

	ret = zmqk__frames_recv(fd, mh, flags | MSG_EOR, &got);
	if (ret < 0)
		return -1;
	if (ret) {
		if (need)
			*need = got.need;
		errno = EMSGSIZE;
		return -1;
	}
	for (i = 0; i < got.n; i++) {
		parts[i].iov_base = at;
		parts[i].iov_len = got.desc[i].len;
		at += got.desc[i].len;
	}
	return got.n;
}

int zmqk_recv_into(int fd, void *buf, size_t len, struct iovec *parts, int max,
		   struct zmq_frames_need *need, int flags)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(STACK_PARTS * sizeof(struct zmq_frame_desc))];
	} stack;
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	void *heap = NULL;
	int ret, err;

	if (max < MIN_PARTS) {
		errno = EINVAL;
		return -1;
	}
	if (max > STACK_PARTS) {
		heap = malloc(CMSG_SPACE(max * sizeof(struct zmq_frame_desc)));
		if (!heap)
			return -1;
	}
	mh.msg_control = heap ? heap : &stack;
	mh.msg_controllen = CMSG_LEN(max * sizeof(struct zmq_frame_desc));
	ret = recv_into(fd, &mh, parts, need, flags);
	err = errno;
	free(heap);
	errno = err;
	return ret;
}
