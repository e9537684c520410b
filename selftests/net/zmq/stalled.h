/* SPDX-License-Identifier: GPL-2.0-only */
/* A process that stalls, and what the others notice of it. */
#ifndef _ZMQ_STALLED_H
#define _ZMQ_STALLED_H

#include "zmqtest.h"

/* More than a work queue's default; $ZMQ_STALLED has so many instead. */
#define STALLED		300
#define STALLED_MAX	2000

/* What an innocent may need more than without them, emulated. */
#define MORE_MS		8000

enum stall_step {
	STALL_BEGUN,
	STALL_STALLING,
	STALL_RELEASED,
	STALL_DONE,
};

/**
 * struct stall - what the one who stalls and the test tell each other
 * @step: enum stall_step
 * @count: how many
 * @dir: his files
 * @took: milliseconds of the slowest call of his that must not wait
 * @waiting: what waits at a time
 * @pid: the process that stalls
 * @before: milliseconds that somebody else needs without it
 */
struct stall {
	int		step;
	int		count;
	char		dir[64];
	long		took;
	int		waiting;
	pid_t		pid;
	long		before;
};

struct stall *stall_new(int count);
bool stall_begin(struct stall *stall, int (*fn)(void *arg));
void stall_end(struct stall *stall);
int stall_step(const struct stall *stall);
void stall_set_step(struct stall *stall, int step);
bool stall_comes_to(struct stall *stall, int step);
bool stall_spares_others(struct stall *stall, int step);
void stall_timed_close(struct stall *stall, int fd);
void stall_become_nobody(void);
bool stall_can_fault(void);
char *stall_make_page(void);

#endif /* _ZMQ_STALLED_H */
