// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a subscriber still has to tell a publisher.
 *
 * Only as much of it waits in the connection's queue as the stream will soon
 * take. A new peer is told of all topics by a walk over them, which goes on
 * where it stopped when the queue has room. What changes meanwhile behind that
 * place needs nothing, since the walk gets there. What changes before it, or
 * without a walk while the queue is full, is noted as a topic of which the peer
 * knows the opposite: two changes of one topic are none. So no peer, however
 * slow, makes us hold more than the topics it was or is to be told.
 */

#include <linux/sched.h>
#include <linux/slab.h>
#include "announce.h"
#include "base/drop.h"
#include "base/trace.h"

/**
 * struct zmq_announce - what one peer does not know yet
 * @changed: topics of which it knows the opposite of what is true
 * @walking: it is being told of all topics
 * @started: @after is valid
 * @after: the last topic of the walk that it was told of
 * @after_len: bytes at @after
 * @after_size: room there
 */
struct zmq_announce {
	struct zmq_trie	changed;
	bool		walking;
	bool		started;
	u8		*after;
	size_t		after_len;
	size_t		after_size;
};

/**
 * zmq_announce_attach() - prepare for a peer
 * @pipe: the peer
 *
 * Context: Process context, socket lock held.
 * Return: 0 or -ENOMEM.
 */
int zmq_announce_attach(struct zmq_pipe *pipe)
{
	struct zmq_announce *a = kzalloc(sizeof(*a), GFP_KERNEL_ACCOUNT);

	if (!a)
		return -ENOMEM;
	zmq_trie_init(&a->changed, false);
	pipe->announce = a;
	return 0;
}

/**
 * zmq_announce_detach() - undo zmq_announce_attach(), if it was called
 * @pipe: the peer
 *
 * Context: Process context, socket lock held.
 */
void zmq_announce_detach(struct zmq_pipe *pipe)
{
	struct zmq_announce *a = pipe->announce;

	if (!a)
		return;
	pipe->announce = NULL;
	zmq_trie_destroy(&a->changed);
	kfree(a->after);
	kfree(a);
}

static void lost(struct zmq_pipe *pipe)
{
	struct sock *sk = pipe->core->sk;

	zmq_drop(sk, pipe, ZMQ_MIB_SUBDROP, 1);
}

/* Return: false if the queue is full. */
static bool tell(struct zmq_pipe *pipe, const u8 *topic, size_t len,
		 bool subscribe)
{
	int err = zmq_pipe_send_sub(pipe, topic, len, subscribe);

	if (err == -EAGAIN)
		return false;
	if (err)
		lost(pipe);
	return true;
}

/* Without memory for the place the walk goes on from an earlier one. */
static void stop_after(struct zmq_announce *a, const struct zmq_trie_key *k)
{
	u8 *after;

	if (k->len > a->after_size || !a->after) {
		after = krealloc(a->after, max_t(size_t, k->len, 32),
				 GFP_KERNEL_ACCOUNT);
		if (!after)
			return;
		a->after = after;
		a->after_size = max_t(size_t, k->len, 32);
	}
	memcpy(a->after, k->data, k->len);
	a->after_len = k->len;
	a->started = true;
}

static bool is_ahead(const struct zmq_announce *a, const u8 *topic, size_t len)
{
	int c;

	if (!a->walking || !a->started)
		return a->walking;
	c = memcmp(topic, a->after, min(len, a->after_len));
	return c ? c > 0 : len > a->after_len;
}

/* Return: false if the queue is full. */
static bool tell_changed(struct zmq_pipe *pipe, const struct zmq_trie *topics)
{
	struct zmq_trie *changed = &pipe->announce->changed;
	struct zmq_trie_key k;

	while (zmq_trie_first(changed, &k)) {
		if (!tell(pipe, k.data, k.len,
			  zmq_trie_has(topics, k.data, k.len)))
			return false;
		zmq_trie_del(changed, k.data, k.len, NULL);
		cond_resched();
	}
	return true;
}

static void walk(struct zmq_pipe *pipe, const struct zmq_trie *topics)
{
	struct zmq_announce *a = pipe->announce;
	struct zmq_trie_key k = { .data = a->after, .len = a->after_len };
	struct zmq_trie_key told = { };
	bool more;

	more = a->started ? zmq_trie_next(topics, &k) :
			    zmq_trie_first(topics, &k);
	while (more) {
		if (!tell(pipe, k.data, k.len, true)) {
			if (told.data)
				stop_after(a, &told);
			return;
		}
		told = k;
		more = zmq_trie_next(topics, &k);
		cond_resched();
	}
	a->walking = false;
	a->started = false;
}

/**
 * zmq_announce_more() - go on where a full queue stopped us
 * @pipe: the peer, up
 * @topics: all topics
 *
 * Context: Process context, socket lock held.
 */
void zmq_announce_more(struct zmq_pipe *pipe, const struct zmq_trie *topics)
{
	if (tell_changed(pipe, topics) && pipe->announce->walking)
		walk(pipe, topics);
	zmq_pipe_flush_subs(pipe);
}

/**
 * zmq_announce_all() - tell a peer that knows nothing
 * @pipe: the peer, up
 * @topics: all topics
 *
 * Context: Process context, socket lock held.
 */
void zmq_announce_all(struct zmq_pipe *pipe, const struct zmq_trie *topics)
{
	struct zmq_announce *a = pipe->announce;

	zmq_trie_destroy(&a->changed);
	a->walking = true;
	a->started = false;
	zmq_announce_more(pipe, topics);
}

/**
 * zmq_announce_one() - tell a peer of a change
 * @pipe: the peer
 * @topic: the topic
 * @len: bytes of @topic
 * @kind: what happened; the set of topics has changed already
 *
 * Context: Process context, socket lock held.
 */
void zmq_announce_one(struct zmq_pipe *pipe, const u8 *topic, size_t len,
		      enum zmq_announce_kind kind)
{
	struct zmq_announce *a = pipe->announce;

	if (!test_bit(ZMQ_PIPE_UP, &pipe->flags) || is_ahead(a, topic, len))
		return;
	if (!zmq_trie_count(&a->changed) &&
	    tell(pipe, topic, len, kind != ZMQ_ANNOUNCE_END)) {
		zmq_pipe_flush_subs(pipe);
		return;
	}
	if (kind != ZMQ_ANNOUNCE_REPEAT &&
	    zmq_trie_del(&a->changed, topic, len, NULL) < 0 &&
	    zmq_trie_add(&a->changed, topic, len, NULL, GFP_KERNEL_ACCOUNT,
			 NULL) < 0)
		lost(pipe);
}
