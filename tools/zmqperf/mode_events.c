// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to be told that something has happened: the far end watches
 * --peers sockets, each with a connection, of which one gets messages. It
 * answers each of them before the next one is sent.
 */
#include "zmqperf.h"

static const char * const patterns[] = { "dealer", NULL };

/* The descriptor in the middle: who looks for it looks at half of them. */
static unsigned int active(const struct options *o)
{
	return o->peers / 2;
}

static struct loop *loop;

/* The active connection has a port of its own, all others share one. */
static void near_open(struct run *r)
{
	unsigned int idle = r->o->peers - 1, i;

	r->ports = xcalloc(2, sizeof(*r->ports));
	for (i = 0; i < 1 + !!idle; i++) {
		r->ports[i] = port_open(r);
		r->o->backend->listen(r->ports[i], r->where);
		ends_call(r);
		r->o->backend->accepted(r->ports[i], i ? idle : 1);
		ends_called(r, -1);
	}
}

/* Sockets are opened before any is connected: libzmq's connections have
 * descriptors that select() need not reach.
 */
static void far_open(struct run *r)
{
	const struct options *o = r->o;
	const struct backend *be = o->backend;
	unsigned int i;

	r->ports = xcalloc(o->peers, sizeof(*r->ports));
	for (i = 0; i < o->peers; i++)
		r->ports[i] = port_open(r);
	ends_called(r, -1);
	be->dial(r->ports[active(o)], r->where);
	ends_call(r);
	if (o->peers > 1) {
		ends_called(r, -1);
		for (i = 0; i < o->peers; i++)
			if (i != active(o))
				be->dial(r->ports[i], r->where);
		ends_call(r);
	}
	loop = loop_new(o, r->ports, o->peers);
}

static void near(struct run *r, unsigned int n)
{
	const struct options *o = r->o;
	uint64_t start;
	struct msg m;

	for (; n--; r->seq++) {
		start = now_ns();
		payload_number(r->buf, o->size, r->seq);
		o->backend->send(r->ports[0], r->buf, o->size);
		o->backend->recv(r->ports[0], &m, true);
		r->check(&m, o->size, r->seq);
		stats_add(r->latency, now_ns() - start);
	}
}

static bool take(struct run *r, unsigned int i, bool wait)
{
	const struct options *o = r->o;
	struct msg m;

	if (!o->backend->recv(r->ports[i], &m, wait))
		return false;
	if (i != active(o))
		die("socket %u got a message of socket %u", i, active(o));
	r->check(&m, o->size, r->seq++);
	o->backend->send(r->ports[i], m.data, m.len);
	return true;
}

static void far(struct run *r, unsigned int n)
{
	const struct options *o = r->o;
	unsigned int i;

	while (n) {
		i = loop_wait(loop);
		n -= take(r, i, o->wait == WAIT_RECV);
		/* Where that is told only once, nothing must be left. */
		while (o->backend->edge && o->wait != WAIT_RECV &&
		       take(r, i, false))
			n--;
	}
}

static void check(const struct options *o)
{
	if (o->wait == WAIT_RECV && o->peers > 1)
		usage("--wait recv watches one socket only");
}

const struct mode mode_events = {
	.name = "events",
	.unit = "event",
	.patterns = patterns,
	.check = check,
	.near_open = near_open,
	.far_open = far_open,
	.near = near,
	.far = far,
};
