/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_INET_H
#define _SHIM_INET_H

#include <linux/types.h>
#include <arpa/inet.h>
#include <string.h>

static inline int shim_pton(int family, const char *src, int n, u8 *dst)
{
	char text[64];

	if (n < 0 || n >= (int)sizeof(text))
		return 0;
	memcpy(text, src, n);
	text[n] = 0;
	return inet_pton(family, text, dst) == 1;
}

/* Callers give a length, no delimiter, and do not ask for the end. */
#define in4_pton(src, n, dst, delim, end) shim_pton(AF_INET, src, n, dst)
#define in6_pton(src, n, dst, delim, end) shim_pton(AF_INET6, src, n, dst)

#endif
