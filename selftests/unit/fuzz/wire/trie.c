// SPDX-License-Identifier: GPL-2.0-only
/* A trie is a sorted list of keys with who holds them, also while a search has stopped. */
#include "fuzz/fuzz.h"

#include <errno.h>
#include <linux/slab.h>
#include "wire/trie.h"

#define OWNERS	4
#define KEYS	512
#define PAIRS	1024

/* What the trie must be: sorted. */
struct key {
	u8	*p;
	size_t	n;
	u32	held[OWNERS];
	u32	refs;
};

/* An owner of a key that a search is for: held all the time, and how often it began to be. */
struct pair {
	u8	*p;
	size_t	n;
	u32	owner;
	u32	times;
	bool	always;
};

/**
 * struct search - a walk and what it may find
 * @walk: the walk, which has stopped if it is under way
 * @active: it is
 * @topic: what it is for
 * @n: bytes of @topic
 * @pairs: who is to be told, or may be
 * @nr: of them
 * @told: how often each owner was
 */
struct search {
	struct zmq_trie_walk	walk;
	bool			active;
	u8			*topic;
	size_t			n;
	struct pair		pairs[PAIRS];
	u32			nr;
	u32			told[OWNERS];
};

static struct key keys[KEYS];
static u32 nr_keys;
static struct zmq_trie_owner owners[OWNERS];
static struct search search;
static struct zmq_trie trie;

static int compare(const u8 *a, size_t a_n, const u8 *b, size_t b_n)
{
	int ret = memcmp(a, b, min(a_n, b_n));

	return ret ?: (a_n > b_n) - (a_n < b_n);
}

/* Where the key is, or would be. */
static u32 place(const u8 *p, size_t n, bool *there)
{
	u32 i;
	int ret = 1;

	for (i = 0; i < nr_keys; i++) {
		ret = compare(keys[i].p, keys[i].n, p, n);
		if (ret >= 0)
			break;
	}
	*there = i < nr_keys && !ret;
	return i;
}

static bool is_prefix(const struct key *key, const u8 *topic, size_t n)
{
	return key->n <= n && !memcmp(key->p, topic, key->n);
}

static struct pair *find_pair(const u8 *p, size_t n, u32 owner)
{
	u32 i;

	for (i = 0; i < search.nr; i++)
		if (search.pairs[i].owner == owner &&
		    !compare(search.pairs[i].p, search.pairs[i].n, p, n))
			return &search.pairs[i];
	return NULL;
}

static void note_pair(const struct key *key, u32 owner, bool always)
{
	struct pair *pair;

	if (!is_prefix(key, search.topic, search.n))
		return;
	pair = find_pair(key->p, key->n, owner);
	if (!pair) {
		if (search.nr == PAIRS)
			abort();
		pair = &search.pairs[search.nr++];
		*pair = (struct pair){ .n = key->n, .owner = owner, .always = always };
		pair->p = malloc(key->n);
		memcpy(pair->p, key->p, key->n);
	}
	pair->times++;
}

static void end_search(void)
{
	while (search.nr)
		free(search.pairs[--search.nr].p);
	free(search.topic);
	search.topic = NULL;
	search.active = false;
	trie.walk = NULL;
}

static void hear(struct zmq_trie_owner *owner, void *arg)
{
	CHECK(arg == &search && owner >= owners && owner < owners + OWNERS);
	search.told[owner - owners]++;
}

static void judge_search(void)
{
	u32 must[OWNERS] = {}, may[OWNERS] = {}, i;

	for (i = 0; i < search.nr; i++) {
		must[search.pairs[i].owner] += search.pairs[i].always;
		may[search.pairs[i].owner] += search.pairs[i].times;
	}
	for (i = 0; i < OWNERS; i++)
		CHECK(search.told[i] >= must[i] && search.told[i] <= may[i]);
}

static void begin_search(const u8 *topic, size_t n)
{
	u32 i, o;

	search.active = true;
	search.topic = malloc(n);
	memcpy(search.topic, topic, n);
	search.n = n;
	memset(search.told, 0, sizeof(search.told));
	for (i = 0; i < nr_keys; i++)
		for (o = 0; o < OWNERS; o++)
			if (keys[i].held[o])
				note_pair(&keys[i], o, true);
	zmq_trie_walk_init(&search.walk, search.topic, n);
}

static void step_search(const u8 *topic, size_t n, u32 max)
{
	u32 told = 0, i;

	if (!search.active)
		begin_search(topic, n);
	for (i = 0; i < OWNERS; i++)
		told -= search.told[i];
	if (!zmq_trie_walk(&trie, &search.walk, max, hear, &search)) {
		CHECK(!trie.walk);
		judge_search();
		end_search();
		return;
	}
	CHECK(trie.walk == &search.walk);
	for (i = 0; i < OWNERS; i++)
		told += search.told[i];
	CHECK(told <= max);
}

static void forget(u32 i)
{
	free(keys[i].p);
	nr_keys--;
	memmove(&keys[i], &keys[i + 1], (nr_keys - i) * sizeof(*keys));
}

static void add(const u8 *p, size_t n, u32 owner)
{
	bool there, dup = true, failed = !shim_alloc_budget;
	u32 i = place(p, n, &there);
	int ret;

	if (nr_keys == KEYS || search.nr >= PAIRS - 1)
		return;
	ret = zmq_trie_add(&trie, p, n, trie.owned ? &owners[owner] : NULL,
			   GFP_KERNEL, &dup);
	failed = failed && shim_alloc_budget < 0;
	CHECK_EQ(ret, failed ? -ENOMEM : !there);
	if (ret < 0)
		return;
	CHECK_EQ(dup, trie.owned && there && keys[i].held[owner]);
	if (dup)
		return;
	if (!there) {
		memmove(&keys[i + 1], &keys[i], (nr_keys - i) * sizeof(*keys));
		nr_keys++;
		keys[i] = (struct key){ .p = malloc(n), .n = n };
		memcpy(keys[i].p, p, n);
	}
	keys[i].held[owner]++;
	keys[i].refs++;
	if (search.active)
		note_pair(&keys[i], owner, false);
}

static void lost(u32 i, u32 owner)
{
	struct pair *pair = find_pair(keys[i].p, keys[i].n, owner);

	if (pair)
		pair->always = false;
	keys[i].held[owner]--;
	if (!--keys[i].refs)
		forget(i);
}

static void del(const u8 *p, size_t n, u32 owner)
{
	bool there;
	u32 i = place(p, n, &there);
	int ret;

	ret = zmq_trie_del(&trie, p, n, trie.owned ? &owners[owner] : NULL);
	if (!there || !keys[i].held[owner]) {
		CHECK_EQ(ret, -ENOENT);
		return;
	}
	CHECK_EQ(ret, keys[i].refs == 1);
	lost(i, owner);
}

static void gone(const u8 *p, size_t n, bool last, void *arg)
{
	struct zmq_trie_owner *owner = arg;
	bool there;
	u32 i = place(p, n, &there);

	CHECK(there && keys[i].held[owner - owners]);
	CHECK_EQ(last, keys[i].refs == 1);
	if (there)
		lost(i, owner - owners);
}

static void leave(u32 owner, u32 max)
{
	struct zmq_trie_owner *o = &owners[owner];
	size_t before = o->count;

	CHECK_EQ(zmq_trie_del_owner(&trie, o, max, gone, o), before > max);
	CHECK_EQ(o->count, before > max ? before - max : 0);
}

static void match(const u8 *p, size_t n)
{
	bool want = false, there;
	u32 i;

	for (i = 0; i < nr_keys; i++)
		want = want || is_prefix(&keys[i], p, n);
	CHECK_EQ(zmq_trie_match(&trie, p, n), want);
	place(p, n, &there);
	CHECK_EQ(zmq_trie_has(&trie, p, n), there);
}

static void next(const u8 *p, size_t n)
{
	struct zmq_trie_key k = { p, n };
	bool there;
	u32 i = place(p, n, &there) + there;

	CHECK_EQ(zmq_trie_next(&trie, &k), i < nr_keys);
	if (i < nr_keys)
		CHECK(!compare(k.data, k.len, keys[i].p, keys[i].n));
}

/* All of it, in order. */
static void check_all(void)
{
	size_t refs = 0, held[OWNERS] = {};
	struct zmq_trie_key k;
	u32 i, o;
	bool more;

	more = zmq_trie_first(&trie, &k);
	for (i = 0; i < nr_keys; i++) {
		CHECK(more && !compare(k.data, k.len, keys[i].p, keys[i].n));
		more = more && zmq_trie_next(&trie, &k);
		refs += keys[i].refs;
		for (o = 0; o < OWNERS; o++)
			held[o] += keys[i].held[o];
	}
	CHECK(!more);
	CHECK_EQ(zmq_trie_count(&trie), nr_keys);
	CHECK_EQ(trie.refs, refs);
	CHECK_EQ(!zmq_trie_bytes(&trie), !nr_keys);
	for (o = 0; trie.owned && o < OWNERS; o++) {
		CHECK_EQ(owners[o].count, held[o]);
		CHECK_EQ(!owners[o].bytes, !held[o]);
	}
}

/* With one bit the bytes of a key come many times, so that it is long. */
static u8 *take_key(struct fuzz *f, u8 op, size_t *n)
{
	size_t part = min_t(size_t, fuzz_byte(f) & 31, f->n), i;
	unsigned int times = op & 0x80 ? 60 : 1;
	u8 *p;

	*n = part * times;
	p = malloc(*n);
	for (i = 0; i < *n; i++)
		p[i] = f->p[i % part];
	f->p += part;
	f->n -= part;
	return p;
}

static void operate(struct fuzz *f)
{
	u8 op = fuzz_byte(f), *p;
	u32 owner = trie.owned ? op >> 3 & (OWNERS - 1) : 0;
	size_t n;

	p = take_key(f, op, &n);
	switch (op & 7) {
	case 0:
		shim_alloc_budget = op & 0x40 ? 0 : -1;
		__attribute__((fallthrough));
	case 1:
		add(p, n, owner);
		shim_alloc_budget = -1;
		match(p, n);
		break;
	case 2:
		del(p, n, owner);
		break;
	case 3:
		match(p, n);
		break;
	case 4:
		if (trie.owned)
			step_search(p, n, 1 + (op >> 3 & 7));
		break;
	case 5:
		if (trie.owned)
			leave(owner, op >> 5);
		break;
	case 6:
		next(p, n);
		break;
	default:
		check_all();
	}
	free(p);
}

void fuzz_one(struct fuzz *f)
{
	zmq_trie_init(&trie, fuzz_byte(f) & 1);
	memset(owners, 0, sizeof(owners));
	fuzz_byte(f);
	while (f->n)
		operate(f);
	while (search.active)
		step_search(NULL, 0, 3);
	check_all();
	zmq_trie_destroy(&trie);
	CHECK_EQ(zmq_trie_bytes(&trie), 0);
	while (nr_keys)
		forget(nr_keys - 1);
}
