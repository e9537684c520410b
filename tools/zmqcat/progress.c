// SPDX-License-Identifier: GPL-2.0-only
/* A line on the terminal about a transfer that takes long. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "zmqcat.h"

#define FIRST_AFTER	1000	/* ms */
#define EVERY		200
#define BAR		24

static struct {
	bool		on;
	bool		drawn;
	uint64_t	bytes;
	uint64_t	messages;
	uint64_t	size;
	int64_t		begun;
	int64_t		next;
} progress;

/**
 * progress_init() - decide whether to show anything
 * @c: the configuration
 * @size: bytes that will be transferred, 0 if not known
 */
void progress_init(const struct config *c, uint64_t size)
{
	progress.size = size;
	progress.begun = wait_now();
	progress.next = progress.begun + (c->progress > 0 ? 0 : FIRST_AFTER);
	progress.on = c->progress > 0 ||
		      (!c->progress && isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO) &&
		       !isatty(STDIN_FILENO));
}

static void put_size(double bytes)
{
	static const char units[] = " kMGTPE";
	int unit = 0;

	while (bytes >= 1024 && units[unit + 1]) {
		bytes /= 1024;
		unit++;
	}
	if (unit)
		fprintf(stderr, "%.1f %ciB", bytes, units[unit]);
	else
		fprintf(stderr, "%.0f B", bytes);
}

static void put_bar(void)
{
	double done = (double)progress.bytes / progress.size;
	int i;

	if (done > 1)
		done = 1;
	fprintf(stderr, "%3d%% [", (int)(100 * done));
	for (i = 0; i < BAR; i++)
		fputc(i < BAR * done ? '#' : ' ', stderr);
	fputs("] ", stderr);
}

static void draw(int64_t now)
{
	double seconds = (now - progress.begun) / 1000.0;
	double rate = seconds > 0 ? progress.bytes / seconds : 0;
	long long left;

	fputc('\r', stderr);
	if (progress.size)
		put_bar();
	put_size(progress.bytes);
	fprintf(stderr, ", %llu messages, ", (unsigned long long)progress.messages);
	put_size(rate);
	fputs("/s", stderr);
	if (progress.size && rate > 0 && progress.size >= progress.bytes) {
		left = (progress.size - progress.bytes) / rate;
		fprintf(stderr, ", %lld:%02lld left", left / 60, left % 60);
	}
	fputs("\033[K", stderr);
	fflush(stderr);
	progress.drawn = true;
}

/* A message was transferred. */
void progress_add(uint64_t bytes)
{
	int64_t now;

	progress.bytes += bytes;
	progress.messages++;
	/* Reading the clock for each small message would be seen in the rate. */
	if (!progress.on || (bytes < 4096 && progress.messages % 64))
		return;
	now = wait_now();
	if (now < progress.next)
		return;
	progress.next = now + EVERY;
	draw(now);
}

/* Leave the line, so that something else can be said. */
void progress_end(void)
{
	if (!progress.drawn)
		return;
	draw(wait_now());
	fputc('\n', stderr);
	progress.drawn = false;
}
