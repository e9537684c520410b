// SPDX-License-Identifier: GPL-2.0-only
/* Samples of time, and their distribution. */
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include "zmqperf.h"

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void stats_init(struct stats *s, unsigned int room)
{
	s->sample = xcalloc(room, sizeof(*s->sample));
	s->room = room;
	s->n = 0;
}

/* For samples that another process takes. */
struct stats *stats_shared(unsigned int room)
{
	struct stats *s;

	s = mmap(NULL, sizeof(*s) + room * sizeof(*s->sample),
		 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		die_errno("mmap");
	s->sample = (uint64_t *)(s + 1);
	s->room = room;
	return s;
}

void stats_reset(struct stats *s)
{
	s->n = 0;
}

void stats_add(struct stats *s, uint64_t ns)
{
	if (s->n < s->room)
		s->sample[s->n++] = ns;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void stats_sort(struct stats *s)
{
	qsort(s->sample, s->n, sizeof(*s->sample), compare);
}

/* Of sorted samples: the least that @percent of them do not exceed. */
uint64_t stats_percentile(const struct stats *s, double percent)
{
	unsigned int i = percent / 100 * s->n;

	return s->sample[i < s->n ? i : s->n - 1];
}
