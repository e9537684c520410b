// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "wire/trie.h"

#define OWNERS 6

/* By a small number; 0 is nobody, for tries that count references. */
static struct zmq_trie_owner owners[OWNERS];

static struct zmq_trie_owner *own(unsigned int i)
{
	return i ? &owners[i] : NULL;
}

static int add(struct zmq_trie *t, const char *key, unsigned int owner)
{
	return zmq_trie_add(t, (u8 *)key, strlen(key), own(owner), GFP_KERNEL,
			    NULL);
}

static int del(struct zmq_trie *t, const char *key, unsigned int owner)
{
	return zmq_trie_del(t, (u8 *)key, strlen(key), own(owner));
}

static bool match(struct zmq_trie *t, const char *topic)
{
	return zmq_trie_match(t, (u8 *)topic, strlen(topic));
}

/* All owners of what matches, at most @max at a stretch. */
static void match_owners(struct zmq_trie *t, const u8 *topic, size_t n,
			 unsigned int max,
			 void (*fn)(struct zmq_trie_owner *owner, void *arg),
			 void *arg)
{
	struct zmq_trie_walk walk;

	zmq_trie_walk_init(&walk, topic, n);
	while (zmq_trie_walk(t, &walk, max, fn, arg))
		CHECK(t->walk == &walk);
	CHECK(!t->walk);
}

TEST(trie_refs, "trie: a subscriber's references")
{
	struct zmq_trie t;
	bool dup = true;

	zmq_trie_init(&t, false);
	CHECK(!match(&t, "") && !match(&t, "abc"));
	CHECK_EQ(del(&t, "a", 0), -ENOENT);
	CHECK_EQ(add(&t, "ab", 0), 1);
	CHECK_EQ(zmq_trie_add(&t, (u8 *)"ab", 2, NULL, GFP_KERNEL, &dup), 0);
	CHECK(!dup);
	CHECK_EQ(zmq_trie_count(&t), 1);
	CHECK(match(&t, "ab") && match(&t, "abc"));
	CHECK(!match(&t, "a") && !match(&t, "b") && !match(&t, ""));
	CHECK_EQ(del(&t, "a", 0), -ENOENT);
	CHECK_EQ(del(&t, "abc", 0), -ENOENT);
	CHECK_EQ(del(&t, "ab", 0), 0);
	CHECK(match(&t, "ab"));
	CHECK_EQ(del(&t, "ab", 0), 1);
	CHECK(!match(&t, "ab"));
	CHECK_EQ(zmq_trie_count(&t), 0);
	CHECK_EQ(zmq_trie_bytes(&t), 0);
	CHECK_EQ(t.refs, 0);
}

TEST(trie_empty_key, "trie: the empty key matches everything")
{
	struct zmq_trie t;

	zmq_trie_init(&t, false);
	CHECK_EQ(add(&t, "", 0), 1);
	CHECK(match(&t, "") && match(&t, "x"));
	CHECK_EQ(add(&t, "x", 0), 1);
	CHECK_EQ(del(&t, "", 0), 1);
	CHECK(!match(&t, "") && match(&t, "x"));
	CHECK_EQ(add(&t, "", 0), 1);
	CHECK_EQ(del(&t, "x", 0), 1);
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

	zmq_trie_init(&t, false);
	/* zeros: each a prefix of the next; the longest one first */
	for (n = 32768; n >= 64; n /= 2)
		CHECK_EQ(zmq_trie_add(&t, key, n, NULL, GFP_KERNEL, NULL), 1);
	CHECK_EQ(zmq_trie_add(&t, key, ZMQ_TRIE_KEY_MAX, NULL, GFP_KERNEL, NULL), 1);
	CHECK_EQ(zmq_trie_add(&t, key, ZMQ_TRIE_KEY_MAX + 1, NULL, 0, NULL), -EMSGSIZE);
	CHECK(!zmq_trie_match(&t, key, 63));
	CHECK(zmq_trie_match(&t, key, 64));
	CHECK(zmq_trie_match(&t, key, ZMQ_TRIE_KEY_MAX + 1));
	CHECK(zmq_trie_first(&t, &k) && k.len == 64);
	n = 64;
	while (zmq_trie_next(&t, &k)) {
		n = min(2 * n, (size_t)ZMQ_TRIE_KEY_MAX);
		CHECK_EQ(k.len, n);
	}
	CHECK_EQ(n, ZMQ_TRIE_KEY_MAX);
	for (n = 64; n <= 32768; n *= 2)
		CHECK_EQ(zmq_trie_del(&t, key, n, NULL), 1);
	CHECK_EQ(zmq_trie_del(&t, key, ZMQ_TRIE_KEY_MAX, NULL), 1);
	CHECK_EQ(zmq_trie_bytes(&t), 0);
	CHECK_EQ(zmq_trie_add(&t, (u8 *)"\xff\0\xff", 3, NULL, 0, NULL), 1);
	CHECK(zmq_trie_match(&t, (u8 *)"\xff\0\xff\0", 4));
	CHECK(!zmq_trie_match(&t, (u8 *)"\xff\0\xfe\0", 4));
	zmq_trie_destroy(&t);
}

static void count_owner(struct zmq_trie_owner *owner, void *arg)
{
	unsigned int *count = arg;

	count[owner - owners]++;
}

TEST(trie_owners, "trie: a publisher's owners")
{
	unsigned int count[OWNERS] = { 0 };
	struct zmq_trie t;
	bool dup;

	zmq_trie_init(&t, true);
	CHECK_EQ(add(&t, "x", 1), 1);
	CHECK_EQ(add(&t, "x", 2), 0);
	CHECK_EQ(zmq_trie_add(&t, (u8 *)"x", 1, own(2), 0, &dup), 0);
	CHECK(dup);
	CHECK_EQ(zmq_trie_add(&t, (u8 *)"xy", 2, own(2), 0, &dup), 1);
	CHECK(!dup);
	CHECK_EQ(add(&t, "", 1), 1);
	CHECK(t.refs == 4 && own(1)->count == 2 && own(2)->count == 2);
	match_owners(&t, (u8 *)"xyz", 3, UINT_MAX, count_owner, count);
	CHECK(count[1] == 2 && count[2] == 2);
	match_owners(&t, (u8 *)"", 0, UINT_MAX, count_owner, count);
	CHECK(count[1] == 3 && count[2] == 2);
	CHECK_EQ(del(&t, "xy", 1), -ENOENT);
	CHECK_EQ(del(&t, "x", 1), 0);
	CHECK_EQ(del(&t, "x", 1), -ENOENT);
	/* the reference kept with the key is free again */
	CHECK_EQ(add(&t, "x", 3), 0);
	CHECK_EQ(del(&t, "x", 2), 0);
	CHECK_EQ(del(&t, "x", 3), 1);
	CHECK_EQ(del(&t, "xy", 2), 1);
	CHECK_EQ(del(&t, "", 1), 1);
	CHECK(!t.bytes && !t.refs && !own(1)->bytes && !own(2)->count);
}

static void count_key(const u8 *key, size_t n, bool last, void *arg)
{
	unsigned int *count = arg;

	count[n] += last ? 1 : 100;
}

TEST(trie_del_owner, "trie: an owner goes, and tells which keys it held and which vanished")
{
	unsigned int count[5] = { 0 };
	struct zmq_trie t;

	zmq_trie_init(&t, true);
	add(&t, "", 1);
	add(&t, "x", 1);
	add(&t, "x", 2);
	add(&t, "xx", 1);
	add(&t, "xxx", 2);
	add(&t, "xxxx", 2);
	add(&t, "xxxx", 1);
	CHECK(!zmq_trie_del_owner(&t, own(3), 10, count_key, count));
	CHECK(!zmq_trie_del_owner(&t, own(1), 10, count_key, count));
	CHECK(count[0] == 1 && count[1] == 100 && count[2] == 1 && !count[3] &&
	      count[4] == 100);
	CHECK_EQ(zmq_trie_count(&t), 3);
	CHECK(!zmq_trie_del_owner(&t, own(2), 3, NULL, NULL));
	CHECK(!t.root && !t.bytes && !t.refs);
}

TEST(trie_del_owner_some, "trie: an owner goes in portions, new keys may come between them")
{
	struct zmq_trie t;
	unsigned int i;
	char key[8];

	zmq_trie_init(&t, true);
	for (i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "%u", i);
		add(&t, key, 1 + i % 2);
		add(&t, key, 2 - i % 2);
	}
	for (i = 1000; i; i -= 100) {
		CHECK_EQ(own(1)->count, i);
		CHECK_EQ(zmq_trie_del_owner(&t, own(1), 100, NULL, NULL), i > 100);
		CHECK_EQ(add(&t, "new", 2), i == 1000);
	}
	CHECK(own(2)->count == 1001 && zmq_trie_count(&t) == 1001);
	CHECK(zmq_trie_has(&t, (u8 *)"999", 3));
	CHECK(!zmq_trie_has(&t, (u8 *)"99x", 3));
	CHECK(!zmq_trie_del_owner(&t, own(2), 1001, NULL, NULL));
	CHECK(!t.bytes && !own(2)->bytes);
}

TEST(trie_nomem, "trie: a failed allocation changes nothing")
{
	struct zmq_trie before, t;

	zmq_trie_init(&t, true);
	CHECK_EQ(add(&t, "held", 5), 1);
	before = t;
	shim_alloc_budget = 0;
	CHECK_EQ(add(&t, "new", 1), -ENOMEM);
	shim_alloc_budget = 0;
	CHECK_EQ(add(&t, "held", 1), -ENOMEM);
	shim_alloc_budget = -1;
	CHECK(t.count == before.count && t.bytes == before.bytes &&
	      t.refs == before.refs && !own(1)->count && !own(1)->bytes);
	CHECK(!match(&t, "new") && match(&t, "held"));
	CHECK_EQ(add(&t, "held", 1), 0);
	CHECK_EQ(del(&t, "held", 5), 0);
	CHECK_EQ(del(&t, "held", 1), 1);
	CHECK_EQ(zmq_trie_bytes(&t), 0);
}

/* A table of keys that is searched from one end to the other. */
#define MODEL_KEYS 400

struct model_key {
	u8	data[12];
	u8	len;
	u32	held;
	bool	seen;
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

static void check_gone(const u8 *key, size_t n, bool last, void *arg)
{
	struct model_key *k = model_find(key, n);
	uintptr_t owner = (uintptr_t)arg;

	CHECK(k && k->owner[owner]);
	if (!k)
		return;
	k->owner[owner] = false;
	k->seen = true;
	CHECK_EQ(last, !model_in_use(k));
}

static void check_del_owner(struct zmq_trie *t, uintptr_t owner)
{
	unsigned int i;

	while (zmq_trie_del_owner(t, own(owner), 7, check_gone, (void *)owner))
		;
	for (i = 0; i < model_n;) {
		CHECK(!model[i].owner[owner]);
		CHECK(model[i].seen || model_in_use(&model[i]));
		model[i].seen = false;
		i += !model_drop(&model[i]);
	}
}

static void check_order(struct zmq_trie *t, u64 *seed)
{
	unsigned int i = 0, k;
	struct zmq_trie_key key;
	struct model_key probe;
	bool more;

	qsort(model, model_n, sizeof(*model), model_cmp);
	for (more = zmq_trie_first(t, &key); more; more = zmq_trie_next(t, &key), i++)
		CHECK(i < model_n && model[i].len == key.len &&
		      !memcmp(model[i].data, key.data, key.len));
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
	unsigned int in_portions[OWNERS] = { 0 };

	CHECK_EQ(zmq_trie_match(t, topic, n), model_match(topic, n, want) > 0);
	if (!t->owned)
		return;
	match_owners(t, topic, n, UINT_MAX, count_owner, got);
	CHECK(!memcmp(want, got, sizeof(want)));
	match_owners(t, topic, n, 1 + n % 3, count_owner, in_portions);
	CHECK(!memcmp(want, in_portions, sizeof(want)));
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

/* @owned: with owners 1 to 5; else owner is always 0. */
static void check_random(bool owned, int rounds)
{
	struct zmq_trie t;
	u64 seed = 2, r;
	uintptr_t owner;
	u8 key[16];
	size_t n;
	bool dup;
	int i;

	zmq_trie_init(&t, owned);
	model_n = 0;
	for (i = 0; i < rounds; i++) {
		r = test_random(&seed);
		owner = owned ? 1 + r / 16 % (OWNERS - 1) : 0;
		n = random_key(&seed, key, sizeof(model->data) + 1);
		if (r % 16 < 7 && model_n < MODEL_KEYS) {
			struct model_key *k = model_find(key, n);
			bool had = k && owner && k->owner[owner];

			CHECK_EQ(zmq_trie_add(&t, key, n, own(owner), 0, &dup),
				 model_add(key, n, owner));
			CHECK_EQ(dup, had);
		} else if (r % 16 < 14) {
			if (model_n && r >> 32 & 1) {	/* one that is there */
				n = model[(r >> 33) % model_n].len;
				memcpy(key, model[(r >> 33) % model_n].data, n);
			}
			CHECK_EQ(zmq_trie_has(&t, key, n), !!model_find(key, n));
			CHECK_EQ(zmq_trie_del(&t, key, n, own(owner)),
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
	memset(owners, 0, sizeof(owners));
}

TEST(trie_random, "trie: 200000 random operations, against a table")
{
	check_random(true, 200000);
}

TEST(trie_random_refs, "trie: 100000 random operations without owners, against a table")
{
	check_random(false, 100000);
}

TEST(trie_drain, "trie: random keys all go again, in another order")
{
	static u8 keys[20000][8];
	struct zmq_trie t;
	u64 seed = 3, r;
	int i, k, n;

	zmq_trie_init(&t, true);
	for (i = 0; i < 20000; i++) {
		r = test_random(&seed);
		memcpy(keys[i], &r, 8);
		CHECK_EQ(zmq_trie_add(&t, keys[i], 8, own(1 + r % 5), 0, NULL), 1);
	}
	for (n = 20000; n; n--) {
		k = test_random(&seed) % n;
		memcpy(&r, keys[k], 8);
		CHECK_EQ(zmq_trie_del(&t, keys[k], 8, own(1 + r % 5)), 1);
		memcpy(keys[k], keys[n - 1], 8);
	}
	CHECK(!t.root && !t.bytes && !t.count && !t.refs);
}

TEST(trie_many_owners, "trie: 10000 owners of one key come and go")
{
	static struct zmq_trie_owner many[10001];
	struct zmq_trie t;
	unsigned int i;

	zmq_trie_init(&t, true);
	for (i = 1; i <= 10000; i++)
		CHECK_EQ(zmq_trie_add(&t, (u8 *)"topic", 5, &many[i], 0, NULL), i == 1);
	CHECK_EQ(t.refs, 10000);
	for (i = 1; i <= 10000; i++)
		zmq_trie_del_owner(&t, &many[i * 7919 % 10007 % 10001], 1, NULL, NULL);
	for (i = 1; i <= 10000; i++)
		zmq_trie_del_owner(&t, &many[i], 1, NULL, NULL);
	CHECK(!t.root && !t.bytes && !t.refs);
}

/* The most steps to find, by SUBSCRIBE or CANCEL, that an owner holds a key or
 * does not, or to let it: everybody holds every key.
 */
static unsigned long most_steps(struct zmq_trie_owner *many, u32 nr, u32 keys)
{
	unsigned long most = 0;
	struct zmq_trie t;
	u64 seed = 4, r;
	u32 i, k, n;
	bool dup;

	zmq_trie_init(&t, true);
	for (k = 0; k < keys; k++)
		for (i = 0; i < nr; i++)
			CHECK(zmq_trie_add(&t, (u8 *)&k, 4, &many[i], 0, NULL) >= 0);
	CHECK_EQ(t.refs, (size_t)nr * keys);
	for (n = 0; n < 20000; n++) {
		r = test_random(&seed);
		i = r % nr;
		k = (r >> 32) % keys;
		shim_visits = 0;
		CHECK_EQ(zmq_trie_add(&t, (u8 *)&k, 4, &many[i], 0, &dup), 0);
		CHECK(dup);
		most = shim_visits > most ? shim_visits : most;
		shim_visits = 0;
		CHECK(zmq_trie_del(&t, (u8 *)&k, 4, &many[i]) >= 0);
		most = shim_visits > most ? shim_visits : most;
		shim_visits = 0;
		CHECK(zmq_trie_add(&t, (u8 *)&k, 4, &many[i], 0, &dup) >= 0);
		CHECK(!dup);
		most = shim_visits > most ? shim_visits : most;
	}
	for (i = 0; i < nr; i++) {
		shim_visits = 0;
		CHECK(!zmq_trie_del_owner(&t, &many[i], keys, NULL, NULL));
		CHECK(shim_visits / keys <= 40);
	}
	CHECK(!t.root && !t.bytes && !t.refs);
	return most;
}

TEST(trie_shared, "trie: what many hold is found as fast as what one holds")
{
	struct zmq_trie_owner *many = calloc(1000, sizeof(*many));
	unsigned long few = most_steps(many, 10, 1000);
	unsigned long all = most_steps(many, 1000, 1000);

	test_note("a key of 10 owners: at most %lu steps, of 1000: %lu", few, all);
	/* 10 down to the key, and twice down to the reference and its leaf */
	CHECK(few <= 100 && all <= 100);
	free(many);
}

#define WALKERS 3000

static struct zmq_trie_owner walkers[WALKERS];

struct told {
	unsigned int	times[WALKERS];
	unsigned int	all;
};

static void tell_owner(struct zmq_trie_owner *owner, void *arg)
{
	struct told *told = arg;

	told->times[owner - walkers]++;
	told->all++;
}

/* Every third comes, every third goes, the others stay. */
static void change_between(struct zmq_trie *t, u64 *seed, u8 *held)
{
	static const char * const keys[] = { "", "a", "ab", "abc", "abcd" };
	unsigned int i, k, n;

	for (n = 0; n < 50; n++) {
		i = test_random(seed) % WALKERS;
		k = test_random(seed) % ARRAY_SIZE(keys);
		if (i % 3 == 0)
			zmq_trie_add(t, (u8 *)keys[k], k, &walkers[i], 0, NULL);
		if (i % 3 == 1 &&
		    zmq_trie_del(t, (u8 *)keys[k], k, &walkers[i]) >= 0)
			held[i]--;
	}
}

TEST(trie_walk, "trie: a match stops after so many owners and goes on, whatever comes and goes")
{
	static const char * const keys[] = { "", "a", "ab", "abc", "abcd" };
	static u8 held[WALKERS], before[WALKERS];
	static struct told told;
	unsigned int i, k, stretches = 0, was;
	struct zmq_trie_walk walk;
	struct zmq_trie t;
	u64 seed = 5;
	bool more;

	zmq_trie_init(&t, true);
	for (i = 0; i < WALKERS; i++) {
		for (k = i % 3 ? 0 : 5; k < 5; k++) {
			if (k != i % 5)
				zmq_trie_add(&t, (u8 *)keys[k], k, &walkers[i], 0, NULL);
		}
		before[i] = i % 3 ? 4 : 0;
		held[i] = before[i];
	}
	zmq_trie_walk_init(&walk, (u8 *)"abcde", 5);
	do {
		was = told.all;
		more = zmq_trie_walk(&t, &walk, 100, tell_owner, &told);
		CHECK(told.all - was <= 100);
		change_between(&t, &seed, held);
		stretches++;
	} while (more);
	for (i = 0; i < WALKERS; i++)
		CHECK(told.times[i] >= held[i] &&
		      (i % 3 == 0 || told.times[i] <= before[i]));
	/* It visits nobody twice for a key, so it has an end. */
	CHECK(stretches >= 60 && stretches < 200);
	CHECK(!t.walk);
	/* The rest of a key may go, and the key with it, where a walk stopped. */
	zmq_trie_walk_init(&walk, (u8 *)"abc", 3);
	CHECK(zmq_trie_walk(&t, &walk, 100, tell_owner, &told));
	for (i = 0; i < WALKERS; i++)
		zmq_trie_del_owner(&t, &walkers[i], 5, NULL, NULL);
	was = told.all;
	CHECK(!zmq_trie_walk(&t, &walk, 100, tell_owner, &told));
	CHECK(told.all == was && !t.root && !t.bytes);
}

TEST(trie_destroy, "trie: others can run while much is freed")
{
	struct zmq_trie t;
	u32 i;

	zmq_trie_init(&t, false);
	for (i = 0; i < 10000; i++)
		CHECK_EQ(zmq_trie_add(&t, (u8 *)&i, 4, NULL, 0, NULL), 1);
	shim_rescheds = 0;
	zmq_trie_destroy(&t);
	CHECK(shim_rescheds >= 100 && !t.bytes);
}

#define MILLION 1000000

/* Keys of 14 bytes, like those of a program or like hashes. */
static void key_of(u8 *key, u32 i, bool random)
{
	u64 seed = i, r = test_random(&seed);
	char text[16];

	if (random) {
		memcpy(key, &r, 8);
		r = test_random(&seed);
		memcpy(key + 8, &r, 6);
	} else {
		snprintf(text, sizeof(text), "prefix.%07u", i);
		memcpy(key, text, 14);
	}
}

static void check_memory(bool random, bool owned, size_t limit)
{
	struct zmq_trie t;
	u8 key[14];
	u32 i;

	zmq_trie_init(&t, owned);
	for (i = 0; i < MILLION; i++) {
		key_of(key, i, random);
		CHECK_EQ(zmq_trie_add(&t, key, 14, own(owned ? 1 + i % 5 : 0), 0, NULL), 1);
	}
	CHECK_EQ(zmq_trie_count(&t), MILLION);
	CHECK(zmq_trie_bytes(&t) / MILLION <= limit);
	test_note("%s keys, %s: %zu bytes each", random ? "random" : "similar",
		  owned ? "publisher" : "subscriber", zmq_trie_bytes(&t) / MILLION);
	zmq_trie_destroy(&t);
	CHECK_EQ(zmq_trie_bytes(&t), 0);
	memset(owners, 0, sizeof(owners));
}

TEST(trie_memory, "trie: a million 14-byte keys in at most 100 bytes each, 60 without owner")
{
	check_memory(false, true, 100);
	check_memory(true, true, 100);
	check_memory(false, false, 60);
	check_memory(true, false, 60);
}

/* The most nodes that a search visits, of some for topics that @random keys
 * match and of some for others.
 */
static unsigned long most_visits(struct zmq_trie *t, u32 keys, bool random)
{
	static const size_t lens[] = { 0, 1, 7, 10, 13, 14, 20 };
	unsigned int ignored[OWNERS];
	unsigned long most = 0;
	u8 topic[20] = { 0 };
	u32 i, k;

	for (i = 0; i < 1000; i++) {
		key_of(topic, (u64)i * keys / 500, random);
		for (k = 0; k < ARRAY_SIZE(lens); k++) {
			shim_visits = 0;
			zmq_trie_match(t, topic, lens[k]);
			CHECK(shim_visits <= 9 * lens[k] + 10);
			most = shim_visits > most ? shim_visits : most;
			shim_visits = 0;
			match_owners(t, topic, lens[k], UINT_MAX, count_owner, ignored);
			CHECK(shim_visits <= 9 * lens[k] + 10);
		}
	}
	return most;
}

TEST(trie_visits, "trie: the cost of a match grows with the topic, not with the number of keys")
{
	static const u32 sizes[] = { 1, 1000, 100000, MILLION };
	unsigned long most[ARRAY_SIZE(sizes)][2];
	struct zmq_trie t;
	u8 key[14];
	u32 i, k, n;

	for (k = 0; k < 2; k++) {
		zmq_trie_init(&t, true);
		for (n = 0, i = 0; n < ARRAY_SIZE(sizes); n++) {
			for (; i < sizes[n]; i++) {
				key_of(key, i, k);
				zmq_trie_add(&t, key, 14, own(1 + i % 5), 0, NULL);
			}
			most[n][k] = most_visits(&t, sizes[n], k);
		}
		zmq_trie_destroy(&t);
		memset(owners, 0, sizeof(owners));
	}
	for (n = 0; n < ARRAY_SIZE(sizes); n++) {
		test_note("%u keys: at most %lu visits, random ones %lu", sizes[n],
			  most[n][0], most[n][1]);
		/* a million is 1000 times 1000: twice as deep, not more */
		CHECK(most[n][0] <= 2 * most[1][0] && most[n][1] <= 3 * most[1][1]);
	}
}
