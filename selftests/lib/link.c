// SPDX-License-Identifier: GPL-2.0-only
/* Two network namespaces and a link between them that can be made bad. */
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include "zmqtest.h"

static int here(void)
{
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* Runs a shell command of the given format; 0 if it succeeded. */
int zt_sh(const char *format, ...)
{
	char command[1024];
	va_list args;
	int status;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	status = system(command);
	if (status)
		printf("# '%s' ended with status %#x\n", command, status);
	return status ? -1 : 0;
}

/* What is done from now on, is done in this network namespace. */
int zt_in(int ns)
{
	return setns(ns, CLONE_NEWNET);
}

/* Makes the far end of a link: a namespace with ZT_FAR, this one has ZT_NEAR.
 * -1 where there is no veth or no ip(8).
 */
int zt_link(struct zt_link *l)
{
	l->near = here();
	if (l->near < 0 || zt_netns())
		return -1;
	l->far = here();
	if (l->far < 0 || zt_in(l->near))
		return -1;
	if (zt_sh("exec >&2; ip link add veth type veth peer name veth netns /proc/%d/fd/%d",
		  getpid(), l->far) ||
	    zt_sh("exec >&2; ip addr add " ZT_NEAR "/24 dev veth") ||
	    zt_sh("exec >&2; ip link set veth up") || zt_in(l->far))
		return -1;
	if (zt_sh("exec >&2; ip addr add " ZT_FAR "/24 dev veth && ip link set veth up"))
		return -1;
	return zt_in(l->near);
}

static int netem_here(const char *how)
{
	return zt_sh("exec >&2; tc qdisc replace dev veth root %s%s",
		     how ? "netem limit 10000 " : "pfifo_fast", how ?: "");
}

/* Lets netem(8) treat what leaves either end as @how says, or no more. -1
 * where there is none.
 */
int zt_netem(const struct zt_link *l, const char *how)
{
	int ret;

	if (zt_in(l->far))
		return -1;
	ret = netem_here(how);
	if (zt_in(l->near) || ret)
		return -1;
	return netem_here(how);
}

/* A value of /proc/net/@file, whose lines are "name value". */
static long value_of(const char *path, const char *name)
{
	FILE *f = fopen(path, "re");
	long result = -1, value;
	char line[128];

	while (f && fscanf(f, "%127s %ld", line, &value) == 2) {
		if (!strcmp(line, name))
			result = value;
	}
	if (f)
		fclose(f);
	return result;
}

/* A counter of this namespace's /proc/net/zmq_snmp, or -1. */
long zt_mib(const char *field)
{
	char name[64];

	snprintf(name, sizeof(name), "Zmq%s", field);
	return value_of("/proc/thread-self/net/zmq_snmp", name);
}

/* A counter of the lines "@group" of /proc/net/netstat, or -1. */
long zt_netstat(const char *group, const char *field)
{
	FILE *f = fopen("/proc/thread-self/net/netstat", "re");
	static char names[8192], values[8192];
	char *n, *v, *nsave, *vsave;
	long result = -1;

	while (f && result < 0 && fgets(names, sizeof(names), f) &&
	       fgets(values, sizeof(values), f)) {
		n = strtok_r(names, "\n ", &nsave);
		v = strtok_r(values, "\n ", &vsave);
		if (!n || strcmp(n, group))
			continue;
		while (n && v && strcmp(n, field)) {
			n = strtok_r(NULL, "\n ", &nsave);
			v = strtok_r(NULL, "\n ", &vsave);
		}
		if (n && v)
			result = atol(v);
	}
	if (f)
		fclose(f);
	return result;
}

/* Messages that wait in this namespace's sockets, both ways; -1 on failure. */
long zt_queued(void)
{
	FILE *f = fopen("/proc/thread-self/net/zmq", "re");
	long rx, tx, sum = 0;
	char line[512];

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*[A-Z] %*u %*u %*u %ld %*u %*d %ld",
			   &rx, &tx) == 2)
			sum += rx + tx;
	}
	fclose(f);
	return sum;
}
