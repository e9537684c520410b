// SPDX-License-Identifier: GPL-2.0-only
/*
 * One publisher, --peers subscribers with a socket each, all in one process
 * that reads them in turn; --each waits until all have a message before the
 * next one is published.
 */
#include "zmqperf.h"

/* Messages that are read from a subscriber before it is the next one's turn. */
#define BURST	32

static const char * const patterns[] = { "pubsub", NULL };

static void near_open(struct run *r)
{
	ports_listen(r);
	sync_publisher(r);
}

static void far_open(struct run *r)
{
	const struct options *o = r->o;
	unsigned int i;

	ports_dial(r);
	for (i = 0; i < o->peers; i++)
		o->backend->subscribe(r->ports[i], "", 0);
	sync_subscriber(r, o->peers);
}

static void near(struct run *r, unsigned int n)
{
	const struct options *o = r->o;
	uint64_t start;

	while (n--) {
		start = now_ns();
		payload_number(r->buf, o->size, r->seq++);
		o->backend->send(r->ports[0], r->buf, o->size);
		if (o->each) {
			ends_called(r, -1);
			stats_add(r->latency, now_ns() - start);
		}
	}
}

static void read_burst(struct run *r, struct port *p, unsigned int n)
{
	unsigned int i;
	struct msg m;

	for (i = 0; i < n; i++) {
		r->o->backend->recv(p, &m, true);
		r->check(&m, r->o->size, r->seq + i);
	}
}

static void far(struct run *r, unsigned int n)
{
	const struct options *o = r->o;
	unsigned int burst, i;

	for (; n; n -= burst, r->seq += burst) {
		burst = o->each ? 1 : n < BURST ? n : BURST;
		for (i = 0; i < o->peers; i++)
			read_burst(r, r->ports[i], burst);
		if (o->each)
			ends_call(r);
	}
}

static uint64_t ops(const struct options *o, unsigned int n)
{
	return (uint64_t)n * o->peers;
}

static void check(const struct options *o)
{
	if (o->size < 16)
		usage("mode fanout needs --size 16 or more");
}

const struct mode mode_fanout = {
	.name = "fanout",
	.unit = "delivery",
	.patterns = patterns,
	.check = check,
	.near_open = near_open,
	.far_open = far_open,
	.near = near,
	.far = far,
	.ops = ops,
};
