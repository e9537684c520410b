// SPDX-License-Identifier: GPL-2.0-only
/* Loaded in front of the C library: recv() errs once, as DAMAGE says. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define WHEN	50	/* in the calls of a process that return a message */

static ssize_t real_recv(int fd, void *buf, size_t len, int flags)
{
	static ssize_t (*real)(int, void *, size_t, int);

	if (!real)
		real = (ssize_t (*)(int, void *, size_t, int))
		       dlsym(RTLD_NEXT, "recv");
	return real(fd, buf, len, flags);
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	const char *damage = getenv("DAMAGE");
	static unsigned char last[256];
	static ssize_t last_len;
	static int calls;
	ssize_t n;

	if (damage && !strcmp(damage, "double") && calls == WHEN) {
		calls++;
		memcpy(buf, last, last_len);
		return last_len;
	}
	n = real_recv(fd, buf, len, flags);
	if (!damage || n <= 0 || n > (ssize_t)sizeof(last) || calls++ != WHEN) {
		if (n > 0 && n <= (ssize_t)sizeof(last)) {
			memcpy(last, buf, n);
			last_len = n;
		}
		return n;
	}
	if (!strcmp(damage, "lose"))
		return real_recv(fd, buf, len, flags);
	if (!strcmp(damage, "shorten"))
		return n - 1;
	if (!strcmp(damage, "flip"))
		((unsigned char *)buf)[n / 2] ^= 1;
	if (!strcmp(damage, "mix"))
		memcpy((unsigned char *)buf + n - 8, last + n - 8, 8);
	return n;
}
