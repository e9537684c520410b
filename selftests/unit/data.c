// SPDX-License-Identifier: GPL-2.0-only
/* What tests are made of. */
#include "test.h"

#include <ctype.h>

u64 test_random(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

size_t test_hex(u8 *to, const char *hex)
{
	unsigned long times;
	size_t n = 0;
	char *end;

	while (*hex) {
		if (*hex == '*') {
			for (times = strtoul(hex + 1, &end, 10); times > 1; times--, n++)
				to[n] = to[n - 1];
			hex = end;
		} else if (isxdigit(*hex)) {
			if (sscanf(hex, "%2hhx", &to[n++]) != 1)
				abort();
			hex += 2;
		} else {
			hex++;
		}
	}
	return n;
}
