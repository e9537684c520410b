// SPDX-License-Identifier: GPL-2.0-only
/* inproc://: two sockets of a name space, joined without a stream. */

#include <linux/mutex.h>
#include <linux/slab.h>
#include "base/run.h"
#include "inproc_pair.h"
#include "wire/endpoint.h"

/**
 * zmq_pair_self_free() - forget what an end has said of itself
 * @self: what it said
 *
 * Context: Any.
 */
void zmq_pair_self_free(struct zmq_pair_end *self)
{
	kfree(self->id);
	zmq_peercred_put(&self->pc);
}

static int self_set_id(struct zmq_pair_end *self, const u8 *id, u8 len)
{
	if (!len)
		return 0;
	self->id = kmemdup(id, len, GFP_KERNEL_ACCOUNT);
	if (!self->id)
		return -ENOMEM;
	self->id_len = len;
	return 0;
}

/**
 * zmq_pair_self_describe() - note what a socket says of itself
 * @self: zeroed
 * @core: the socket
 *
 * There is no check of types: libzmq has none for inproc either.
 *
 * Context: Process context of the caller, socket lock held.
 * Return: 0 or -ENOMEM.
 */
int zmq_pair_self_describe(struct zmq_pair_end *self,
			   const struct zmq_core *core)
{
	const struct zmq_opts *opts = &core->opts;

	self->type = core->owner.type;
	zmq_peercred_current(&self->pc);
	return core->owner.wire_id ?
	       self_set_id(self, opts->routing_id, opts->routing_id_len) : 0;
}

static int self_copy(struct zmq_pair_end *self, const struct zmq_pair_end *from)
{
	self->type = from->type;
	zmq_peercred_copy(&self->pc, &from->pc);
	return self_set_id(self, from->id, from->id_len);
}

/**
 * zmq_pair_put() - drop a reference to a pair
 * @pair: the pair
 *
 * Context: Process context.
 */
void zmq_pair_put(struct zmq_pair *pair)
{
	if (!refcount_dec_and_test(&pair->ref))
		return;
	zmq_inproc_ns_put(pair->ns);
	zmq_pair_self_free(&pair->self[0]);
	zmq_pair_self_free(&pair->self[1]);
	kfree(pair);
}

static struct zmq_pair *pair_new(struct zmq_core *core,
				 struct zmq_inproc_ns *ns,
				 const struct zmq_endpoint *ep)
{
	struct zmq_pair *pair;

	pair = kzalloc(struct_size(pair, name, ep->name_len),
		       GFP_KERNEL_ACCOUNT);
	if (!pair)
		return NULL;
	refcount_set(&pair->ref, 1);
	spin_lock_init(&pair->lock);
	pair->ns = zmq_inproc_ns_get(ns);
	pair->core = core;
	zmq_pair_park_init(pair);
	pair->len = ep->name_len;
	memcpy(pair->name, ep->name, ep->name_len);
	return pair;
}

static struct zmq_pipe *pipe_new(struct zmq_core *core, struct zmq_pair *pair,
				 u8 side)
{
	struct zmq_pipe *pipe = zmq_pipe_new(core, GFP_KERNEL);

	if (!pipe)
		return NULL;
	pipe->endpoint = kasprintf(GFP_KERNEL_ACCOUNT, "inproc://%.*s",
				   (int)pair->len, pair->name);
	if (!pipe->endpoint) {
		zmq_pipe_put(pipe);
		return NULL;
	}
	pipe->dialed = !side;
	pipe->private = pair->ns->number;
	pipe->pair = pair;
	pipe->side = side;
	zmq_pipe_count(pipe);
	refcount_inc(&pair->ref);
	return pipe;
}

/* Room at the reader's end; ZMQ_RCVHWM may be changed at any time. */
static int hwm_of(const struct zmq_pipe *pipe)
{
	return pipe->conflate ? 0 : READ_ONCE(pipe->core->opts.rcv_hwm);
}

/**
 * zmq_inproc_meet() - tell a pipe who its peer is
 * @pipe: an end of a pair
 *
 * Context: Process context, socket lock held.
 * Return: as zmq_pipe_meet(); -EPIPE without a peer.
 */
int zmq_inproc_meet(struct zmq_pipe *pipe)
{
	struct zmq_pair *pair = pipe->pair;
	const struct zmq_pair_end *self;
	const struct zmq_pipe *peer;
	bool joined;
	int err;

	if (!pair)
		return -EPIPE;
	self = &pair->self[!pipe->side];
	spin_lock_bh(&pair->lock);
	joined = pair->joined;
	peer = pair->end[!pipe->side];
	if (peer)
		WRITE_ONCE(pipe->peer_hwm, hwm_of(peer));
	spin_unlock_bh(&pair->lock);
	if (!joined)
		return -EPIPE;
	err = zmq_pipe_set_cred(pipe, &self->pc);
	if (err)
		return err;
	/* What filled our queue alone may leave room in both. */
	zmq_pipe_new_hwm(pipe);
	return zmq_pipe_meet(pipe, 1, self->type, self->id, self->id_len);
}

/**
 * zmq_inproc_cred() - whose process the peer is
 * @pipe: an end of a pair that is joined
 *
 * Context: Process context, socket lock held.
 * Return: the process, good for as long as the lock is held.
 */
const struct zmq_peercred *zmq_inproc_cred(const struct zmq_pipe *pipe)
{
	return &pipe->pair->self[!pipe->side].pc;
}

/* A pattern that consumes in rx() has no reader who would acknowledge. */
static unsigned int take_consumed(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	unsigned int msgs = 0;

	if (!core->ops->rx)
		return 0;
	spin_lock_bh(&core->lock);
	if (!zmq_pipe_rx_msgs(pipe))
		msgs = zmq_rxq_take_acks(&pipe->rxq);
	spin_unlock_bh(&core->lock);
	return msgs;
}

/**
 * zmq_inproc_ack() - tell the writer what room there is
 * @pipe: the reader's end
 * @msgs: how many messages were read, 0 if its high-water mark has changed
 *
 * Context: Process context, socket lock held.
 */
void zmq_inproc_ack(struct zmq_pipe *pipe, unsigned int msgs)
{
	struct zmq_pair *pair = pipe->pair;
	struct zmq_pipe *peer;

	spin_lock_bh(&pair->lock);
	peer = pair->end[!pipe->side];
	if (peer) {
		WRITE_ONCE(peer->peer_hwm, hwm_of(pipe));
		if (msgs)
			zmq_pipe_tx_done(peer, msgs);
		else
			zmq_pipe_new_hwm(peer);
	}
	spin_unlock_bh(&pair->lock);
}

/**
 * zmq_inproc_ack_consumed() - likewise, of what the pattern's rx() has read
 * @pipe: the reader's end
 *
 * Context: Process context, socket lock held, or nobody else knows the pipe.
 */
void zmq_inproc_ack_consumed(struct zmq_pipe *pipe)
{
	unsigned int msgs = take_consumed(pipe);

	if (msgs)
		zmq_inproc_ack(pipe, msgs);
}

/**
 * zmq_pair_join_bound() - make the bound socket's end of a pair
 * @pair: the pair, whose connecting end is there, or has left messages
 * @name: what it is connected to
 *
 * Context: Process context, ns->lock held.
 * Return: 0, -ENOBUFS if the bound socket has too many peers, or -ENOMEM.
 */
int zmq_pair_join_bound(struct zmq_pair *pair,
			const struct zmq_inproc_name *name)
{
	struct zmq_pipe *from = pair->end[0];
	struct zmq_pipe *to;
	int err;

	err = zmq_owner_peer_room(&name->core->owner);
	if (err)
		return err;
	to = pipe_new(name->core, pair, 1);
	if (!to)
		return -ENOMEM;
	err = self_copy(&pair->self[1], &name->self);
	if (err) {
		zmq_pair_self_free(&pair->self[1]);
		memset(&pair->self[1], 0, sizeof(pair->self[1]));
		zmq_pipe_put(to);
		zmq_pair_put(pair);
		return err;
	}
	/* What one end replaces on the way out, the other must on the way in. */
	to->conflate |= pair->tx_conflate;
	if (from)
		from->conflate |= to->tx_conflate;

	/* What is written meanwhile waits behind the rest. */
	while (zmq_pair_unpark_some(pair, to))
		cond_resched();
	zmq_inproc_ack_consumed(to);
	zmq_pipe_joined(to);
	return 0;
}

static int take_fixed_id(struct zmq_pipe *pipe, const struct zmq_opts *opts)
{
	if (!opts->connect_routing_id_len)
		return 0;
	set_bit(ZMQ_PIPE_FIXED_ID, &pipe->flags);
	return zmq_pipe_set_id(pipe, opts->connect_routing_id,
			       opts->connect_routing_id_len, GFP_KERNEL);
}

/* Under ns->lock, so that a bind either sees us parked or is seen by us. */
static int join_or_park(struct zmq_pair *pair, const struct zmq_endpoint *ep)
{
	struct zmq_pipe *from = pair->end[0];
	struct zmq_inproc_name *name;
	int err;

	pair->tx_conflate = from->tx_conflate;
	err = zmq_pair_self_describe(&pair->self[0], from->core);
	if (err)
		return err;
	err = zmq_pipe_attach(from);
	if (err)
		return err;
	name = zmq_inproc_find(pair->ns, ep);
	return name ? zmq_pair_join_bound(pair, name) : zmq_pair_wait(pair);
}

/**
 * zmq_inproc_connect() - join a bound socket, or wait until one binds
 * @core: the connecting socket
 * @ep: the endpoint
 *
 * Context: Process context, socket lock held.
 * Return: 0, -ENOMEM, -ENOBUFS if the socket that is bound has too many peers or
 *	the user too many connections that wait, or the pattern's reason to
 *	refuse a peer.
 */
int zmq_inproc_connect(struct zmq_core *core, const struct zmq_endpoint *ep)
{
	struct zmq_inproc_ns *ns = core->inproc_ns;
	struct zmq_pair *pair = pair_new(core, ns, ep);
	struct zmq_pipe *from;
	bool joined = false;
	int err;

	if (!pair)
		return -ENOMEM;
	from = pipe_new(core, pair, 0);
	if (!from) {
		zmq_pair_put(pair);
		return -ENOMEM;
	}
	zmq_pipe_get(from);
	pair->end[0] = from;
	err = take_fixed_id(from, &core->opts);
	if (!err) {
		mutex_lock(&ns->lock);
		err = join_or_park(pair, ep);
		joined = !err && list_empty(&pair->parked_node);
		mutex_unlock(&ns->lock);
	}

	if (joined)
		err = zmq_inproc_meet(from);
	if (err)
		zmq_pipe_detach(from);
	else if (joined)
		zmq_pipe_up(from);
	zmq_pipe_put(from);
	zmq_pair_put(pair);
	return err;
}

/**
 * zmq_inproc_write() - put a message into the peer's queue
 * @pipe: our end
 * @msg: the message
 *
 * Context: Process context, socket lock held.
 * Return: 0, -EPIPE if the peer is gone, -ENOBUFS or -ENOMEM.
 */
int zmq_inproc_write(struct zmq_pipe *pipe, const struct zmq_msg *msg)
{
	const struct zmq_ends ends = { .msgs = 1, .last = msg->bytes };
	struct zmq_pair *pair = pipe->pair;
	unsigned int consumed = 0;
	struct sk_buff_head runs;
	struct zmq_pipe *peer;
	int err;

	__skb_queue_head_init(&runs);
	err = zmq_msg_to_runs(msg, &runs);
	if (err)
		return err;

	spin_lock_bh(&pair->lock);
	peer = pair->end[!pipe->side];
	if (peer) {
		WRITE_ONCE(pipe->peer_hwm, hwm_of(peer));
		err = zmq_pipe_rx(peer, &runs, &ends) ? -ENOBUFS : 0;
		consumed = take_consumed(peer);
	} else {
		err = zmq_pair_park(pair, pipe, &runs, msg->bytes);
	}
	spin_unlock_bh(&pair->lock);
	if (!skb_queue_empty(&runs))
		zmq_pair_free_runs(&runs);
	if (consumed)
		zmq_pipe_tx_done(pipe, consumed);
	return err;
}

/**
 * zmq_inproc_subscribe() - tell the peer of a subscription or its end
 * @pipe: the subscriber's end
 * @topic: the prefix
 * @len: bytes in @topic
 * @subscribe: or unsubscribe
 *
 * Context: Process context, socket lock held.
 */
void zmq_inproc_subscribe(struct zmq_pipe *pipe, const u8 *topic, size_t len,
			  bool subscribe)
{
	struct zmq_pair *pair = pipe->pair;
	struct zmq_pipe *peer;

	spin_lock_bh(&pair->lock);
	peer = pair->end[!pipe->side];
	if (peer && peer->core->ops->subscription)
		peer->core->ops->subscription(peer->core, peer, topic, len,
						  subscribe);
	spin_unlock_bh(&pair->lock);
}

/**
 * zmq_inproc_unlink() - leave a pair
 * @pipe: our end; its pointer to the pair is gone afterwards
 *
 * Context: Process context, socket lock held; not that of a name space.
 */
void zmq_inproc_unlink(struct zmq_pipe *pipe)
{
	struct zmq_pair *pair = pipe->pair;
	struct zmq_pipe *peer;

	if (!pipe->side)
		zmq_pair_forget_parked(pair, pipe);
	spin_lock_bh(&pair->lock);
	pair->end[pipe->side] = NULL;
	pair->gone = true;
	peer = pair->end[!pipe->side];
	if (peer)
		zmq_pipe_hangup(peer);
	spin_unlock_bh(&pair->lock);
	pipe->pair = NULL;
	zmq_pipe_put(pipe);
	zmq_pair_put(pair);
}
