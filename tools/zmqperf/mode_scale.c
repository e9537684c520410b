// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server with an event loop and --peers clients with a socket each: in a
 * round every client sends a request, then every client reads its reply.
 */
#include "zmqperf.h"

static const char * const patterns[] = { "router", NULL };

static void near(struct run *r, unsigned int n)
{
	const struct options *o = r->o;
	unsigned int i;
	struct msg m;

	for (; n--; r->seq += o->peers) {
		for (i = 0; i < o->peers; i++) {
			payload_number(r->buf, o->size, r->seq + i);
			o->backend->send(r->ports[i], r->buf, o->size);
		}
		for (i = 0; i < o->peers; i++) {
			o->backend->recv(r->ports[i], &m, true);
			r->check(&m, o->size, r->seq + i);
		}
	}
}

static uint64_t ops(const struct options *o, unsigned int n)
{
	return (uint64_t)n * o->peers;
}

static void far(struct run *r, unsigned int n)
{
	uint64_t served = 0;

	while (served < ops(r->o, n))
		served += r->o->backend->serve(r->ports[0]);
}

const struct mode mode_scale = {
	.name = "scale",
	.unit = "request",
	.patterns = patterns,
	.near_open = ports_dial,
	.far_open = ports_listen,
	.near = near,
	.far = far,
	.ops = ops,
};
