// SPDX-License-Identifier: GPL-2.0-only
/*
 * A publisher drops what nobody has subscribed to yet, and cannot know when
 * somebody has: it calls until each subscriber has heard it.
 */
#include "zmqperf.h"

#define PATIENCE_MS	20

static void publish(struct run *r, uint64_t seq)
{
	payload_number(r->buf, r->o->size, seq);
	r->o->backend->send(r->ports[0], r->buf, r->o->size);
}

void sync_publisher(struct run *r)
{
	do {
		publish(r, SEQ_SYNC);
	} while (!ends_called(r, PATIENCE_MS));
	publish(r, SEQ_START);
}

static uint64_t heard(struct run *r, unsigned int i)
{
	uint64_t seq;
	struct msg m;

	r->o->backend->recv(r->ports[i], &m, true);
	if (m.len != r->o->size)
		die("a call of %zu bytes instead of %zu", m.len, r->o->size);
	__builtin_memcpy(&seq, m.data, sizeof(seq));
	if (seq != SEQ_SYNC && seq != SEQ_START)
		die("message %llu came before the first one",
		    (unsigned long long)seq);
	return seq;
}

/* All of @n ports have heard the publisher, and it begins. */
void sync_subscriber(struct run *r, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		heard(r, i);
	ends_call(r);
	for (i = 0; i < n; i++)
		while (heard(r, i) != SEQ_START)
			;
}
