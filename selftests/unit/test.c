// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <linux/slab.h>
#include "wire/trie.h"
#include <stdarg.h>

#define MAX_NOTES 20

long shim_alloc_budget = -1;
unsigned long shim_visits;
unsigned long shim_rescheds;

static struct test *tests, **last = &tests;
static unsigned int failures;

void test_register(struct test *test)
{
	*last = test;
	last = &test->next;
}

void test_fail(const char *file, int line, const char *what)
{
	if (failures++ < MAX_NOTES)
		printf("# %s:%d: %s\n", file, line, what);
}

void test_note(const char *format, ...)
{
	va_list args;

	if (failures > MAX_NOTES)
		return;
	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

/* Arguments, if any, are parts of the names of the tests to run. */
static bool wanted(const struct test *test, char **args)
{
	if (!*args)
		return true;
	for (; *args; args++) {
		if (strstr(test->name, *args))
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	unsigned int n = 0, failed = 0;
	struct test *test;

	(void)argc;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (zmq_trie_cache_init())
		return 1;
	for (test = tests; test; test = test->next)
		n += wanted(test, argv + 1);
	printf("TAP version 13\n1..%u\n", n);
	n = 0;
	for (test = tests; test; test = test->next) {
		if (!wanted(test, argv + 1))
			continue;
		failures = 0;
		test->fn();
		shim_alloc_budget = -1;
		printf("%sok %u - %s\n", failures ? "not " : "", ++n, test->name);
		failed += failures > 0;
	}
	zmq_trie_cache_exit();
	return failed > 0;
}
