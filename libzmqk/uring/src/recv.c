// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * A receive that stays armed, and what its completions bring.
 */
#include <errno.h>
#include <string.h>

#include "zmqk-uring.h"

void zmqk_prep_recv_multishot(struct io_uring_sqe *sqe, struct zmqk_uring_rx *rx, int fd,
			      unsigned short bgid, unsigned int frames, int flags)
{
	memset(&rx->mh, 0, sizeof(rx->mh));
	rx->mh.msg_namelen = sizeof(struct sockaddr_storage);
	rx->mh.msg_controllen = ZMQK_URING_TABLE(frames);
	/* Asks for messages, whatever ZMQ_RCVFRAMES is: a frame would be lost. */
	io_uring_prep_recvmsg_multishot(sqe, fd, &rx->mh, flags | MSG_WAITFORONE);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = bgid;
}

static void read_control(struct io_uring_recvmsg_out *out, struct msghdr *mh,
			 struct zmqk_uring_in *in)
{
	struct cmsghdr *cmsg;

	for (cmsg = io_uring_recvmsg_cmsg_firsthdr(out, mh); cmsg;
	     cmsg = io_uring_recvmsg_cmsg_nexthdr(out, mh, cmsg)) {
		size_t len = cmsg->cmsg_len - CMSG_LEN(0);

		if (cmsg->cmsg_level == SOL_ZMQ && cmsg->cmsg_type == ZMQ_FRAMES) {
			in->desc = (struct zmq_frame_desc *)CMSG_DATA(cmsg);
			in->nframes = len / sizeof(*in->desc);
		} else if (cmsg->cmsg_level == SOL_ZMQ && cmsg->cmsg_type == ZMQ_FRAMES_NEED) {
			memcpy(&in->need, CMSG_DATA(cmsg), sizeof(in->need));
		} else if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_CREDENTIALS) {
			in->cred = (struct zmqk_cred *)CMSG_DATA(cmsg);
		}
	}
}

int zmqk_uring_read(const struct io_uring_cqe *cqe, struct zmqk_uring_rx *rx, void *buf,
		    struct zmqk_uring_in *in)
{
	struct io_uring_recvmsg_out *out;

	memset(in, 0, sizeof(*in));
	if (cqe->res < 0)
		return cqe->res;
	out = io_uring_recvmsg_validate(buf, cqe->res, &rx->mh);
	if (!out)
		return -EBADMSG;
	read_control(out, &rx->mh, in);
	/* What comes without a table is of no AF_ZMQ socket. */
	if (!in->nframes && !in->need.frames)
		return -EBADMSG;
	in->data = io_uring_recvmsg_payload(out, &rx->mh);
	if (out->namelen) {
		in->from = io_uring_recvmsg_name(out);
		in->fromlen = out->namelen;
	}
	return 0;
}

int zmqk_uring_next(struct zmqk_uring_in *in, struct iovec *parts, int max)
{
	size_t n, i;

	if (!in->nframes)
		return 0;
	for (n = 1; n < in->nframes && in->desc[n - 1].flags & ZMQ_FRAME_MORE; n++)
		;
	if (max < 0 || n > (size_t)max)
		return -EMSGSIZE;
	for (i = 0; i < n; i++) {
		parts[i].iov_base = in->data;
		parts[i].iov_len = in->desc[i].len;
		in->data += in->desc[i].len;
	}
	in->desc += n;
	in->nframes -= n;
	return n;
}
