// SPDX-License-Identifier: GPL-2.0-only
/* Round trips, one at a time. */
#include "zmqperf.h"

static const char * const patterns[] = { "reqrep", "pair", "dealer", NULL };

static void near(struct run *r, unsigned int n)
{
	const struct backend *be = r->o->backend;
	struct port *p = r->ports[0];
	size_t size = r->o->size;
	uint64_t start;
	struct msg m;

	while (n--) {
		start = now_ns();
		payload_number(r->buf, size, r->seq);
		be->send(p, r->buf, size);
		if (r->o->epoll)
			be->await(p);
		be->recv(p, &m, true);
		r->check(&m, size, r->seq++);
		stats_add(r->latency, now_ns() - start);
	}
}

static void far(struct run *r, unsigned int n)
{
	const struct backend *be = r->o->backend;
	struct port *p = r->ports[0];
	struct msg m;

	while (n--) {
		if (r->o->epoll)
			be->await(p);
		be->recv(p, &m, true);
		r->check(&m, r->o->size, r->seq++);
		be->send(p, m.data, m.len);
	}
}

const struct mode mode_lat = {
	.name = "lat",
	.unit = "round trip",
	.patterns = patterns,
	.near_open = ports_dial,
	.far_open = ports_listen,
	.near = near,
	.far = far,
};
