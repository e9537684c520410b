// SPDX-License-Identifier: GPL-2.0-only
/* AF_ZMQ sockets, with nothing but system calls. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <linux/zmq.h>
#include "zmqperf.h"

/* A message to a ROUTER has a routing id before its body. */
#define FRAMES_EACH	2
#define ID_MAX		64
#define TABLE_MAX	(FRAMES_EACH * BATCH_MAX)

struct azmq {
	struct mmsghdr *hdr;
	struct iovec *iov;
	struct zmq_frame_desc desc[TABLE_MAX];
	char control[CMSG_SPACE(TABLE_MAX * sizeof(struct zmq_frame_desc))];
};

static const char *azmq_refuses(const struct options *o)
{
	(void)o;
	return NULL;
}

static void set_int(struct port *p, int option, int value)
{
	if (setsockopt(p->fd, SOL_ZMQ, option, &value, sizeof(value)))
		die_errno("setsockopt(SOL_ZMQ)");
}

static void azmq_open(struct port *p)
{
	unsigned int n = p->o->batch, i;
	struct azmq *a = xcalloc(1, sizeof(*a));

	p->own = a;
	p->fd = socket(AF_ZMQ, SOCK_SEQPACKET, p->type);
	if (p->fd < 0)
		die_errno("socket(AF_ZMQ)");
	if (p->type == ZMQ_PUB)
		set_int(p, ZMQ_XPUB_NODROP, 1);
	if (p->o->style == STYLE_FRAMES)
		set_int(p, ZMQ_RCVFRAMES, 1);
	if (p->o->style == STYLE_ZC)
		set_int(p, ZMQ_ZEROCOPY, 1);
	if (p->o->direct)
		set_int(p, ZMQ_LOCAL_DIRECT, 1);
	a->hdr = xcalloc(n, sizeof(*a->hdr));
	a->iov = xcalloc(n, sizeof(*a->iov));
	for (i = 0; i < n; i++) {
		a->hdr[i].msg_hdr.msg_iov = &a->iov[i];
		a->hdr[i].msg_hdr.msg_iovlen = 1;
	}
}

static void azmq_listen(struct port *p, char *where)
{
	static const char * const any[] = {
		[OVER_TCP] = "tcp://127.0.0.1:*",
		[OVER_IPC] = "ipc://*",
		[OVER_INPROC] = "inproc://zmqperf",
	};
	const char *ep = any[p->o->transport];
	socklen_t len = ENDPOINT_MAX;

	if (setsockopt(p->fd, SOL_ZMQ, ZMQ_BIND, ep, strlen(ep)))
		die_errno(ep);
	if (getsockopt(p->fd, SOL_ZMQ, ZMQ_LAST_ENDPOINT, where, &len))
		die_errno("ZMQ_LAST_ENDPOINT");
}

static void azmq_accepted(struct port *p, unsigned int n)
{
	(void)p;
	(void)n;
}

static void azmq_dial(struct port *p, const char *where)
{
	if (setsockopt(p->fd, SOL_ZMQ, ZMQ_CONNECT, where, strlen(where)))
		die_errno(where);
}

static void azmq_subscribe(struct port *p, const void *prefix, size_t len)
{
	if (setsockopt(p->fd, SOL_ZMQ, ZMQ_SUBSCRIBE, prefix, len))
		die_errno("ZMQ_SUBSCRIBE");
}

static void azmq_send(struct port *p, const void *data, size_t len)
{
	if (p->o->style == STYLE_ZC)
		zc_send(p->o, p->fd, data, len);
	else if (send(p->fd, data, len, 0) != (ssize_t)len)
		die_errno("send");
}

static void azmq_reclaim(struct port *p, unsigned int slot)
{
	zc_reclaim(p->o, p->fd, slot);
}

static void send_mmsg(struct port *p, const char *data, size_t len,
		      unsigned int n)
{
	struct azmq *a = p->own;
	unsigned int i;
	int done;

	for (i = 0; i < n; i++) {
		a->iov[i].iov_base = (void *)(data + i * len);
		a->iov[i].iov_len = len;
	}
	for (i = 0; i < n; i += done) {
		done = sendmmsg(p->fd, a->hdr + i, n - i, 0);
		if (done <= 0)
			die_errno("sendmmsg");
	}
}

/* One call with the table @desc of @nr frames; returns the bytes it took. */
static size_t send_table(struct port *p, const void *data, size_t len,
			 const struct zmq_frame_desc *desc, unsigned int nr)
{
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct azmq *a = p->own;
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = a->control,
		.msg_controllen = CMSG_SPACE(nr * sizeof(*desc)),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&m);
	ssize_t n;

	cmsg->cmsg_level = SOL_ZMQ;
	cmsg->cmsg_type = ZMQ_FRAMES;
	cmsg->cmsg_len = CMSG_LEN(nr * sizeof(*desc));
	memcpy(CMSG_DATA(cmsg), desc, nr * sizeof(*desc));
	n = sendmsg(p->fd, &m, 0);
	if (n < 0)
		die_errno("sendmsg with ZMQ_FRAMES");
	return n;
}

static void send_frames(struct port *p, const char *data, size_t len,
			unsigned int n)
{
	struct azmq *a = p->own;
	unsigned int i;

	for (i = 0; i < n; i++)
		a->desc[i] = (struct zmq_frame_desc){ .len = len };
	while (n) {
		i = send_table(p, data, n * len, a->desc, n) / len;
		data += i * len;
		n -= i;
	}
}

static void azmq_send_many(struct port *p, const void *data, size_t len,
			   unsigned int n)
{
	switch (p->o->style) {
	case STYLE_SEND:
	case STYLE_ZC:
		while (n--) {
			azmq_send(p, data, len);
			data += len;
		}
		break;
	case STYLE_MMSG:
		send_mmsg(p, data, len, n);
		break;
	case STYLE_FRAMES:
		send_frames(p, data, len, n);
		break;
	case STYLE_URING:
		uring_send_many(p, data, len, n);
		break;
	}
}

static bool azmq_recv(struct port *p, struct msg *m, bool wait)
{
	ssize_t n = recv(p->fd, p->buf, p->o->size + 1,
			 wait ? 0 : MSG_DONTWAIT);

	if (n < 0) {
		if (!wait && errno == EAGAIN)
			return false;
		die_errno("recv");
	}
	m->data = p->buf;
	m->len = n;
	return true;
}

static unsigned int recv_mmsg(struct port *p, struct msg *m, unsigned int max)
{
	size_t room = p->o->size + 1;
	struct azmq *a = p->own;
	int i, n;

	for (i = 0; i < (int)max; i++) {
		a->iov[i].iov_base = p->buf + i * room;
		a->iov[i].iov_len = room;
	}
	n = recvmmsg(p->fd, a->hdr, max, MSG_WAITFORONE, NULL);
	if (n <= 0)
		die_errno("recvmmsg");
	for (i = 0; i < n; i++) {
		m[i].data = a->iov[i].iov_base;
		m[i].len = a->hdr[i].msg_len;
	}
	return n;
}

/* Receive whole messages; returns the frames, or 0 if there are none. */
static unsigned int recv_table(struct port *p, unsigned int max, int flags,
			       size_t *bytes)
{
	struct azmq *a = p->own;
	struct iovec iov = {
		.iov_base = p->buf,
		.iov_len = p->o->batch * (p->o->size + 64),
	};
	struct msghdr h = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = a->control,
		.msg_controllen = CMSG_LEN(max * sizeof(*a->desc)),
	};
	struct cmsghdr *cmsg;
	unsigned int nr;
	ssize_t n;

	n = recvmsg(p->fd, &h, flags);
	if (n < 0) {
		if ((flags & MSG_DONTWAIT) && errno == EAGAIN)
			return 0;
		die_errno("recvmsg with ZMQ_FRAMES");
	}
	cmsg = CMSG_FIRSTHDR(&h);
	if (!cmsg || cmsg->cmsg_type != ZMQ_FRAMES)
		die("recvmsg returned no ZMQ_FRAMES");
	nr = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(*a->desc);
	memcpy(a->desc, CMSG_DATA(cmsg), nr * sizeof(*a->desc));
	*bytes = n;
	return nr;
}

static unsigned int recv_frames(struct port *p, struct msg *m,
				unsigned int max)
{
	const unsigned char *at = p->buf;
	struct azmq *a = p->own;
	unsigned int nr, i;
	size_t bytes;

	nr = recv_table(p, max, 0, &bytes);
	for (i = 0; i < nr; i++) {
		m[i].data = at;
		m[i].len = a->desc[i].len;
		at += a->desc[i].len;
	}
	return nr;
}

static unsigned int azmq_recv_many(struct port *p, struct msg *m,
				   unsigned int max)
{
	switch (p->o->style) {
	case STYLE_MMSG:
		return recv_mmsg(p, m, max);
	case STYLE_FRAMES:
		return recv_frames(p, m, max);
	case STYLE_URING:
		return uring_recv_many(p, m, max);
	default:
		azmq_recv(p, m, true);
		return 1;
	}
}

static void wait_readable(struct port *p)
{
	struct epoll_event ev;

	if (p->epfd < 0)
		port_epoll(p, p->fd, 0);
	if (epoll_wait(p->epfd, &ev, 1, -1) != 1)
		die_errno("epoll_wait");
}

static unsigned int serve_frames(struct port *p)
{
	struct azmq *a = p->own;
	unsigned int nr;
	size_t bytes;

	nr = recv_table(p, FRAMES_EACH * p->o->batch, MSG_DONTWAIT, &bytes);
	if (nr && send_table(p, p->buf, bytes, a->desc, nr) != bytes)
		die("a part of the replies was sent only");
	return nr / FRAMES_EACH;
}

static unsigned int azmq_serve(struct port *p)
{
	struct sockaddr_zmq_peer peer;
	unsigned int served = 0;
	socklen_t len;
	ssize_t n;

	wait_readable(p);
	if (p->o->style == STYLE_FRAMES)
		return serve_frames(p);
	for (;; served++) {
		/* The routing id, which the peer's address makes needless. */
		if (recv(p->fd, p->buf, ID_MAX, MSG_DONTWAIT) < 0)
			break;
		len = sizeof(peer);
		n = recvfrom(p->fd, p->buf, p->o->size + 1, MSG_DONTWAIT,
			     (struct sockaddr *)&peer, &len);
		if (n < 0)
			die_errno("recvfrom");
		if (sendto(p->fd, p->buf, n, 0, (struct sockaddr *)&peer,
			   len) != n)
			die_errno("sendto");
	}
	if (errno != EAGAIN)
		die_errno("recv");
	return served;
}

static int azmq_readable(struct port *p)
{
	return p->fd;
}

const struct backend backend_azmq = {
	.name = "azmq",
	.refuses = azmq_refuses,
	.open = azmq_open,
	.listen = azmq_listen,
	.accepted = azmq_accepted,
	.dial = azmq_dial,
	.subscribe = azmq_subscribe,
	.send = azmq_send,
	.reclaim = azmq_reclaim,
	.send_many = azmq_send_many,
	.recv = azmq_recv,
	.recv_many = azmq_recv_many,
	.await = wait_readable,
	.serve = azmq_serve,
	.readable = azmq_readable,
};
