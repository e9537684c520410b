// SPDX-License-Identifier: GPL-2.0-only
/*
 * A feed of quotes: --rate a second, --window of them at a time, of --subs
 * symbols, to --peers subscribers: half of them follow the even symbols, half
 * the odd ones. What is timed is a delivery, from before it is published until
 * it is read.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "zmqperf.h"

#define SECOND	1000000000ULL
#define SYMBOL	8
#define STAMP	sizeof(uint64_t)
#define HEAD	(SYMBOL + STAMP)
#define STRIDE	7919	/* a prime: no symbol comes twice in a row */

static const char * const patterns[] = { "pubsub", NULL };

static struct loop *loop;
/* The number of the next quote that a subscriber shall get. */
static uint64_t *expected;

static unsigned int symbol_of(const struct options *o, uint64_t seq)
{
	return seq * STRIDE % o->subs;
}

static bool follows(unsigned int subscriber, unsigned int symbol)
{
	return (subscriber + symbol) % 2 == 0;
}

static void name(char *text, unsigned int symbol)
{
	snprintf(text, SYMBOL + 1, "Q%06u.", symbol % 1000000);
}

static void near_open(struct run *r)
{
	payload_init(r->buf + HEAD, r->o->size - HEAD);
	ports_listen(r);
	ends_called(r, -1);
	sync_publisher(r);
}

/* What calls begin with is the last subscription to arrive. */
static void far_open(struct run *r)
{
	static const uint64_t calls[] = { SEQ_SYNC, SEQ_START };
	const struct options *o = r->o;
	char text[SYMBOL + 1];
	unsigned int i, s;

	ports_dial(r);
	for (i = 0; i < o->peers; i++) {
		for (s = 0; s < o->subs; s++) {
			name(text, s);
			if (follows(i, s))
				o->backend->subscribe(r->ports[i], text,
						      SYMBOL);
		}
		for (s = 0; s < 2; s++)
			o->backend->subscribe(r->ports[i], &calls[s],
					      sizeof(*calls));
	}
	ends_call(r);
	sync_subscriber(r, o->peers);
	expected = xcalloc(o->peers, sizeof(*expected));
	loop = loop_new(o, r->ports, o->peers);
}

static void publish(struct run *r)
{
	const struct options *o = r->o;
	uint64_t now = now_ns();
	char text[SYMBOL + 1];

	name(text, symbol_of(o, r->seq));
	memcpy(r->buf, text, SYMBOL);
	memcpy(r->buf + SYMBOL, &now, STAMP);
	payload_number(r->buf + HEAD, o->size - HEAD, r->seq++);
	o->backend->send(r->ports[0], r->buf, o->size);
}

static void near(struct run *r, unsigned int n)
{
	const struct options *o = r->o;
	uint64_t next = now_ns();
	struct timespec ts;
	unsigned int i;

	for (; n; next += o->window * SECOND / o->rate) {
		ts.tv_sec = next / SECOND;
		ts.tv_nsec = next % SECOND;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
		for (i = 0; i < o->window && n; i++, n--)
			publish(r);
	}
}

/* The first quote from number @seq on that a subscriber follows. */
static uint64_t wanted(const struct options *o, unsigned int i, uint64_t seq)
{
	while (!follows(i, symbol_of(o, seq)))
		seq++;
	return seq;
}

static bool take(struct run *r, unsigned int i)
{
	const struct options *o = r->o;
	char text[SYMBOL + 1];
	uint64_t sent, seq;
	struct msg m;

	if (!o->backend->recv(r->ports[i], &m, false))
		return false;
	seq = wanted(o, i, expected[i]);
	name(text, symbol_of(o, seq));
	if (m.len < HEAD || memcmp(m.data, text, SYMBOL))
		die("subscriber %u got a message of %.8s instead of %s", i,
		    m.len < HEAD ? "no symbol" : (const char *)m.data, text);
	memcpy(&sent, m.data + SYMBOL, STAMP);
	stats_add(r->latency, now_ns() - sent);
	m.data += HEAD;
	m.len -= HEAD;
	r->check(&m, o->size - HEAD, seq);
	expected[i] = seq + 1;
	return true;
}

static uint64_t ops(const struct options *o, unsigned int n)
{
	return (uint64_t)n * (o->peers / 2);
}

static void far(struct run *r, unsigned int n)
{
	uint64_t left = ops(r->o, n);
	unsigned int i;

	while (left) {
		i = loop_wait(loop);
		while (take(r, i))
			left--;
	}
}

static void check(const struct options *o)
{
	if (o->size < HEAD + 16)
		usage("mode quotes needs --size %zu or more", HEAD + 16);
	if (o->peers % 2)
		usage("mode quotes needs --peers 2, 4 and so on");
	if (o->subs < 2)
		usage("mode quotes needs --subs 2 or more");
	if (!o->rate)
		usage("mode quotes needs --rate");
	if (o->wait == WAIT_RECV)
		usage("mode quotes does not take --wait recv");
	if (o->backend != &backend_azmq && o->backend != &backend_libzmq)
		usage("mode quotes needs a back end with subscriptions");
}

const struct mode mode_quotes = {
	.name = "quotes",
	.unit = "delivery",
	.patterns = patterns,
	.far_times = true,
	.check = check,
	.near_open = near_open,
	.far_open = far_open,
	.near = near,
	.far = far,
	.ops = ops,
};
