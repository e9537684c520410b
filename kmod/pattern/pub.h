/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of PUB and XPUB share. */
#ifndef _ZMQ_PUB_H
#define _ZMQ_PUB_H

#include "pattern.h"
#include "wire/trie.h"

/**
 * struct zmq_pub_walk - a search for who gets a message
 * @trie: how far it is
 * @found: called with who does, or with ZMQ_INVERT_MATCHING who does not
 * @arg: passed to it
 */
struct zmq_pub_walk {
	struct zmq_trie_walk	trie;
	void			(*found)(struct zmq_trie_owner *owner, void *arg);
	void			*arg;
};

/**
 * struct zmq_pub - a PUB or XPUB socket
 * @topics: who gets what; the owners are in the pipes; core->lock
 * @asked: with ZMQ_XPUB_MANUAL, who asked for what; core->lock
 * @walk: a search that has let core->lock go for a moment, or NULL; core->lock
 * @notes: what XPUB's reader will be told; core->lock, and only the reader
 *	removes
 * @notes_bytes: memory that @notes take; core->lock
 * @noted: how many there ever were, to wake as many readers; core->lock
 * @changed: how often it has changed who gets what; written under core->lock
 * @charged: what the socket is charged for all that; core->lock
 * @notify: there is a reader
 * @verbose: ZMQ_XPUB_VERBOSE: note also what somebody else subscribed to
 * @verboser: ZMQ_XPUB_VERBOSER: likewise the end of a subscription
 * @manual: ZMQ_XPUB_MANUAL: only note it; the reader decides
 * @nodrop: ZMQ_XPUB_NODROP; socket lock
 * @invert: ZMQ_INVERT_MATCHING; socket lock
 * @refused: the pipe that ZMQ_XPUB_NODROP made the last message wait for;
 *	written under the socket lock, read under RCU
 * @refused_at: what @changed was when that pipe was to get the message;
 *	written under the socket lock
 * @last: whose subscription or end of one was read last with @manual, held;
 *	socket lock
 * @welcome: ZMQ_XPUB_WELCOME_MSG, encoded, or NULL; socket lock
 */
struct zmq_pub {
	struct zmq_trie		topics;
	struct zmq_trie		asked;
	struct zmq_pub_walk	*walk;
	struct list_head	notes;
	size_t			notes_bytes;
	unsigned int		noted;
	unsigned int		changed;
	size_t			charged;
	bool			notify;
	bool			verbose;
	bool			verboser;
	bool			manual;
	bool			nodrop;
	bool			invert;
	struct zmq_pipe		*refused;
	unsigned int		refused_at;
	struct zmq_pipe		*last;
	struct zmq_msg		*welcome;
};

/* Who gets what is another matter from now on; core->lock is held. */
static inline void zmq_pub_change_locked(struct zmq_pub *pub)
{
	WRITE_ONCE(pub->changed, pub->changed + 1);
}

/* pub_subs.c */
bool zmq_pub_charge(struct zmq_core *core);
void zmq_pub_drop_sub(struct zmq_core *core, struct zmq_pipe *pipe);
void zmq_pub_subscription(struct zmq_core *core, struct zmq_pipe *pipe,
			  const u8 *topic, size_t len, bool subscribe);
void zmq_pub_forget(struct zmq_core *core, struct zmq_pipe *pipe);
int zmq_pub_assign(struct zmq_core *core, const u8 *topic, size_t len,
		   bool subscribe);
bool zmq_pub_rx(struct zmq_core *core, struct zmq_pipe *pipe);
bool zmq_xpub_rx(struct zmq_core *core, struct zmq_pipe *pipe);
void zmq_xpub_read_subs(struct zmq_core *core, struct zmq_pipe *pipe);

/* pub_note.c */
bool zmq_pub_note(struct zmq_core *core, struct zmq_pipe *pipe,
		  const u8 *topic, size_t len, bool subscribe);
void zmq_pub_free_notes(struct zmq_pub *pub);
int zmq_xpub_peek(struct zmq_core *core, struct zmq_frame *f);
bool zmq_xpub_has_input(const struct zmq_core *core);
int zmq_xpub_glance(const struct zmq_core *core);
void zmq_xpub_consume(struct zmq_core *core, const struct zmq_frame *f);

#endif /* _ZMQ_PUB_H */
