// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two ends of a run: two processes, or two threads where the back end
 * cannot reach another process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "zmqperf.h"

#define NSEC		1000000000L
/* A multiple of every tick that there is. */
#define ALIGN_NS	(NSEC / 10)

/* Of two pipes: what an end writes to, what it reads from. */
static int to[2], from[2];
static char *where;
static clockid_t far_clock;
static bool threads;
/* Of the far end, if it takes time. */
static struct stats *far_stats;

int ends_far_clock(void)
{
	return far_clock;
}

bool ends_are_threads(void)
{
	return threads;
}

void ends_call(const struct run *r)
{
	if (write(to[r->near], "", 1) != 1)
		die_errno("write to the other end");
}

bool ends_called(const struct run *r, int ms)
{
	struct pollfd p = { .fd = from[r->near], .events = POLLIN };
	ssize_t n;
	char c;

	if (ms >= 0 && !poll(&p, 1, ms))
		return false;
	n = read(p.fd, &c, 1);
	if (n < 0)
		die_errno("read from the other end");
	if (n == 0)
		die("the other end is gone");
	return true;
}

void ends_meet(const struct run *r)
{
	ends_call(r);
	ends_called(r, -1);
}

static void prepare(struct run *r, const struct options *o, bool near)
{
	unsigned int i;

	memset(r, 0, sizeof(*r));
	r->o = o;
	r->near = near;
	r->where = where;
	r->buf = xcalloc(o->batch, o->size);
	for (i = 0; i < o->batch; i++)
		payload_init(r->buf + i * o->size, o->size);
}

static unsigned int rounds(const struct options *o, enum phase phase)
{
	switch (phase) {
	case PHASE_WARMUP:
		return o->warmup;
	case PHASE_TIMED:
		return o->count;
	default:
		return (o->count + 3) / 4;
	}
}

static void enter(struct run *r, enum phase phase)
{
	r->phase = phase;
	r->check = phase == PHASE_WARMUP ? payload_check_all : payload_check;
	ends_meet(r);
}

static void run_far(const struct options *o)
{
	enum phase phase;
	struct run r;

	prepare(&r, o, false);
	o->mode->far_open(&r);
	for (phase = 0; phase < PHASES; phase++) {
		struct stats none = { .room = 0 };

		r.latency = far_stats && phase == PHASE_TIMED ? far_stats :
			    &none;
		enter(&r, phase);
		o->mode->far(&r, rounds(o, phase));
		ends_meet(&r);
	}
	/* What is in flight to this end's sockets is of no interest. */
	ends_meet(&r);
}

static uint64_t operations(const struct options *o, enum phase phase)
{
	unsigned int n = rounds(o, phase);

	return o->mode->ops ? o->mode->ops(o, n) : n;
}

/* Where a phase lies between the ticks of the scheduler, which decide between
 * two processes, shall not be left to chance.
 */
static void align(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_nsec += ALIGN_NS - ts.tv_nsec % ALIGN_NS;
	if (ts.tv_nsec == NSEC) {
		ts.tv_nsec = 0;
		ts.tv_sec++;
	}
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL))
		;
}

static void run_near(const struct options *o, struct result *res)
{
	struct counters warmup, *c;
	enum phase phase;
	struct run r;

	prepare(&r, o, true);
	if (!far_stats)
		stats_init(&res->latency, o->count);
	o->mode->near_open(&r);
	for (phase = 0; phase < PHASES; phase++) {
		struct stats none = { .room = 0 };

		c = phase == PHASE_TIMED ? &res->timed :
		    phase == PHASE_COUNTED ? &res->counted : &warmup;
		r.latency = phase == PHASE_TIMED ? &res->latency : &none;
		align();
		enter(&r, phase);
		counters_open(c, phase == PHASE_COUNTED);
		o->mode->near(&r, rounds(o, phase));
		ends_meet(&r);
		counters_close(c, phase == PHASE_COUNTED);
	}
	if (far_stats)
		res->latency = *far_stats;
	res->timed_ops = operations(o, PHASE_TIMED);
	res->counted_ops = operations(o, PHASE_COUNTED);
	ends_meet(&r);
}

static void *far_thread(void *arg)
{
	run_far(arg);
	return NULL;
}

static void in_threads(const struct options *o, struct result *res)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, far_thread, (void *)o);
	if (errno)
		die_errno("pthread_create");
	pthread_getcpuclockid(thread, &far_clock);
	run_near(o, res);
	pthread_join(thread, NULL);
}

static void in_processes(const struct options *o, struct result *res)
{
	pid_t parent = getpid(), child;
	int status;

	child = fork();
	if (child < 0)
		die_errno("fork");
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		alarm(o->timeout);
		/* Who waits for the other end shall notice that it is gone. */
		close(to[true]);
		close(from[true]);
		run_far(o);
		_exit(0);
	}
	close(to[false]);
	close(from[false]);
	clock_getcpuclockid(child, &far_clock);
	run_near(o, res);
	if (waitpid(child, &status, 0) < 0)
		die_errno("waitpid");
	if (status)
		die("the other end failed");
}

static void too_late(int sig)
{
	static const char text[] = "zmqperf: not done in time\n";
	ssize_t n = write(2, text, sizeof(text) - 1);

	(void)sig;
	_exit(n ? 1 : 2);
}

static void other_died(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	if (info->si_code != CLD_EXITED || info->si_status)
		_exit(1);
}

void ends_run(const struct options *o, struct result *res)
{
	struct sigaction died = {
		.sa_sigaction = other_died,
		.sa_flags = SA_SIGINFO | SA_NOCLDSTOP | SA_RESTART,
	};
	int there[2], back[2];

	where = mmap(NULL, ENDPOINT_MAX, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (where == MAP_FAILED)
		die_errno("mmap");
	if (pipe(there) || pipe(back))
		die_errno("pipe");
	to[true] = there[1];
	from[false] = there[0];
	to[false] = back[1];
	from[true] = back[0];
	signal(SIGPIPE, SIG_IGN);
	signal(SIGALRM, too_late);
	sigaction(SIGCHLD, &died, NULL);
	alarm(o->timeout);
	counters_init();
	if (o->mode->far_times)
		far_stats = stats_shared(operations(o, PHASE_TIMED));
	threads = o->backend == &backend_libzmq &&
		  o->transport == OVER_INPROC;
	if (threads)
		in_threads(o, res);
	else
		in_processes(o, res);
}
