// SPDX-License-Identifier: GPL-2.0-only
/* Very many raw peers, and what the kernel pays for them. */
#include <fcntl.h>
#include <stdlib.h>
#include <arpa/inet.h>
#include <sys/time.h>
#include "scale.h"

#define AT_ONCE		128

/* The sum of the "@name: value kB" lines of @path whose name is in @names. */
static long sum_of(const char *path, const char * const *names)
{
	FILE *f = fopen(path, "re");
	char line[256], name[64];
	long sum = 0, value;
	size_t i;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63[^:]: %ld", name, &value) != 2)
			continue;
		for (i = 0; names[i]; i++)
			if (!strcmp(names[i], name))
				sum += value * 1024;
	}
	if (f)
		fclose(f);
	return sum;
}

/* Free pages that the CPUs keep for themselves, and meminfo does not know. */
static long spare_bytes(void)
{
	FILE *f = fopen("/proc/zoneinfo", "re");
	long pages, sum = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " count: %ld", &pages) == 1)
			sum += pages * sysconf(_SC_PAGESIZE);
	if (f)
		fclose(f);
	return sum;
}

static long kernel_bytes(void)
{
	static const char * const total[] = { "MemTotal", NULL };
	static const char * const other[] = {
		"MemFree", "Buffers", "Cached", "AnonPages", "PageTables", NULL
	};
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (write(fd, "3", 1) != 1)
			perror("# drop_caches");
		close(fd);
	}
	return sum_of("/proc/meminfo", total) - sum_of("/proc/meminfo", other) -
	       spare_bytes();
}

static bool stays(void *arg)
{
	long *bytes = arg, before = *bytes;

	/* What is freed under RCU takes a while. */
	usleep(200000);
	*bytes = kernel_bytes();
	return labs(*bytes - before) < 128 * 1024;
}

long zs_kernel_bytes(void)
{
	long bytes = 0;

	zt_eventually(stays, &bytes);
	return bytes;
}

long zs_user_bytes(void)
{
	static const char * const anon[] = { "RssAnon", NULL };

	return sum_of("/proc/self/status", anon);
}

static bool few_sockets(void *arg)
{
	static struct zs_slab slabs[ZS_SLABS];
	struct zs_slab *s;

	usleep(200000);
	kernel_bytes();
	zs_slabs(slabs, NULL, 0);
	for (s = slabs; s->size; s++)
		if (!strcmp(s->name, "TCP"))
			return s->objects < 1000;
	return false;
}

bool zs_settles(void)
{
	return zt_eventually(few_sockets, NULL);
}

/* Reads /proc/slabinfo; with @before prints what grew by @bytes or more. */
void zs_slabs(struct zs_slab *slabs, const struct zs_slab *before, long bytes)
{
	FILE *f = fopen("/proc/slabinfo", "re");
	struct zs_slab *s = slabs;
	char line[256];
	int i;

	memset(slabs, 0, ZS_SLABS * sizeof(*slabs));
	while (f && fgets(line, sizeof(line), f) && s < slabs + ZS_SLABS - 1) {
		if (sscanf(line, "%31s %*d %ld %ld", s->name, &s->objects,
			   &s->size) == 3)
			s++;
	}
	if (f)
		fclose(f);
	for (s = slabs; before && s->size; s++) {
		for (i = 0; before[i].size; i++) {
			if (!strcmp(before[i].name, s->name) &&
			    (s->objects - before[i].objects) * s->size >= bytes)
				printf("#   %-24s %ld more of %ld bytes\n",
				       s->name, s->objects - before[i].objects,
				       s->size);
		}
	}
}

int zs_sysctl(const char *name, int value)
{
	char path[128];
	FILE *f;
	int ok;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	f = fopen(path, "we");
	ok = f && fprintf(f, "%d\n", value) > 0;
	if (f)
		ok &= !fclose(f);
	return ok ? 0 : -1;
}

static int dial(int port)
{
	/* They wait for each other. */
	const struct timeval tv = { .tv_sec = ZT_DEADLINE_MS / 100 };
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(port);
	if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv,
				   sizeof(tv)) ||
			(connect(fd, (struct sockaddr *)&sin, sizeof(sin)) &&
			 errno != EINPROGRESS))) {
		perror("# connect");
		close(fd);
		return -1;
	}
	return fd;
}

/* Waits until a socket is connected; it blocks from now on. */
static bool connected(int fd)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	return zt_becomes(fd, POLLOUT) &&
	       !getpeername(fd, (struct sockaddr *)&sin, &len) &&
	       !fcntl(fd, F_SETFL, 0);
}

/* So many at once that the loopback device has room for their packets: one that
 * it drops is sent again seconds later, and tells of the machine alone.
 */
bool zs_dial(int *fds, int n, int port)
{
	int i;

	for (i = 0; i < n + AT_ONCE; i++) {
		if (i < n) {
			fds[i] = dial(port);
			if (fds[i] < 0)
				return false;
		}
		if (i >= AT_ONCE && !connected(fds[i - AT_ONCE])) {
			printf("# peer %d: %m\n", i - AT_ONCE);
			return false;
		}
	}
	return true;
}

bool zs_dial_accept(int *fds, int *accepted, int n, int listener, int port)
{
	int i;

	for (i = 0; i < n; i++) {
		fds[i] = dial(port);
		accepted[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fds[i] < 0 || accepted[i] < 0 || !connected(fds[i]))
			return false;
	}
	return true;
}

static bool greet(int fd, int number)
{
	unsigned char buf[256], body[128];
	char id[16];
	size_t n, len;

	snprintf(id, sizeof(id), "p%05d", number);
	n = zp_greeting(buf, 1, "NULL");
	len = zp_ready_body(body, "DEALER", id, ZS_ID_LEN);
	n += zp_header(buf + n, ZP_COMMAND, len);
	memcpy(buf + n, body, len);
	return !zp_write(fd, buf, n + len);
}

bool zs_handshake(int *fds, int n)
{
	unsigned char greeting[ZP_GREETING];
	int i;

	for (i = 0; i < n; i++)
		if (!greet(fds[i], i))
			return false;
	for (i = 0; i < n; i++)
		if (zp_read(fds[i], greeting, sizeof(greeting)) ||
		    !zp_got_ready(fds[i], "ROUTER"))
			return false;
	return true;
}

int zs_peer(const char *id)
{
	int number, used;

	return sscanf(id, "p%5d%n", &number, &used) == 1 && used == ZS_ID_LEN ?
	       number : -1;
}

void zs_close(int *fds, int n)
{
	const struct linger now = { .l_onoff = 1 };
	const int none = 0;
	int i;

	for (i = 0; i < n; i++) {
		if (fds[i] <= 0)
			continue;
		setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		setsockopt(fds[i], SOL_ZMQ, ZMQ_LINGER, &none, sizeof(none));
		close(fds[i]);
		fds[i] = -1;
	}
}
