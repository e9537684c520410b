// SPDX-License-Identifier: GPL-2.0-only
/* One way, as fast as it goes. */
#include "zmqperf.h"

static const char * const patterns[] = { "pushpull", "pair", "dealer", NULL };

static void near_open(struct run *r)
{
	r->ports = xcalloc(1, sizeof(*r->ports));
	ends_called(r, -1);
	r->ports[0] = port_dialed(r->o, r->o->pattern->near, r->where);
}

static void far_open(struct run *r)
{
	r->ports = xcalloc(1, sizeof(*r->ports));
	r->ports[0] = port_listening(r->o, r->o->pattern->far, r->where);
	ends_call(r);
	r->o->backend->accepted(r->ports[0], 1);
}

static void near(struct run *r, unsigned int n)
{
	unsigned int batch = r->o->batch, i;
	size_t size = r->o->size;

	for (; n; n -= batch) {
		if (batch > n)
			batch = n;
		for (i = 0; i < batch; i++)
			payload_number(r->buf + i * size, size, r->seq++);
		if (r->o->style == STYLE_SEND)
			r->o->backend->send(r->ports[0], r->buf, size);
		else
			r->o->backend->send_many(r->ports[0], r->buf, size,
						 batch);
	}
}

static void far(struct run *r, unsigned int n)
{
	const struct backend *be = r->o->backend;
	struct port *p = r->ports[0];
	unsigned int got = 1, i;
	struct msg m[BATCH_MAX];

	for (; n; n -= got) {
		if (r->o->style == STYLE_SEND)
			be->recv(p, m, true);
		else
			got = be->recv_many(p, m,
					    n < r->o->batch ? n : r->o->batch);
		for (i = 0; i < got; i++)
			r->check(&m[i], r->o->size, r->seq++);
	}
}

const struct mode mode_thr = {
	.name = "thr",
	.unit = "message",
	.patterns = patterns,
	.near_open = near_open,
	.far_open = far_open,
	.near = near,
	.far = far,
};
