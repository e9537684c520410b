// SPDX-License-Identifier: GPL-2.0-only
/*
 * PUB and XPUB (RFC 29): to every peer what it subscribed to.
 *
 * Subscriptions take effect as they arrive, in softirq, so that a publisher
 * that never reads and never sends still knows them. XPUB also notes them for
 * its reader. Peers of ZMTP 3.0 send them as messages, between which XPUB's
 * user messages may stand: those stay in the pipe for the reader, and what is
 * behind them waits with them.
 */

#include <linux/sizes.h>
#include <linux/slab.h>
#include "dist.h"
#include "fq.h"
#include "pattern.h"
#include "trace.h"
#include "trie.h"

/* What peers can make a socket hold. */
#define TOPICS_BYTES_MAX	SZ_256M
#define NOTES_BYTES_MAX		SZ_16M

/**
 * struct note - a subscription or its end, to be read from XPUB
 * @node: in @pub.notes
 * @len: bytes at @data
 * @data: 1 or 0, then the topic
 */
struct note {
	struct list_head	node;
	u16			len;
	u8			data[];
};

/**
 * struct pub - a PUB or XPUB socket
 * @topics: who subscribed to what; the pipes are the owners; core->lock
 * @notes: of struct note; core->lock, and only the reader removes
 * @notes_bytes: memory that @notes take; core->lock
 * @notify: there is a reader
 * @verbose: ZMQ_XPUB_VERBOSE: note also what somebody else subscribed to
 * @verboser: ZMQ_XPUB_VERBOSER: likewise the end of a subscription
 * @nodrop: ZMQ_XPUB_NODROP; socket lock
 * @invert: ZMQ_INVERT_MATCHING; socket lock
 * @refused: the pipe that ZMQ_XPUB_NODROP made the last message wait for;
 *	written under the socket lock, read under RCU
 */
struct pub {
	struct zmq_trie		topics;
	struct list_head	notes;
	size_t			notes_bytes;
	bool			notify;
	bool			verbose;
	bool			verboser;
	bool			nodrop;
	bool			invert;
	struct zmq_pipe		*refused;
};

static int pub_init(struct zmq_core *core)
{
	struct pub *pub = kzalloc(sizeof(*pub), GFP_KERNEL_ACCOUNT);

	if (!pub)
		return -ENOMEM;
	zmq_trie_init(&pub->topics);
	INIT_LIST_HEAD(&pub->notes);
	pub->notify = core->pattern->flags & ZMQ_PAT_RECV;
	core->priv = pub;
	return 0;
}

static void pub_destroy(struct zmq_core *core)
{
	struct pub *pub = core->priv;
	struct note *note, *tmp;

	list_for_each_entry_safe(note, tmp, &pub->notes, node)
		kfree(note);
	zmq_trie_destroy(&pub->topics);
	kfree(pub);
}

static void sub_drop(struct zmq_core *core, struct zmq_pipe *pipe)
{
	ZMQ_INC_STATS(sock_net(core->sk), ZMQ_MIB_SUBDROP);
	trace_zmq_drop(core->sk, pipe, ZMQ_MIB_SUBDROP);
}

static void add_note(struct zmq_core *core, const u8 *topic, size_t len,
		     bool subscribe)
{
	struct pub *pub = core->priv;
	struct note *note = NULL;

	if (pub->notes_bytes < NOTES_BYTES_MAX)
		note = kmalloc(struct_size(note, data, len + 1), GFP_ATOMIC);
	if (!note) {
		sub_drop(core, NULL);
		return;
	}
	note->len = len + 1;
	note->data[0] = subscribe;
	memcpy(note->data + 1, topic, len);
	pub->notes_bytes += ksize(note);
	list_add_tail(&note->node, &pub->notes);
}

/* core->lock is held. Return: the reader has something new to read. */
static bool apply(struct zmq_core *core, struct zmq_pipe *pipe,
		  const u8 *topic, size_t len, bool subscribe)
{
	struct pub *pub = core->priv;
	bool was_empty = list_empty(&pub->notes);
	int err;

	if (test_bit(ZMQ_PIPE_DEAD, &pipe->flags))
		return false;
	if (!subscribe) {
		/* A cancellation of what nobody had is noted, as in libzmq. */
		err = zmq_trie_del(&pub->topics, topic, len, pipe);
		if (pub->notify && (err || pub->verboser))
			add_note(core, topic, len, false);
	} else {
		err = -EMSGSIZE;
		if (len <= ZMQ_TOPIC_MAX &&
		    zmq_trie_bytes(&pub->topics) < TOPICS_BYTES_MAX)
			err = zmq_trie_add(&pub->topics, topic, len, pipe,
					   GFP_ATOMIC, NULL);
		if (err < 0)
			sub_drop(core, pipe);
		else if (pub->notify && (err || pub->verbose))
			add_note(core, topic, len, true);
	}
	return was_empty && !list_empty(&pub->notes);
}

static void pub_subscription(struct zmq_core *core, struct zmq_pipe *pipe,
			     const u8 *topic, size_t len, bool subscribe)
{
	bool wake;

	spin_lock_bh(&core->lock);
	wake = apply(core, pipe, topic, len, subscribe);
	spin_unlock_bh(&core->lock);
	if (wake)
		zmq_core_wake_readers(core, 1);
}

static void note_vanished(const u8 *topic, size_t len, void *arg)
{
	struct zmq_core *core = arg;
	struct pub *pub = core->priv;

	if (pub->notify)
		add_note(core, topic, len, false);
}

static void forget(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct pub *pub = core->priv;
	bool wake;

	spin_lock_bh(&core->lock);
	wake = list_empty(&pub->notes);
	zmq_trie_del_owner(&pub->topics, pipe, note_vanished, core);
	wake = wake && !list_empty(&pub->notes);
	spin_unlock_bh(&core->lock);
	if (wake)
		zmq_core_wake_readers(core, 1);
}

static void pub_detach(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct pub *pub = core->priv;

	if (pub->refused == pipe)
		WRITE_ONCE(pub->refused, NULL);
	forget(core, pipe);
}

/* While an outgoing connection is down, what its peer wanted is queued for it;
 * the peer that is back says anew what it wants.
 */
static void pub_down(struct zmq_core *core, struct zmq_pipe *pipe)
{
	set_bit(ZMQ_PIPE_OLD_SUBS, &pipe->flags);
}

static void pub_up(struct zmq_core *core, struct zmq_pipe *pipe)
{
	if (test_and_clear_bit(ZMQ_PIPE_OLD_SUBS, &pipe->flags))
		forget(core, pipe);
}

static bool is_subscription(const struct zmq_frame *f, u8 *kind)
{
	return f->len && !zmq_pipe_copy_bits(f->pipe, 0, kind, 1) && *kind <= 1;
}

static bool apply_frame(struct zmq_core *core, const struct zmq_frame *f,
			bool subscribe)
{
	size_t len = f->len - 1;
	bool wake = false;
	u8 *topic;

	if (f->len - 1 > ZMQ_TOPIC_MAX) {
		sub_drop(core, f->pipe);
		return false;
	}
	topic = kmalloc(len, GFP_ATOMIC);
	if (topic && !zmq_pipe_copy_bits(f->pipe, 1, topic, len))
		wake = apply(core, f->pipe, topic, len, subscribe);
	else
		sub_drop(core, f->pipe);
	kfree(topic);
	return wake;
}

static void pub_rx(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct zmq_frame f;
	u8 kind;

	while (!zmq_pipe_peek_frame_locked(pipe, &f)) {
		if (is_subscription(&f, &kind))
			apply_frame(core, &f, kind);
		zmq_pipe_consume_frame_locked(pipe);
	}
}

/* Of a message that begins with a subscription every frame can be one, and
 * nothing of it is for the user.
 */
static void xpub_rx(struct zmq_core *core, struct zmq_pipe *pipe)
{
	bool wake = false, inside = false;
	struct zmq_frame f;
	u8 kind;

	/* At the head is a message for the user, which may be being read. */
	if (!list_empty(&pipe->ready_node))
		return;

	while (!zmq_pipe_peek_frame_locked(pipe, &f)) {
		if (is_subscription(&f, &kind))
			wake |= apply_frame(core, &f, kind);
		else if (!inside)
			break;
		inside = f.more;
		zmq_pipe_consume_frame_locked(pipe);
	}
	if (wake)
		zmq_core_wake_readers(core, 1);
}

/* The head of a pipe that is ready is the reader's. */
static bool is_ready(struct zmq_core *core, struct zmq_pipe *pipe)
{
	bool ready;

	spin_lock_bh(&core->lock);
	ready = !list_empty(&pipe->ready_node);
	spin_unlock_bh(&core->lock);
	return ready;
}

/* The same for what was behind a message that the reader has now read. */
static void read_subscriptions(struct zmq_core *core, struct zmq_pipe *pipe)
{
	bool wake = false, inside = false;
	struct zmq_frame f;
	u8 kind;

	while (is_ready(core, pipe) && !zmq_pipe_peek_frame(pipe, &f)) {
		if (is_subscription(&f, &kind)) {
			spin_lock_bh(&core->lock);
			wake |= apply_frame(core, &f, kind);
			spin_unlock_bh(&core->lock);
		} else if (!inside) {
			break;
		}
		inside = f.more;
		zmq_pipe_consume_frame(pipe);
	}
	if (wake)
		zmq_core_wake_readers(core, 1);
}

static int xpub_peek(struct zmq_core *core, struct zmq_frame *f)
{
	struct pub *pub = core->priv;
	struct note *note = NULL;

	if (!core->rx_pipe) {
		spin_lock_bh(&core->lock);
		note = list_first_entry_or_null(&pub->notes, struct note, node);
		spin_unlock_bh(&core->lock);
	}
	if (!note)
		return zmq_fq_peek(core, f);

	f->pipe = NULL;
	f->mem = note->data;
	f->len = note->len;
	f->more = false;
	return 0;
}

static bool xpub_has_input(const struct zmq_core *core)
{
	const struct pub *pub = core->priv;

	return !list_empty(&pub->notes);
}

static void consume_note(struct zmq_core *core)
{
	struct pub *pub = core->priv;
	struct note *note;

	spin_lock_bh(&core->lock);
	note = list_first_entry(&pub->notes, struct note, node);
	list_del(&note->node);
	pub->notes_bytes -= ksize(note);
	spin_unlock_bh(&core->lock);
	kfree(note);
}

static void xpub_consume(struct zmq_core *core, const struct zmq_frame *f)
{
	struct zmq_pipe *pipe = f->pipe;

	if (!pipe) {
		consume_note(core);
		return;
	}

	zmq_pipe_get(pipe);
	zmq_fq_consume(core, f);
	if (!f->more)
		read_subscriptions(core, pipe);
	zmq_pipe_put(pipe);
}

static int pub_begin(struct zmq_core *core, struct zmq_msg *msg)
{
	return 0;
}

struct match {
	struct zmq_core		*core;
	struct list_head	to;
};

static void match_owner(void *owner, void *arg)
{
	struct match *match = arg;

	zmq_dist_add(match->core, owner, &match->to);
}

static void mark_owner(void *owner, void *arg)
{
	zmq_dist_mark(arg, owner);
}

static void find_receivers(struct zmq_core *core, const struct zmq_msg *msg,
			   struct match *match)
{
	struct pub *pub = core->priv;
	const u8 *topic;
	size_t len;

	match->core = core;
	INIT_LIST_HEAD(&match->to);
	topic = zmq_msg_topic(msg, &len);
	zmq_dist_begin(core);
	spin_lock_bh(&core->lock);
	if (pub->invert)
		zmq_trie_match_owners(&pub->topics, topic, len, mark_owner,
				      core);
	else
		zmq_trie_match_owners(&pub->topics, topic, len, match_owner,
				      match);
	spin_unlock_bh(&core->lock);
	if (pub->invert)
		zmq_dist_add_unmarked(core, &match->to);
}

/* ZMQ_XPUB_NODROP: all of them or nobody. */
static int check_credit(struct pub *pub, const struct match *match)
{
	WRITE_ONCE(pub->refused, pub->nodrop ? zmq_dist_full(&match->to) : NULL);
	return pub->refused ? -EAGAIN : 0;
}

static int pub_admit(struct zmq_core *core, struct zmq_msg *msg)
{
	struct pub *pub = core->priv;
	struct match match;

	if (!pub->nodrop)
		return 0;
	find_receivers(core, msg, &match);
	return check_credit(pub, &match);
}

static int pub_send(struct zmq_core *core, struct zmq_msg *msg, bool more)
{
	struct match match;
	int err;

	find_receivers(core, msg, &match);
	err = check_credit(core->priv, &match);
	if (!err)
		zmq_dist_send(core, &match.to, msg, more);
	return err;
}

/* Until a message has a topic nothing stands against it; after one that had to
 * wait, whoever it waits for does.
 */
static int pub_can_send(const struct zmq_core *core)
{
	const struct pub *pub = core->priv;

	return zmq_pattern_has_credit(&pub->refused);
}

static int pub_setopt(struct zmq_core *core, int opt, const void *val,
		      size_t len)
{
	struct pub *pub = core->priv;
	bool on = false;
	int err;

	if (opt == ZMQ_INVERT_MATCHING)
		return zmq_pattern_set_flag(&pub->invert, val, len);
	if (opt == ZMQ_XPUB_NODROP)
		return zmq_pattern_set_flag(&pub->nodrop, val, len);
	if (opt != ZMQ_XPUB_VERBOSE && opt != ZMQ_XPUB_VERBOSER)
		return -ENOPROTOOPT;

	err = zmq_pattern_set_flag(&on, val, len);
	if (err)
		return err;
	spin_lock_bh(&core->lock);
	pub->verbose = on;
	pub->verboser = on && opt == ZMQ_XPUB_VERBOSER;
	spin_unlock_bh(&core->lock);
	return 0;
}

static int pub_getopt(struct zmq_core *core, int opt, int *val)
{
	struct pub *pub = core->priv;

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

const struct zmq_pattern zmq_pub_pattern = {
	.name		= "PUB",
	.type		= ZMQ_PUB,
	.flags		= ZMQ_PAT_SEND | ZMQ_PAT_ONE_CONNECT,
	.init		= pub_init,
	.destroy	= pub_destroy,
	.ops.attach	= zmq_pattern_no_attach,
	.ops.detach	= pub_detach,
	.ops.up		= pub_up,
	.ops.down	= pub_down,
	.ops.subscription = pub_subscription,
	.ops.rx		= pub_rx,
	.begin		= pub_begin,
	.admit		= pub_admit,
	.send		= pub_send,
	.can_send	= pub_can_send,
	.setopt		= pub_setopt,
	.getopt		= pub_getopt,
};

const struct zmq_pattern zmq_xpub_pattern = {
	.name		= "XPUB",
	.type		= ZMQ_XPUB,
	.flags		= ZMQ_PAT_SEND | ZMQ_PAT_RECV | ZMQ_PAT_FILTERS,
	.init		= pub_init,
	.destroy	= pub_destroy,
	.ops.attach	= zmq_pattern_no_attach,
	.ops.detach	= pub_detach,
	.ops.up		= pub_up,
	.ops.down	= pub_down,
	.ops.subscription = pub_subscription,
	.ops.rx		= xpub_rx,
	.begin		= pub_begin,
	.admit		= pub_admit,
	.send		= pub_send,
	.can_send	= pub_can_send,
	.peek		= xpub_peek,
	.has_input	= xpub_has_input,
	.consume	= xpub_consume,
	.setopt		= pub_setopt,
	.getopt		= pub_getopt,
};
