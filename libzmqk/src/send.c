// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Sending messages.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frames.h"
#include "zmqk.h"

static int fail(int err)
{
	errno = err;
	return -1;
}

ssize_t zmqk_send(int fd, const void *buf, size_t len, int flags)
{
	if (flags & MSG_ZEROCOPY)
		return fail(EINVAL);
	return send(fd, buf, len, flags);
}

/* More pieces than a call takes become one. */
static void *join(const struct iovec *parts, size_t n, size_t bytes)
{
	char *all = malloc(bytes ? bytes : 1), *to = all;
	size_t i;

	for (i = 0; all && i < n; i++) {
		if (parts[i].iov_len)
			memcpy(to, parts[i].iov_base, parts[i].iov_len);
		to += parts[i].iov_len;
	}
	return all;
}

static int send_one(int fd, struct zmqk_frames *f, const struct iovec *parts, int n, int flags)
{
	struct iovec all = { NULL, 0 };
	int err;

	if (zmqk__frames_add(f, parts, n, &all.iov_len))
		return -1;
	zmqk__frames_end(f, parts, n);
	if (n > ZMQK_PARTS_MAX) {
		all.iov_base = join(parts, n, all.iov_len);
		if (!all.iov_base)
			return -1;
		zmqk__frames_end(f, &all, 1);
	}
	n = sendmsg(fd, &f->mh, flags) < 0 ? -1 : n;
	err = errno;
	free(all.iov_base);
	errno = err;
	return n;
}

int zmqk_sendv_to(int fd, const struct zmqk_addr *to, const struct iovec *parts, int n, int flags)
{
	struct zmqk_frames f;
	int ret;

	if (n < 1 || flags & ZMQK_FLAGS_REFUSED)
		return fail(EINVAL);
	/* The first part would be taken for the routing id of somebody else. */
	if (to && !to->len)
		return fail(EDESTADDRREQ);
	if (zmqk__frames_begin(&f, n))
		return -1;
	if (to) {
		f.mh.msg_name = (void *)&to->any;
		f.mh.msg_namelen = to->len;
	}
	ret = send_one(fd, &f, parts, n, flags);
	zmqk__frames_free(&f);
	return ret;
}

int zmqk_sendv(int fd, const struct iovec *parts, int n, int flags)
{
	return zmqk_sendv_to(fd, NULL, parts, n, flags);
}

/* How many messages go in a call, and their parts. */
static int choose(const struct zmqk_vec *msgs, int n, size_t *parts)
{
	int i;

	*parts = 0;
	for (i = 0; i < n; i++) {
		if (msgs[i].nparts < 1)
			return i ? i : fail(EINVAL);
		if (*parts + msgs[i].nparts > ZMQK_PARTS_MAX)
			break;
		*parts += msgs[i].nparts;
	}
	return i;
}

/* The kernel ends a call before a message without a byte that is not the first. */
static int count_sent(const struct zmqk_vec *msgs, int n, size_t bytes)
{
	int i, j;

	for (i = 0; i < n; i++) {
		size_t len = 0;

		for (j = 0; j < msgs[i].nparts; j++)
			len += msgs[i].parts[j].iov_len;
		if (i && (!len || len > bytes))
			break;
		bytes -= len;
	}
	return i;
}

static int add_all(struct zmqk_frames *f, const struct zmqk_vec *msgs, int n, struct iovec *iov)
{
	size_t bytes = 0;
	int i;

	for (i = 0; i < n; i++) {
		memcpy(iov + f->n, msgs[i].parts, msgs[i].nparts * sizeof(*iov));
		if (zmqk__frames_add(f, msgs[i].parts, msgs[i].nparts, &bytes))
			return i ? i : -1;
	}
	return n;
}

int zmqk_send_msgs(int fd, const struct zmqk_vec *msgs, int n, int flags)
{
	struct iovec iov[ZMQK_PARTS_MAX];
	struct zmqk_frames f;
	ssize_t sent = -1;
	size_t parts;

	if (n < 1 || flags & ZMQK_FLAGS_REFUSED)
		return fail(EINVAL);
	n = choose(msgs, n, &parts);
	if (n < 0)
		return -1;
	if (!n)
		return zmqk_sendv(fd, msgs->parts, msgs->nparts, flags) < 0 ? -1 : 1;
	if (zmqk__frames_begin(&f, parts))
		return -1;
	n = add_all(&f, msgs, n, iov);
	if (n > 0) {
		zmqk__frames_end(&f, iov, f.n);
		sent = sendmsg(fd, &f.mh, flags);
	}
	zmqk__frames_free(&f);
	return sent < 0 ? -1 : count_sent(msgs, n, sent);
}
