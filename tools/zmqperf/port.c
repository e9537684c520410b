// SPDX-License-Identifier: GPL-2.0-only
/* A socket of whatever back end. */
#include <sys/epoll.h>
#include "zmqperf.h"

struct port *port_open(const struct options *o, int type)
{
	struct port *p = xcalloc(1, sizeof(*p));

	p->o = o;
	p->type = type;
	p->fd = -1;
	p->epfd = -1;
	p->buf = xcalloc(o->batch, o->size + 64);
	o->backend->open(p);
	return p;
}

struct port *port_listening(const struct options *o, int type, char *where)
{
	struct port *p = port_open(o, type);

	o->backend->listen(p, where);
	return p;
}

struct port *port_dialed(const struct options *o, int type, const char *where)
{
	struct port *p = port_open(o, type);

	o->backend->dial(p, where);
	return p;
}

/* The port's epoll instance, with @fd in it if that is not negative. */
int port_epoll(struct port *p, int fd, uint32_t which)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = which };

	if (p->epfd < 0) {
		p->epfd = epoll_create1(EPOLL_CLOEXEC);
		if (p->epfd < 0)
			die_errno("epoll_create1");
	}
	if (fd >= 0 && epoll_ctl(p->epfd, EPOLL_CTL_ADD, fd, &ev))
		die_errno("epoll_ctl");
	return p->epfd;
}
