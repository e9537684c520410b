// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into zmqcat: SIGTERM comes at the moment that $SIGNAL_AT names, once.
 *
 *	exec	to zmqcat, when its child is about to become the command
 *	poll	to zmqcat, when it is about to wait for the command's output
 *	wait	to zmqcat, when it is about to wait for the command's end
 *	reply	to zmqcat, when it knows that the command has ended
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

static pid_t child;

static int due(const char *where)
{
	const char *at = getenv("SIGNAL_AT");

	if (!at || strcmp(at, where))
		return 0;
	unsetenv("SIGNAL_AT");
	return 1;
}

pid_t fork(void)
{
	typeof(fork) *next = dlsym(RTLD_NEXT, "fork");
	pid_t pid = next();

	if (pid > 0)
		child = pid;
	return pid;
}

int execl(const char *path, const char *arg, ...)
{
	/* (It is only called for a shell.) */
	char *argv[4] = { (char *)arg, "-c", getenv("COMMAND") };

	if (due("exec")) {
		kill(getppid(), SIGTERM);
		usleep(500000);
	}
	return execv(path, argv);
}

int poll(struct pollfd *fds, nfds_t nr, int ms)
{
	typeof(poll) *next = dlsym(RTLD_NEXT, "poll");

	if (child && due("poll"))
		raise(SIGTERM);
	return next(fds, nr, ms);
}

int ppoll(struct pollfd *fds, nfds_t nr, const struct timespec *ts, const sigset_t *set)
{
	typeof(ppoll) *next = dlsym(RTLD_NEXT, "ppoll");

	if (child && (due("poll") || (nr == 1 && due("wait"))))
		raise(SIGTERM);
	return next(fds, nr, ts, set);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	typeof(waitpid) *next = dlsym(RTLD_NEXT, "waitpid");

	if (due("wait"))
		raise(SIGTERM);
	pid = next(pid, status, options);
	if (pid > 0 && due("reply"))
		raise(SIGTERM);
	return pid;
}
