// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Unit tests of libzmqk: no kernel module, no network. TAP on stdout.
 */
#include <stdarg.h>

#include "test.h"

static int count;
static int failures;

void test_report(bool good, const char *file, int line, const char *format, ...)
{
	int err = errno;
	va_list ap;

	printf("%sok %d ", good ? "" : "not ", ++count);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	if (good)
		return;
	failures++;
	printf("# %s:%d: errno %d (%s); calls made:\n", file, line, err, strerror(err));
	fputs("# ", stdout);
	for (const char *p = fake.log; *p; p++)
		printf(*p == '\n' && p[1] ? "\n# " : "%c", *p);
	putchar('\n');
}

void test_skip(const char *what, const char *reason)
{
	printf("ok %d %s # SKIP %s\n", ++count, what, reason);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("TAP version 13");
	test_socket();
	test_names();
	test_resolver();
	test_messages();
	test_lender();
	test_texts();
	printf("1..%d\n", count);
	return failures ? 1 : 0;
}
