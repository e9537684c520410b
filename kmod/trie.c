// SPDX-License-Identifier: GPL-2.0-only
/*
 * A Patricia tree: each key is one node, which is also the inner node that
 * tests one bit, so a key costs a single allocation. A child pointer that leads
 * to a node that tests a later bit goes down; any other one goes back up to the
 * node whose key the search has found. The root tests no bit and has only
 * child[0].
 *
 * Keys are strings of nine-bit symbols: for each byte a 1 and its bits, then
 * zeros for ever. The first bit of a symbol tells "ends here" from "goes on",
 * so that at an inner node which tests it child[0] is always the one key that
 * ends there: a prefix of every key below child[1]. A search for a topic meets
 * all its prefixes this way. Since whatever lies below a node agrees in all bytes
 * before that node's, each byte of the topic is compared once: with the last key
 * found if any match will do, else with each key from where the one before ended.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

#include "trie.h"

/* Tests count the nodes that a search visits. */
#ifndef ZMQ_TRIE_VISIT
#define ZMQ_TRIE_VISIT() do { } while (0)
#endif

/**
 * struct zmq_trie_node - a key
 * @child: where the search goes on, by the bit tested
 * @pos: the bit tested: 16 * symbol + 1 + bit within the symbol, 0 in the root
 * @refs: number of owners, or of references
 * @len: bytes in @bytes
 * @bytes: the key
 */
struct zmq_trie_node {
	struct zmq_trie_node	*child[2];
	u32			pos;
	u32			refs;
	u16			len;
	u8			bytes[];
};

/**
 * struct zmq_trie_ref - an owner holds a key
 * @owner: the owner; NULL: not in use
 * @by_owner: in the owner's list
 */
struct zmq_trie_ref {
	struct zmq_trie_owner	*owner;
	struct hlist_node	by_owner;
};

/**
 * struct zmq_trie_xref - a reference beyond a key's first
 * @ref: the reference, in @owner->more
 * @key: the key
 * @by_key: in the key's list
 */
struct zmq_trie_xref {
	struct zmq_trie_ref	ref;
	struct zmq_trie_node	*key;
	struct hlist_node	by_key;
};

/**
 * struct zmq_trie_owned - a key that has owners
 * @more: of struct zmq_trie_xref
 * @first: the first reference, as most keys have no other; in @owner->first
 * @node: the key
 */
struct zmq_trie_owned {
	struct hlist_head	more;
	struct zmq_trie_ref	first;
	struct zmq_trie_node	node;
};

/* Between the slab allocator's own sizes there is room for ours: a key of 14
 * bytes takes 40 bytes, with an owner 72.
 */
#define ZMQ_TRIE_CACHE_MIN	32
#define ZMQ_TRIE_CACHE_MAX	96
#define ZMQ_TRIE_CACHE_STEP	8
#define ZMQ_TRIE_CACHES \
	((ZMQ_TRIE_CACHE_MAX - ZMQ_TRIE_CACHE_MIN) / ZMQ_TRIE_CACHE_STEP + 1)

static struct kmem_cache *zmq_trie_caches[ZMQ_TRIE_CACHES];

static struct kmem_cache *zmq_trie_cache(size_t size)
{
	return zmq_trie_caches[(size - ZMQ_TRIE_CACHE_MIN) /
			       ZMQ_TRIE_CACHE_STEP];
}

/* What an object of @n bytes takes, near enough. */
static size_t zmq_trie_size(size_t n)
{
	size_t size = 128;

	if (n <= ZMQ_TRIE_CACHE_MIN)
		return ZMQ_TRIE_CACHE_MIN;
	if (n <= ZMQ_TRIE_CACHE_MAX)
		return (n + ZMQ_TRIE_CACHE_STEP - 1) / ZMQ_TRIE_CACHE_STEP *
		       ZMQ_TRIE_CACHE_STEP;
	if (n > 128 && n <= 192)
		return 192;
	while (size < n)
		size *= 2;
	return size;
}

static void *zmq_trie_alloc(struct zmq_trie *t, size_t n, gfp_t gfp)
{
	size_t size = zmq_trie_size(n);
	void *p;

	if (size <= ZMQ_TRIE_CACHE_MAX)
		p = kmem_cache_alloc(zmq_trie_cache(size), gfp);
	else
		p = kmalloc(n, gfp);
	if (p)
		t->bytes += size;
	return p;
}

static void zmq_trie_free(struct zmq_trie *t, void *p, size_t n)
{
	size_t size = zmq_trie_size(n);

	t->bytes -= size;
	if (size <= ZMQ_TRIE_CACHE_MAX)
		kmem_cache_free(zmq_trie_cache(size), p);
	else
		kfree(p);
}

int zmq_trie_cache_init(void)
{
	size_t size;
	char name[24];
	int i;

	for (i = 0; i < ZMQ_TRIE_CACHES; i++) {
		size = ZMQ_TRIE_CACHE_MIN + i * ZMQ_TRIE_CACHE_STEP;
		snprintf(name, sizeof(name), "zmq_trie_%zu", size);
		zmq_trie_caches[i] = kmem_cache_create(name, size, 0, 0, NULL);
		if (!zmq_trie_caches[i]) {
			zmq_trie_cache_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

void zmq_trie_cache_exit(void)
{
	int i;

	for (i = 0; i < ZMQ_TRIE_CACHES; i++) {
		kmem_cache_destroy(zmq_trie_caches[i]);
		zmq_trie_caches[i] = NULL;
	}
}

static struct zmq_trie_owned *zmq_trie_owned(struct zmq_trie_node *key)
{
	return container_of(key, struct zmq_trie_owned, node);
}

static size_t zmq_trie_node_size(const struct zmq_trie *t, size_t len)
{
	size_t head = t->owned ? offsetof(struct zmq_trie_owned, node) : 0;

	return head + offsetof(struct zmq_trie_node, bytes) + len;
}

static unsigned int zmq_trie_bit(const u8 *key, size_t n, u32 pos)
{
	size_t i = pos >> 4;

	return i < n ? (0x100 | key[i]) >> (9 - (pos & 15)) & 1 : 0;
}

/* Whether @pos tests if a key goes on. */
static bool zmq_trie_pos_is_end(u32 pos)
{
	return (pos & 15) == 1;
}

/* Bytes that two strings have in common at their start. */
static size_t zmq_trie_common(const u8 *a, const u8 *b, size_t n)
{
	size_t i = 0;

	while (n - i >= 8 && !memcmp(a + i, b + i, 8))
		i += 8;
	while (i < n && a[i] == b[i])
		i++;
	return i;
}

/* The first bit in which two keys differ, 0 if they do not. */
static u32 zmq_trie_diff(const u8 *a, size_t a_n, const u8 *b, size_t b_n)
{
	size_t n = min(a_n, b_n);
	size_t i = zmq_trie_common(a, b, n);

	if (i < n)
		return 16 * i + 10 - fls(a[i] ^ b[i]);
	return a_n == b_n ? 0 : 16 * i + 1;
}

/*
 * The node where the search for a key ends. If what is left differs only behind
 * the end of the key, then any of it will do; a node is among what is below it.
 */
static struct zmq_trie_node *zmq_trie_descend(struct zmq_trie_node *root,
					      const u8 *key, size_t n)
{
	struct zmq_trie_node *node = root, *next;

	for (;;) {
		ZMQ_TRIE_VISIT();
		if (node->pos >> 4 > n)
			return node;
		next = node->child[zmq_trie_bit(key, n, node->pos)];
		if (next->pos <= node->pos)
			return next;
		node = next;
	}
}

static struct zmq_trie_node *zmq_trie_find(const struct zmq_trie *t,
					   const u8 *key, size_t n)
{
	struct zmq_trie_node *node;

	if (!t->root)
		return NULL;
	node = zmq_trie_descend(t->root, key, n);
	return node->len == n && !memcmp(node->bytes, key, n) ? node : NULL;
}

/* Put a node, which has its key already, where it belongs. */
static void zmq_trie_link(struct zmq_trie_node **root,
			  struct zmq_trie_node *new)
{
	struct zmq_trie_node *parent = *root, *next;
	unsigned int bit;

	if (!parent) {
		new->pos = 0;
		new->child[0] = new;
		new->child[1] = new;
		*root = new;
		return;
	}
	next = zmq_trie_descend(parent, new->bytes, new->len);
	new->pos = zmq_trie_diff(new->bytes, new->len, next->bytes, next->len);
	for (;;) {
		bit = zmq_trie_bit(new->bytes, new->len, parent->pos);
		next = parent->child[bit];
		if (next->pos <= parent->pos || next->pos > new->pos)
			break;
		parent = next;
	}
	parent->child[bit] = new;
	bit = zmq_trie_bit(new->bytes, new->len, new->pos);
	new->child[bit] = new;
	new->child[!bit] = next;
}

/*
 * Take a node out. The last inner node on the way to its key is no longer
 * needed there, and takes its place as inner node.
 */
static void zmq_trie_unlink(struct zmq_trie_node **root,
			    struct zmq_trie_node *node)
{
	struct zmq_trie_node **to_node = root, **to_last = root;
	struct zmq_trie_node *last = *root;
	struct zmq_trie_node **link;

	for (;;) {
		link = &last->child[zmq_trie_bit(node->bytes, node->len,
						 last->pos)];
		if ((*link)->pos <= last->pos)
			break;
		if (*link == node)
			to_node = link;
		to_last = link;
		last = *link;
	}
	if (!last->pos) {
		*root = NULL;
		return;
	}
	*to_last = last->child[link == &last->child[0]];
	if (last == node)
		return;
	last->pos = node->pos;
	last->child[0] = node->child[0];
	last->child[1] = last->pos ? node->child[1] : last;
	*to_node = last;
}

static struct zmq_trie_node *zmq_trie_new_key(struct zmq_trie *t, const u8 *key,
					      size_t n, gfp_t gfp)
{
	void *p = zmq_trie_alloc(t, zmq_trie_node_size(t, n), gfp);
	struct zmq_trie_owned *owned = p;
	struct zmq_trie_node *node = p;

	if (!p)
		return NULL;
	if (t->owned) {
		INIT_HLIST_HEAD(&owned->more);
		owned->first.owner = NULL;
		node = &owned->node;
	}
	node->refs = 0;
	node->len = n;
	memcpy(node->bytes, key, n);
	zmq_trie_link(&t->root, node);
	t->count++;
	return node;
}

/* Free a key that is not in the tree, and what refers to it. */
static void zmq_trie_free_node(struct zmq_trie *t, struct zmq_trie_node *key)
{
	size_t size = zmq_trie_node_size(t, key->len);
	struct zmq_trie_owned *owned;
	struct zmq_trie_xref *x;
	struct hlist_node *next;

	if (!t->owned) {
		zmq_trie_free(t, key, size);
		return;
	}
	owned = zmq_trie_owned(key);
	hlist_for_each_entry_safe(x, next, &owned->more, by_key)
		zmq_trie_free(t, x, sizeof(*x));
	zmq_trie_free(t, owned, size);
}

static void zmq_trie_del_key(struct zmq_trie *t, struct zmq_trie_node *key)
{
	t->count--;
	zmq_trie_unlink(&t->root, key);
	zmq_trie_free_node(t, key);
}

/* Looks through the shorter of the two lists, roughly. */
static struct zmq_trie_ref *zmq_trie_find_ref(struct zmq_trie_node *key,
					      struct zmq_trie_owner *owner)
{
	struct zmq_trie_owned *owned = zmq_trie_owned(key);
	struct zmq_trie_xref *x;

	if (owned->first.owner == owner)
		return &owned->first;
	if (key->refs < owner->count) {
		hlist_for_each_entry(x, &owned->more, by_key) {
			if (x->ref.owner == owner)
				return &x->ref;
		}
	} else {
		hlist_for_each_entry(x, &owner->more, ref.by_owner) {
			if (x->key == key)
				return &x->ref;
		}
	}
	return NULL;
}

static int zmq_trie_add_ref(struct zmq_trie *t, struct zmq_trie_node *key,
			    struct zmq_trie_owner *owner, gfp_t gfp)
{
	struct zmq_trie_owned *owned = zmq_trie_owned(key);
	struct zmq_trie_ref *ref = &owned->first;
	struct hlist_head *list = &owner->first;
	struct zmq_trie_xref *x;

	if (ref->owner) {
		x = zmq_trie_alloc(t, sizeof(*x), gfp);
		if (!x)
			return -ENOMEM;
		x->key = key;
		hlist_add_head(&x->by_key, &owned->more);
		ref = &x->ref;
		list = &owner->more;
	}
	ref->owner = owner;
	hlist_add_head(&ref->by_owner, list);
	owner->count++;
	owner->bytes += zmq_trie_size(zmq_trie_node_size(t, key->len));
	key->refs++;
	t->refs++;
	return 0;
}

static void zmq_trie_del_ref(struct zmq_trie *t, struct zmq_trie_node *key,
			     struct zmq_trie_ref *ref)
{
	struct zmq_trie_owned *owned = zmq_trie_owned(key);
	struct zmq_trie_xref *x;

	ref->owner->count--;
	ref->owner->bytes -= zmq_trie_size(zmq_trie_node_size(t, key->len));
	hlist_del(&ref->by_owner);
	key->refs--;
	t->refs--;
	if (ref == &owned->first) {
		ref->owner = NULL;
		return;
	}
	x = container_of(ref, struct zmq_trie_xref, ref);
	hlist_del(&x->by_key);
	zmq_trie_free(t, x, sizeof(*x));
}

static int zmq_trie_hold(struct zmq_trie *t, struct zmq_trie_node *key,
			 struct zmq_trie_owner *owner, gfp_t gfp, bool *dup)
{
	if (!t->owned) {
		if (key->refs == U32_MAX)
			return -EOVERFLOW;
		key->refs++;
		t->refs++;
		return 0;
	}
	if (zmq_trie_find_ref(key, owner)) {
		*dup = true;
		return 0;
	}
	return zmq_trie_add_ref(t, key, owner, gfp);
}

int zmq_trie_add(struct zmq_trie *t, const u8 *key, size_t n,
		 struct zmq_trie_owner *owner, gfp_t gfp, bool *dup)
{
	struct zmq_trie_node *node;
	bool ignored;

	if (!dup)
		dup = &ignored;
	*dup = false;
	if (n > ZMQ_TRIE_KEY_MAX)
		return -EMSGSIZE;
	node = zmq_trie_find(t, key, n);
	if (node)
		return zmq_trie_hold(t, node, owner, gfp, dup);

	node = zmq_trie_new_key(t, key, n, gfp);
	if (!node)
		return -ENOMEM;
	/* A new key has room for its first reference. */
	zmq_trie_hold(t, node, owner, gfp, dup);
	return 1;
}

int zmq_trie_del(struct zmq_trie *t, const u8 *key, size_t n,
		 struct zmq_trie_owner *owner)
{
	struct zmq_trie_node *node = zmq_trie_find(t, key, n);
	struct zmq_trie_ref *ref;

	if (!node)
		return -ENOENT;
	if (t->owned) {
		ref = zmq_trie_find_ref(node, owner);
		if (!ref)
			return -ENOENT;
		zmq_trie_del_ref(t, node, ref);
	} else {
		node->refs--;
		t->refs--;
	}
	if (node->refs)
		return 0;
	zmq_trie_del_key(t, node);
	return 1;
}

bool zmq_trie_has(const struct zmq_trie *t, const u8 *key, size_t n)
{
	return zmq_trie_find(t, key, n);
}

/* Any key of an owner, or NULL; @ref is set to how it holds it. */
static struct zmq_trie_node *zmq_trie_any_key(struct zmq_trie_owner *owner,
					      struct zmq_trie_ref **ref)
{
	struct zmq_trie_owned *owned;
	struct zmq_trie_xref *x;

	if (!hlist_empty(&owner->first)) {
		owned = hlist_entry(owner->first.first, struct zmq_trie_owned,
				    first.by_owner);
		*ref = &owned->first;
		return &owned->node;
	}
	if (hlist_empty(&owner->more))
		return NULL;
	x = hlist_entry(owner->more.first, struct zmq_trie_xref, ref.by_owner);
	*ref = &x->ref;
	return x->key;
}

bool zmq_trie_del_owner(struct zmq_trie *t, struct zmq_trie_owner *owner,
			unsigned int max,
			void (*gone)(const u8 *key, size_t n, bool last,
				     void *arg),
			void *arg)
{
	struct zmq_trie_node *key;
	struct zmq_trie_ref *ref;

	while (max-- && (key = zmq_trie_any_key(owner, &ref))) {
		zmq_trie_del_ref(t, key, ref);
		if (gone)
			gone(key->bytes, key->len, !key->refs, arg);
		if (!key->refs)
			zmq_trie_del_key(t, key);
	}
	return owner->count;
}

bool zmq_trie_match(const struct zmq_trie *t, const u8 *topic, size_t n)
{
	struct zmq_trie_node *node = t->root, *next;
	size_t shortest = SIZE_MAX;
	unsigned int bit;

	if (!node)
		return false;
	for (;;) {
		ZMQ_TRIE_VISIT();
		next = node;
		if (node->pos >> 4 > n)
			break;
		bit = zmq_trie_bit(topic, n, node->pos);
		if (bit && zmq_trie_pos_is_end(node->pos) &&
		    shortest == SIZE_MAX)
			shortest = node->pos >> 4;
		next = node->child[bit];
		if (next->pos <= node->pos)
			break;
		node = next;
	}
	shortest = min_t(size_t, shortest, next->len);
	return shortest <= n && !memcmp(topic, next->bytes, shortest);
}

static void zmq_trie_each_owner(struct zmq_trie_node *key,
				void (*fn)(struct zmq_trie_owner *owner,
					   void *arg),
				void *arg)
{
	struct zmq_trie_owned *owned = zmq_trie_owned(key);
	struct zmq_trie_xref *x;

	if (owned->first.owner)
		fn(owned->first.owner, arg);
	hlist_for_each_entry(x, &owned->more, by_key)
		fn(x->ref.owner, arg);
}

/*
 * Whether a key is a prefix of a topic, given that all keys below the node that
 * led to it agree with the topic in the first *@agreed bytes.
 */
static bool zmq_trie_is_prefix(const struct zmq_trie_node *key, const u8 *topic,
			       size_t n, size_t *agreed)
{
	if (key->len > n || memcmp(key->bytes + *agreed, topic + *agreed,
				   key->len - *agreed))
		return false;
	*agreed = key->len;
	return true;
}

void zmq_trie_match_owners(const struct zmq_trie *t, const u8 *topic, size_t n,
			   void (*fn)(struct zmq_trie_owner *owner, void *arg),
			   void *arg)
{
	struct zmq_trie_node *node = t->root, *next;
	size_t agreed = 0;
	unsigned int bit;

	if (!node)
		return;
	for (;;) {
		ZMQ_TRIE_VISIT();
		if (node->pos >> 4 > n)
			return;
		bit = zmq_trie_bit(topic, n, node->pos);
		next = node->child[bit];
		if (bit && zmq_trie_pos_is_end(node->pos)) {
			/* What is below begins with this key, too. */
			if (!zmq_trie_is_prefix(node->child[0], topic, n,
						&agreed))
				return;
			zmq_trie_each_owner(node->child[0], fn, arg);
		}
		if (next->pos <= node->pos)
			break;
		node = next;
	}
	if (zmq_trie_is_prefix(next, topic, n, &agreed))
		zmq_trie_each_owner(next, fn, arg);
}

/* The smallest key reached through child[@bit] of a node. */
static void zmq_trie_min(const struct zmq_trie_node *node, unsigned int bit,
			 struct zmq_trie_key *k)
{
	const struct zmq_trie_node *next = node->child[bit];

	while (next->pos > node->pos) {
		node = next;
		next = node->child[0];
	}
	k->data = next->bytes;
	k->len = next->len;
}

bool zmq_trie_first(const struct zmq_trie *t, struct zmq_trie_key *k)
{
	if (!t->root)
		return false;
	zmq_trie_min(t->root, 0, k);
	return true;
}

bool zmq_trie_next(const struct zmq_trie *t, struct zmq_trie_key *k)
{
	struct zmq_trie_node *node = t->root, *next, *left = NULL;
	unsigned int bit;
	u32 diff;

	if (!node)
		return false;
	next = zmq_trie_descend(node, k->data, k->len);
	diff = zmq_trie_diff(k->data, k->len, next->bytes, next->len);

	/* Go to where the key is or would be; left: the last turn to child[0]. */
	for (;;) {
		bit = zmq_trie_bit(k->data, k->len, node->pos);
		next = node->child[bit];
		if (diff && (next->pos <= node->pos || next->pos > diff))
			break;
		if (node->pos && !bit)
			left = node;
		if (next->pos <= node->pos)
			break;
		node = next;
	}
	if (diff && !zmq_trie_bit(k->data, k->len, diff)) {
		zmq_trie_min(node, bit, k);
		return true;
	}
	if (diff && node->pos && !bit)
		left = node;
	if (!left)
		return false;
	zmq_trie_min(left, 1, k);
	return true;
}

/*
 * A node goes after those below it, since their child pointers lead up to it.
 * On the way down a child pointer holds the way back; child[1] is done when it
 * points to its own node, so that is where a way back cannot be mistaken.
 */
void zmq_trie_destroy(struct zmq_trie *t)
{
	struct zmq_trie_node *node = t->root, *parent = NULL, *next;
	unsigned int bit;

	while (node) {
		bit = node->child[1]->pos > node->pos;
		if (!bit)
			node->child[1] = node;
		next = node->child[bit];
		if (next->pos > node->pos) {
			node->child[bit] = parent;
			parent = node;
			node = next;
			continue;
		}
		next = parent;
		zmq_trie_free_node(t, node);
		node = next;
		if (node) {
			bit = node->child[1] != node;
			parent = node->child[bit];
			node->child[bit] = node;
		}
	}
	zmq_trie_init(t, t->owned);
}
