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
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/types.h>

#include "trie_node.h"

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

static void zmq_trie_free_node(struct zmq_trie *t, struct zmq_trie_node *key)
{
	if (t->owned)
		zmq_trie_free_owned(t, key);
	else
		zmq_trie_free(t, key, zmq_trie_node_size(t, key->len));
}

/**
 * zmq_trie_del_key() - take a key out and free it
 * @t: the trie
 * @key: the key, which nobody holds
 *
 * Context: Any, the caller locks.
 */
void zmq_trie_del_key(struct zmq_trie *t, struct zmq_trie_node *key)
{
	t->count--;
	zmq_trie_unlink(&t->root, key);
	zmq_trie_free_node(t, key);
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
	return zmq_trie_own(t, key, owner, gfp, dup);
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

	if (!node)
		return -ENOENT;
	if (t->owned) {
		if (!zmq_trie_disown(t, node, owner))
			return -ENOENT;
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
		cond_resched();
		node = next;
		if (node) {
			bit = node->child[1] != node;
			parent = node->child[bit];
			node->child[bit] = node;
		}
	}
	zmq_trie_init(t, t->owned);
}
