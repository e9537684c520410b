// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client that keeps --window requests outstanding, and a server with an
 * event loop that answers each with its own body.
 */
#include "zmqperf.h"

static const char * const patterns[] = { "router", NULL };

static void request(struct run *r, uint64_t seq)
{
	payload_number(r->buf, r->o->size, seq);
	r->o->backend->send(r->ports[0], r->buf, r->o->size);
}

static void near(struct run *r, unsigned int n)
{
	const struct options *o = r->o;
	unsigned int sent = 0, done;
	struct msg m;

	while (sent < n && sent < o->window)
		request(r, r->seq + sent++);
	for (done = 0; done < n; done++) {
		o->backend->recv(r->ports[0], &m, true);
		r->check(&m, o->size, r->seq + done);
		if (sent < n)
			request(r, r->seq + sent++);
	}
	r->seq += n;
}

static void far(struct run *r, unsigned int n)
{
	unsigned int served = 0;

	while (served < n)
		served += r->o->backend->serve(r->ports[0]);
}

const struct mode mode_rpc = {
	.name = "rpc",
	.unit = "request",
	.patterns = patterns,
	.near_open = ports_dial,
	.far_open = ports_listen,
	.near = near,
	.far = far,
};
