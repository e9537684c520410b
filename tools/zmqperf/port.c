// SPDX-License-Identifier: GPL-2.0-only
/* Sockets of whatever back end. */
#include <sys/epoll.h>
#include "zmqperf.h"

struct port *port_open(const struct run *r)
{
	const struct pattern *pattern = r->o->pattern;
	struct port *p = xcalloc(1, sizeof(*p));

	p->o = r->o;
	p->type = r->near ? pattern->near : pattern->far;
	p->fd = -1;
	p->epfd = -1;
	p->buf = xcalloc(r->o->batch, r->o->size + 64);
	r->o->backend->open(p);
	return p;
}

/* One port for all peers, that the other end shall dial. */
void ports_listen(struct run *r)
{
	r->ports = xcalloc(1, sizeof(*r->ports));
	r->ports[0] = port_open(r);
	r->o->backend->listen(r->ports[0], r->where);
	ends_call(r);
	r->o->backend->accepted(r->ports[0], r->o->peers);
}

/* A port for each peer, once the other end listens. */
void ports_dial(struct run *r)
{
	unsigned int i;

	r->ports = xcalloc(r->o->peers, sizeof(*r->ports));
	ends_called(r, -1);
	for (i = 0; i < r->o->peers; i++) {
		r->ports[i] = port_open(r);
		r->o->backend->dial(r->ports[i], r->where);
	}
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
