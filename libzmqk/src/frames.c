// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The kernel's form of whole messages: their bodies one behind the other, and a
 * control message with the frames.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "frames.h"

int zmqk__frames_begin(struct zmqk_frames *f, size_t max)
{
	size_t space = CMSG_SPACE(max * sizeof(*f->desc));
	struct cmsghdr *cmsg;

	memset(&f->mh, 0, sizeof(f->mh));
	f->n = 0;
	f->heap = NULL;
	if (max > ZMQK_FRAMES_STACK) {
		f->heap = malloc(space);
		if (!f->heap)
			return -1;
	}
	cmsg = f->heap ? f->heap : &f->stack.align;
	cmsg->cmsg_level = SOL_ZMQ;
	cmsg->cmsg_type = ZMQ_FRAMES;
	f->desc = (struct zmq_frame_desc *)CMSG_DATA(cmsg);
	f->mh.msg_control = cmsg;
	return 0;
}

int zmqk__frames_add(struct zmqk_frames *f, const struct iovec *parts, size_t n, size_t *bytes)
{
	size_t total = *bytes, i;

	for (i = 0; i < n; i++) {
		if (parts[i].iov_len > ZMQK_BYTES_MAX - total) {
			errno = EMSGSIZE;
			return -1;
		}
		total += parts[i].iov_len;
		f->desc[f->n + i].len = parts[i].iov_len;
		f->desc[f->n + i].flags = i + 1 < n ? ZMQ_FRAME_MORE : 0;
	}
	f->n += n;
	*bytes = total;
	return 0;
}

void zmqk__frames_end(struct zmqk_frames *f, const struct iovec *iov, size_t niov)
{
	struct cmsghdr *cmsg = f->mh.msg_control;

	cmsg->cmsg_len = CMSG_LEN(f->n * sizeof(*f->desc));
	f->mh.msg_controllen = CMSG_SPACE(f->n * sizeof(*f->desc));
	f->mh.msg_iov = (struct iovec *)iov;
	f->mh.msg_iovlen = niov;
}

void zmqk__frames_free(struct zmqk_frames *f)
{
	int err = errno;

	free(f->heap);
	errno = err;
}

static void read_control(struct msghdr *mh, struct zmqk_got *got)
{
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(mh); cmsg; cmsg = CMSG_NXTHDR(mh, cmsg)) {
		size_t len = cmsg->cmsg_len - CMSG_LEN(0);

		if (cmsg->cmsg_level == SOL_ZMQ && cmsg->cmsg_type == ZMQ_FRAMES) {
			got->desc = (struct zmq_frame_desc *)CMSG_DATA(cmsg);
			got->n = len / sizeof(*got->desc);
		} else if (cmsg->cmsg_level == SOL_ZMQ && cmsg->cmsg_type == ZMQ_FRAMES_NEED) {
			memcpy(&got->need, CMSG_DATA(cmsg), sizeof(got->need));
		} else if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&got->cred, CMSG_DATA(cmsg), sizeof(got->cred));
			got->has = ZMQK_HAS_CRED;
		}
	}
}

int zmqk__frames_recv(int fd, struct msghdr *mh, int flags, struct zmqk_got *got)
{
	/* What that queue tells would be taken for a message, and nobody told. */
	if (flags & MSG_ERRQUEUE) {
		errno = EINVAL;
		return -1;
	}
	if (recvmsg(fd, mh, flags) < 0)
		return -1;
	memset(got, 0, sizeof(*got));
	read_control(mh, got);
	if (got->need.frames)
		return 1;
	if (got->n)
		return 0;
	errno = ENOMSG;
	return -1;
}
