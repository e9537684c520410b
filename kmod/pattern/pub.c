// SPDX-License-Identifier: GPL-2.0-only
/* PUB and XPUB (RFC 29): to every peer what it subscribed to. */

#include <linux/slab.h>
#include <linux/uio.h>
#include "base/mem.h"
#include "pipe/dist.h"
#include "pub.h"

/* So many receivers are found at a stretch. */
#define MATCH_BATCH	1000

static int pub_init(struct zmq_core *core)
{
	struct zmq_pub *pub = kzalloc(sizeof(*pub), GFP_KERNEL_ACCOUNT);

	if (!pub)
		return -ENOMEM;
	zmq_trie_init(&pub->topics, true);
	zmq_trie_init(&pub->asked, true);
	INIT_LIST_HEAD(&pub->notes);
	pub->notify = core->pattern->flags & ZMQ_PAT_RECV;
	core->priv = pub;
	return 0;
}

static void welcome_free(struct zmq_msg *msg)
{
	if (msg)
		zmq_msg_destroy(msg);
	kfree(msg);
}

static void pub_destroy(struct zmq_core *core)
{
	struct zmq_pub *pub = core->priv;

	zmq_pub_free_notes(pub);
	zmq_trie_destroy(&pub->topics);
	zmq_trie_destroy(&pub->asked);
	if (pub->charged)
		zmq_mem_uncharge_rx(core->sk, pub->charged);
	if (pub->last)
		zmq_pipe_put(pub->last);
	welcome_free(pub->welcome);
	kfree(pub);
}

static int pub_attach(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct zmq_pub *pub = core->priv;
	int err;

	if (!pub->welcome)
		return 0;
	err = zmq_pipe_write(pipe, pub->welcome);
	if (err)
		zmq_dist_drop(core, pipe, err);
	else
		zmq_pipe_flush(pipe, false);
	return 0;
}

static void pub_detach(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct zmq_pub *pub = core->priv;

	if (pub->refused == pipe)
		WRITE_ONCE(pub->refused, NULL);
	if (pub->last == pipe) {
		pub->last = NULL;
		zmq_pipe_put(pipe);
	}
	zmq_pub_forget(core, pipe);
}

/* While an outgoing connection of PUB is down, what its peer wanted is queued
 * for it; the peer that is back says anew what it wants. XPUB's reader is told
 * that it wants nothing any more, so that holds.
 */
static void pub_down(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct zmq_pub *pub = core->priv;

	if (pub->notify)
		zmq_pub_forget(core, pipe);
	else
		set_bit(ZMQ_PIPE_OLD_SUBS, &pipe->flags);
}

static void pub_up(struct zmq_core *core, struct zmq_pipe *pipe)
{
	if (test_and_clear_bit(ZMQ_PIPE_OLD_SUBS, &pipe->flags))
		zmq_pub_forget(core, pipe);
}

static int pub_begin(struct zmq_core *core, struct zmq_msg *msg)
{
	return 0;
}

struct match {
	struct zmq_pub_walk	walk;
	struct zmq_core		*core;
	struct hlist_head	to;
	unsigned int		changed;
};

static void match_owner(struct zmq_trie_owner *owner, void *arg)
{
	struct match *match = arg;

	zmq_dist_add(match->core, container_of(owner, struct zmq_pipe, topics),
		     &match->to);
}

static void mark_owner(struct zmq_trie_owner *owner, void *arg)
{
	struct match *match = arg;

	zmq_dist_mark(match->core, container_of(owner, struct zmq_pipe, topics));
}

static void find_receivers(struct zmq_core *core, const struct zmq_msg *msg,
			   struct match *match)
{
	struct zmq_pub_walk *walk = &match->walk;
	struct zmq_pub *pub = core->priv;
	const u8 *topic;
	size_t len;

	match->core = core;
	INIT_HLIST_HEAD(&match->to);
	topic = zmq_msg_topic(msg, &len);
	zmq_trie_walk_init(&walk->trie, topic, len);
	walk->found = pub->invert ? mark_owner : match_owner;
	walk->arg = match;
	zmq_dist_begin(core);
	spin_lock_bh(&core->lock);
	match->changed = pub->changed;
	while (zmq_trie_walk(&pub->topics, &walk->trie, MATCH_BATCH,
			     walk->found, match)) {
		pub->walk = walk;
		spin_unlock_bh(&core->lock);
		cond_resched();
		spin_lock_bh(&core->lock);
	}
	pub->walk = NULL;
	spin_unlock_bh(&core->lock);
	if (pub->invert)
		zmq_dist_add_unmarked(core, &match->to);
}

/* ZMQ_XPUB_NODROP: all of them or nobody. */
static int check_credit(struct zmq_core *core, const struct match *match)
{
	struct zmq_pub *pub = core->priv;
	bool refused = pub->refused;

	WRITE_ONCE(pub->refused_at, match->changed);
	WRITE_ONCE(pub->refused, pub->nodrop ? zmq_dist_full(&match->to) : NULL);
	if (pub->refused)
		return -EAGAIN;
	if (refused)
		zmq_core_wake_writers(core);
	return 0;
}

static int pub_admit(struct zmq_core *core, struct zmq_msg *msg)
{
	struct zmq_pub *pub = core->priv;
	struct match match;

	if (!pub->nodrop)
		return 0;
	find_receivers(core, msg, &match);
	return check_credit(core, &match);
}

static int pub_send(struct zmq_core *core, struct zmq_msg *msg, bool more)
{
	struct match match;
	int err;

	find_receivers(core, msg, &match);
	err = check_credit(core, &match);
	if (!err)
		zmq_dist_send(core, &match.to, msg, more);
	return err;
}

/* Until a message has a topic nothing stands against it; after one that had to
 * wait, whoever it waits for does, until it may be others that get it.
 */
static int pub_can_send(const struct zmq_core *core)
{
	const struct zmq_pub *pub = core->priv;

	if (READ_ONCE(pub->changed) != READ_ONCE(pub->refused_at))
		return 0;
	return zmq_pattern_has_credit(&pub->refused);
}

/* Encoded once; who gets it refers to the same memory. */
static int set_welcome(struct zmq_core *core, const void *val, size_t len)
{
	struct kvec kv = { .iov_base = (void *)val, .iov_len = len };
	struct zmq_pub *pub = core->priv;
	struct zmq_msg *msg = NULL;
	struct iov_iter from;
	int err;

	if (len) {
		msg = kzalloc(sizeof(*msg), GFP_KERNEL_ACCOUNT);
		if (!msg)
			return -ENOMEM;
		zmq_msg_init(msg, core->sk);
		iov_iter_kvec(&from, ITER_SOURCE, &kv, 1, len);
		err = zmq_msg_put_frame(msg, &from, len, false, NULL);
		if (err) {
			welcome_free(msg);
			return err;
		}
	}
	swap(pub->welcome, msg);
	welcome_free(msg);
	return 0;
}

static int set_told(struct zmq_core *core, int opt, const void *val, size_t len)
{
	struct zmq_pub *pub = core->priv;
	bool on = false;
	int err;

	err = zmq_pattern_set_flag(&on, val, len);
	if (err)
		return err;
	spin_lock_bh(&core->lock);
	if (opt == ZMQ_XPUB_MANUAL) {
		pub->manual = on;
	} else {
		pub->verbose = on;
		pub->verboser = on && opt == ZMQ_XPUB_VERBOSER;
	}
	spin_unlock_bh(&core->lock);
	return 0;
}

static int set_matching(struct zmq_core *core, bool *flag, const void *val,
			size_t len)
{
	int err = zmq_pattern_set_flag(flag, val, len);

	if (err)
		return err;
	spin_lock_bh(&core->lock);
	zmq_pub_change_locked(core->priv);
	spin_unlock_bh(&core->lock);
	return 0;
}

static int pub_setopt(struct zmq_core *core, int opt, const void *val,
		      size_t len)
{
	struct zmq_pub *pub = core->priv;

	switch (opt) {
	case ZMQ_INVERT_MATCHING:
		return set_matching(core, &pub->invert, val, len);
	case ZMQ_XPUB_NODROP:
		return set_matching(core, &pub->nodrop, val, len);
	case ZMQ_XPUB_VERBOSE:
	case ZMQ_XPUB_VERBOSER:
	case ZMQ_XPUB_MANUAL:
		return set_told(core, opt, val, len);
	case ZMQ_XPUB_WELCOME_MSG:
		return set_welcome(core, val, len);
	case ZMQ_SUBSCRIBE:
	case ZMQ_UNSUBSCRIBE:
		return zmq_pub_assign(core, val, len, opt == ZMQ_SUBSCRIBE);
	}
	return -ENOPROTOOPT;
}

static int pub_getopt(struct zmq_core *core, int opt, int *val)
{
	struct zmq_pub *pub = core->priv;

	switch (opt) {
	case ZMQ_INVERT_MATCHING:
		*val = pub->invert;
		return 0;
	case ZMQ_TOPICS_COUNT:
		spin_lock_bh(&core->lock);
		*val = min_t(size_t, zmq_trie_count(&pub->topics), INT_MAX);
		spin_unlock_bh(&core->lock);
		return 0;
	}
	return -ENOPROTOOPT;
}

/* Both publish; XPUB can be told by its peers. */
#define PUBLISHES							\
	.init		= pub_init,					\
	.destroy	= pub_destroy,					\
	.ops.attach	= pub_attach,					\
	.ops.detach	= pub_detach,					\
	.ops.up		= pub_up,					\
	.ops.down	= pub_down,					\
	.ops.subscription = zmq_pub_subscription,			\
	.begin		= pub_begin,					\
	.admit		= pub_admit,					\
	.send		= pub_send,					\
	.can_send	= pub_can_send,					\
	.setopt		= pub_setopt,					\
	.getopt		= pub_getopt

const struct zmq_pattern zmq_pub_pattern = {
	.name		= "PUB",
	.type		= ZMQ_PUB,
	.flags		= ZMQ_PAT_SEND | ZMQ_PAT_ONE_CONNECT,
	PUBLISHES,
	.ops.rx		= zmq_pub_rx,
};

const struct zmq_pattern zmq_xpub_pattern = {
	.name		= "XPUB",
	.type		= ZMQ_XPUB,
	.flags		= ZMQ_PAT_SEND | ZMQ_PAT_RECV | ZMQ_PAT_FILTERS,
	PUBLISHES,
	.ops.rx		= zmq_xpub_rx,
	.peek		= zmq_xpub_peek,
	.has_input	= zmq_xpub_has_input,
	.glance		= zmq_xpub_glance,
	.consume	= zmq_xpub_consume,
};
