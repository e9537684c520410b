// SPDX-License-Identifier: GPL-2.0-only
/* What XPUB's reader is told: subscriptions and their ends. */

#include <linux/slab.h>
#include "base/net.h"
#include "pipe/fq.h"
#include "pub.h"

/**
 * struct note - a subscription or its end, to be read from XPUB
 * @node: in @pub.notes
 * @pipe: with ZMQ_XPUB_MANUAL, whose it is, held; else NULL
 * @len: bytes at @data
 * @data: 1 or 0, then the topic
 */
struct note {
	struct list_head	node;
	struct zmq_pipe		*pipe;
	u16			len;
	u8			data[];
};

/**
 * zmq_pub_note() - let the reader know
 * @core: the socket's core
 * @pipe: who sent it, NULL if nobody did
 * @topic: the topic
 * @len: bytes of @topic, up to ZMQ_TOPIC_MAX
 * @subscribe: or the end of it
 *
 * Context: Any, core->lock held. The caller wakes the reader.
 * Return: false if there is no room for it.
 */
bool zmq_pub_note(struct zmq_core *core, struct zmq_pipe *pipe,
		  const u8 *topic, size_t len, bool subscribe)
{
	struct zmq_pub *pub = core->priv;
	struct note *note;
	size_t size;

	note = kmalloc(struct_size(note, data, len + 1),
		       GFP_ATOMIC | __GFP_NOWARN);
	if (!note)
		return false;
	size = ksize(note);
	pub->notes_bytes += size;
	if (!zmq_pub_charge(core)) {
		pub->notes_bytes -= size;
		kfree(note);
		return false;
	}
	note->pipe = pub->manual ? pipe : NULL;
	if (note->pipe)
		zmq_pipe_get(note->pipe);
	note->len = len + 1;
	note->data[0] = subscribe;
	memcpy(note->data + 1, topic, len);
	list_add_tail(&note->node, &pub->notes);
	pub->noted++;
	return true;
}

static void note_free(struct note *note)
{
	if (note->pipe)
		zmq_pipe_put(note->pipe);
	kfree(note);
}

/**
 * zmq_pub_free_notes() - drop what nobody will read
 * @pub: the socket
 *
 * Context: Process context, socket lock held, no pipe is left.
 */
void zmq_pub_free_notes(struct zmq_pub *pub)
{
	struct note *note, *tmp;

	list_for_each_entry_safe(note, tmp, &pub->notes, node) {
		note_free(note);
		cond_resched();
	}
	INIT_LIST_HEAD(&pub->notes);
	pub->notes_bytes = 0;
}

/**
 * zmq_xpub_peek() - XPUB's peek(): notes, then messages
 * @core: the socket's core
 * @f: filled in
 *
 * Context: Process context, socket lock held.
 * Return: 0 or -EAGAIN.
 */
int zmq_xpub_peek(struct zmq_core *core, struct zmq_frame *f)
{
	struct zmq_pub *pub = core->priv;
	struct note *note = NULL;

	if (!core->rx_pipe) {
		spin_lock_bh(&core->lock);
		note = list_first_entry_or_null(&pub->notes, struct note, node);
		spin_unlock_bh(&core->lock);
	}
	if (!note)
		return zmq_fq_peek(core, f);
	/* Over inproc it can be here before the peer is attached, of whom the
	 * reader may think from now on that it has come.
	 */
	if (!list_empty(&core->unsettled))
		zmq_core_settle(core);

	f->pipe = NULL;
	f->body = note->pipe;
	f->mem = note->data;
	f->len = note->len;
	f->more = false;
	return 0;
}

/**
 * zmq_xpub_has_input() - XPUB's has_input()
 * @core: the socket's core
 *
 * Context: Any.
 * Return: true if there is a note.
 */
bool zmq_xpub_has_input(const struct zmq_core *core)
{
	const struct zmq_pub *pub = core->priv;

	return !list_empty(&pub->notes);
}

/**
 * zmq_xpub_glance() - XPUB's glance()
 * @core: the socket's core
 *
 * Context: Any.
 * Return: 0 if there is a note or the rest of a message, else -EAGAIN.
 */
int zmq_xpub_glance(const struct zmq_core *core)
{
	return READ_ONCE(core->rx_pipe) || zmq_xpub_has_input(core) ? 0 : -EAGAIN;
}

/* Whoever was noted is whom ZMQ_SUBSCRIBE means from now on. */
static void consume_note(struct zmq_core *core)
{
	struct zmq_pub *pub = core->priv;
	struct note *note;

	spin_lock_bh(&core->lock);
	note = list_first_entry(&pub->notes, struct note, node);
	list_del(&note->node);
	pub->notes_bytes -= ksize(note);
	zmq_pub_charge(core);
	spin_unlock_bh(&core->lock);
	swap(pub->last, note->pipe);
	note_free(note);
}

/**
 * zmq_xpub_consume() - XPUB's consume()
 * @core: the socket's core
 * @f: what zmq_xpub_peek() found
 *
 * Context: Process context, socket lock held.
 */
void zmq_xpub_consume(struct zmq_core *core, const struct zmq_frame *f)
{
	struct zmq_pipe *pipe = f->pipe;

	if (!pipe) {
		consume_note(core);
		return;
	}

	zmq_pipe_get(pipe);
	zmq_fq_consume(core, f);
	if (!f->more)
		zmq_xpub_read_subs(core, pipe);
	zmq_pipe_put(pipe);
}
