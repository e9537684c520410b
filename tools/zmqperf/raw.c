// SPDX-License-Identifier: GPL-2.0-only
/* Plain sockets that are connections: a listener has many, others one. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include "zmqperf.h"

#define READY_MAX	64

struct raw {
	const struct raw_ops *ops;
	int listener;
	struct conn *conns;
	unsigned int n;
};

void raw_open(struct port *p, const struct raw_ops *ops, int listener)
{
	struct raw *raw = xcalloc(1, sizeof(*raw));

	raw->ops = ops;
	raw->listener = listener;
	p->own = raw;
}

void raw_add(struct port *p, int fd)
{
	struct raw *raw = p->own;
	struct conn *c;

	raw->conns = realloc(raw->conns, (raw->n + 1) * sizeof(*c));
	if (!raw->conns)
		die_errno("realloc");
	c = &raw->conns[raw->n];
	*c = (struct conn){ .o = p->o, .fd = fd, .room = p->o->size + 16 };
	/* Of many connections none shall take a lot. */
	if (p->o->peers == 1 && c->room < 65536)
		c->room = 65536;
	else if (c->room < 4096)
		c->room = 4096;
	c->buf = xcalloc(1, c->room);
	raw->n++;
}

void raw_accepted(struct port *p, unsigned int n)
{
	struct raw *raw = p->own;
	int fd;

	while (raw->n < n) {
		fd = accept4(raw->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			die_errno("accept4");
		raw_add(p, fd);
	}
}

struct conn *raw_conn(struct port *p)
{
	struct raw *raw = p->own;

	return raw->conns;
}

void raw_subscribe(struct port *p, const void *prefix, size_t len)
{
	(void)p;
	(void)prefix;
	(void)len;
}

void raw_send(struct port *p, const void *data, size_t len)
{
	struct raw *raw = p->own;
	unsigned int i;

	for (i = 0; i < raw->n; i++)
		raw->ops->send(&raw->conns[i], data, len);
}

void raw_send_many(struct port *p, const void *data, size_t len,
		   unsigned int n)
{
	const unsigned char *at = data;

	for (; n--; at += len)
		raw_send(p, at, len);
}

bool raw_recv(struct port *p, struct msg *m, bool wait)
{
	struct raw *raw = p->own;

	return raw->ops->recv(raw->conns, m, wait);
}

unsigned int raw_recv_many(struct port *p, struct msg *m, unsigned int max)
{
	(void)max;
	raw_recv(p, m, true);
	return 1;
}

/* Who waits in no other way needs an epoll instance. */
static void raw_watch(struct port *p)
{
	struct raw *raw = p->own;
	unsigned int i;

	for (i = 0; i < raw->n; i++)
		port_epoll(p, raw->conns[i].fd, i);
}

int raw_readable(struct port *p)
{
	return raw_conn(p)->fd;
}

void raw_await(struct port *p)
{
	struct raw *raw = p->own;
	struct epoll_event ev;

	if (raw->ops->held(raw->conns))
		return;
	if (p->epfd < 0)
		raw_watch(p);
	if (epoll_wait(p->epfd, &ev, 1, -1) != 1)
		die_errno("epoll_wait");
}

unsigned int raw_serve(struct port *p)
{
	struct epoll_event ev[READY_MAX];
	struct raw *raw = p->own;
	unsigned int served = 0;
	struct conn *c;
	struct msg m;
	int i, n;

	if (p->epfd < 0)
		raw_watch(p);
	n = epoll_wait(p->epfd, ev, READY_MAX, -1);
	if (n <= 0)
		die_errno("epoll_wait");
	for (i = 0; i < n; i++) {
		c = &raw->conns[ev[i].data.u32];
		do {
			if (!raw->ops->recv(c, &m, false))
				break;
			raw->ops->send(c, m.data, m.len);
			served++;
		} while (raw->ops->held(c));
	}
	return served;
}
