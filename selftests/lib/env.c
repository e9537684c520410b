// SPDX-License-Identifier: GPL-2.0-only
/* The surroundings of a test: name space, processes, the kernel's accounts. */
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "zmqtest.h"

static int lo_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int fd, ret;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	ret = ioctl(fd, SIOCGIFFLAGS, &ifr);
	if (!ret) {
		ifr.ifr_flags |= IFF_UP;
		ret = ioctl(fd, SIOCSIFFLAGS, &ifr);
	}
	close(fd);
	return ret;
}

/* A new network namespace with its loopback up. */
int zt_netns(void)
{
	if (unshare(CLONE_NEWNET) || lo_up()) {
		perror("# a network namespace of its own");
		return -1;
	}
	return 0;
}

/* So that a report in the kernel log can be blamed on the right test. */
static void announce(const char *test)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	dprintf(fd, "selftest: %s: %s\n", program_invocation_short_name, test);
	close(fd);
}

/* Whether $ZT_ONLY names this test, or none. */
bool zt_is_wanted(const char *test)
{
	const char *only = getenv("ZT_ONLY");

	return !only || !*only || !strcmp(only, test);
}

/* Of many similar cases each so-manieth one is tried: $ZT_STRIDE. */
int zt_stride(void)
{
	const char *text = getenv("ZT_STRIDE");
	int n = text ? atoi(text) : 0;

	return n > 0 ? n : 1;
}

u64 zt_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

static void nap(void)
{
	const struct timespec ts = { .tv_nsec = 1000000 };

	nanosleep(&ts, NULL);
}

static bool holds_within(bool (*holds)(void *arg), void *arg, int ms)
{
	u64 end = zt_now_ms() + ms;

	for (;;) {
		if (holds(arg))
			return true;
		if (zt_now_ms() >= end)
			return false;
		nap();
	}
}

/* True as soon as @holds is, false when the deadline has passed. */
bool zt_eventually(bool (*holds)(void *arg), void *arg)
{
	return holds_within(holds, arg, ZT_DEADLINE_MS);
}

/* True if @holds stayed false for @ms. */
bool zt_never(bool (*holds)(void *arg), void *arg, int ms)
{
	return !holds_within(holds, arg, ms);
}

/* Runs @fn in a child that cannot outlive the test. */
pid_t zt_child(int (*fn)(void *arg), void *arg)
{
	pid_t parent = getpid(), pid;

	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	_exit(fn(arg));
}

struct reaping {
	pid_t pid;
	int status;
};

static bool has_ended(void *arg)
{
	struct reaping *r = arg;

	return waitpid(r->pid, &r->status, WNOHANG) != 0;
}

/* True if the child ended in time and well; it is gone in any case. */
bool zt_reap(pid_t pid)
{
	struct reaping r = { .pid = pid, .status = -1 };

	if (!zt_eventually(has_ended, &r)) {
		printf("# child %d hangs\n", pid);
		kill(pid, SIGKILL);
		waitpid(pid, &r.status, 0);
		return false;
	}
	if (!WIFEXITED(r.status) || WEXITSTATUS(r.status)) {
		printf("# child %d ended with status %#x\n", pid, r.status);
		return false;
	}
	return true;
}

static bool is_asleep(void *arg)
{
	char path[64], line[256], *after;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", *(pid_t *)arg);
	f = fopen(path, "re");
	if (!f)
		return false;
	after = fgets(line, sizeof(line), f);
	fclose(f);
	after = after ? strrchr(line, ')') : NULL;
	return after && after[1] == ' ' && after[2] == 'S';
}

/* Waits until a thread or process sleeps in the kernel: it blocks. */
bool zt_wait_asleep(pid_t tid)
{
	return zt_eventually(is_asleep, &tid);
}

/* Zeroed memory that children share; NULL if there is none. */
void *zt_shared(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int zt_sockstat(struct zt_sockstat *st)
{
	FILE *f = fopen("/proc/thread-self/net/sockstat", "re");
	char line[256];
	int got = 0;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f) && got != 4)
		got = sscanf(line, "TCP: inuse %ld orphan %ld tw %ld alloc %ld",
			     &st->inuse, &st->orphan, &st->tw, &st->alloc);
	fclose(f);
	return got == 4 ? 0 : -1;
}

/* A counter of the Tcp: line of /proc/net/snmp of this namespace, or -1. */
long zt_snmp_tcp(const char *field)
{
	char names[1024], values[1024], *n, *v, *nsave, *vsave;
	FILE *f = fopen("/proc/thread-self/net/snmp", "re");
	long result = -1;

	if (!f)
		return -1;
	while (result < 0 && fgets(names, sizeof(names), f)) {
		if (strncmp(names, "Tcp:", 4))
			continue;
		if (!fgets(values, sizeof(values), f))
			break;
		n = strtok_r(names, "\n ", &nsave);
		v = strtok_r(values, "\n ", &vsave);
		while (n && v && strcmp(n, field)) {
			n = strtok_r(NULL, "\n ", &nsave);
			v = strtok_r(NULL, "\n ", &vsave);
		}
		if (n && v)
			result = atol(v);
		break;
	}
	fclose(f);
	return result;
}

/* A counter of this namespace's /proc/net/zmq_snmp, or -1. */
long zt_counter(const char *name)
{
	FILE *f = fopen("/proc/thread-self/net/zmq_snmp", "re");
	long value, result = -1;
	char word[64];

	if (!f)
		return -1;
	while (result < 0 && fscanf(f, "%63s %ld", word, &value) == 2)
		if (!strcmp(word, name))
			result = value;
	fclose(f);
	return result;
}

/* How many references the module counts, or -1. */
long zt_module_refs(void)
{
	FILE *f = fopen("/sys/module/zmq/refcnt", "re");
	long refs = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%ld", &refs) != 1)
		refs = -1;
	fclose(f);
	return refs;
}

/* Rows below the heading of this namespace's /proc/net/zmq, or -1. */
int zt_proc_rows(void)
{
	FILE *f = fopen("/proc/thread-self/net/zmq", "re");
	char line[512];
	int rows = -1;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		rows++;
	fclose(f);
	return rows;
}

/* The sum of a field over all peers of this namespace, and how many are up. */
long zt_proc_sum(const char *field, int *up)
{
	FILE *f = fopen("/proc/thread-self/net/zmq", "re");
	char line[512], key[32], *p;
	long sum = 0;

	snprintf(key, sizeof(key), " %s=", field);
	*up = 0;
	while (f && fgets(line, sizeof(line), f)) {
		p = strstr(line, key);
		if (!p)
			continue;
		sum += atol(p + strlen(key));
		*up += !!strstr(line, " up ");
	}
	if (f)
		fclose(f);
	return sum;
}

static bool are_unread(void *arg)
{
	int up;

	return zt_proc_sum("rx_msgs", &up) == *(long *)arg;
}

/* Waits until @msgs messages lie in the queues of this namespace's receivers. */
bool zt_wait_unread(long msgs)
{
	return zt_eventually(are_unread, &msgs);
}

/* Peers whose bytes are handed over directly, or -1. */
int zt_direct_peers(void)
{
	FILE *f = fopen("/proc/thread-self/net/zmq", "re");
	char line[512];
	int peers = 0;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (strstr(line, " direct\n"))
			peers++;
	fclose(f);
	return peers;
}

/* What the kernel knows of the sockets, to see where something is stuck. */
void zt_tell(void)
{
	FILE *f = fopen("/proc/thread-self/net/zmq", "re");
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		printf("#   %s", line);
	if (f)
		fclose(f);
}

/* How many references to the module there were before the test. */
static long refs_before;

int zt_setup(const char *test)
{
	const struct rlimit files = { ZT_SOCKETS_MAX, ZT_SOCKETS_MAX };

	/* What is printed survives _exit() and abort(). */
	setvbuf(stdout, NULL, _IONBF, 0);
	signal(SIGPIPE, SIG_IGN);
	announce(test);
	if (setrlimit(RLIMIT_NOFILE, &files)) {
		perror("# RLIMIT_NOFILE");
		return -1;
	}
	refs_before = zt_module_refs();
	return zt_netns();
}

static bool refs_are_back(void *arg)
{
	return zt_module_refs() <= refs_before;
}

/* Closes all there is. 0 if no socket stays behind in the module. */
int zt_teardown(void)
{
	const int none = 0;
	int fd;

	/* What a test left unsent must not linger. */
	for (fd = STDERR_FILENO + 1; fd < ZT_SOCKETS_MAX; fd++) {
		setsockopt(fd, SOL_ZMQ, ZMQ_LINGER, &none, sizeof(none));
		close(fd);
	}
	if (zt_eventually(refs_are_back, NULL))
		return 0;
	printf("# the module still has %ld references, %ld before\n",
	       zt_module_refs(), refs_before);
	zt_tell();
	return -1;
}
