// SPDX-License-Identifier: GPL-2.0-only
/* One way at a rate, which leaves the machine idle in between. */
#include <time.h>
#include "zmqperf.h"

#define SECOND	1000000000ULL

static const char * const patterns[] = { "pushpull", "pair", "dealer", NULL };

static void check(const struct options *o)
{
	if (!o->rate)
		usage("mode paced needs --rate");
}

static void near(struct run *r, unsigned int n)
{
	uint64_t next = now_ns();
	struct timespec ts;

	for (; n--; next += SECOND / r->o->rate) {
		ts.tv_sec = next / SECOND;
		ts.tv_nsec = next % SECOND;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
		payload_number(r->buf, r->o->size, r->seq++);
		r->o->backend->send(r->ports[0], r->buf, r->o->size);
	}
}

static void far(struct run *r, unsigned int n)
{
	mode_thr.far(r, n);
}

const struct mode mode_paced = {
	.name = "paced",
	.unit = "message",
	.patterns = patterns,
	.check = check,
	.near_open = ports_dial,
	.far_open = ports_listen,
	.near = near,
	.far = far,
};
