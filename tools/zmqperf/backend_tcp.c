// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plain TCP with ZMTP's frames and nothing else: a write for each message, a
 * read for all that has come. What one would do without a message library.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include "zmqperf.h"

#define SHORT_MAX	255
#define LONG_FRAME	2
#define HEADER_MAX	9
#define FLAT_MAX	1024	/* longer bodies are not copied behind a header */

static const char *tcp_refuses(const struct options *o)
{
	if (o->style != STYLE_SEND && o->style != STYLE_ZC)
		return "the back end tcp has the call styles send and zc";
	if (o->transport != OVER_TCP)
		return "the back end tcp has the transport tcp only";
	return NULL;
}

static size_t header(unsigned char *h, size_t len)
{
	uint64_t be = htobe64(len);

	if (len <= SHORT_MAX) {
		h[0] = 0;
		h[1] = len;
		return 2;
	}
	h[0] = LONG_FRAME;
	memcpy(h + 1, &be, sizeof(be));
	return HEADER_MAX;
}

static void write_all(int fd, const unsigned char *data, size_t len, int flags)
{
	ssize_t n;

	for (; len; data += n, len -= n) {
		n = send(fd, data, len, flags);
		if (n < 0)
			die_errno("send");
	}
}

static void frame_send(struct conn *c, const void *data, size_t len)
{
	unsigned char buf[HEADER_MAX + FLAT_MAX];
	size_t head = header(buf, len);
	struct iovec iov[2];
	ssize_t n;

	if (len <= FLAT_MAX) {
		memcpy(buf + head, data, len);
		write_all(c->fd, buf, head + len, 0);
		return;
	}
	iov[0] = (struct iovec){ buf, head };
	iov[1] = (struct iovec){ (void *)data, len };
	n = writev(c->fd, iov, 2);
	if (n < (ssize_t)head)
		die_errno("writev");
	write_all(c->fd, (const unsigned char *)data + n - head,
		  len + head - n, 0);
}

/* The header is copied: it does not outlive the call. */
static void frame_send_zc(struct conn *c, const void *data, size_t len)
{
	unsigned char buf[HEADER_MAX];

	write_all(c->fd, buf, header(buf, len), MSG_MORE);
	zc_send(c->o, c->fd, data, len);
}

/* Bytes of the frame at the start of the buffer, and of its header. */
static size_t frame_at(const struct conn *c, size_t *head)
{
	const unsigned char *b = c->buf + c->start;
	uint64_t be;

	*head = 2;
	if (c->end - c->start < *head)
		return 0;
	if (!(b[0] & LONG_FRAME))
		return *head + b[1];
	*head = HEADER_MAX;
	if (c->end - c->start < *head)
		return 0;
	memcpy(&be, b + 1, sizeof(be));
	return *head + be64toh(be);
}

static bool frame_held(const struct conn *c)
{
	size_t head, size = frame_at(c, &head);

	return size && c->end - c->start >= size;
}

static bool frame_recv(struct conn *c, struct msg *m, bool wait)
{
	size_t head, size;
	ssize_t n;

	while (!(size = frame_at(c, &head)) || c->end - c->start < size) {
		memmove(c->buf, c->buf + c->start, c->end - c->start);
		c->end -= c->start;
		c->start = 0;
		if (size > c->room)
			die("a frame of %zu bytes", size);
		n = recv(c->fd, c->buf + c->end, c->room - c->end,
			 wait ? 0 : MSG_DONTWAIT);
		if (n == 0)
			die("the connection has ended");
		if (n < 0) {
			if (!wait && errno == EAGAIN)
				return false;
			die_errno("recv");
		}
		c->end += n;
	}
	m->data = c->buf + c->start + head;
	m->len = size - head;
	c->start += size;
	return true;
}

static const struct raw_ops tcp_ops = {
	.send = frame_send,
	.recv = frame_recv,
	.held = frame_held,
};

static const struct raw_ops tcp_zc_ops = {
	.send = frame_send_zc,
	.recv = frame_recv,
	.held = frame_held,
};

static int tcp_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (fd < 0)
		die_errno("socket(AF_INET)");
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		die_errno("TCP_NODELAY");
	return fd;
}

static void tcp_open(struct port *p)
{
	bool zc = p->o->style == STYLE_ZC;
	int on = 1;

	p->fd = tcp_socket();
	if (zc && setsockopt(p->fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)))
		die_errno("SO_ZEROCOPY");
	raw_open(p, zc ? &tcp_zc_ops : &tcp_ops, p->fd);
}

static void tcp_listen(struct port *p, char *where)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(sin);

	if (bind(p->fd, (struct sockaddr *)&sin, len) ||
	    listen(p->fd, SOMAXCONN) ||
	    getsockname(p->fd, (struct sockaddr *)&sin, &len))
		die_errno("listen");
	snprintf(where, ENDPOINT_MAX, "%u", ntohs(sin.sin_port));
}

static void tcp_dial(struct port *p, const char *where)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(atoi(where)),
	};

	if (connect(p->fd, (struct sockaddr *)&sin, sizeof(sin)))
		die_errno("connect");
	raw_add(p, p->fd);
}

static void tcp_reclaim(struct port *p, unsigned int slot)
{
	zc_reclaim(p->o, raw_conn(p)->fd, slot);
}

const struct backend backend_tcp = {
	.name = "tcp",
	.refuses = tcp_refuses,
	.open = tcp_open,
	.listen = tcp_listen,
	.accepted = raw_accepted,
	.dial = tcp_dial,
	.subscribe = raw_subscribe,
	.send = raw_send,
	.reclaim = tcp_reclaim,
	.send_many = raw_send_many,
	.recv = raw_recv,
	.recv_many = raw_recv_many,
	.await = raw_await,
	.serve = raw_serve,
	.readable = raw_readable,
};
