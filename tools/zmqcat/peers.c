// SPDX-License-Identifier: GPL-2.0-only
/* What sock_diag(7) tells of one socket. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/zmq_diag.h>
#include "zmqcat.h"

#define ANSWER_MAX (64 << 10)

static int ask(int family, uint64_t ino)
{
	struct {
		struct nlmsghdr h;
		struct zmq_diag_req req;
	} request = {
		.h = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.req = {
			.zdiag_family = family,
			.zdiag_show = ZMQ_DIAG_SHOW_PEERS,
			.zdiag_ino = ino,
		},
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0)
		return -1;
	if (send(fd, &request, sizeof(request), 0) != sizeof(request)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The attribute of that type, NULL if there is none that long. */
static const void *find(const char *data, size_t len, int type, size_t size)
{
	const struct nlattr *a;
	size_t step;

	while (len >= sizeof(*a)) {
		a = (const void *)data;
		if (a->nla_len < sizeof(*a) || a->nla_len > len)
			return NULL;
		if ((a->nla_type & NLA_TYPE_MASK) == type &&
		    a->nla_len >= sizeof(*a) + size)
			return a;
		step = NLA_ALIGN(a->nla_len);
		len -= step < len ? step : len;
		data += step;
	}
	return NULL;
}

static void add(const char *data, size_t len, int type, struct sock_sums *sums)
{
	const struct zmq_diag_peer *peer;
	const struct zmq_diag_info *info;
	const struct nlattr *a;
	bool publishes = type == ZMQ_PUB || type == ZMQ_XPUB;

	a = find(data, len, ZMQ_DIAG_INFO, sizeof(*info));
	if (a) {
		info = (const void *)(a + 1);
		sums->tx_msgs = info->tx_msgs;
	}
	a = find(data, len, ZMQ_DIAG_PEER, 0);
	if (a)
		a = find((const void *)(a + 1), a->nla_len - sizeof(*a),
			 ZMQ_DIAG_P_INFO, sizeof(*peer));
	if (a) {
		peer = (const void *)(a + 1);
		if (peer->state != ZMQ_DIAG_UP)
			return;
		sums->up++;
		if (!publishes || peer->topics)
			sums->peers++;
	}
}

/* Return: whether the dump goes on. */
static bool take(char *data, size_t len, int type, struct sock_sums *sums, bool *ok)
{
	const struct nlmsghdr *h = (const void *)data;
	const size_t skip = NLMSG_HDRLEN + sizeof(struct zmq_diag_msg);

	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR) {
			*ok = h->nlmsg_type == NLMSG_DONE;
			return false;
		}
		if (h->nlmsg_len > skip)
			add((const char *)h + skip, h->nlmsg_len - skip, type, sums);
	}
	return true;
}

/**
 * peers_sums() - ask the kernel about a socket of ours
 * @fd: the socket
 * @type: its type
 * @sums: the answer
 *
 * Return: false if the kernel does not tell.
 */
bool peers_sums(int fd, int type, struct sock_sums *sums)
{
	static char *buf;
	int domain, nl;
	socklen_t len = sizeof(domain);
	bool ok = false;
	struct stat st;
	ssize_t n;

	memset(sums, 0, sizeof(*sums));
	if (fstat(fd, &st) || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len))
		return false;
	nl = ask(domain, st.st_ino);
	if (nl < 0)
		return false;
	if (!buf)
		buf = xrealloc(NULL, ANSWER_MAX);
	do {
		n = recv(nl, buf, ANSWER_MAX, 0);
	} while (n > 0 && take(buf, n, type, sums, &ok));
	close(nl);
	return ok;
}
