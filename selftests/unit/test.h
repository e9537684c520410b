/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests that print TAP. A test is a function; CHECK()s that fail mark it. */
#ifndef _UNIT_TEST_H
#define _UNIT_TEST_H

#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
	const char	*name;
	void		(*fn)(void);
	struct test	*next;
};

void test_register(struct test *test);
void test_fail(const char *file, int line, const char *what);
void test_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A generator with a known seed: the same numbers in every run. */
u64 test_random(u64 *state);

/* Bytes from hex digits and blanks, "*3" repeats one; returns how many. */
size_t test_hex(u8 *to, const char *hex);

#define TEST(id, title)						\
	static void id(void);					\
	static struct test test_##id = { title, id, NULL };	\
	__attribute__((constructor)) static void reg_##id(void)	\
	{							\
		test_register(&test_##id);			\
	}							\
	static void id(void)

#define CHECK(cond) do {					\
	if (!(cond))						\
		test_fail(__FILE__, __LINE__, #cond);		\
} while (0)

#define CHECK_EQ(a, b) do {					\
	long long _a = (a), _b = (b);				\
	if (_a != _b) {						\
		test_fail(__FILE__, __LINE__, #a " == " #b);	\
		test_note("%lld != %lld", _a, _b);		\
	}							\
} while (0)

#define CHECK_STR(a, b) do {					\
	const char *_a = (a), *_b = (b);			\
	if (strcmp(_a, _b)) {					\
		test_fail(__FILE__, __LINE__, #a " == " #b);	\
		test_note("\"%s\" != \"%s\"", _a, _b);		\
	}							\
} while (0)

#endif
