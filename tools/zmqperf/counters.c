// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the whole machine did in a phase. System calls are counted by a
 * tracepoint, which makes each of them slower: never while time is taken.
 */
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "zmqperf.h"

#define CPUS_MAX	64

static int events[CPUS_MAX];
static int nr_events;

static int tracepoint(const char *name)
{
	char path[128];
	int id = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/tracing/events/%s/id", name);
	f = fopen(path, "r");
	if (!f)
		return -1;
	if (fscanf(f, "%d", &id) != 1)
		id = -1;
	fclose(f);
	return id;
}

/* A counter per CPU; none of them where this is not allowed. */
void counters_init(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = tracepoint("raw_syscalls/sys_enter"),
		.disabled = 1,
	};
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int i;

	if ((int)attr.config < 0 || cpus > CPUS_MAX)
		return;
	for (i = 0; i < cpus; i++) {
		events[i] = syscall(SYS_perf_event_open, &attr, -1, i, -1,
				    PERF_FLAG_FD_CLOEXEC);
		if (events[i] < 0) {
			while (i--)
				close(events[i]);
			return;
		}
	}
	nr_events = cpus;
}

/* Sum of the numbers behind @key in a file; false if there are none. */
static bool sum_of(const char *path, const char *key, uint64_t *sum)
{
	size_t len = strlen(key), room = 0;
	FILE *f = fopen(path, "r");
	char *line = NULL, *at;
	bool found = false;

	*sum = 0;
	if (!f)
		return false;
	while (getline(&line, &room, f) > 0) {
		at = line + strspn(line, " .\t");
		if (strncmp(at, key, len))
			continue;
		*sum += strtoull(at + len + strspn(at + len, " :\t"), NULL, 10);
		found = true;
	}
	free(line);
	fclose(f);
	return found;
}

/* Segments that carry data, of the namespace: ACKs are not among them. */
static bool segments(uint64_t *n)
{
	char names[8192], values[8192], *name, *value, *s1, *s2;
	static const char space[] = { ' ', '\n', 0 };
	FILE *f = fopen("/proc/net/netstat", "r");
	bool found = false;

	if (!f)
		return false;
	while (!found && fgets(names, sizeof(names), f) &&
	       fgets(values, sizeof(values), f)) {
		name = strtok_r(names, space, &s1);
		value = strtok_r(values, space, &s2);
		while (name && value && strcmp(name, "TCPOrigDataSent")) {
			name = strtok_r(NULL, space, &s1);
			value = strtok_r(NULL, space, &s2);
		}
		found = name && value;
		if (found)
			*n = strtoull(value, NULL, 10);
	}
	fclose(f);
	return found;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		return 0;
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static uint64_t count_syscalls(void)
{
	uint64_t sum = 0, n;
	int i;

	for (i = 0; i < nr_events; i++)
		if (read(events[i], &n, sizeof(n)) == sizeof(n))
			sum += n;
	return sum;
}

static void switch_counting(unsigned long how)
{
	int i;

	for (i = 0; i < nr_events; i++)
		ioctl(events[i], how, 0);
}

static void read_files(struct counters *c)
{
	c->has_idle = sum_of("/proc/timer_list", "idle_sleeptime", &c->idle);
	c->has_segments = segments(&c->segments);
	sum_of("/proc/stat", "ctxt", &c->switches);
}

void counters_open(struct counters *c, bool syscalls)
{
	read_files(c);
	if (syscalls) {
		c->syscalls = count_syscalls();
		switch_counting(PERF_EVENT_IOC_ENABLE);
	}
	c->far_cpu = clock_ns(ends_far_clock());
	c->near_cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	c->wall = now_ns();
}

/* Turn what counters_open() read into differences. */
void counters_close(struct counters *c, bool syscalls)
{
	struct counters end = { .wall = now_ns() };

	end.near_cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	end.far_cpu = clock_ns(ends_far_clock());
	if (syscalls) {
		switch_counting(PERF_EVENT_IOC_DISABLE);
		end.syscalls = count_syscalls();
	}
	read_files(&end);
	c->wall = end.wall - c->wall;
	c->near_cpu = end.near_cpu - c->near_cpu;
	c->far_cpu = end.far_cpu - c->far_cpu;
	if (ends_are_threads())
		c->near_cpu -= c->far_cpu;
	c->idle = end.idle - c->idle;
	c->switches = end.switches - c->switches;
	c->segments = end.segments - c->segments;
	c->syscalls = end.syscalls - c->syscalls;
	c->has_syscalls = syscalls && nr_events;
}
