// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <linux/errno.h>
#include <linux/slab.h>
#include "trie.h"

static int add(struct zmq_trie *t, const char *key, void *owner)
{
	return zmq_trie_add(t, (u8 *)key, strlen(key), owner, GFP_KERNEL, NULL);
}

static int del(struct zmq_trie *t, const char *key, void *owner)
{
	return zmq_trie_del(t, (u8 *)key, strlen(key), owner);
}

static bool match(struct zmq_trie *t, const char *topic)
{
	return zmq_trie_match(t, (u8 *)topic, strlen(topic));
}

TEST(trie_refs, "trie: a subscriber's references")
{
	struct zmq_trie t;
	bool dup = true;

	zmq_trie_init(&t);
	CHECK(!match(&t, "") && !match(&t, "abc"));
	CHECK_EQ(del(&t, "a", NULL), -ENOENT);
	CHECK_EQ(add(&t, "ab", NULL), 1);
	CHECK_EQ(zmq_trie_add(&t, (u8 *)"ab", 2, NULL, GFP_KERNEL, &dup), 0);
	CHECK(!dup);
	CHECK_EQ(zmq_trie_count(&t), 1);
	CHECK(match(&t, "ab") && match(&t, "abc"));
	CHECK(!match(&t, "a") && !match(&t, "b") && !match(&t, ""));
	CHECK_EQ(del(&t, "a", NULL), -ENOENT);
	CHECK_EQ(del(&t, "abc", NULL), -ENOENT);
	CHECK_EQ(del(&t, "ab", NULL), 0);
	CHECK(match(&t, "ab"));
	CHECK_EQ(del(&t, "ab", NULL), 1);
	CHECK(!match(&t, "ab"));
	CHECK_EQ(zmq_trie_count(&t), 0);
	CHECK_EQ(zmq_trie_bytes(&t), 0);
	CHECK_EQ(t.refs, 0);
}

TEST(trie_empty_key, "trie: the empty key matches everything")
{
	struct zmq_trie t;

	zmq_trie_init(&t);
	CHECK_EQ(add(&t, "", NULL), 1);
	CHECK(match(&t, "") && match(&t, "x"));
	CHECK_EQ(add(&t, "x", NULL), 1);
	CHECK_EQ(del(&t, "", NULL), 1);
	CHECK(!match(&t, "") && match(&t, "x"));
	CHECK_EQ(add(&t, "", NULL), 1);
	CHECK_EQ(del(&t, "x", NULL), 1);
	CHECK(match(&t, "y"));
	zmq_trie_destroy(&t);
	CHECK_EQ(zmq_trie_bytes(&t), 0);
}

TEST(trie_binary, "trie: keys of any bytes, up to 64 KiB")
{
	static u8 key[ZMQ_TRIE_KEY_MAX + 1];
	struct zmq_trie_key k;
	struct zmq_trie t;
	size_t n;

	zmq_trie_init(&t);
	/* zeros: each a prefix of the next; the longest one first */
	for (n = ZMQ_TRIE_KEY_MAX; n >= 64; n /= 2)
		CHECK_EQ(zmq_trie_add(&t, key, n, NULL, GFP_KERNEL, NULL), 1);
	CHECK_EQ(zmq_trie_add(&t, key, ZMQ_TRIE_KEY_MAX + 1, NULL, 0, NULL), -EMSGSIZE);
	CHECK(!zmq_trie_match(&t, key, 63));
	CHECK(zmq_trie_match(&t, key, 64));
	CHECK(zmq_trie_match(&t, key, ZMQ_TRIE_KEY_MAX + 1));
	CHECK(zmq_trie_first(&t, &k) && k.len == 64);
	n = 64;
	while (zmq_trie_next(&t, &k)) {
		n *= 2;
		CHECK_EQ(k.len, n);
	}
	CHECK_EQ(n, ZMQ_TRIE_KEY_MAX);
	for (n = 64; n <= ZMQ_TRIE_KEY_MAX; n *= 2)
		CHECK_EQ(zmq_trie_del(&t, key, n, NULL), 1);
	CHECK_EQ(zmq_trie_bytes(&t), 0);
	CHECK_EQ(zmq_trie_add(&t, (u8 *)"\xff\0\xff", 3, NULL, 0, NULL), 1);
	CHECK(zmq_trie_match(&t, (u8 *)"\xff\0\xff\0", 4));
	CHECK(!zmq_trie_match(&t, (u8 *)"\xff\0\xfe\0", 4));
	zmq_trie_destroy(&t);
}

static void count_owner(void *owner, void *arg)
{
	unsigned int *count = arg;

	count[(uintptr_t)owner]++;
}

TEST(trie_owners, "trie: a publisher's owners")
{
	void *a = (void *)1, *b = (void *)2;
	unsigned int count[3] = { 0 };
	struct zmq_trie t;
	bool dup;

	zmq_trie_init(&t);
	CHECK_EQ(add(&t, "x", a), 1);
	CHECK_EQ(add(&t, "x", b), 0);
	CHECK_EQ(zmq_trie_add(&t, (u8 *)"x", 1, b, 0, &dup), 0);
	CHECK(dup);
	CHECK_EQ(zmq_trie_add(&t, (u8 *)"xy", 2, b, 0, &dup), 1);
	CHECK(!dup);
	CHECK_EQ(add(&t, "", a), 1);
	CHECK_EQ(t.refs, 4);
	zmq_trie_match_owners(&t, (u8 *)"xyz", 3, count_owner, count);
	CHECK(count[1] == 2 && count[2] == 2);
	zmq_trie_match_owners(&t, (u8 *)"", 0, count_owner, count);
	CHECK(count[1] == 3 && count[2] == 2);
	CHECK_EQ(del(&t, "xy", a), -ENOENT);
	CHECK_EQ(del(&t, "xy", NULL), -ENOENT);
	CHECK_EQ(del(&t, "x", a), 0);
	CHECK_EQ(del(&t, "x", a), -ENOENT);
	CHECK_EQ(del(&t, "x", b), 1);
	/* an owner and a reference hold the same key */
	CHECK_EQ(add(&t, "xy", NULL), 0);
	CHECK_EQ(del(&t, "xy", b), 0);
	CHECK_EQ(del(&t, "xy", NULL), 1);
	zmq_trie_destroy(&t);
}

static void count_key(const u8 *key, size_t n, void *arg)
{
	unsigned int *count = arg;

	count[n]++;
}

TEST(trie_del_owner, "trie: an owner goes, and tells which keys vanished")
{
	void *a = (void *)1, *b = (void *)2;
	unsigned int count[5] = { 0 };
	struct zmq_trie t;

	zmq_trie_init(&t);
	add(&t, "", a);
	add(&t, "x", a);
	add(&t, "x", b);
	add(&t, "xx", a);
	add(&t, "xxx", b);
	add(&t, "xxxx", a);
	add(&t, "xxxx", NULL);
	zmq_trie_del_owner(&t, (void *)3, count_key, count);
	zmq_trie_del_owner(&t, a, count_key, count);
	CHECK(count[0] && !count[1] && count[2] && !count[3] && !count[4]);
	CHECK_EQ(zmq_trie_count(&t), 3);
	zmq_trie_del_owner(&t, a, count_key, count);
	zmq_trie_del_owner(&t, b, NULL, NULL);
	CHECK_EQ(zmq_trie_count(&t), 1);
	CHECK_EQ(del(&t, "xxxx", NULL), 1);
	CHECK_EQ(zmq_trie_bytes(&t), 0);
}

TEST(trie_nomem, "trie: a failed allocation changes nothing")
{
	struct zmq_trie before, t;
	long budget;
	int ret;

	zmq_trie_init(&t);
	CHECK_EQ(add(&t, "held", (void *)9), 1);
	before = t;
	/* new key: key and owner; known key: owner and reference */
	for (budget = 0; budget < 2; budget++) {
		shim_alloc_budget = budget;
		CHECK_EQ(add(&t, "new", (void *)1), -ENOMEM);
		shim_alloc_budget = budget;
		CHECK_EQ(add(&t, "held", (void *)1), -ENOMEM);
		CHECK(t.count == before.count && t.bytes == before.bytes &&
		      t.refs == before.refs);
	}
	shim_alloc_budget = 0;
	CHECK_EQ(add(&t, "new", NULL), -ENOMEM);
	shim_alloc_budget = -1;
	CHECK(!match(&t, "new") && match(&t, "held"));
	ret = add(&t, "held", (void *)1);
	CHECK_EQ(ret, 0);
	CHECK_EQ(del(&t, "held", (void *)9), 0);
	CHECK_EQ(del(&t, "held", (void *)1), 1);
	CHECK_EQ(zmq_trie_bytes(&t), 0);
}

/* A table of keys that is searched from one end to the other. */
#define OWNERS 6
#define MODEL_KEYS 400

struct model_key {
	u8	data[12];
	u8	len;
	u32	held;
	bool	owner[OWNERS];	/* [0] is not used */
};

static struct model_key model[MODEL_KEYS];
static unsigned int model_n;

static bool model_in_use(const struct model_key *k)
{
	int i;

	for (i = 1; i < OWNERS; i++) {
		if (k->owner[i])
			return true;
	}
	return k->held;
}

static struct model_key *model_find(const u8 *key, size_t n)
{
	unsigned int i;

	for (i = 0; i < model_n; i++) {
		if (model[i].len == n && !memcmp(model[i].data, key, n))
			return &model[i];
	}
	return NULL;
}

static int model_add(const u8 *key, size_t n, uintptr_t owner)
{
	struct model_key *k = model_find(key, n);
	bool new = !k;

	if (new) {
		k = &model[model_n++];
		memset(k, 0, sizeof(*k));
		memcpy(k->data, key, n);
		k->len = n;
	}
	if (owner)
		k->owner[owner] = true;
	else
		k->held++;
	return new;
}

static int model_drop(struct model_key *k)
{
	if (model_in_use(k))
		return 0;
	*k = model[--model_n];
	return 1;
}

static int model_del(const u8 *key, size_t n, uintptr_t owner)
{
	struct model_key *k = model_find(key, n);

	if (!k || (owner ? !k->owner[owner] : !k->held))
		return -ENOENT;
	if (owner)
		k->owner[owner] = false;
	else
		k->held--;
	return model_drop(k);
}

static unsigned int model_match(const u8 *topic, size_t n, unsigned int *count)
{
	unsigned int i, k, hits = 0;

	for (i = 0; i < model_n; i++) {
		if (model[i].len > n || memcmp(model[i].data, topic, model[i].len))
			continue;
		hits++;
		for (k = 1; k < OWNERS; k++)
			count[k] += model[i].owner[k];
	}
	return hits;
}

static int model_cmp(const void *a, const void *b)
{
	const struct model_key *x = a, *y = b;
	int c = memcmp(x->data, y->data, min(x->len, y->len));

	return c ?: x->len - y->len;
}

static void check_vanished(const u8 *key, size_t n, void *arg)
{
	struct model_key *k = model_find(key, n);

	CHECK(k);
	if (!k)
		return;
	CHECK(!k->held && !model_in_use(k));
	k->held = U32_MAX;	/* seen */
}

static void check_del_owner(struct zmq_trie *t, uintptr_t owner)
{
	unsigned int i;

	for (i = 0; i < model_n; i++)
		model[i].owner[owner] = false;
	zmq_trie_del_owner(t, (void *)owner, check_vanished, NULL);
	for (i = 0; i < model_n;) {
		CHECK(model[i].held || model_in_use(&model[i]));
		if (model[i].held == U32_MAX)
			model[i].held = 0;
		i += !model_drop(&model[i]);
	}
}

static bool check_walk(const u8 *key, size_t n, void *arg)
{
	unsigned int *i = arg;

	CHECK(*i < model_n && model[*i].len == n &&
	      !memcmp(model[*i].data, key, n));
	return ++*i < model_n;
}

static void check_order(struct zmq_trie *t, u64 *seed)
{
	unsigned int i = 0, k;
	struct zmq_trie_key key;
	struct model_key probe;
	bool more;

	qsort(model, model_n, sizeof(*model), model_cmp);
	zmq_trie_walk(t, check_walk, &i);
	CHECK_EQ(i, model_n);
	CHECK_EQ(zmq_trie_count(t), model_n);

	/* from somewhere, mostly from a key that is not there */
	probe.len = test_random(seed) % 8;
	for (k = 0; k < probe.len; k++)
		probe.data[k] = test_random(seed);
	if (model_n && test_random(seed) % 2)
		probe = model[test_random(seed) % model_n];
	for (i = 0; i < model_n && model_cmp(&model[i], &probe) <= 0;)
		i++;
	key.data = probe.data;
	key.len = probe.len;
	more = zmq_trie_next(t, &key);
	CHECK_EQ(more, i < model_n);
	if (more && i < model_n)
		CHECK(key.len == model[i].len &&
		      !memcmp(key.data, model[i].data, key.len));
}

static void check_match(struct zmq_trie *t, const u8 *topic, size_t n)
{
	unsigned int want[OWNERS] = { 0 }, got[OWNERS] = { 0 };

	CHECK_EQ(zmq_trie_match(t, topic, n), model_match(topic, n, want) > 0);
	zmq_trie_match_owners(t, topic, n, count_owner, got);
	CHECK(!memcmp(want, got, sizeof(want)));
}

/* Keys of few letters, so that they are prefixes of each other. */
static size_t random_key(u64 *seed, u8 *key, unsigned int max)
{
	static const u8 letters[][4] = { "ab", { 0, 1, 2, 0xff }, { 0, 0x80 } };
	u64 r = test_random(seed);
	const u8 *alphabet = letters[r % 3];
	size_t n = r / 4 % max, i;

	for (i = 0; i < n; i++)
		key[i] = alphabet[test_random(seed) % (r % 3 == 1 ? 4 : 2)];
	return n;
}

TEST(trie_random, "trie: 200000 random operations, against a table")
{
	struct zmq_trie t;
	u64 seed = 2, r;
	uintptr_t owner;
	u8 key[16];
	size_t n;
	bool dup;
	int i;

	zmq_trie_init(&t);
	model_n = 0;
	for (i = 0; i < 200000; i++) {
		r = test_random(&seed);
		owner = r / 16 % OWNERS;
		n = random_key(&seed, key, sizeof(model->data) + 1);
		if (r % 16 < 7 && model_n < MODEL_KEYS) {
			struct model_key *k = model_find(key, n);
			bool had = k && owner && k->owner[owner];

			CHECK_EQ(zmq_trie_add(&t, key, n, (void *)owner, 0, &dup),
				 model_add(key, n, owner));
			CHECK_EQ(dup, had);
		} else if (r % 16 < 14) {
			if (model_n && r >> 32 & 1) {	/* one that is there */
				n = model[(r >> 33) % model_n].len;
				memcpy(key, model[(r >> 33) % model_n].data, n);
			}
			CHECK_EQ(zmq_trie_del(&t, key, n, (void *)owner),
				 model_del(key, n, owner));
		} else if (r % 16 == 14) {
			check_match(&t, key, n);
		} else if (!(r >> 40 & 63)) {
			check_order(&t, &seed);
		} else if (owner && !(r >> 40 & 7)) {
			check_del_owner(&t, owner);
		}
	}
	check_order(&t, &seed);
	zmq_trie_destroy(&t);
	CHECK_EQ(zmq_trie_bytes(&t), 0);
}

TEST(trie_drain, "trie: random keys all go again, in another order")
{
	static u8 keys[20000][8];
	struct zmq_trie t;
	u64 seed = 3, r;
	int i, k, n;

	zmq_trie_init(&t);
	for (i = 0; i < 20000; i++) {
		r = test_random(&seed);
		memcpy(keys[i], &r, 8);
		CHECK_EQ(zmq_trie_add(&t, keys[i], 8, (void *)(1 + r % 7), 0, NULL), 1);
	}
	for (n = 20000; n; n--) {
		k = test_random(&seed) % n;
		memcpy(&r, keys[k], 8);
		CHECK_EQ(zmq_trie_del(&t, keys[k], 8, (void *)(1 + r % 7)), 1);
		memcpy(keys[k], keys[n - 1], 8);
	}
	CHECK(!t.root && !t.owners && !t.bytes && !t.count && !t.refs);
}

TEST(trie_many_owners, "trie: 10000 owners of one key come and go")
{
	struct zmq_trie t;
	uintptr_t i;

	zmq_trie_init(&t);
	for (i = 1; i <= 10000; i++)
		CHECK_EQ(add(&t, "topic", (void *)i), i == 1);
	CHECK_EQ(t.refs, 10000);
	for (i = 1; i <= 10000; i++)
		zmq_trie_del_owner(&t, (void *)(i * 7919 % 10007 % 10001), NULL, NULL);
	for (i = 1; i <= 10000; i++)
		zmq_trie_del_owner(&t, (void *)i, NULL, NULL);
	CHECK(!t.root && !t.owners && !t.bytes && !t.refs);
}

TEST(trie_memory, "trie: a million 14-byte keys in at most 100 bytes each")
{
	struct zmq_trie t;
	char key[16];
	u32 i;

	zmq_trie_init(&t);
	for (i = 0; i < 1000000; i++) {
		snprintf(key, sizeof(key), "topic.%08llu", i * 7919ULL % 100000000);
		CHECK_EQ(add(&t, key, (void *)(1 + i % 100UL)), 1);
	}
	CHECK_EQ(zmq_trie_count(&t), 1000000);
	CHECK(zmq_trie_bytes(&t) / zmq_trie_count(&t) <= 100);
	test_note("%zu keys, %zu bytes each", zmq_trie_count(&t),
		  zmq_trie_bytes(&t) / zmq_trie_count(&t));
	zmq_trie_destroy(&t);
	CHECK_EQ(zmq_trie_bytes(&t), 0);
}
