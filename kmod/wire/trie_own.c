// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who holds keys. The owners of a key are a list, since a match tells all of
 * them. The keys of an owner that others held before are a search tree, so that
 * what many hold is found as fast as what one holds: a digital one, in which the
 * bits of a key's hash lead to it, or to the first place on that way that is
 * free. Nothing in it is ever moved but a leaf that takes the place of what goes.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/string.h>
#include <linux/types.h>
#include "trie_node.h"

/* No two keys have the same, so the tree is at most 64 deep; whoever subscribes
 * does not choose where keys lie, so it is about as deep as a balanced one.
 */
static u64 zmq_trie_hash(const struct zmq_trie_node *key)
{
	u64 hash = (unsigned long)key;

	hash ^= hash >> 32;
	hash *= 0x9e3779b97f4a7c15ULL;
	hash ^= hash >> 29;
	hash *= 0xbf58476d1ce4e5b9ULL;
	return hash ^ hash >> 32;
}

/* Where the owner's reference to the key is or, if that is NULL, would be. */
static struct zmq_trie_xref **zmq_trie_xref_link(struct zmq_trie_owner *owner,
						 const struct zmq_trie_node *key)
{
	struct zmq_trie_xref **link = &owner->more;
	u64 hash;

	if (!*link)
		return link;
	hash = zmq_trie_hash(key);
	while (*link && (*link)->key != key) {
		ZMQ_TRIE_VISIT();
		link = &(*link)->child[hash & 1];
		hash >>= 1;
	}
	return link;
}

/* Any leaf below can stand where @link leads: the way to it goes on there. */
static void zmq_trie_xref_unlink(struct zmq_trie_xref **link)
{
	struct zmq_trie_xref *x = *link, *leaf = x;
	struct zmq_trie_xref **to = link;

	while (leaf->child[0] || leaf->child[1]) {
		ZMQ_TRIE_VISIT();
		to = &leaf->child[!leaf->child[0]];
		leaf = *to;
	}
	*to = NULL;
	if (leaf == x)
		return;
	leaf->child[0] = x->child[0];
	leaf->child[1] = x->child[1];
	*link = leaf;
}

static int zmq_trie_new_xref(struct zmq_trie *t, struct zmq_trie_node *key,
			     struct zmq_trie_owner *owner,
			     struct zmq_trie_xref **link, gfp_t gfp)
{
	struct zmq_trie_xref *x = zmq_trie_alloc(t, sizeof(*x), gfp);

	if (!x)
		return -ENOMEM;
	x->owner = owner;
	x->key = key;
	x->child[0] = NULL;
	x->child[1] = NULL;
	*link = x;
	hlist_add_head(&x->by_key, &zmq_trie_owned(key)->more);
	return 0;
}

static void zmq_trie_count_ref(struct zmq_trie *t, struct zmq_trie_node *key,
			       struct zmq_trie_owner *owner)
{
	owner->count++;
	owner->bytes += zmq_trie_size(zmq_trie_node_size(t, key->len));
	key->refs++;
	t->refs++;
}

static void zmq_trie_uncount_ref(struct zmq_trie *t, struct zmq_trie_node *key,
				 struct zmq_trie_owner *owner)
{
	owner->count--;
	owner->bytes -= zmq_trie_size(zmq_trie_node_size(t, key->len));
	key->refs--;
	t->refs--;
}

/**
 * zmq_trie_own() - let somebody hold a key
 * @t: the trie
 * @key: the key; there is room in it for its first owner
 * @owner: who
 * @gfp: how to allocate
 * @dup: set to true if that is so already
 *
 * Context: As @gfp allows, the caller locks.
 * Return: 0 or -ENOMEM.
 */
int zmq_trie_own(struct zmq_trie *t, struct zmq_trie_node *key,
		 struct zmq_trie_owner *owner, gfp_t gfp, bool *dup)
{
	struct zmq_trie_first *first = &zmq_trie_owned(key)->first;
	struct zmq_trie_xref **link;
	int err;

	link = zmq_trie_xref_link(owner, key);
	if (first->owner == owner || *link) {
		*dup = true;
		return 0;
	}
	if (first->owner) {
		err = zmq_trie_new_xref(t, key, owner, link, gfp);
		if (err)
			return err;
	} else {
		first->owner = owner;
		hlist_add_head(&first->by_owner, &owner->first);
	}
	zmq_trie_count_ref(t, key, owner);
	return 0;
}

static void zmq_trie_del_first(struct zmq_trie *t, struct zmq_trie_node *key)
{
	struct zmq_trie_first *first = &zmq_trie_owned(key)->first;

	zmq_trie_uncount_ref(t, key, first->owner);
	hlist_del(&first->by_owner);
	first->owner = NULL;
}

static void zmq_trie_del_xref(struct zmq_trie *t, struct zmq_trie_xref **link)
{
	struct zmq_trie_xref *x = *link;

	zmq_trie_uncount_ref(t, x->key, x->owner);
	/* A walk that has stopped before it goes on behind it. */
	if (t->walk && t->walk->next == x)
		t->walk->next = hlist_entry_safe(x->by_key.next,
						 struct zmq_trie_xref, by_key);
	zmq_trie_xref_unlink(link);
	hlist_del(&x->by_key);
	zmq_trie_free(t, x, sizeof(*x));
}

/**
 * zmq_trie_disown() - undo zmq_trie_own()
 * @t: the trie
 * @key: the key, which stays, also if nobody holds it any more
 * @owner: who
 *
 * Context: Any, the caller locks.
 * Return: false if @owner did not hold it.
 */
bool zmq_trie_disown(struct zmq_trie *t, struct zmq_trie_node *key,
		     struct zmq_trie_owner *owner)
{
	struct zmq_trie_xref **link;

	if (zmq_trie_owned(key)->first.owner == owner) {
		zmq_trie_del_first(t, key);
		return true;
	}
	link = zmq_trie_xref_link(owner, key);
	if (!*link)
		return false;
	zmq_trie_del_xref(t, link);
	return true;
}

/**
 * zmq_trie_free_owned() - free a key that is not in the tree
 * @t: the trie; owners that hold the key are forgotten
 * @key: the key
 *
 * Context: Any, the caller locks.
 */
void zmq_trie_free_owned(struct zmq_trie *t, struct zmq_trie_node *key)
{
	struct zmq_trie_owned *owned = zmq_trie_owned(key);
	struct zmq_trie_xref *x;
	struct hlist_node *next;

	hlist_for_each_entry_safe(x, next, &owned->more, by_key)
		zmq_trie_free(t, x, sizeof(*x));
	zmq_trie_free(t, owned, zmq_trie_node_size(t, key->len));
}

/* Take any key from an owner that has one. */
static struct zmq_trie_node *zmq_trie_take_key(struct zmq_trie *t,
					       struct zmq_trie_owner *owner)
{
	struct zmq_trie_node *key;

	if (owner->more) {
		key = owner->more->key;
		zmq_trie_del_xref(t, &owner->more);
	} else {
		key = &hlist_entry(owner->first.first, struct zmq_trie_owned,
				   first.by_owner)->node;
		zmq_trie_del_first(t, key);
	}
	return key;
}

bool zmq_trie_del_owner(struct zmq_trie *t, struct zmq_trie_owner *owner,
			unsigned int max,
			void (*gone)(const u8 *key, size_t n, bool last,
				     void *arg),
			void *arg)
{
	struct zmq_trie_node *key;

	for (; max && owner->count; max--) {
		key = zmq_trie_take_key(t, owner);
		if (gone)
			gone(key->bytes, key->len, !key->refs, arg);
		if (!key->refs)
			zmq_trie_del_key(t, key);
	}
	return owner->count;
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

/* Tell owners beyond the first; where @left ends before they do, the walk stops.
 * Return: false if it stopped.
 */
static bool zmq_trie_tell(struct zmq_trie_walk *walk, struct zmq_trie_xref *x,
			  void (*fn)(struct zmq_trie_owner *owner, void *arg),
			  void *arg)
{
	for (; x && walk->left; walk->left--) {
		fn(x->owner, arg);
		x = hlist_entry_safe(x->by_key.next, struct zmq_trie_xref,
				     by_key);
	}
	walk->next = x;
	return !x;
}

/* Return: false if the walk stopped. */
static bool zmq_trie_tell_key(struct zmq_trie_walk *walk,
			      struct zmq_trie_node *key,
			      void (*fn)(struct zmq_trie_owner *owner,
					 void *arg),
			      void *arg)
{
	struct zmq_trie_owned *owned = zmq_trie_owned(key);
	struct zmq_trie_xref *x;

	if (key->len < walk->from)
		return true;
	if (unlikely(!walk->left)) {
		walk->from = key->len;
		return false;
	}
	if (owned->first.owner)
		fn(owned->first.owner, arg);
	if (unlikely(key->refs > walk->left)) {
		walk->left--;
		walk->from = key->len + 1;
		x = hlist_entry_safe(owned->more.first, struct zmq_trie_xref,
				     by_key);
		return zmq_trie_tell(walk, x, fn, arg);
	}
	walk->left -= key->refs;
	hlist_for_each_entry(x, &owned->more, by_key)
		fn(x->owner, arg);
	return true;
}

/* Tell the owners of keys that are no shorter than @walk->from. */
static bool zmq_trie_tell_keys(const struct zmq_trie *t,
			       struct zmq_trie_walk *walk,
			       void (*fn)(struct zmq_trie_owner *owner,
					  void *arg),
			       void *arg)
{
	struct zmq_trie_node *node = t->root, *next;
	const u8 *topic = walk->topic;
	size_t n = walk->len;
	size_t agreed = 0;
	unsigned int bit;

	if (!node)
		return true;
	for (;;) {
		ZMQ_TRIE_VISIT();
		if (node->pos >> 4 > n)
			return true;
		bit = zmq_trie_bit(topic, n, node->pos);
		next = node->child[bit];
		if (bit && zmq_trie_pos_is_end(node->pos)) {
			/* What is below begins with this key, too. */
			if (!zmq_trie_is_prefix(node->child[0], topic, n,
						&agreed))
				return true;
			if (!zmq_trie_tell_key(walk, node->child[0], fn,
					       arg))
				return false;
		}
		if (next->pos <= node->pos)
			break;
		node = next;
	}
	return !zmq_trie_is_prefix(next, topic, n, &agreed) ||
	       zmq_trie_tell_key(walk, next, fn, arg);
}

bool zmq_trie_walk(struct zmq_trie *t, struct zmq_trie_walk *walk,
		   unsigned int max,
		   void (*fn)(struct zmq_trie_owner *owner, void *arg),
		   void *arg)
{
	t->walk = NULL;
	walk->left = max;
	if (walk->next && !zmq_trie_tell(walk, walk->next, fn, arg))
		goto stopped;
	if (zmq_trie_tell_keys(t, walk, fn, arg))
		return false;
stopped:
	t->walk = walk;
	return true;
}
