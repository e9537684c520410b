// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel counts, limits and allows. */
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "zmqtest.h"

#define NOBODY	65534

struct counting {
	const char *name;
	long more_than;
};

static bool has_counted(void *arg)
{
	const struct counting *c = arg;

	return zt_counter(c->name) > c->more_than;
}

/* Waits until a counter is above a value. */
bool zt_counts(const char *name, long more_than)
{
	struct counting c = { name, more_than };

	return zt_eventually(has_counted, &c);
}

/* Sets net.zmq.@name of this namespace; with an errno if it is refused. */
int zt_sysctl(const char *name, const char *value)
{
	char path[64];
	int fd, ret;

	snprintf(path, sizeof(path), "/proc/sys/net/zmq/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = write(fd, value, strlen(value)) == (ssize_t)strlen(value) ? 0 : -1;
	close(fd);
	return ret;
}

/* The same in the first namespace, for what all of them share. */
int zt_sysctl_global(const char *name, const char *value)
{
	int here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int first = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);
	int ret = -1;

	if (here >= 0 && first >= 0 && !setns(first, CLONE_NEWNET)) {
		ret = zt_sysctl(name, value);
		if (setns(here, CLONE_NEWNET))
			ret = -1;
	}
	close(first);
	close(here);
	return ret;
}

/* Reads one of those. */
int zt_sysctl_global_get(const char *name, char *value, size_t size)
{
	int here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int first = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);
	char path[64];
	int ret = -1;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/zmq/%s", name);
	if (here >= 0 && first >= 0 && !setns(first, CLONE_NEWNET)) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = read(fd, value, size - 1);
		if (n > 0) {
			value[n - 1] = 0;
			ret = 0;
		}
		close(fd);
		if (setns(here, CLONE_NEWNET))
			ret = -1;
	}
	close(first);
	close(here);
	return ret;
}

struct task {
	int (*fn)(void *arg);
	void *arg;
};

static int without_rights(void *arg)
{
	const struct task *t = arg;

	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return 100;
	return t->fn(t->arg);
}

/* Runs @fn in a child without capabilities; true if it returned 0. */
bool zt_as_nobody(int (*fn)(void *arg), void *arg)
{
	struct task t = { fn, arg };

	return zt_reap(zt_child(without_rights, &t));
}

#define CGROUPS	"/sys/fs/cgroup"

static int write_file(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -1;
	ret = write(fd, value, strlen(value)) < 0 ? -1 : 0;
	close(fd);
	return ret;
}

/* Writes a file of a cgroup, "memory.max"; "" is the first cgroup. */
int zt_cgroup_set(const char *cgroup, const char *file, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), CGROUPS "/%s/%s", cgroup, file);
	return write_file(path, value);
}

/* The number in a file of a cgroup, or behind @key in it; -1 without. */
long zt_cgroup_get(const char *cgroup, const char *file, const char *key)
{
	char path[128], name[64];
	long value = -1;
	FILE *f;

	snprintf(path, sizeof(path), CGROUPS "/%s/%s", cgroup, file);
	f = fopen(path, "re");
	if (!f)
		return -1;
	if (!key && fscanf(f, "%ld", &value) != 1)
		value = -1;
	while (key && fscanf(f, "%63s %ld", name, &value) == 2) {
		if (!strcmp(name, key))
			break;
		value = -1;
	}
	fclose(f);
	return value;
}

/* Makes a cgroup; its directory's descriptor, or -1. */
int zt_cgroup_make(const char *cgroup)
{
	char path[128];

	snprintf(path, sizeof(path), CGROUPS "/%s", cgroup);
	if (mkdir(path, 0755) && errno != EEXIST)
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Moves the calling process into a cgroup; "" is the first one. */
int zt_cgroup_enter(const char *cgroup)
{
	return zt_cgroup_set(cgroup, "cgroup.procs", "0");
}

static bool is_removed(void *arg)
{
	return !rmdir(arg) || errno == ENOENT;
}

/* Removes a cgroup that nobody is in any more. */
bool zt_cgroup_remove(const char *cgroup)
{
	char path[128];

	snprintf(path, sizeof(path), CGROUPS "/%s", cgroup);
	return zt_eventually(is_removed, path);
}

static int program_type(enum bpf_attach_type type)
{
	switch (type) {
	case BPF_CGROUP_SOCK_OPS:
		return BPF_PROG_TYPE_SOCK_OPS;
	case BPF_CGROUP_INET_SOCK_CREATE:
		return BPF_PROG_TYPE_CGROUP_SOCK;
	default:
		return BPF_PROG_TYPE_CGROUP_SOCK_ADDR;
	}
}

/* Loads a program and attaches it to the cgroup with this directory. */
int zt_cgroup_attach(int dir, enum bpf_attach_type type,
		     const struct bpf_insn *insns, int nr)
{
	union bpf_attr load = {
		.prog_type = program_type(type),
		.expected_attach_type = type,
		.insns = (uintptr_t)insns,
		.insn_cnt = nr,
		.license = (uintptr_t)"GPL",
	};
	union bpf_attr join = { .target_fd = dir, .attach_type = type };
	int prog, ret;

	prog = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	if (prog < 0)
		return -1;
	join.attach_bpf_fd = prog;
	ret = syscall(SYS_bpf, BPF_PROG_ATTACH, &join, sizeof(join));
	close(prog);
	return ret;
}
