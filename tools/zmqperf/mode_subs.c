// SPDX-License-Identifier: GPL-2.0-only
/*
 * A subscriber with --subs topics. Messages go to all of them in turn, or
 * with --miss to topics that differ in their last byte and have no subscriber.
 */
#include <stdio.h>
#include <string.h>
#include "zmqperf.h"

#define TOPIC	14
#define STRIDE	7919	/* a prime: neighbours in time are no neighbours */

static const char * const patterns[] = { "pubsub", NULL };

static void topic(char *text, unsigned int i, char last)
{
	snprintf(text, TOPIC + 1, "t%012u%c", i, last);
}

static void near_open(struct run *r)
{
	ports_listen(r);
	ends_called(r, -1);
	sync_publisher(r);
}

/* What calls begin with is the last subscription to arrive. */
static void far_open(struct run *r)
{
	const struct options *o = r->o;
	static const uint64_t calls[] = { SEQ_SYNC, SEQ_START };
	char text[TOPIC + 1];
	unsigned int i;

	ports_dial(r);
	for (i = 0; i < o->subs; i++) {
		topic(text, i, '.');
		o->backend->subscribe(r->ports[0], text, TOPIC);
	}
	for (i = 0; i < 2; i++)
		o->backend->subscribe(r->ports[0], &calls[i], sizeof(*calls));
	ends_call(r);
	sync_subscriber(r, 1);
}

/* The number lies behind the topic. */
static void near(struct run *r, unsigned int n)
{
	const struct options *o = r->o;
	char text[TOPIC + 1];

	while (n--) {
		/* The last one tells that those before it are done with. */
		topic(text, r->seq * STRIDE % o->subs,
		      o->miss && n ? '!' : '.');
		memcpy(r->buf, text, TOPIC);
		payload_number(r->buf + TOPIC, o->size - TOPIC, r->seq++);
		o->backend->send(r->ports[0], r->buf, o->size);
	}
}

static void far(struct run *r, unsigned int n)
{
	const struct options *o = r->o;
	unsigned int skipped = o->miss ? n - 1 : 0;
	char text[TOPIC + 1];
	struct msg m;

	r->seq += skipped;
	for (n -= skipped; n--; r->seq++) {
		o->backend->recv(r->ports[0], &m, true);
		topic(text, r->seq * STRIDE % o->subs, '.');
		if (m.len < TOPIC || memcmp(m.data, text, TOPIC))
			die("a message came that has another topic");
		m.data += TOPIC;
		m.len -= TOPIC;
		payload_check(&m, o->size - TOPIC, r->seq);
	}
}

static void check(const struct options *o)
{
	if (o->size < TOPIC + 16)
		usage("mode subs needs --size %u or more", TOPIC + 16);
	if (o->backend != &backend_azmq && o->backend != &backend_libzmq)
		usage("mode subs needs a back end with subscriptions");
}

const struct mode mode_subs = {
	.name = "subs",
	.unit = "message",
	.patterns = patterns,
	.check = check,
	.near_open = near_open,
	.far_open = far_open,
	.near = near,
	.far = far,
};
