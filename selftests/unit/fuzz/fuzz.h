/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What fuzzers share. A fuzzer is a file that defines fuzz_one(); a CHECK() that
 * fails ends it. The first bytes of an input say how, the others what.
 */
#ifndef _UNIT_FUZZ_H
#define _UNIT_FUZZ_H

#include "test.h"

/* The longest input. */
#define FUZZ_MAX	4096

/**
 * struct fuzz - an input
 * @p: what is left of it
 * @n: bytes at @p
 * @state: of numbers that follow from its first two bytes
 */
struct fuzz {
	const u8	*p;
	size_t		n;
	u64		state;
};

/* To be defined by each fuzzer. */
void fuzz_one(struct fuzz *f);

/* The next byte, 0 behind the last one. */
u8 fuzz_byte(struct fuzz *f);

/* A number below @n, which does not use up the input. */
u32 fuzz_below(struct fuzz *f, u32 n);

/* The next bytes, in memory of just that size, which the caller frees. */
u8 *fuzz_take(struct fuzz *f, size_t n);

/* As many as a piece of a stream has, never 0 while there are any. */
size_t fuzz_piece(struct fuzz *f);

#endif
