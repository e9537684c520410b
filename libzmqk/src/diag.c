// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Asking the kernel for sockets by sock_diag(7).
 */
#include <errno.h>
#include <linux/sock_diag.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"

#define ANSWER_MAX	32768

/**
 * struct dump - what is asked for
 * @fd: the netlink socket
 * @each: as zmqk__diag()
 * @arg: as zmqk__diag()
 * @found: the socket was told of
 */
struct dump {
	int fd;
	int (*each)(const struct rtattr *attr, void *arg);
	void *arg;
	bool found;
};

static int fail(int err)
{
	errno = err;
	return -1;
}

static int ask(int netlink, __u64 ino, __u32 show)
{
	struct {
		struct nlmsghdr head;
		struct zmq_diag_req req;
	} request = {
		.head = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.req = {
			.zdiag_family = zmqk_family(),
			.zdiag_show = show,
			.zdiag_ino = ino,
		},
	};
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	return sendto(netlink, &request, sizeof(request), 0, (struct sockaddr *)&kernel,
		      sizeof(kernel)) < 0 ? -1 : 0;
}

static int read_message(struct dump *dump, const struct nlmsghdr *head)
{
	struct zmq_diag_msg *msg = NLMSG_DATA(head);
	struct rtattr *attr = (struct rtattr *)((char *)msg + NLMSG_ALIGN(sizeof(*msg)));
	int len = head->nlmsg_len - NLMSG_LENGTH(sizeof(*msg)), ret;

	dump->found = true;
	for (; RTA_OK(attr, len); attr = RTA_NEXT(attr, len)) {
		ret = dump->each(attr, dump->arg);
		if (ret)
			return ret;
	}
	return 0;
}

/* Returns 1 at the end, with *ret as zmqk__diag(). */
static bool read_answer(struct dump *dump, const struct nlmsghdr *head, int len, int *ret)
{
	for (; NLMSG_OK(head, len); head = NLMSG_NEXT(head, len)) {
		const struct nlmsgerr *err = NLMSG_DATA(head);

		*ret = 0;
		if (head->nlmsg_type == NLMSG_DONE)
			return true;
		if (head->nlmsg_type == NLMSG_ERROR) {
			*ret = fail(-err->error);
			return true;
		}
		*ret = read_message(dump, head);
		if (*ret)
			return true;
	}
	return false;
}

static int read_answers(struct dump *dump)
{
	char *buf = malloc(ANSWER_MAX);
	int ret = -1, err;
	ssize_t len;

	if (!buf)
		return -1;
	do {
		len = recvfrom(dump->fd, buf, ANSWER_MAX, 0, NULL, NULL);
		if (len < 0)
			ret = -1;
	} while (len > 0 && !read_answer(dump, (struct nlmsghdr *)buf, len, &ret));
	err = errno;
	free(buf);
	errno = err;
	if (!ret && !dump->found)
		return fail(ENOENT);
	return ret;
}

int zmqk__diag(int fd, __u32 show, int (*each)(const struct rtattr *attr, void *arg), void *arg)
{
	struct dump dump = { .each = each, .arg = arg };
	struct stat st;
	int ret, err;

	if (fstat(fd, &st))
		return -1;
	dump.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (dump.fd < 0)
		return -1;
	ret = ask(dump.fd, st.st_ino, show);
	if (!ret)
		ret = read_answers(&dump);
	err = errno;
	close(dump.fd);
	errno = err;
	return ret;
}

void zmqk__attr_copy(void *to, size_t size, const struct rtattr *attr)
{
	size_t len = RTA_PAYLOAD(attr);

	memset(to, 0, size);
	memcpy(to, RTA_DATA(attr), len < size ? len : size);
}
