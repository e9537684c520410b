// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Sends of whole messages.
 */
#include <errno.h>
#include <string.h>

#include "zmqk-uring.h"

/* The kernel cuts what is longer in one call, a page below 2 GiB. */
#define BYTES_MAX	0x7ffff000

/* Half a message; the rest of a call without its table, so that messages become
 * one; a number among those of a lender.
 */
#define FLAGS_REFUSED	(MSG_MORE | MSG_WAITALL | MSG_ZEROCOPY)

static int add_message(struct zmq_frame_desc *desc, const struct iovec *parts, int n, size_t *bytes)
{
	int i;

	for (i = 0; i < n; i++) {
		if (parts[i].iov_len > BYTES_MAX - *bytes)
			return -EMSGSIZE;
		*bytes += parts[i].iov_len;
		desc[i].len = parts[i].iov_len;
		desc[i].flags = i + 1 < n ? ZMQ_FRAME_MORE : 0;
	}
	return 0;
}

/* Returns the number of parts, or a negative errno. */
static int count_parts(const int *nparts, int n, size_t size)
{
	int i, sum = 0;

	if (n < 1)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		if (nparts[i] < 1)
			return -EINVAL;
		if (nparts[i] > ZMQK_PARTS_MAX - sum)
			return -EMSGSIZE;
		sum += nparts[i];
	}
	return size < ZMQK_URING_TABLE(sum) ? -ENOSPC : sum;
}

static int fill(struct zmqk_uring_tx *tx, struct iovec *iov, const int *nparts, int n,
		void *table, size_t size, int flags)
{
	int sum = count_parts(nparts, n, size), i, at = 0, err = 0;
	struct cmsghdr *cmsg = table;
	size_t bytes = 0;

	if (flags & FLAGS_REFUSED)
		return -EINVAL;
	if (sum < 0)
		return sum;
	for (i = 0; i < n && !err; at += nparts[i++])
		err = add_message((struct zmq_frame_desc *)CMSG_DATA(cmsg) + at, iov + at,
				  nparts[i], &bytes);
	cmsg->cmsg_level = SOL_ZMQ;
	cmsg->cmsg_type = ZMQ_FRAMES;
	cmsg->cmsg_len = CMSG_LEN(sum * sizeof(struct zmq_frame_desc));
	memset(&tx->mh, 0, sizeof(tx->mh));
	tx->mh.msg_iov = iov;
	tx->mh.msg_iovlen = sum;
	tx->mh.msg_control = table;
	tx->mh.msg_controllen = ZMQK_URING_TABLE(sum);
	return err;
}

int zmqk_prep_send_msgs(struct io_uring_sqe *sqe, struct zmqk_uring_tx *tx, int fd,
			struct iovec *iov, const int *nparts, int n, void *table, size_t size,
			int flags)
{
	int err = fill(tx, iov, nparts, n, table, size, flags);

	if (!err)
		io_uring_prep_sendmsg(sqe, fd, &tx->mh, flags);
	return err;
}

/* A message without a byte would not show in the bytes: a call ends before it. */
int zmqk_uring_sent(const struct io_uring_cqe *cqe, const struct iovec *iov, const int *nparts,
		    int n)
{
	size_t bytes = cqe->res, len;
	int i, j;

	if (cqe->res < 0)
		return cqe->res;
	for (i = 0; i < n; i++) {
		len = 0;
		for (j = 0; j < nparts[i]; j++)
			len += iov++->iov_len;
		if (i && (!len || len > bytes))
			break;
		bytes -= len;
	}
	return i;
}

int zmqk_prep_sendv(struct io_uring_sqe *sqe, struct zmqk_uring_tx *tx, int fd,
		    struct iovec *parts, int n, void *table, size_t size, int flags)
{
	return zmqk_prep_send_msgs(sqe, tx, fd, parts, &n, 1, table, size, flags);
}

int zmqk_prep_sendv_zc(struct io_uring_sqe *sqe, struct zmqk_uring_tx *tx, int fd,
		       struct iovec *parts, int n, void *table, size_t size, int flags)
{
	int err = fill(tx, parts, &n, 1, table, size, flags);

	if (!err)
		io_uring_prep_sendmsg_zc(sqe, fd, &tx->mh, flags);
	return err;
}

/* One that failed, or that copied, may be alone. */
int zmqk_uring_released(const struct io_uring_cqe *cqe)
{
	return cqe->flags & IORING_CQE_F_NOTIF || !(cqe->flags & IORING_CQE_F_MORE);
}
