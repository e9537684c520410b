// SPDX-License-Identifier: GPL-2.0-only
/* One way, as fast as it goes. */
#include "zmqperf.h"

static const char * const patterns[] = { "pushpull", "pair", "dealer", NULL };

static void send_one(struct run *r)
{
	const struct options *o = r->o;
	unsigned int slot = r->seq % o->batch;
	unsigned char *buf = r->buf + slot * o->size;

	if (o->style == STYLE_ZC)
		o->backend->reclaim(r->ports[0], slot);
	payload_number(buf, o->size, r->seq++);
	o->backend->send(r->ports[0], buf, o->size);
}

static void send_batches(struct run *r, unsigned int n)
{
	unsigned int batch = r->o->batch, i;
	size_t size = r->o->size;

	for (; n; n -= batch) {
		if (batch > n)
			batch = n;
		for (i = 0; i < batch; i++)
			payload_number(r->buf + i * size, size, r->seq++);
		r->o->backend->send_many(r->ports[0], r->buf, size, batch);
	}
}

static void near(struct run *r, unsigned int n)
{
	if (r->o->style != STYLE_SEND && r->o->style != STYLE_ZC)
		send_batches(r, n);
	else
		while (n--)
			send_one(r);
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
	.near_open = ports_dial,
	.far_open = ports_listen,
	.near = near,
	.far = far,
};
