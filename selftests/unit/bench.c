// SPDX-License-Identifier: GPL-2.0-only
/* What the hot paths cost on this machine. */
#include "test.h"

#include <linux/slab.h>
#include <time.h>
#include "wire/trie.h"
#include "wire/wire.h"

long shim_alloc_budget = -1;
unsigned long shim_visits;
unsigned long shim_rescheds;
unsigned long shim_list_ops;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void bench_scan(size_t body)
{
	static u8 p[65536];
	struct zmq_scan_result r;
	struct zmq_scan sc;
	size_t n = 0;
	u64 msgs = 0;
	double t;
	int i;

	while (n + body + 9 < sizeof(p)) {
		n += zmq_hdr_put(p + n, body, 0);
		n += body;
	}
	zmq_scan_init(&sc, U64_MAX, 0);
	t = now();
	for (i = 0; i < 5000; i++) {
		zmq_scan(&sc, p, n, U32_MAX, &r);
		msgs += r.msgs;
	}
	printf("scan: %6.2f ns a frame of %zu bytes\n", (now() - t) / msgs, body);
}

static void count(struct zmq_trie_owner *owner, void *arg)
{
	++*(u64 *)arg;
}

static void bench_trie(unsigned int keys)
{
	struct zmq_trie_owner owners[100] = { 0 };
	struct zmq_trie_walk walk;
	struct zmq_trie t;
	u64 i, hits = 0;
	char key[32];
	double start;

	zmq_trie_init(&t, true);
	start = now();
	for (i = 0; i < keys; i++) {
		snprintf(key, sizeof(key), "topic.%08llu", i * 7919ULL % 100000000);
		zmq_trie_add(&t, (u8 *)key, 14, &owners[i % 100], 0, NULL);
	}
	printf("trie: %6.0f ns an add, %u keys, %zu bytes a key\n",
	       (now() - start) / keys, keys, t.bytes / keys);
	start = now();
	for (i = 0; i < 1000000; i++) {
		snprintf(key, sizeof(key), "topic.%08llu.more",
			 i % keys * 7919ULL % 100000000);
		zmq_trie_walk_init(&walk, (u8 *)key, 19);
		zmq_trie_walk(&t, &walk, UINT_MAX, count, &hits);
	}
	printf("trie: %6.0f ns a match, %llu hits (snprintf included)\n",
	       (now() - start) / 1000000, (unsigned long long)hits);
	start = now();
	for (i = 0; i < 100; i++)
		zmq_trie_del_owner(&t, &owners[i], keys, NULL, NULL);
	printf("trie: %6.0f ns a key to delete by owner\n", (now() - start) / keys);
	zmq_trie_destroy(&t);
}

int main(void)
{
	if (zmq_trie_cache_init())
		return 1;
	bench_scan(0);
	bench_scan(8);
	bench_scan(200);
	bench_scan(1000);
	bench_trie(100);
	bench_trie(10000);
	bench_trie(1000000);
	return 0;
}
