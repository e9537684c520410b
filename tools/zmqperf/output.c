// SPDX-License-Identifier: GPL-2.0-only
/* What was measured, for people or for programs. */
#include <stdio.h>
#include "zmqperf.h"

#define ABSENT	-1.0

/* A figure that has a name in JSON and words in text. */
struct figure {
	const char *key;
	const char *words;
	double value;
	int digits;
};

static double per(uint64_t sum, uint64_t ops, bool there)
{
	return there ? (double)sum / ops : ABSENT;
}

static void print_json(const struct options *o, const struct figure *f)
{
	printf("{\"backend\": \"%s\", \"mode\": \"%s\", \"pattern\": \"%s\", ",
	       o->backend->name, o->mode->name, o->pattern->name);
	printf("\"transport\": \"%s\", \"call\": \"%s\", \"unit\": \"%s\", ",
	       transport_name(o->transport), style_name(o->style),
	       o->mode->unit);
	printf("\"size\": %zu, \"count\": %u, \"batch\": %u, \"peers\": %u, ",
	       o->size, o->count, o->batch, o->peers);
	printf("\"window\": %u, \"subs\": %u, \"rate\": %u, \"epoll\": %s, ",
	       o->window, o->subs, o->rate, o->epoll ? "true" : "false");
	printf("\"each\": %s, \"miss\": %s, \"direct\": %s, ",
	       o->each ? "true" : "false", o->miss ? "true" : "false",
	       o->direct ? "true" : "false");
	printf("\"wait\": \"%s\", \"verified\": true", wait_name(o->wait));
	for (; f->key; f++) {
		if (f->value == ABSENT)
			printf(", \"%s\": null", f->key);
		else
			printf(", \"%s\": %.*f", f->key, f->digits, f->value);
	}
	puts("}");
}

static void print_text(const struct options *o, const struct figure *f)
{
	printf("%s %s, %s over %s, %zu bytes, call style %s; all verified\n",
	       o->backend->name, o->mode->name, o->pattern->name,
	       transport_name(o->transport), o->size, style_name(o->style));
	printf("each figure is per %s\n", o->mode->unit);
	for (; f->key; f++) {
		if (f->value == ABSENT)
			printf("  %-40s %14s\n", f->words, "not available");
		else
			printf("  %-40s %14.*f\n", f->words, f->digits,
			       f->value);
	}
}

void output(const struct options *o, struct result *res)
{
	const struct counters *t = &res->timed, *c = &res->counted;
	uint64_t n = res->timed_ops, busy = t->wall - t->idle;
	const struct stats *lat = &res->latency;
	bool tcp = o->transport == OVER_TCP && t->has_segments;
	double rate = n * 1e9 / t->wall, p[5];
	static const double percent[] = { 50, 90, 99, 99.9, 100 };
	int i;

	stats_sort(&res->latency);
	for (i = 0; i < 5; i++)
		p[i] = lat->n ? stats_percentile(lat, percent[i]) : ABSENT;

	const struct figure figures[] = {
		{ "wall_ns", "time, ns", per(t->wall, n, true), 1 },
		{ "busy_ns", "CPU time of the machine, ns",
		  per(busy, n, t->has_idle), 1 },
		{ "near_cpu_ns", "CPU time of the asking end, ns",
		  per(t->near_cpu, n, true), 1 },
		{ "far_cpu_ns", "CPU time of the other end, ns",
		  per(t->far_cpu, n, true), 1 },
		{ "switches", "context switches of the machine",
		  per(t->switches, n, true), 3 },
		{ "syscalls", "system calls of the machine",
		  per(c->syscalls, res->counted_ops, c->has_syscalls), 3 },
		{ "segments", "TCP segments with data",
		  per(t->segments, n, tcp), 4 },
		{ "rate", "rate, 1/s", rate, 1 },
		{ "mb_s", "rate, MB/s", rate * o->size / 1e6, 3 },
		{ "p50_ns", "time of one, ns: median", p[0], 0 },
		{ "p90_ns", "  90 %", p[1], 0 },
		{ "p99_ns", "  99 %", p[2], 0 },
		{ "p999_ns", "  99.9 %", p[3], 0 },
		{ "max_ns", "  longest", p[4], 0 },
		{ }
	};

	if (o->json)
		print_json(o, figures);
	else
		print_text(o, figures);
}
