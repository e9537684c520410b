// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's fault injection: /proc/PID/fail-nth, failslab, fail_page_alloc. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include "zmqtest.h"
#include "fault.h"

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define INJECTION	"/sys/kernel/debug/"

/* So many calls ahead that it never comes: until then nothing else fails in the
 * thread.
 */
#define NEVER		1000000000

static const char * const memories[ZT_MEMORIES] = {
	[ZT_SLAB] = "failslab",
	[ZT_PAGES] = "fail_page_alloc",
};

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n < 0 ? -1 : 0;
}

static int set(enum zt_memory which, const char *name, const char *text)
{
	char path[80];

	snprintf(path, sizeof(path), INJECTION "%s/%s", memories[which], name);
	return write_text(path, text);
}

static long get(enum zt_memory which, const char *name)
{
	char path[80], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), INJECTION "%s/%s", memories[which], name);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		snprintf(text, sizeof(text), "-1");
	close(fd);
	return atol(text);
}

static bool begins_with(const char *path, const char *text)
{
	int fd = open(path, O_RDONLY);
	char got[64] = "";
	bool does;

	does = fd >= 0 && read(fd, got, sizeof(got) - 1) > 0 &&
	       !strncmp(got, text, strlen(text));
	close(fd);
	return does;
}

/* Open all the time, since opening it allocates. */
static int fail_fd = -1;

/* Also slab allocations that may sleep, and single pages. */
bool zt_can_inject(void)
{
	int i;

	if (access(FAIL_NTH, W_OK))
		return false;
	for (i = 0; i < ZT_MEMORIES; i++)
		if (set(i, "ignore-gfp-wait", "N") || set(i, "verbose", "0"))
			return false;
	set(ZT_PAGES, "min-order", "0");
	fail_fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	return fail_fd >= 0;
}

/* Whether this test is to run, and can. */
bool zt_can_fault(const char *test)
{
	return zt_is_wanted(test) && zt_can_inject();
}

void zt_arm(int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", nth);
	/* This call may be what the last fault hits. */
	while (pwrite(fail_fd, text, strlen(text), 0) < 0)
		;
}

/* Whether the fault that was armed has happened; none is armed after that. */
bool zt_disarm(void)
{
	char text[16] = "";
	int saved = errno;
	bool fired;

	fired = pread(fail_fd, text, sizeof(text) - 1, 0) > 0 && !atoi(text);
	zt_arm(0);
	errno = saved;
	return fired;
}

/* Access to user memory is made to fail, too, and TCP calls a port in use that
 * it has no memory for, a file system its disk full.
 */
bool zt_is_shortage(int err)
{
	return err == ENOMEM || err == ENOBUFS || err == ENFILE ||
	       err == EFAULT || err == EADDRINUSE || err == ENOSPC;
}

/* Those that do what tasks of a socket are for. */
static bool mark_workers(void)
{
	DIR *procs = opendir("/proc");
	struct dirent *proc;
	bool any = false;
	char path[64];

	while (procs && (proc = readdir(procs))) {
		snprintf(path, sizeof(path), "/proc/%.16s/comm", proc->d_name);
		if (!begins_with(path, "kworker/u"))
			continue;
		snprintf(path, sizeof(path), "/proc/%.16s/make-it-fail",
			 proc->d_name);
		any |= !write_text(path, "1");
	}
	if (procs)
		closedir(procs);
	return any;
}

/* Lets so much of what marked tasks allocate fail; nobody else notices. */
bool zt_starve_workers(const char *percent)
{
	return !set(ZT_SLAB, "times", "-1") && !set(ZT_SLAB, "space", "0") &&
	       !set(ZT_SLAB, "task-filter", "Y") && mark_workers() &&
	       !set(ZT_SLAB, "probability", percent);
}

/* Programs go on, those that carry this one's output to begin with. */
void zt_spare_programs(void)
{
	DIR *procs = opendir("/proc");
	struct dirent *proc;
	char path[64], exe[8], text[16];

	snprintf(text, sizeof(text), "%d", NEVER);
	while (procs && (proc = readdir(procs))) {
		snprintf(path, sizeof(path), "/proc/%.16s/exe", proc->d_name);
		if (readlink(path, exe, sizeof(exe)) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%.16s/fail-nth", proc->d_name);
		write_text(path, text);
	}
	if (procs)
		closedir(procs);
}

/* When softirqs and the kernel's tasks have been given @space bytes (or pages), the
 * next allocation of theirs fails. The caller's do not, and do not count, as
 * those of other programs after zt_spare_programs().
 */
void zt_arm_others(enum zt_memory which, long space)
{
	char text[24];

	zt_arm(NEVER);
	snprintf(text, sizeof(text), "%ld", space);
	set(which, "task-filter", "N");
	set(which, "interval", "1");
	set(which, "space", text);
	set(which, "times", "1");
	set(which, "probability", "100");
}

/* Whether that has happened. */
bool zt_disarm_others(enum zt_memory which)
{
	bool fired = !get(which, "times");

	set(which, "probability", "0");
	zt_arm(0);
	return fired;
}
