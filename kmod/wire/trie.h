/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Subscriptions: a set of binary keys that finds every key that is a prefix
 * of a topic. For subscribers a key has a reference count, for publishers a
 * set of owners.
 */
#ifndef _ZMQ_TRIE_H
#define _ZMQ_TRIE_H

#include <linux/list.h>
#include <linux/types.h>

#define ZMQ_TRIE_KEY_MAX	65535	/* bytes of a key */

struct zmq_trie_node;
struct zmq_trie_walk;

/**
 * struct zmq_trie - the root
 * @root: the keys
 * @count: number of keys
 * @refs: number of pairs of key and owner, or of references
 * @bytes: memory held, as the slab allocator rounds it
 * @walk: a walk that has stopped in the middle, or NULL
 * @owned: keys have owners, else they count references
 */
struct zmq_trie {
	struct zmq_trie_node	*root;
	size_t			count;
	size_t			refs;
	size_t			bytes;
	struct zmq_trie_walk	*walk;
	bool			owned;
};

/**
 * struct zmq_trie_owner - who holds keys of one trie; all zeros holds none
 * @first: its references that are kept with their key
 * @more: its references to keys that others held before
 * @count: number of keys
 * @bytes: what they would take if nobody else held them
 */
struct zmq_trie_owner {
	struct hlist_head	first;
	struct zmq_trie_xref	*more;
	size_t			count;
	size_t			bytes;
};

/**
 * struct zmq_trie_xref - an owner holds a key that others held before
 * @owner: the owner
 * @child: in the owner's tree
 * @key: the key
 * @by_key: in the key's list
 */
struct zmq_trie_xref {
	struct zmq_trie_owner	*owner;
	struct zmq_trie_xref	*child[2];
	struct zmq_trie_node	*key;
	struct hlist_node	by_key;
};

/**
 * struct zmq_trie_walk - a search for the owners of all prefixes of a topic
 * @topic: the topic
 * @len: bytes of @topic
 * @from: keys shorter than that have been found
 * @next: who comes next, in the middle of a key's owners
 * @left: how many may still be told before the walk stops
 */
struct zmq_trie_walk {
	const u8		*topic;
	size_t			len;
	size_t			from;
	struct zmq_trie_xref	*next;
	unsigned int		left;
};

/**
 * struct zmq_trie_key - a key in the order of zmq_trie_next()
 * @data: the bytes
 * @len: number of bytes
 */
struct zmq_trie_key {
	const u8	*data;
	size_t		len;
};

/**
 * zmq_trie_init() - make an empty trie
 * @t: the trie
 * @owned: its keys have owners
 */
static inline void zmq_trie_init(struct zmq_trie *t, bool owned)
{
	*t = (struct zmq_trie){ .owned = owned };
}

/**
 * zmq_trie_add() - add a key, or an owner to a key
 * @t: the trie
 * @key: the key, any bytes
 * @n: bytes of @key, 0 to ZMQ_TRIE_KEY_MAX
 * @owner: who holds the key; NULL if the trie counts references
 * @gfp: how to allocate
 * @dup: set to true if @owner held the key already (never for NULL), else
 *	false; may be NULL
 *
 * A failed call changes nothing.
 *
 * Context: As @gfp allows, the caller locks.
 * Return: 1 if the key is new in the trie, 0 if it was there, -ENOMEM,
 * -EMSGSIZE if @n is too large, -EOVERFLOW after 2^32 - 1 references.
 */
int zmq_trie_add(struct zmq_trie *t, const u8 *key, size_t n,
		 struct zmq_trie_owner *owner, gfp_t gfp, bool *dup);

/**
 * zmq_trie_del() - give up a key
 * @t: the trie
 * @key: the key
 * @n: bytes of @key
 * @owner: as in zmq_trie_add()
 *
 * Context: Any, the caller locks.
 * Return: 1 if the key vanished, 0 if it is still held, -ENOENT if @owner did
 * not hold it.
 */
int zmq_trie_del(struct zmq_trie *t, const u8 *key, size_t n,
		 struct zmq_trie_owner *owner);

/**
 * zmq_trie_has() - whether a key is there
 * @t: the trie
 * @key: the key
 * @n: bytes of @key
 *
 * Context: Any, the caller locks.
 * Return: true if so.
 */
bool zmq_trie_has(const struct zmq_trie *t, const u8 *key, size_t n);

/**
 * zmq_trie_match() - whether any key is a prefix of a topic
 * @t: the trie
 * @topic: the topic
 * @n: bytes of @topic
 *
 * The cost depends on the length of the topic, not on the number of keys.
 *
 * Context: Any, the caller locks; readers may run at the same time.
 * Return: true if so.
 */
bool zmq_trie_match(const struct zmq_trie *t, const u8 *topic, size_t n);

/**
 * zmq_trie_walk_init() - prepare a walk
 * @walk: the walk
 * @topic: the topic, which stays where it is until the walk has ended
 * @n: bytes of @topic
 *
 * Context: Any.
 */
static inline void zmq_trie_walk_init(struct zmq_trie_walk *walk,
				      const u8 *topic, size_t n)
{
	*walk = (struct zmq_trie_walk){ .topic = topic, .len = n };
}

/**
 * zmq_trie_walk() - call a function for the owners of each key that is a
 *	prefix of a topic
 * @t: the trie
 * @walk: the walk; it is the only one of this trie until it has ended
 * @max: how many owners at most, so that the caller can take a breath
 * @fn: called for each owner of each matching key, so possibly several times
 *	for an owner; must not change the trie
 * @arg: passed to @fn
 *
 * The trie may change before the next call. Who held a key all the time is
 * told of it; who got or gave up one meanwhile may be or not.
 *
 * Context: Any, the caller locks.
 * Return: true if there may be more: call it again, or set @t->walk to NULL.
 */
bool zmq_trie_walk(struct zmq_trie *t, struct zmq_trie_walk *walk,
		   unsigned int max,
		   void (*fn)(struct zmq_trie_owner *owner, void *arg),
		   void *arg);

/**
 * zmq_trie_del_owner() - give up keys of an owner, all of them in the end
 * @t: the trie
 * @owner: the owner
 * @max: how many keys at most, so that the caller can take a breath
 * @gone: called for each key that @owner held, just before it is freed if
 *	nobody else holds it (@last), in no particular order; must not change
 *	the trie; may be NULL
 * @arg: passed to @gone
 *
 * Context: Any, the caller locks.
 * Return: true if @owner holds more keys.
 */
bool zmq_trie_del_owner(struct zmq_trie *t, struct zmq_trie_owner *owner,
			unsigned int max,
			void (*gone)(const u8 *key, size_t n, bool last,
				     void *arg),
			void *arg);

/**
 * zmq_trie_first() - the smallest key
 * @t: the trie
 * @k: the result; points into the trie until it is changed
 *
 * Keys are ordered by their bytes, a prefix before what it is a prefix of.
 *
 * Context: Any, the caller locks.
 * Return: false if the trie is empty.
 */
bool zmq_trie_first(const struct zmq_trie *t, struct zmq_trie_key *k);

/**
 * zmq_trie_next() - the smallest key above a given one
 * @t: the trie
 * @k: a key, which need not be in the trie; replaced by the result, which
 *	points into the trie until it is changed
 *
 * To go on after the trie may have changed, copy the key and pass the copy.
 *
 * Context: Any, the caller locks.
 * Return: false if there is none; @k is unchanged then.
 */
bool zmq_trie_next(const struct zmq_trie *t, struct zmq_trie_key *k);

/**
 * zmq_trie_count() - number of keys
 * @t: the trie
 *
 * Return: that number.
 */
static inline size_t zmq_trie_count(const struct zmq_trie *t)
{
	return t->count;
}

/**
 * zmq_trie_bytes() - memory held
 * @t: the trie
 *
 * Return: bytes, as the slab allocator rounds them.
 */
static inline size_t zmq_trie_bytes(const struct zmq_trie *t)
{
	return t->bytes;
}

/**
 * zmq_trie_destroy() - free everything; the trie is empty after that
 * @t: the trie; its owners are forgotten
 *
 * Context: Process context without spinlocks; nobody else uses the trie.
 */
void zmq_trie_destroy(struct zmq_trie *t);

/**
 * zmq_trie_cache_init() - create what tries allocate from
 *
 * Context: Process context, before any trie is used.
 * Return: 0 or -ENOMEM.
 */
int zmq_trie_cache_init(void);

/**
 * zmq_trie_cache_exit() - undo zmq_trie_cache_init(); every trie is empty
 *
 * Context: Process context.
 */
void zmq_trie_cache_exit(void);

#endif /* _ZMQ_TRIE_H */
