/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_INET_H
#define _SHIM_INET_H

#include <linux/types.h>
#include <arpa/inet.h>
#include <string.h>

/* The kernel's stop at a colon behind an IPv4 address, and call that success. */
static inline int shim_pton(int family, const char *src, int n, u8 *dst,
			    const char **end)
{
	const char *dot = family == AF_INET ? src : memchr(src, '.', n);
	const char *colon = dot ? memchr(dot, ':', src + n - dot) : NULL;
	char text[64];

	*end = colon ?: src + n;
	n = *end - src;
	if (n >= (int)sizeof(text))
		return 0;
	memcpy(text, src, n);
	text[n] = 0;
	return inet_pton(family, text, dst) == 1;
}

/* Callers give a length and no delimiter. */
#define in4_pton(src, n, dst, delim, end) shim_pton(AF_INET, src, n, dst, end)
#define in6_pton(src, n, dst, delim, end) shim_pton(AF_INET6, src, n, dst, end)

#endif
