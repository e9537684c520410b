// SPDX-License-Identifier: GPL-2.0-only
/*
 * What messages contain: a pattern, the number at their begin, and its
 * complement at their end if they are long enough for both.
 */
#include <string.h>
#include "zmqperf.h"

#define NUMBER	sizeof(uint64_t)

static unsigned char pattern_at(size_t i)
{
	return i * 7 + 3;
}

static unsigned long long ull(uint64_t n)
{
	return n;
}

void payload_init(unsigned char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = pattern_at(i);
}

void payload_number(unsigned char *buf, size_t len, uint64_t seq)
{
	memcpy(buf, &seq, len < NUMBER ? len : NUMBER);
	if (len >= 2 * NUMBER) {
		seq = ~seq;
		memcpy(buf + len - NUMBER, &seq, NUMBER);
	}
}

void payload_check(const struct msg *m, size_t len, uint64_t seq)
{
	uint64_t head = 0, tail = ~seq;

	if (m->len != len)
		die("message %llu has %zu bytes instead of %zu", ull(seq),
		    m->len, len);
	if (len < NUMBER)
		seq &= ((uint64_t)1 << (8 * len)) - 1;
	memcpy(&head, m->data, len < NUMBER ? len : NUMBER);
	if (len >= 2 * NUMBER)
		memcpy(&tail, m->data + len - NUMBER, NUMBER);
	if (head != seq)
		die("message %llu came as number %llu", ull(head), ull(seq));
	if (len >= NUMBER && tail != ~seq)
		die("message %llu has the end of another one", ull(seq));
}

void payload_check_all(const struct msg *m, size_t len, uint64_t seq)
{
	size_t i;

	payload_check(m, len, seq);
	for (i = NUMBER; i + NUMBER < len; i++)
		if (m->data[i] != pattern_at(i))
			die("message %llu is damaged at byte %zu",
			    ull(seq), i);
}
