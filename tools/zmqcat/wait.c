// SPDX-License-Identifier: GPL-2.0-only
/* All waiting is here, so that a signal ends it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include "zmqcat.h"

volatile sig_atomic_t wait_signal;

static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
static int watched_out = -1;

/* As kill(2) takes it: a process, a group of them, or 0 for none. */
static pid_t command;

static void note(int number)
{
	wait_signal = number;
}

/* Calls are interrupted, not restarted. A reader of ours that has gone is told by EPIPE, and
 * the status of a command is wanted, whatever was inherited.
 */
void wait_init(void)
{
	struct sigaction action = { .sa_handler = note };
	struct sigaction old;
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		sigaction(ends[i], NULL, &old);
		if (old.sa_handler != SIG_IGN)
			sigaction(ends[i], &action, NULL);
	}
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	signal(SIGCHLD, SIG_DFL);
}

/* Signals that end the program are kept until sigprocmask() or ppoll() with @before. */
static void hold(sigset_t *before)
{
	sigset_t block;
	size_t i;

	sigemptyset(&block);
	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		sigaddset(&block, ends[i]);
	sigprocmask(SIG_BLOCK, &block, before);
}

/* A signal that this program notes for its end ends the child from its first instruction on. */
static void be_command(pid_t parent, bool alone, const sigset_t *before)
{
	struct sigaction old;
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		sigaction(ends[i], NULL, &old);
		if (old.sa_handler != SIG_IGN)
			signal(ends[i], SIG_DFL);
	}
	signal(SIGPIPE, SIG_DFL);
	if (alone)
		setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(126);
	sigprocmask(SIG_SETMASK, before, NULL);
}

/**
 * wait_fork() - fork(2) for a command that ends when this program does
 *
 * Where there is no terminal, whose signals go to a group, the command gets a group of its own,
 * so that what it has started ends, too.
 *
 * Return: the process, 0 in itself, or -1 and errno.
 */
pid_t wait_fork(void)
{
	int terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC), err;
	bool alone = terminal < 0;
	pid_t self = getpid(), pid;
	sigset_t before;

	if (!alone)
		close(terminal);
	hold(&before);
	pid = fork();
	err = errno;
	if (!pid) {
		be_command(self, alone, &before);
		return 0;
	}
	if (pid > 0) {
		if (alone)
			setpgid(pid, pid);
		command = alone ? -pid : pid;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = err;
	return pid;
}

/* The command has ended. */
void wait_forget(void)
{
	command = 0;
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

	if (command) {
		kill(command, SIGTERM);
		kill(command, SIGCONT);
	}
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

/**
 * wait_poll() - poll(2), except that a signal ends the program
 * @fds: as there
 * @nr: as there
 * @until: wait_now() when to stop waiting, -1 never
 *
 * Return: as poll(2).
 */
int wait_poll(struct pollfd *fds, nfds_t nr, int64_t until)
{
	struct timespec ts, *timeout = NULL;
	sigset_t before;
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
	hold(&before);
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
		{ .fd = names_fd(), .events = POLLIN },
	};

	w->ready = 0;
	w->readable = false;
	if (wait_poll(fds, sizeof(fds) / sizeof(*fds), w->until) < 0) {
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
	if (fds[4].revents)
		names_run();
}
