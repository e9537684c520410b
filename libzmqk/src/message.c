// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Messages and their parts.
 */
#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "zmqk.h"

/* Parts of one message lie in one buffer, each aligned as malloc() would. */
#define PART_ALIGN	alignof(max_align_t)
#define MIN_DATA	4096
#define MIN_PARTS	4

/* struct zmqk_msg.flags: the last part has not come yet */
#define MSG_INCOMPLETE	1

ssize_t zmqk_send(int fd, const void *buf, size_t len, int flags)
{
	return send(fd, buf, len, flags);
}

int zmqk_sendv(int fd, const struct iovec *parts, int n, int flags)
{
	int i = 0;

	if (n < 1) {
		errno = EINVAL;
		return -1;
	}
	while (i < n) {
		int more = i < n - 1 ? MSG_MORE : 0;

		if (send(fd, parts[i].iov_base, parts[i].iov_len, flags | more) >= 0)
			i++;
		else if (!i)
			return -1;
		else if (errno != EINTR)
			return i;
	}
	return n;
}

static ssize_t recv_part(int fd, void *buf, size_t len, int flags, int *more)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t ret = recvmsg(fd, &mh, flags | MSG_TRUNC);

	if (ret >= 0 && more)
		*more = !(mh.msg_flags & MSG_EOR);
	return ret;
}

ssize_t zmqk_recv(int fd, void *buf, size_t len, int flags, int *more)
{
	return recv_part(fd, buf, len, flags, more);
}

static int grow(void **array, size_t size)
{
	void *p = realloc(*array, size);

	if (!p)
		return -1;
	*array = p;
	return 0;
}

static int reserve_part(struct zmqk_msg *msg)
{
	int max = msg->max_parts ? 2 * msg->max_parts : MIN_PARTS;
	void *parts = msg->parts;

	if (msg->pending < msg->max_parts)
		return 0;
	if (msg->max_parts > INT32_MAX / 2) {
		errno = ENOMEM;
		return -1;
	}
	if (grow(&parts, max * sizeof(*msg->parts)))
		return -1;
	msg->parts = parts;
	msg->max_parts = max;
	return 0;
}

static int reserve_data(struct zmqk_msg *msg, size_t len)
{
	size_t size = msg->size ? msg->size : MIN_DATA;
	void *data = msg->data;

	if (len < msg->size - msg->used)
		return 0;
	/* Room for the part and its NUL; a part's length is below SSIZE_MAX. */
	while (size - msg->used <= len) {
		if (size > SIZE_MAX / 2) {
			errno = ENOMEM;
			return -1;
		}
		size *= 2;
	}
	if (grow(&data, size))
		return -1;
	msg->data = data;
	msg->size = size;
	return 0;
}

/* The offset stands in for the address until the buffer moves no more. */
static void add_part(struct zmqk_msg *msg, size_t len)
{
	struct iovec *part = &msg->parts[msg->pending++];
	size_t end = msg->used + len;

	part->iov_base = (void *)msg->used;
	part->iov_len = len;
	msg->data[end] = '\0';
	end = (end + PART_ALIGN) & ~(PART_ALIGN - 1);
	msg->used = end < msg->size ? end : msg->size;
}

static int recv_next(int fd, struct zmqk_msg *msg, int flags)
{
	ssize_t len, got;
	int more;

	len = recv_part(fd, NULL, 0, flags | MSG_PEEK, NULL);
	if (len < 0 || reserve_part(msg) || reserve_data(msg, len))
		return -1;
	got = recv_part(fd, msg->data + msg->used, len, flags, &more);
	if (got < 0)
		return -1;
	/* A message with a hole is of no use, so the next part starts another. */
	if (!more || got > len)
		msg->flags &= ~MSG_INCOMPLETE;
	if (got > len) {
		errno = EMSGSIZE;
		return -1;
	}
	add_part(msg, got);
	return 0;
}

int zmqk_recv_msg(int fd, struct zmqk_msg *msg, int flags)
{
	int i;

	if (!(msg->flags & MSG_INCOMPLETE)) {
		msg->pending = 0;
		msg->used = 0;
	}
	msg->nparts = 0;
	msg->flags |= MSG_INCOMPLETE;
	while (msg->flags & MSG_INCOMPLETE) {
		if (recv_next(fd, msg, flags) && (errno != EINTR || !msg->pending))
			return -1;
	}
	for (i = 0; i < msg->pending; i++)
		msg->parts[i].iov_base = msg->data + (size_t)msg->parts[i].iov_base;
	msg->nparts = msg->pending;
	return msg->nparts;
}

void zmqk_msg_free(struct zmqk_msg *msg)
{
	free(msg->parts);
	free(msg->data);
	*msg = (struct zmqk_msg)ZMQK_MSG_INIT;
}
