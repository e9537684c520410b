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
 * all its prefixes this way, and since whatever lies below a node agrees in all
 * bytes before that node's, comparing the topic with the last key found tells
 * for all of them at once which do match.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

#include "trie.h"

/**
 * struct zmq_trie_ref - an owner holds a key
 * @key: the key
 * @owner: the owner's node in the tree of owners; NULL: not in use
 * @by_owner: in @owner->refs
 */
struct zmq_trie_ref {
	struct zmq_trie_node	*key;
	struct zmq_trie_node	*owner;
	struct hlist_node	by_owner;
};

/**
 * struct zmq_trie_xref - a reference beyond a key's first
 * @ref: the reference
 * @by_key: in @ref.key->refs
 */
struct zmq_trie_xref {
	struct zmq_trie_ref	ref;
	struct hlist_node	by_key;
};

/**
 * struct zmq_trie_node - a key, or an owner (then the pointer's bytes are the
 *	key)
 * @child: where the search goes on, by the bit tested
 * @pos: the bit tested: 16 * symbol + 1 + bit within the symbol, 0 in the root
 * @len: bytes in @bytes
 * @held: key: references without owner
 * @nr_refs: key: owners; owner: keys
 * @refs: key: zmq_trie_xref; owner: zmq_trie_ref
 * @ref: key: the first reference, as most keys have no other
 * @bytes: the key
 */
struct zmq_trie_node {
	struct zmq_trie_node	*child[2];
	u32			pos;
	u32			len;
	u32			held;
	u32			nr_refs;
	struct hlist_head	refs;
	struct zmq_trie_ref	ref;
	u8			bytes[];
};

/* The slab allocator's sizes, near enough. */
static size_t zmq_trie_size(size_t n)
{
	size_t size = 8;

	if (n > 64 && n <= 96)
		return 96;
	if (n > 128 && n <= 192)
		return 192;
	while (size < n)
		size *= 2;
	return size;
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

/* The node where the search for a key ends. */
static struct zmq_trie_node *zmq_trie_descend(struct zmq_trie_node *root,
					      const u8 *key, size_t n)
{
	struct zmq_trie_node *node = root, *next;

	for (;;) {
		next = node->child[zmq_trie_bit(key, n, node->pos)];
		if (next->pos <= node->pos)
			return next;
		node = next;
	}
}

static struct zmq_trie_node *zmq_trie_find(struct zmq_trie_node *root,
					   const u8 *key, size_t n)
{
	struct zmq_trie_node *node;

	if (!root)
		return NULL;
	node = zmq_trie_descend(root, key, n);
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

static struct zmq_trie_node *zmq_trie_new(struct zmq_trie *t,
					  struct zmq_trie_node **root,
					  const u8 *key, size_t n, gfp_t gfp)
{
	size_t size = sizeof(struct zmq_trie_node) + n;
	struct zmq_trie_node *node;

	node = kmalloc(size, gfp);
	if (!node)
		return NULL;
	memset(node, 0, sizeof(*node));
	node->len = n;
	memcpy(node->bytes, key, n);
	zmq_trie_link(root, node);
	t->bytes += zmq_trie_size(size);
	return node;
}

static void zmq_trie_free(struct zmq_trie *t, struct zmq_trie_node **root,
			  struct zmq_trie_node *node)
{
	zmq_trie_unlink(root, node);
	t->bytes -= zmq_trie_size(sizeof(*node) + node->len);
	kfree(node);
}

static void zmq_trie_free_key(struct zmq_trie *t, struct zmq_trie_node *key)
{
	t->count--;
	zmq_trie_free(t, &t->root, key);
}

static struct zmq_trie_node *zmq_trie_find_owner(const struct zmq_trie *t,
						 void *owner)
{
	return zmq_trie_find(t->owners, (const u8 *)&owner, sizeof(owner));
}

static void *zmq_trie_owner(const struct zmq_trie_node *node)
{
	void *owner;

	memcpy(&owner, node->bytes, sizeof(owner));
	return owner;
}

/* Looks through the shorter of the two lists. */
static struct zmq_trie_ref *zmq_trie_find_ref(struct zmq_trie_node *key,
					      struct zmq_trie_node *owner)
{
	struct zmq_trie_xref *x;
	struct zmq_trie_ref *ref;

	if (key->ref.owner == owner)
		return &key->ref;
	if (key->nr_refs < owner->nr_refs) {
		hlist_for_each_entry(x, &key->refs, by_key) {
			if (x->ref.owner == owner)
				return &x->ref;
		}
		return NULL;
	}
	hlist_for_each_entry(ref, &owner->refs, by_owner) {
		if (ref->key == key)
			return ref;
	}
	return NULL;
}

static int zmq_trie_add_ref(struct zmq_trie *t, struct zmq_trie_node *key,
			    struct zmq_trie_node *owner, gfp_t gfp)
{
	struct zmq_trie_ref *ref = &key->ref;
	struct zmq_trie_xref *x;

	if (ref->owner) {
		x = kmalloc(sizeof(*x), gfp);
		if (!x)
			return -ENOMEM;
		t->bytes += zmq_trie_size(sizeof(*x));
		hlist_add_head(&x->by_key, &key->refs);
		ref = &x->ref;
	}
	ref->key = key;
	ref->owner = owner;
	hlist_add_head(&ref->by_owner, &owner->refs);
	key->nr_refs++;
	owner->nr_refs++;
	t->refs++;
	return 0;
}

static void zmq_trie_del_ref(struct zmq_trie *t, struct zmq_trie_ref *ref)
{
	struct zmq_trie_node *key = ref->key;
	struct zmq_trie_xref *x;

	hlist_del(&ref->by_owner);
	key->nr_refs--;
	ref->owner->nr_refs--;
	t->refs--;
	if (ref == &key->ref) {
		ref->owner = NULL;
		return;
	}
	x = container_of(ref, struct zmq_trie_xref, ref);
	hlist_del(&x->by_key);
	t->bytes -= zmq_trie_size(sizeof(*x));
	kfree(x);
}

static bool zmq_trie_is_held(const struct zmq_trie_node *key)
{
	return key->held || key->nr_refs;
}

/* Make @owner, or nobody in particular if it is NULL, hold a key. */
static int zmq_trie_hold(struct zmq_trie *t, struct zmq_trie_node *key,
			 void *owner, gfp_t gfp, bool *dup)
{
	struct zmq_trie_node *node;
	int ret;

	if (!owner) {
		if (key->held == U32_MAX)
			return -EOVERFLOW;
		key->held++;
		t->refs++;
		return 0;
	}
	node = zmq_trie_find_owner(t, owner);
	if (!node) {
		node = zmq_trie_new(t, &t->owners, (const u8 *)&owner,
				    sizeof(owner), gfp);
		if (!node)
			return -ENOMEM;
	} else if (zmq_trie_find_ref(key, node)) {
		*dup = true;
		return 0;
	}
	ret = zmq_trie_add_ref(t, key, node, gfp);
	if (ret && !node->nr_refs)
		zmq_trie_free(t, &t->owners, node);
	return ret;
}

int zmq_trie_add(struct zmq_trie *t, const u8 *key, size_t n, void *owner,
		 gfp_t gfp, bool *dup)
{
	struct zmq_trie_node *node;
	bool ignored;
	int ret;

	if (!dup)
		dup = &ignored;
	*dup = false;
	if (n > ZMQ_TRIE_KEY_MAX)
		return -EMSGSIZE;
	node = zmq_trie_find(t->root, key, n);
	if (node)
		return zmq_trie_hold(t, node, owner, gfp, dup);

	node = zmq_trie_new(t, &t->root, key, n, gfp);
	if (!node)
		return -ENOMEM;
	t->count++;
	ret = zmq_trie_hold(t, node, owner, gfp, dup);
	if (ret) {
		zmq_trie_free_key(t, node);
		return ret;
	}
	return 1;
}

int zmq_trie_del(struct zmq_trie *t, const u8 *key, size_t n, void *owner)
{
	struct zmq_trie_node *node = zmq_trie_find(t->root, key, n);
	struct zmq_trie_node *holder;
	struct zmq_trie_ref *ref;

	if (!node)
		return -ENOENT;
	if (owner) {
		holder = zmq_trie_find_owner(t, owner);
		ref = holder ? zmq_trie_find_ref(node, holder) : NULL;
		if (!ref)
			return -ENOENT;
		zmq_trie_del_ref(t, ref);
		if (!holder->nr_refs)
			zmq_trie_free(t, &t->owners, holder);
	} else {
		if (!node->held)
			return -ENOENT;
		node->held--;
		t->refs--;
	}
	if (zmq_trie_is_held(node))
		return 0;
	zmq_trie_free_key(t, node);
	return 1;
}

void zmq_trie_del_owner(struct zmq_trie *t, void *owner,
			void (*vanished)(const u8 *key, size_t n, void *arg),
			void *arg)
{
	struct zmq_trie_node *node = zmq_trie_find_owner(t, owner);
	struct zmq_trie_node *key;
	struct zmq_trie_ref *ref;
	struct hlist_node *next;

	if (!node)
		return;
	hlist_for_each_entry_safe(ref, next, &node->refs, by_owner) {
		key = ref->key;
		zmq_trie_del_ref(t, ref);
		if (zmq_trie_is_held(key))
			continue;
		if (vanished)
			vanished(key->bytes, key->len, arg);
		zmq_trie_free_key(t, key);
	}
	zmq_trie_free(t, &t->owners, node);
}

bool zmq_trie_match(const struct zmq_trie *t, const u8 *topic, size_t n)
{
	struct zmq_trie_node *node = t->root, *next;
	size_t shortest = SIZE_MAX;
	unsigned int bit;

	if (!node)
		return false;
	for (;;) {
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

static void zmq_trie_each_owner(const struct zmq_trie_node *key,
				void (*fn)(void *owner, void *arg), void *arg)
{
	struct zmq_trie_xref *x;

	if (key->ref.owner)
		fn(zmq_trie_owner(key->ref.owner), arg);
	hlist_for_each_entry(x, &key->refs, by_key)
		fn(zmq_trie_owner(x->ref.owner), arg);
}

void zmq_trie_match_owners(const struct zmq_trie *t, const u8 *topic, size_t n,
			   void (*fn)(void *owner, void *arg), void *arg)
{
	struct zmq_trie_node *node = t->root, *next;
	size_t common;
	unsigned int bit;

	if (!node)
		return;
	next = zmq_trie_descend(node, topic, n);
	common = zmq_trie_common(topic, next->bytes, min_t(size_t, n, next->len));
	for (;;) {
		bit = zmq_trie_bit(topic, n, node->pos);
		if (node->pos >> 4 > common)
			return;
		if (bit && zmq_trie_pos_is_end(node->pos))
			zmq_trie_each_owner(node->child[0], fn, arg);
		next = node->child[bit];
		if (next->pos <= node->pos)
			break;
		node = next;
	}
	if (next->len <= common)
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

void zmq_trie_walk(const struct zmq_trie *t,
		   bool (*fn)(const u8 *key, size_t n, void *arg), void *arg)
{
	struct zmq_trie_key k;
	bool more;

	for (more = zmq_trie_first(t, &k); more; more = zmq_trie_next(t, &k)) {
		if (!fn(k.data, k.len, arg))
			return;
	}
}

static void zmq_trie_free_tree(struct zmq_trie_node *root, bool keys)
{
	struct zmq_trie_node *todo = root, *done = NULL, *node;
	struct hlist_node *next;
	struct zmq_trie_xref *x;
	int i;

	if (!root)
		return;
	/*
	 * Child pointers that lead up need the node that they lead to, so
	 * nothing is freed until all are visited. The lists go through ref.key.
	 */
	root->ref.key = NULL;
	while (todo) {
		node = todo;
		todo = node->ref.key;
		for (i = 0; i < 2; i++) {
			if (node->child[i]->pos <= node->pos)
				continue;
			node->child[i]->ref.key = todo;
			todo = node->child[i];
		}
		node->ref.key = done;
		done = node;
	}
	while (done) {
		node = done;
		done = node->ref.key;
		if (keys) {
			hlist_for_each_entry_safe(x, next, &node->refs, by_key)
				kfree(x);
		}
		kfree(node);
	}
}

void zmq_trie_destroy(struct zmq_trie *t)
{
	zmq_trie_free_tree(t->root, true);
	zmq_trie_free_tree(t->owners, false);
	zmq_trie_init(t);
}
