// SPDX-License-Identifier: GPL-2.0-only
/* Whole messages, many a call: sendmsg() and recvmsg() with ZMQ_FRAMES. */
#include <stdlib.h>
#include "zmqtest.h"

/* Send the frames @desc, whose bodies lie one behind the other at @data. */
ssize_t zt_send_frames(int fd, const void *data, size_t len,
		       const struct zmq_frame_desc *desc, unsigned int nr,
		       int flags)
{
	size_t size = nr * sizeof(*desc);
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;
	ssize_t ret;
	int err;

	m.msg_controllen = CMSG_SPACE(size);
	m.msg_control = calloc(1, m.msg_controllen);
	cmsg = CMSG_FIRSTHDR(&m);
	cmsg->cmsg_level = SOL_ZMQ;
	cmsg->cmsg_type = ZMQ_FRAMES;
	cmsg->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(cmsg), desc, size);
	ret = sendmsg(fd, &m, flags);
	err = errno;
	free(m.msg_control);
	errno = err;
	return ret;
}

/* Receive into @data, and the frame table into @b. */
ssize_t zt_recv_frames(int fd, void *data, size_t len, struct zt_batch *b,
		       unsigned int max, int flags)
{
	char control[CMSG_SPACE(sizeof(b->desc))];
	struct iovec iov = { .iov_base = data, .iov_len = len };
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_LEN(max * sizeof(*b->desc)),
	};
	struct cmsghdr *cmsg;
	ssize_t ret;

	memset(b, 0, sizeof(*b));
	memset(control, 0, sizeof(control));
	ret = recvmsg(fd, &m, flags);
	if (ret < 0)
		return ret;
	b->flags = m.msg_flags;
	for (cmsg = CMSG_FIRSTHDR(&m); cmsg; cmsg = CMSG_NXTHDR(&m, cmsg)) {
		size_t size = cmsg->cmsg_len - CMSG_LEN(0);

		if (cmsg->cmsg_level != SOL_ZMQ)
			continue;
		if (cmsg->cmsg_type == ZMQ_FRAMES) {
			memcpy(b->desc, CMSG_DATA(cmsg), size);
			b->nr = size / sizeof(*b->desc);
		} else if (cmsg->cmsg_type == ZMQ_FRAMES_NEED) {
			memcpy(&b->need, CMSG_DATA(cmsg), sizeof(b->need));
		}
	}
	return ret;
}
