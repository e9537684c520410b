// SPDX-License-Identifier: GPL-2.0-only
/* AF_UNIX SOCK_SEQPACKET: the kernel's own messages between two processes. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "zmqperf.h"

static const char *unix_refuses(const struct options *o)
{
	if (o->style != STYLE_SEND && o->style != STYLE_MMSG)
		return "the back end unix has the call styles send and mmsg";
	if (o->transport != OVER_IPC)
		return "the back end unix has the transport ipc only";
	return NULL;
}

static void packet_send(struct conn *c, const void *data, size_t len)
{
	if (send(c->fd, data, len, 0) != (ssize_t)len)
		die_errno("send");
}

static bool packet_recv(struct conn *c, struct msg *m, bool wait)
{
	ssize_t n = recv(c->fd, c->buf, c->room, wait ? 0 : MSG_DONTWAIT);

	if (n == 0)
		die("the connection has ended");
	if (n < 0) {
		if (!wait && errno == EAGAIN)
			return false;
		die_errno("recv");
	}
	m->data = c->buf;
	m->len = n;
	return true;
}

static bool packet_held(const struct conn *c)
{
	(void)c;
	return false;
}

static const struct raw_ops unix_ops = {
	.send = packet_send,
	.recv = packet_recv,
	.held = packet_held,
};

static void unix_open(struct port *p)
{
	p->fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	if (p->fd < 0)
		die_errno("socket(AF_UNIX)");
	raw_open(p, &unix_ops, p->fd);
}

/* An abstract name: the byte before it is 0. */
static socklen_t address(struct sockaddr_un *sun, const char *name)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	strncpy(sun->sun_path + 1, name, sizeof(sun->sun_path) - 2);
	return offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
}

static void unix_listen(struct port *p, char *where)
{
	static unsigned int listeners;
	struct sockaddr_un sun;
	socklen_t len;

	snprintf(where, ENDPOINT_MAX, "zmqperf-%d-%u", getpid(), listeners++);
	len = address(&sun, where);
	if (bind(p->fd, (struct sockaddr *)&sun, len) ||
	    listen(p->fd, SOMAXCONN))
		die_errno("listen");
}

static void unix_dial(struct port *p, const char *where)
{
	struct sockaddr_un sun;
	socklen_t len = address(&sun, where);

	if (connect(p->fd, (struct sockaddr *)&sun, len))
		die_errno("connect");
	raw_add(p, p->fd);
}

static void unix_send_many(struct port *p, const void *data, size_t len,
			   unsigned int n)
{
	struct mmsghdr hdr[BATCH_MAX];
	struct iovec iov[BATCH_MAX];
	unsigned int i;
	int done;

	memset(hdr, 0, n * sizeof(*hdr));
	for (i = 0; i < n; i++) {
		iov[i].iov_base = (char *)data + i * len;
		iov[i].iov_len = len;
		hdr[i].msg_hdr.msg_iov = &iov[i];
		hdr[i].msg_hdr.msg_iovlen = 1;
	}
	for (i = 0; i < n; i += done) {
		done = sendmmsg(raw_conn(p)->fd, hdr + i, n - i, 0);
		if (done <= 0)
			die_errno("sendmmsg");
	}
}

static unsigned int unix_recv_many(struct port *p, struct msg *m,
				   unsigned int max)
{
	size_t room = p->o->size + 1;
	struct mmsghdr hdr[BATCH_MAX];
	struct iovec iov[BATCH_MAX];
	int i, n;

	if (p->o->style == STYLE_SEND)
		return raw_recv_many(p, m, max);
	memset(hdr, 0, max * sizeof(*hdr));
	for (i = 0; i < (int)max; i++) {
		iov[i].iov_base = p->buf + i * room;
		iov[i].iov_len = room;
		hdr[i].msg_hdr.msg_iov = &iov[i];
		hdr[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(raw_conn(p)->fd, hdr, max, MSG_WAITFORONE, NULL);
	if (n <= 0)
		die_errno("recvmmsg");
	for (i = 0; i < n; i++) {
		m[i].data = iov[i].iov_base;
		m[i].len = hdr[i].msg_len;
	}
	return n;
}

const struct backend backend_unix = {
	.name = "unix",
	.refuses = unix_refuses,
	.open = unix_open,
	.listen = unix_listen,
	.accepted = raw_accepted,
	.dial = unix_dial,
	.subscribe = raw_subscribe,
	.send = raw_send,
	.send_many = unix_send_many,
	.recv = raw_recv,
	.recv_many = unix_recv_many,
	.await = raw_await,
	.serve = raw_serve,
	.readable = raw_readable,
};
