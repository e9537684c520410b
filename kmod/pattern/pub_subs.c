// SPDX-License-Identifier: GPL-2.0-only
/*
 * What peers want from PUB and XPUB.
 *
 * Subscriptions take effect as they arrive, in softirq, so that a publisher
 * that never reads and never sends still knows them. Peers of ZMTP 3.0 send
 * them as messages, between which XPUB's user messages may stand: those stay in
 * the pipe for the reader, and what is behind them waits with them.
 */

#include <linux/slab.h>
#include "base/drop.h"
#include "base/mem.h"
#include "base/net.h"
#include "base/trace.h"
#include "pub.h"

/* So many keys of a peer that went are forgotten at a stretch. */
#define FORGET_BATCH	256

/**
 * zmq_pub_drop_sub() - count a subscription that is refused, or a note of one
 * @core: the socket's core
 * @pipe: whose it is, or NULL
 *
 * Context: Any.
 */
void zmq_pub_drop_sub(struct zmq_core *core, struct zmq_pipe *pipe)
{
	zmq_drop(core->sk, pipe, ZMQ_MIB_SUBDROP, 1);
}

/**
 * zmq_pub_charge() - let the socket's account follow what it holds for peers
 * @core: the socket's core
 *
 * The account is the owner's, whoever happens to run while a peer's packets
 * arrive.
 *
 * Context: Any, core->lock held.
 * Return: false if it is more than the socket may have; nothing is charged then.
 */
bool zmq_pub_charge(struct zmq_core *core)
{
	struct zmq_pub *pub = core->priv;
	size_t held = zmq_trie_bytes(&pub->topics) +
		      zmq_trie_bytes(&pub->asked) + pub->notes_bytes;

	if (held > pub->charged &&
	    (held > ZMQ_LIMIT(core->owner.zn, sub_bytes_max) ||
	     !zmq_mem_charge_rx(core->sk, held - pub->charged, false)))
		return false;
	if (held < pub->charged)
		zmq_mem_uncharge_rx(core->sk, pub->charged - held);
	pub->charged = held;
	return true;
}

/* Half of what the socket may hold is left to the other peers. */
static bool within_limits(const struct zmq_core *core,
			  const struct zmq_trie_owner *owner)
{
	const struct zmq_net *zn = core->owner.zn;

	return owner->count <= ZMQ_LIMIT(zn, peer_subs_max) &&
	       owner->bytes <= ZMQ_LIMIT(zn, sub_bytes_max) / 2;
}

/* Returns 1 if nobody held the topic before, 0, or -errno if it is refused. */
static int hold(struct zmq_core *core, struct zmq_trie *t,
		struct zmq_trie_owner *owner, const u8 *topic, size_t len,
		bool *dup)
{
	int err;

	*dup = false;
	if (len > ZMQ_TOPIC_MAX)
		return -EMSGSIZE;
	err = zmq_trie_add(t, topic, len, owner, GFP_ATOMIC | __GFP_NOWARN,
			   dup);
	if (err < 0 || *dup)
		return err;
	if (within_limits(core, owner) && zmq_pub_charge(core))
		return err;
	zmq_trie_del(t, topic, len, owner);
	return -ENOBUFS;
}

/* What the reader cannot be told is refused: it would route by what it knows. */
static int apply_subscribe(struct zmq_core *core, struct zmq_pipe *pipe,
			   const u8 *topic, size_t len)
{
	struct zmq_pub *pub = core->priv;
	struct zmq_trie *t = pub->manual ? &pub->asked : &pub->topics;
	struct zmq_trie_owner *owner = pub->manual ? &pipe->asked :
						     &pipe->topics;
	bool dup;
	int err;

	if (pub->manual && !pub->notify)
		return 0;
	err = hold(core, t, owner, topic, len, &dup);
	if (err < 0)
		return err;
	if (!pub->notify || !(err || pub->verbose || pub->manual))
		return 0;
	if (zmq_pub_note(core, pipe, topic, len, true))
		return 0;
	if (!dup)
		zmq_trie_del(t, topic, len, owner);
	zmq_pub_charge(core);
	return -ENOBUFS;
}

/* A search that has let go of the lock may have passed a shorter topic before the
 * peer had it, and never come to this one: who was subscribed all the time would
 * be left out.
 */
static void tell_walk(const struct zmq_pub *pub, struct zmq_pipe *pipe,
		      const u8 *topic, size_t len)
{
	const struct zmq_pub_walk *walk = pub->walk;

	if (walk && len <= walk->trie.len &&
	    !memcmp(walk->trie.topic, topic, len))
		walk->found(&pipe->topics, walk->arg);
}

static int cancel(struct zmq_pub *pub, struct zmq_pipe *pipe, const u8 *topic,
		  size_t len)
{
	int err = zmq_trie_del(&pub->topics, topic, len, &pipe->topics);

	if (err >= 0)
		tell_walk(pub, pipe, topic, len);
	return err;
}

/* A cancellation of what nobody had is noted, as in libzmq; one of what others
 * hold is not, or a proxy would end theirs.
 */
static int apply_cancel(struct zmq_core *core, struct zmq_pipe *pipe,
			const u8 *topic, size_t len)
{
	struct zmq_pub *pub = core->priv;
	struct zmq_trie *t = pub->manual ? &pub->asked : &pub->topics;
	bool tell;
	int ret;

	if (len > ZMQ_TOPIC_MAX)
		return -EMSGSIZE;
	ret = pub->manual ? zmq_trie_del(t, topic, len, &pipe->asked) :
			    cancel(pub, pipe, topic, len);
	if (ret < 0)
		tell = !zmq_trie_has(t, topic, len);
	else
		tell = ret || pub->manual || pub->verboser;
	zmq_pub_charge(core);
	if (!pub->notify || !tell)
		return 0;
	return zmq_pub_note(core, pipe, topic, len, false) ? 0 : -ENOBUFS;
}

/* core->lock is held. Return: how much there is that readers wake for. */
static unsigned int apply(struct zmq_core *core, struct zmq_pipe *pipe,
			  const u8 *topic, size_t len, bool subscribe)
{
	struct zmq_pub *pub = core->priv;
	unsigned int noted = pub->noted;
	int err;

	if (test_bit(ZMQ_PIPE_DEAD, &pipe->flags))
		return 0;
	zmq_pub_change_locked(pub);
	err = subscribe ? apply_subscribe(core, pipe, topic, len) :
			  apply_cancel(core, pipe, topic, len);
	if (err)
		zmq_pub_drop_sub(core, pipe);
	return pub->noted - noted;
}

/* Readers are told, and a message that had to wait may be for others now. */
static void wake(struct zmq_core *core, unsigned int readable)
{
	const struct zmq_pub *pub = core->priv;

	if (readable)
		zmq_core_wake_readers(core, readable);
	if (READ_ONCE(pub->nodrop))
		zmq_core_wake_writers(core);
}

/**
 * zmq_pub_subscription() - a peer subscribed, or no longer does
 * @core: the socket's core
 * @pipe: the peer
 * @topic: the topic
 * @len: bytes of @topic
 * @subscribe: which of them
 *
 * Context: Softirq or process context, core->lock not held.
 */
void zmq_pub_subscription(struct zmq_core *core, struct zmq_pipe *pipe,
			  const u8 *topic, size_t len, bool subscribe)
{
	unsigned int readable;

	spin_lock_bh(&core->lock);
	readable = apply(core, pipe, topic, len, subscribe);
	spin_unlock_bh(&core->lock);
	wake(core, readable);
}

static void gone_asked(const u8 *topic, size_t len, bool last, void *arg)
{
	struct zmq_core *core = arg;

	if (!zmq_pub_note(core, NULL, topic, len, false))
		zmq_pub_drop_sub(core, NULL);
}

static void gone_topic(const u8 *topic, size_t len, bool last, void *arg)
{
	struct zmq_core *core = arg;
	struct zmq_pub *pub = core->priv;

	if (!pub->notify || pub->manual || !(last || pub->verboser))
		return;
	if (!zmq_pub_note(core, NULL, topic, len, false))
		zmq_pub_drop_sub(core, NULL);
}

/**
 * zmq_pub_forget() - a peer wants nothing any more
 * @core: the socket's core
 * @pipe: the peer; it is dead, or nothing arrives from it at this time
 *
 * With ZMQ_XPUB_MANUAL the reader is told of the end of what the peer asked
 * for, not of what it was given, which only the reader knows about.
 *
 * Context: Process context, socket lock held, so that nothing is sent
 * meanwhile.
 */
void zmq_pub_forget(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct zmq_pub *pub = core->priv;
	unsigned int readable;
	bool more;

	do {
		spin_lock_bh(&core->lock);
		readable = pub->noted;
		zmq_pub_change_locked(pub);
		more = zmq_trie_del_owner(&pub->asked, &pipe->asked,
					  FORGET_BATCH, gone_asked, core) ||
		       zmq_trie_del_owner(&pub->topics, &pipe->topics,
					  FORGET_BATCH, gone_topic, core);
		zmq_pub_charge(core);
		readable = pub->noted - readable;
		spin_unlock_bh(&core->lock);
		wake(core, readable);
		cond_resched();
	} while (more);
}

/**
 * zmq_pub_assign() - ZMQ_SUBSCRIBE and ZMQ_UNSUBSCRIBE with ZMQ_XPUB_MANUAL
 * @core: the socket's core
 * @topic: what the peer gets, or no longer gets
 * @len: bytes of @topic
 * @subscribe: which of them
 *
 * It concerns the peer whose subscription, or end of one, was read last. Nothing
 * happens if that peer has gone.
 *
 * Context: Process context, socket lock held.
 * Return: 0; -EINVAL without ZMQ_XPUB_MANUAL; -ENOMEM; -ENOBUFS beyond a limit.
 */
int zmq_pub_assign(struct zmq_core *core, const u8 *topic, size_t len,
		   bool subscribe)
{
	struct zmq_pub *pub = core->priv;
	struct zmq_pipe *pipe = pub->last;
	int err = 0;
	bool dup;

	if (!pub->manual)
		return -EINVAL;
	if (!pipe)
		return 0;
	spin_lock_bh(&core->lock);
	if (test_bit(ZMQ_PIPE_DEAD, &pipe->flags))
		goto out;
	zmq_pub_change_locked(pub);
	if (subscribe) {
		err = hold(core, &pub->topics, &pipe->topics, topic, len, &dup);
	} else {
		zmq_trie_del(&pub->topics, topic, len, &pipe->topics);
		zmq_pub_charge(core);
	}
out:
	spin_unlock_bh(&core->lock);
	return min(err, 0);
}

static bool is_subscription(const struct zmq_frame *f, u8 *kind)
{
	return f->len && !zmq_pipe_copy_bits(f->pipe, 0, kind, 1) && *kind <= 1;
}

static unsigned int apply_frame(struct zmq_core *core,
				const struct zmq_frame *f, bool subscribe)
{
	unsigned int readable = 0;
	size_t len = f->len - 1;
	u8 *topic;

	if (f->len - 1 > ZMQ_TOPIC_MAX) {
		zmq_pub_drop_sub(core, f->pipe);
		return 0;
	}
	topic = kmalloc(len, GFP_ATOMIC | __GFP_NOWARN);
	if (topic && !zmq_pipe_copy_bits(f->pipe, 1, topic, len))
		readable = apply(core, f->pipe, topic, len, subscribe);
	else
		zmq_pub_drop_sub(core, f->pipe);
	kfree(topic);
	return readable;
}

/* What a portion of frames may cost, in bytes; a frame is so many beside its
 * topic that they are a thousand at most.
 */
#define PORTION		SZ_64K
#define FRAME_COST	(PORTION / 1000 + 1)

/* The frame at the head is a subscription or of no use. Return: false if the
 * portion ends behind it.
 */
static bool take_frame(struct zmq_core *core, const struct zmq_frame *f,
		       u8 kind, bool subscription, unsigned int *readable,
		       int *portion)
{
	*portion -= FRAME_COST;
	if (subscription) {
		*portion -= min_t(u64, f->len, ZMQ_TOPIC_MAX);
		*readable += apply_frame(core, f, kind);
	} else if (!f->pipe->rxq.inside) {
		zmq_drop(core->sk, f->pipe, ZMQ_MIB_RXDROPMALFORMED, 1);
	}
	f->pipe->rxq.inside = f->more;
	return zmq_pipe_consume_frame_locked(f->pipe) && *portion > 0;
}

/* Take a portion, with @for_user to the first message that is not for us. */
static bool take_portion(struct zmq_core *core, struct zmq_pipe *pipe,
			 bool for_user)
{
	unsigned int readable = 0;
	int portion = PORTION;
	bool sub, more = false;
	struct zmq_frame f;
	u8 kind;

	while (!more && !zmq_pipe_peek_frame_locked(pipe, &f)) {
		sub = is_subscription(&f, &kind);
		if (for_user && !sub && !pipe->rxq.inside)
			break;
		more = !take_frame(core, &f, kind, sub, &readable, &portion);
	}
	wake(core, for_user ? readable : 0);
	return more && zmq_pipe_rx_msgs(pipe);
}

/**
 * zmq_pub_rx() - PUB's rx(): subscriptions that are messages
 * @core: the socket's core
 * @pipe: where they arrived
 *
 * Context: Any, core->lock held.
 * Return: true if there are more.
 */
bool zmq_pub_rx(struct zmq_core *core, struct zmq_pipe *pipe)
{
	/* What it wanted ends with it. */
	if (test_bit(ZMQ_PIPE_DEAD, &pipe->flags)) {
		zmq_pipe_drop_msgs_locked(pipe);
		return false;
	}
	return take_portion(core, pipe, false);
}

/**
 * zmq_xpub_rx() - XPUB's rx(): likewise, until a message for the user comes
 * @core: the socket's core
 * @pipe: where they arrived
 *
 * Of a message that begins with a subscription every frame can be one, and
 * nothing of it is for the user.
 *
 * Context: Any, core->lock held.
 * Return: true if there are more.
 */
bool zmq_xpub_rx(struct zmq_core *core, struct zmq_pipe *pipe)
{
	return take_portion(core, pipe, true);
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

/**
 * zmq_xpub_read_subs() - the same for what was behind a message that was read
 * @core: the socket's core
 * @pipe: where it came from
 *
 * Context: Process context, socket lock held.
 */
void zmq_xpub_read_subs(struct zmq_core *core, struct zmq_pipe *pipe)
{
	unsigned int readable = 0, n = 0;
	bool inside = false;
	struct zmq_frame f;
	u8 kind;

	while (is_ready(core, pipe) && !zmq_pipe_peek_frame(pipe, &f)) {
		if (!(++n % FORGET_BATCH))
			cond_resched();
		if (is_subscription(&f, &kind)) {
			spin_lock_bh(&core->lock);
			readable += apply_frame(core, &f, kind);
			spin_unlock_bh(&core->lock);
		} else if (!inside) {
			break;
		}
		inside = f.more;
		zmq_pipe_consume_frame(pipe);
	}
	wake(core, readable);
}
