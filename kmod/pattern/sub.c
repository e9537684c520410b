// SPDX-License-Identifier: GPL-2.0-only
/*
 * SUB and XSUB (RFC 29): tell every publisher what is wanted.
 *
 * Equal subscriptions are counted here: each is announced, so that a proxy's
 * reader sees it, but only the last cancellation is, since a publisher keeps
 * one of them a peer.
 */

#include <linux/slab.h>
#include "announce.h"
#include "pattern.h"
#include "pipe/dist.h"
#include "pipe/fq.h"
#include "wire/trie.h"

/**
 * struct sub - a SUB or XSUB socket
 * @topics: what is subscribed to
 * @head: room for the start of a message's first frame, as much as @topics
 *	may look at
 * @head_size: bytes at @head: the longest topic ever
 * @passed: the message at the head of this pipe was found to match
 * @invert: ZMQ_INVERT_MATCHING
 *
 * All under the socket lock.
 */
struct sub {
	struct zmq_trie	topics;
	u8		*head;
	size_t		head_size;
	struct zmq_pipe	*passed;
	bool		invert;
};

static int sub_init(struct zmq_core *core)
{
	struct sub *sub = kzalloc(sizeof(*sub), GFP_KERNEL_ACCOUNT);

	if (!sub)
		return -ENOMEM;
	zmq_trie_init(&sub->topics, false);
	core->priv = sub;
	return 0;
}

static void sub_destroy(struct zmq_core *core)
{
	struct sub *sub = core->priv;

	zmq_trie_destroy(&sub->topics);
	kfree(sub->head);
	kfree(sub);
}

static int sub_attach(struct zmq_core *core, struct zmq_pipe *pipe)
{
	return zmq_announce_attach(pipe);
}

static void sub_detach(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct sub *sub = core->priv;

	if (sub->passed == pipe)
		WRITE_ONCE(sub->passed, NULL);
	zmq_announce_detach(pipe);
}

static void sub_up(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct sub *sub = core->priv;

	zmq_announce_all(pipe, &sub->topics);
}

static void sub_room(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct sub *sub = core->priv;

	zmq_announce_more(pipe, &sub->topics);
}

static void tell_all(struct zmq_core *core, const u8 *topic, size_t len,
		     enum zmq_announce_kind kind)
{
	struct zmq_pipe *pipe;

	list_for_each_entry(pipe, &core->pipes, node) {
		zmq_announce_one(pipe, topic, len, kind);
		cond_resched();
	}
}

static int grow_head(struct sub *sub, size_t len)
{
	u8 *head;

	if (len <= sub->head_size || len > ZMQ_TOPIC_MAX)
		return 0;
	head = krealloc(sub->head, len, GFP_KERNEL_ACCOUNT);
	if (!head)
		return -ENOMEM;
	sub->head = head;
	sub->head_size = len;
	return 0;
}

static int subscribe(struct zmq_core *core, const u8 *topic, size_t len)
{
	struct sub *sub = core->priv;
	int err;

	if (len > ZMQ_TOPIC_MAX)
		return -EMSGSIZE;
	err = zmq_trie_add(&sub->topics, topic, len, NULL, GFP_KERNEL_ACCOUNT,
			   NULL);
	if (err < 0)
		return err;
	tell_all(core, topic, len,
		 err ? ZMQ_ANNOUNCE_FIRST : ZMQ_ANNOUNCE_REPEAT);
	return 0;
}

static int unsubscribe(struct zmq_core *core, const u8 *topic, size_t len)
{
	struct sub *sub = core->priv;

	if (zmq_trie_del(&sub->topics, topic, len, NULL) == 1)
		tell_all(core, topic, len, ZMQ_ANNOUNCE_END);
	return 0;
}

/* A publisher may know less than we do: it filters for what was asked a round
 * trip ago, or not at all.
 */
static bool matches(struct sub *sub, const struct zmq_frame *f)
{
	size_t len = min_t(u64, f->len, sub->head_size);

	if (len && zmq_pipe_copy_bits(f->pipe, 0, sub->head, len))
		return false;
	return zmq_trie_match(&sub->topics, sub->head, len) != sub->invert;
}

static int sub_peek(struct zmq_core *core, struct zmq_frame *f)
{
	struct sub *sub = core->priv;
	int err;

	for (;;) {
		err = zmq_fq_peek(core, f);
		if (err || core->rx_pipe)
			return err;
		if (sub->passed == f->pipe)
			return 0;
		if (matches(sub, f)) {
			/* ZMQ_CONFLATE may put another message there. */
			if (!f->pipe->conflate)
				WRITE_ONCE(sub->passed, f->pipe);
			return 0;
		}
		zmq_fq_skip(core, f->pipe, ZMQ_MIB_RXDROPFILTER);
		cond_resched();
	}
}

static int sub_glance(const struct zmq_core *core)
{
	const struct sub *sub = core->priv;

	return READ_ONCE(core->rx_pipe) || READ_ONCE(sub->passed) ? 0 : -EAGAIN;
}

static void sub_consume(struct zmq_core *core, const struct zmq_frame *f)
{
	struct sub *sub = core->priv;

	WRITE_ONCE(sub->passed, NULL);
	zmq_fq_consume(core, f);
}

static int xsub_setopt(struct zmq_core *core, int opt, const void *val,
		       size_t len)
{
	struct sub *sub = core->priv;

	if (opt == ZMQ_INVERT_MATCHING)
		return zmq_pattern_set_flag(&sub->invert, val, len);
	return -ENOPROTOOPT;
}

static int sub_setopt(struct zmq_core *core, int opt, const void *val,
		      size_t len)
{
	int err;

	switch (opt) {
	case ZMQ_SUBSCRIBE:
		err = grow_head(core->priv, len);
		return err ?: subscribe(core, val, len);
	case ZMQ_UNSUBSCRIBE:
		return unsubscribe(core, val, len);
	}
	return xsub_setopt(core, opt, val, len);
}

static int sub_getopt(struct zmq_core *core, int opt, int *val)
{
	struct sub *sub = core->priv;

	switch (opt) {
	case ZMQ_INVERT_MATCHING:
		*val = sub->invert;
		return 0;
	case ZMQ_TOPICS_COUNT:
		*val = min_t(size_t, zmq_trie_count(&sub->topics), INT_MAX);
		return 0;
	}
	return -ENOPROTOOPT;
}

static int xsub_begin(struct zmq_core *core, struct zmq_msg *msg)
{
	return 0;
}

/* A message that begins with 1 or 0 is a subscription or its end; what follows
 * its first frame means nothing.
 */
static int xsub_send(struct zmq_core *core, struct zmq_msg *msg, bool more)
{
	HLIST_HEAD(to);
	const u8 *data;
	size_t len;

	data = zmq_msg_topic(msg, &len);
	if (len && data[0] <= 1) {
		if (len < msg->body_len)
			return -EMSGSIZE;
		if (data[0])
			return subscribe(core, data + 1, len - 1);
		return unsubscribe(core, data + 1, len - 1);
	}

	zmq_dist_begin(core);
	zmq_dist_add_unmarked(core, &to);
	zmq_dist_send(core, &to, msg, more);
	return 0;
}

static int xsub_can_send(const struct zmq_core *core)
{
	return 0;
}

/* Both subscribe; XSUB says so in messages. */
#define SUBSCRIBES							\
	.init		= sub_init,					\
	.destroy	= sub_destroy,					\
	.ops.attach	= sub_attach,					\
	.ops.detach	= sub_detach,					\
	.ops.up		= sub_up,					\
	.ops.room	= sub_room,					\
	.getopt		= sub_getopt

const struct zmq_pattern zmq_sub_pattern = {
	.name		= "SUB",
	.type		= ZMQ_SUB,
	.flags		= ZMQ_PAT_RECV | ZMQ_PAT_FILTERS | ZMQ_PAT_NO_LINGER |
			  ZMQ_PAT_ONE_CONNECT,
	SUBSCRIBES,
	.peek		= sub_peek,
	.glance		= sub_glance,
	.consume	= sub_consume,
	.setopt		= sub_setopt,
};

const struct zmq_pattern zmq_xsub_pattern = {
	.name		= "XSUB",
	.type		= ZMQ_XSUB,
	.flags		= ZMQ_PAT_SEND | ZMQ_PAT_RECV | ZMQ_PAT_NO_LINGER,
	SUBSCRIBES,
	.begin		= xsub_begin,
	.send		= xsub_send,
	.can_send	= xsub_can_send,
	ZMQ_PATTERN_QUEUES,
	.setopt		= xsub_setopt,
};
