/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the trie share. */
#ifndef _ZMQ_TRIE_NODE_H
#define _ZMQ_TRIE_NODE_H

#include <linux/kernel.h>
#include <linux/list.h>
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
 * struct zmq_trie_first - the first owner that holds a key
 * @owner: the owner; NULL: not in use
 * @by_owner: in the owner's list
 */
struct zmq_trie_first {
	struct zmq_trie_owner	*owner;
	struct hlist_node	by_owner;
};

/**
 * struct zmq_trie_owned - a key that has owners
 * @more: of struct zmq_trie_xref
 * @first: the first reference, as most keys have no other; in @owner->first
 * @node: the key
 */
struct zmq_trie_owned {
	struct hlist_head	more;
	struct zmq_trie_first	first;
	struct zmq_trie_node	node;
};

static inline struct zmq_trie_owned *zmq_trie_owned(struct zmq_trie_node *key)
{
	return container_of(key, struct zmq_trie_owned, node);
}

static inline size_t zmq_trie_node_size(const struct zmq_trie *t, size_t len)
{
	size_t head = t->owned ? offsetof(struct zmq_trie_owned, node) : 0;

	return head + offsetof(struct zmq_trie_node, bytes) + len;
}

static inline unsigned int zmq_trie_bit(const u8 *key, size_t n, u32 pos)
{
	size_t i = pos >> 4;

	return i < n ? (0x100 | key[i]) >> (9 - (pos & 15)) & 1 : 0;
}

/* Whether @pos tests if a key goes on. */
static inline bool zmq_trie_pos_is_end(u32 pos)
{
	return (pos & 15) == 1;
}

/* trie_mem.c */
size_t zmq_trie_size(size_t n);
void *zmq_trie_alloc(struct zmq_trie *t, size_t n, gfp_t gfp);
void zmq_trie_free(struct zmq_trie *t, void *p, size_t n);

/* trie_own.c */
int zmq_trie_own(struct zmq_trie *t, struct zmq_trie_node *key,
		 struct zmq_trie_owner *owner, gfp_t gfp, bool *dup);
bool zmq_trie_disown(struct zmq_trie *t, struct zmq_trie_node *key,
		     struct zmq_trie_owner *owner);
void zmq_trie_free_owned(struct zmq_trie *t, struct zmq_trie_node *key);

/* trie.c */
void zmq_trie_del_key(struct zmq_trie *t, struct zmq_trie_node *key);

#endif /* _ZMQ_TRIE_NODE_H */
