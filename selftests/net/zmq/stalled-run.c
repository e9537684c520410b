// SPDX-License-Identifier: GPL-2.0-only
/* Runs who stalls, and times somebody else beside it. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "stalled.h"

#define NOBODY	65534

int stall_step(const struct stall *stall)
{
	return __atomic_load_n(&stall->step, __ATOMIC_ACQUIRE);
}

void stall_set_step(struct stall *stall, int step)
{
	__atomic_store_n(&stall->step, step, __ATOMIC_RELEASE);
}

struct waiting {
	const struct stall *stall;
	int step;
};

static bool is_there(void *arg)
{
	const struct waiting *w = arg;

	return stall_step(w->stall) >= w->step;
}

/* Thousands of anything take their time in an emulated machine. */
bool stall_comes_to(struct stall *stall, int step)
{
	struct waiting w = { .stall = stall, .step = step };
	int i;

	for (i = 0; i < 3 + stall->count / 200; i++)
		if (zt_eventually(is_there, &w))
			return true;
	return false;
}

struct stall *stall_new(int count)
{
	const struct rlimit files = { 4 * STALLED_MAX, 4 * STALLED_MAX };
	struct stall *stall = zt_shared(sizeof(*stall));
	const char *more = getenv("ZMQ_STALLED");

	setrlimit(RLIMIT_NOFILE, &files);
	stall->count = more && *more ? atoi(more) : count;
	if (stall->count > STALLED_MAX)
		stall->count = STALLED_MAX;
	return stall;
}

bool stall_can_fault(void)
{
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* The first touch of it sleeps for as long as the process lives. NULL if there
 * is none.
 */
char *stall_make_page(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC);
	char *page;

	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (unsigned long)page;
	reg.range.len = 4096;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &reg))
		return NULL;
	return page;
}

/* A handshake, an accept, a dial by a worker and a flush of somebody else. */
static bool somebody_goes_on(int *nr)
{
	char ep[ZMQ_ENDPOINT_MAX], late[64];
	int pull, push, early, i;
	bool ok;

	snprintf(late, sizeof(late), "ipc://@late-%d-%d", getpid(), ++*nr);
	early = zt_connected(ZMQ_PUSH, late);
	ok = !zt_puts(early, "early", 0);
	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", ep);
	push = zt_connected(ZMQ_PUSH, ep);
	ok = ok && !zt_puts(push, "hello", 0) && zt_gets(pull, "hello", ZT_LAST);
	for (i = 0; ok && i < 20; i++)
		ok = !zt_puts(push, "held", MSG_BATCH);
	for (i = 0; ok && i < 20; i++)
		ok = zt_gets(pull, "held", ZT_LAST);
	close(pull);
	pull = zt_listening(ZMQ_PULL, late, ep);
	ok = ok && zt_gets(pull, "early", ZT_LAST);
	close(pull);
	close(push);
	close(early);
	return ok;
}

/* Milliseconds, or -1. */
static long time_somebody(void)
{
	static int nr;
	u64 begin = zt_now_ms();

	return somebody_goes_on(&nr) ? (long)(zt_now_ms() - begin) : -1;
}

/* Runs @fn in a process of its own, which stalls. */
bool stall_begin(struct stall *stall, int (*fn)(void *arg))
{
	stall->before = time_somebody();
	stall->pid = zt_child(fn, stall);
	return stall->before >= 0 && stall->pid > 0;
}

void stall_end(struct stall *stall)
{
	kill(stall->pid, SIGKILL);
	waitpid(stall->pid, NULL, 0);
}

/* Somebody else needs hardly longer when it has come to @step. */
bool stall_spares_others(struct stall *stall, int step)
{
	long with;

	if (!stall_comes_to(stall, step)) {
		printf("# it hangs in step %d\n", stall_step(stall));
		return false;
	}
	with = time_somebody();
	printf("# %d stalled: %ld ms before, %ld ms with them, %ld ms itself\n",
	       stall->count, stall->before, with, stall->took);
	return with >= 0 && with <= stall->before + MORE_MS;
}

void stall_timed_close(struct stall *stall, int fd)
{
	u64 begin = zt_now_ms();
	long took;

	close(fd);
	took = zt_now_ms() - begin;
	if (took > stall->took)
		stall->took = took;
}

void stall_become_nobody(void)
{
	if (setgid(NOBODY) || setuid(NOBODY))
		_exit(1);
}
