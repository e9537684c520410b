// SPDX-License-Identifier: GPL-2.0-only
/* All waiting is here, so that a signal ends it. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>
#include "zmqcat.h"

volatile sig_atomic_t wait_signal;

static int watched_out = -1;

static void note(int number)
{
	wait_signal = number;
}

/* Calls are interrupted, not restarted. A reader of ours that has gone is told by EPIPE. */
void wait_init(void)
{
	struct sigaction action = { .sa_handler = note };
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction old;
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		sigaction(ends[i], NULL, &old);
		if (old.sa_handler != SIG_IGN)
			sigaction(ends[i], &action, NULL);
	}
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

/* Milliseconds of a clock that nobody sets. */
int64_t wait_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/**
 * wait_watch() - notice when nobody reads any more
 * @out: where messages go, a pipe or anything else
 */
void wait_watch(int out)
{
	struct stat st;

	if (!fstat(out, &st) && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		watched_out = out;
}

/**
 * wait_end() - end by a signal
 * @number: which; what is in the socket is sent by the kernel as --linger says
 */
void wait_end(int number)
{
	sigset_t set;

	progress_end();
	if (number != SIGPIPE)
		output_flush();
	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
	_exit(128 + number);
}

/* Whoever waits for this program is to see that a signal ended it. */
void wait_check(void)
{
	int number = wait_signal;

	if (!number)
		return;
	wait_signal = 0;
	wait_end(number);
}

static int ppoll_until(struct pollfd *fds, nfds_t nr, int64_t until)
{
	struct timespec ts, *timeout = NULL;
	sigset_t block, before;
	int64_t ms;
	int ret;

	if (until >= 0) {
		ms = until - wait_now();
		if (ms < 0)
			ms = 0;
		ts.tv_sec = ms / 1000;
		ts.tv_nsec = ms % 1000 * 1000000;
		timeout = &ts;
	}
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGHUP);
	sigprocmask(SIG_BLOCK, &block, &before);
	wait_check();
	ret = ppoll(fds, nr, timeout, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	wait_check();
	return ret;
}

/**
 * wait_for() - wait for anything that is asked for, or for the time to be over
 * @w: what to wait for, and what is true then
 */
void wait_for(struct wait *w)
{
	struct pollfd fds[] = {
		{ .fd = w->events ? w->fd : -1, .events = w->events },
		{ .fd = w->input, .events = POLLIN },
		{ .fd = w->monitor, .events = POLLIN },
		{ .fd = watched_out },
	};

	w->ready = 0;
	w->readable = false;
	if (ppoll_until(fds, sizeof(fds) / sizeof(*fds), w->until) < 0) {
		if (errno == EINTR)
			return;
		die_errno("poll");
	}
	w->ready = fds[0].revents;
	w->readable = fds[1].revents;
	if (fds[2].revents)
		monitor_tell(w->monitor);
	if (fds[3].revents & POLLERR)
		wait_end(SIGPIPE);
}
