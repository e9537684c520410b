// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz.h"

#include <linux/slab.h>
#include "wire/trie.h"

#include <stdarg.h>

long shim_alloc_budget = -1;
unsigned long shim_visits;
unsigned long shim_rescheds;

static bool failed;

void test_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	failed = true;
}

/* What failed has told all that it has to tell. */
static void check(void)
{
	if (failed)
		abort();
}

void test_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
}

u8 fuzz_byte(struct fuzz *f)
{
	check();
	if (!f->n)
		return 0;
	f->n--;
	return *f->p++;
}

u32 fuzz_below(struct fuzz *f, u32 n)
{
	check();
	return test_random(&f->state) % n;
}

u8 *fuzz_take(struct fuzz *f, size_t n)
{
	u8 *p = malloc(n);

	CHECK(n <= f->n && (p || !n));
	if (n)
		memcpy(p, f->p, n);
	f->p += n;
	f->n -= n;
	return p;
}

size_t fuzz_piece(struct fuzz *f)
{
	static const u32 up_to[] = { 1, 2, 4, 12, 40, 300, FUZZ_MAX };

	return min_t(size_t, f->n,
		     1 + fuzz_below(f, up_to[fuzz_below(f, ARRAY_SIZE(up_to))]));
}

/* What libFuzzer calls, by the names that it gives them. */
int FUZZ_BEGIN(int *argc, char ***argv);
int FUZZ_ENTRY(const u8 *p, size_t n);

int FUZZ_BEGIN(int *argc, char ***argv)
{
	return zmq_trie_cache_init();
}

int FUZZ_ENTRY(const u8 *p, size_t n)
{
	struct fuzz f = { .p = p, .n = n };

	f.state = fuzz_byte(&f) << 8;
	f.state |= fuzz_byte(&f);
	fuzz_one(&f);
	check();
	shim_alloc_budget = -1;
	return 0;
}
