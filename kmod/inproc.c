// SPDX-License-Identifier: GPL-2.0-only
/* inproc://: two sockets of a name space, joined without a stream. */

#include <linux/mutex.h>
#include <linux/slab.h>
#include <net/net_debug.h>
#include "conflate.h"
#include "drop.h"
#include "endpoint.h"
#include "inproc.h"
#include "mem.h"
#include "run.h"
#include "user.h"

/**
 * struct zmq_pair_end - what one end of a connection says of itself
 * @type: socket type
 * @id_len: bytes in @id
 * @id: routing id
 * @pc: process that bound or connected it
 */
struct zmq_pair_end {
	u8	type;
	u8	id_len;
	u8	*id;
	struct zmq_peercred pc;
};

/**
 * struct zmq_inproc_name - a bound name
 * @node: in ns->bound
 * @core_node: in core->inproc
 * @place: in core->names
 * @ns: the name space, held
 * @core: who bound it
 * @self: what it says of itself, as of that time
 * @len: bytes in @name
 * @name: the name
 */
struct zmq_inproc_name {
	struct list_head	node;
	struct list_head	core_node;
	u32			place;
	struct zmq_inproc_ns	*ns;
	struct zmq_core		*core;
	struct zmq_pair_end	self;
	size_t			len;
	u8			name[];
};

/**
 * struct zmq_pair - a connection inside the kernel
 * @ref: one for each pipe
 * @lock: protects @end, @joined, @parked and @charged; taken before any
 *	core->lock
 * @end: the connecting pipe and the bound one, held; NULL when it is gone
 * @joined: both ends are there or were
 * @self: what they say of themselves; constant once they are joined, and not
 *	to be looked at before
 * @ns: the name space, held
 * @parked_node: in ns->parked until the name is bound
 * @parked: messages written before there was anybody to read them
 * @parked_msgs: how many
 * @parked_last: bytes of the last one
 * @charged: truesize charged to the connecting socket for @parked
 * @gone: one end has left, and nobody will take its place
 * @len: bytes in @name
 * @name: what was connected to
 */
struct zmq_pair {
	refcount_t		ref;
	spinlock_t		lock; /* see locking.rst, 5 */
	struct zmq_pipe		*end[2];
	bool			joined;
	struct zmq_pair_end	self[2];
	struct zmq_inproc_ns	*ns;
	struct list_head	parked_node;
	struct sk_buff_head	parked;
	unsigned int		parked_msgs;
	u32			parked_last;
	unsigned int		charged;
	bool			gone;
	size_t			len;
	u8			name[];
};

static bool same_name(const u8 *a, size_t alen, const u8 *b, size_t blen)
{
	return alen == blen && !memcmp(a, b, alen);
}

static void ns_put(struct zmq_inproc_ns *ns)
{
	if (!refcount_dec_and_test(&ns->ref))
		return;
	DEBUG_NET_WARN_ON_ONCE(!list_empty(&ns->bound));
	DEBUG_NET_WARN_ON_ONCE(!list_empty(&ns->parked));
	if (ns->number)
		ida_free(&ns->zn->inproc_ids, ns->number);
	mutex_destroy(&ns->lock);
	kfree(ns);
}

static struct zmq_inproc_ns *ns_get(struct zmq_inproc_ns *ns)
{
	refcount_inc(&ns->ref);
	return ns;
}

static struct zmq_inproc_ns *ns_new(struct zmq_net *zn, int number)
{
	struct zmq_inproc_ns *ns = kzalloc(sizeof(*ns), GFP_KERNEL_ACCOUNT);

	if (!ns)
		return NULL;
	refcount_set(&ns->ref, 1);
	ns->zn = zn;
	ns->number = number;
	mutex_init(&ns->lock);
	INIT_LIST_HEAD(&ns->bound);
	INIT_LIST_HEAD(&ns->parked);
	return ns;
}

/**
 * zmq_inproc_net_init() - give a network namespace its names
 * @zn: what AF_ZMQ keeps for it
 *
 * Context: Process context.
 * Return: 0 or -ENOMEM.
 */
int zmq_inproc_net_init(struct zmq_net *zn)
{
	ida_init(&zn->inproc_ids);
	zn->inproc = ns_new(zn, 0);
	return zn->inproc ? 0 : -ENOMEM;
}

/**
 * zmq_inproc_net_exit() - undo zmq_inproc_net_init()
 * @zn: what AF_ZMQ keeps for the network namespace, which has no socket left
 *
 * Context: Process context.
 */
void zmq_inproc_net_exit(struct zmq_net *zn)
{
	ns_put(zn->inproc);
	DEBUG_NET_WARN_ON_ONCE(!ida_is_empty(&zn->inproc_ids));
	ida_destroy(&zn->inproc_ids);
}

/**
 * zmq_inproc_init() - a new socket's names are those of its network namespace
 * @core: the socket
 *
 * Context: Any.
 */
void zmq_inproc_init(struct zmq_core *core)
{
	core->inproc_ns = ns_get(zmq_net(sock_net(core->sk))->inproc);
}

/**
 * zmq_inproc_exit() - undo zmq_inproc_init()
 * @core: the socket, which nobody has any more
 *
 * Context: Any.
 */
void zmq_inproc_exit(struct zmq_core *core)
{
	ns_put(core->inproc_ns);
}

static void enter(struct zmq_core *core, struct zmq_inproc_ns *ns)
{
	spin_lock_bh(&core->lock);
	swap(core->inproc_ns, ns);
	spin_unlock_bh(&core->lock);
	ns_put(ns);
}

/**
 * zmq_inproc_unshare() - let a socket be alone in a new name space
 * @core: the socket; what it bound and connected to stays where it is
 *
 * Context: Process context, socket lock held.
 * Return: 0 or -ENOMEM.
 */
int zmq_inproc_unshare(struct zmq_core *core)
{
	struct zmq_net *zn = zmq_net(sock_net(core->sk));
	struct zmq_inproc_ns *ns;
	int number;

	number = ida_alloc_min(&zn->inproc_ids, 1, GFP_KERNEL);
	if (number < 0)
		return -ENOMEM;
	ns = ns_new(zn, number);
	if (!ns) {
		ida_free(&zn->inproc_ids, number);
		return -ENOMEM;
	}
	enter(core, ns);
	return 0;
}

/**
 * zmq_inproc_join() - let a socket use the name space of another one
 * @core: the socket; what it bound and connected to stays where it is
 * @other: the other one, held, of the same network namespace
 *
 * Context: Process context, lock of @core's socket held, not that of @other's.
 */
void zmq_inproc_join(struct zmq_core *core, struct zmq_core *other)
{
	struct zmq_inproc_ns *ns;

	spin_lock_bh(&other->lock);
	ns = ns_get(other->inproc_ns);
	spin_unlock_bh(&other->lock);
	enter(core, ns);
}

static void end_free(struct zmq_pair_end *self)
{
	kfree(self->id);
	zmq_peercred_put(&self->pc);
}

static int end_set_id(struct zmq_pair_end *self, const u8 *id, u8 len)
{
	if (!len)
		return 0;
	self->id = kmemdup(id, len, GFP_KERNEL_ACCOUNT);
	if (!self->id)
		return -ENOMEM;
	self->id_len = len;
	return 0;
}

/* There is no check of types: libzmq has none for inproc either. */
static int end_describe(struct zmq_pair_end *self, const struct zmq_core *core)
{
	const struct zmq_opts *opts = &core->opts;

	self->type = core->owner.type;
	zmq_peercred_current(&self->pc);
	return core->owner.wire_id ?
	       end_set_id(self, opts->routing_id, opts->routing_id_len) : 0;
}

static int end_copy(struct zmq_pair_end *self, const struct zmq_pair_end *from)
{
	self->type = from->type;
	zmq_peercred_copy(&self->pc, &from->pc);
	return end_set_id(self, from->id, from->id_len);
}

static void pair_put(struct zmq_pair *pair)
{
	if (!refcount_dec_and_test(&pair->ref))
		return;
	ns_put(pair->ns);
	end_free(&pair->self[0]);
	end_free(&pair->self[1]);
	kfree(pair);
}

static struct zmq_pair *pair_new(struct zmq_inproc_ns *ns,
				 const struct zmq_endpoint *ep)
{
	struct zmq_pair *pair;

	pair = kzalloc(struct_size(pair, name, ep->name_len),
		       GFP_KERNEL_ACCOUNT);
	if (!pair)
		return NULL;
	refcount_set(&pair->ref, 1);
	spin_lock_init(&pair->lock);
	pair->ns = ns_get(ns);
	INIT_LIST_HEAD(&pair->parked_node);
	__skb_queue_head_init(&pair->parked);
	pair->len = ep->name_len;
	memcpy(pair->name, ep->name, ep->name_len);
	return pair;
}

static struct zmq_pipe *end_new(struct zmq_core *core, struct zmq_pair *pair,
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

/* Let the messages that waited for the binder go to it. */
static void unpark(struct zmq_pair *pair, struct zmq_pipe *from,
		   struct zmq_pipe *to)
{
	const struct zmq_ends ends = {
		.msgs = pair->parked_msgs,
		.last = pair->parked_last,
	};

	if (pair->charged)
		zmq_mem_uncharge_rx(from->core->sk, pair->charged);
	pair->charged = 0;
	if (!skb_queue_empty(&pair->parked) &&
	    zmq_pipe_rx(to, &pair->parked, &ends)) {
		__skb_queue_purge(&pair->parked);
		zmq_drop(to->core->sk, to, ZMQ_MIB_NOMEM, pair->parked_msgs);
		zmq_pipe_tx_done(from, pair->parked_msgs);
	}
	pair->parked_msgs = 0;
}

/* What one end replaces on the way out, the other must on the way in. */
static int share_conflate(struct zmq_pipe *a, struct zmq_pipe *b)
{
	int err = 0;

	if (a->tx_conflate)
		err = zmq_conflate_enable(b);
	if (!err && b->tx_conflate)
		err = zmq_conflate_enable(a);
	return err;
}

/* Make the bound socket's end of a pair whose connecting end is there. */
static int join_bound(struct zmq_pair *pair, const struct zmq_inproc_name *name)
{
	struct zmq_pipe *from = pair->end[0];
	struct zmq_pipe *to;
	int err;

	err = zmq_owner_peer_room(&name->core->owner);
	if (err)
		return err;
	to = end_new(name->core, pair, 1);
	if (!to)
		return -ENOMEM;
	err = end_copy(&pair->self[1], &name->self);
	if (!err)
		err = share_conflate(from, to);
	if (err) {
		end_free(&pair->self[1]);
		memset(&pair->self[1], 0, sizeof(pair->self[1]));
		zmq_pipe_put(to);
		pair_put(pair);
		return err;
	}

	spin_lock_bh(&pair->lock);
	pair->end[1] = to;
	pair->joined = true;
	unpark(pair, from, to);
	spin_unlock_bh(&pair->lock);
	zmq_pipe_joined(to);
	return 0;
}

static struct zmq_inproc_name *find_name(const struct zmq_inproc_ns *ns,
					 const struct zmq_endpoint *ep)
{
	struct zmq_inproc_name *name;

	list_for_each_entry(name, &ns->bound, node)
		if (same_name(name->name, name->len, ep->name, ep->name_len))
			return name;
	return NULL;
}

/* @core has the end that waits. */
static void leave_parked(struct zmq_pair *pair, struct zmq_core *core)
{
	if (list_empty(&pair->parked_node))
		return;
	list_del_init(&pair->parked_node);
	zmq_user_uncharge(core->user, ZMQ_USER_PARKED);
}

static void name_free(struct zmq_inproc_name *name)
{
	zmq_user_uncharge(name->core->user, ZMQ_USER_NAMES);
	end_free(&name->self);
	kfree(name);
}

static struct zmq_inproc_name *name_new(struct zmq_core *core,
					const struct zmq_endpoint *ep)
{
	struct zmq_inproc_name *name;
	int err;

	err = zmq_user_charge(core->user, ZMQ_USER_NAMES, core->sk);
	if (err)
		return ERR_PTR(err);
	name = kzalloc(struct_size(name, name, ep->name_len),
		       GFP_KERNEL_ACCOUNT);
	if (!name) {
		zmq_user_uncharge(core->user, ZMQ_USER_NAMES);
		return ERR_PTR(-ENOMEM);
	}
	name->core = core;
	name->len = ep->name_len;
	memcpy(name->name, ep->name, ep->name_len);
	err = end_describe(&name->self, core);
	if (err) {
		name_free(name);
		return ERR_PTR(err);
	}
	return name;
}

static void adopt_parked(struct zmq_inproc_name *name)
{
	struct zmq_pair *pair, *next;

	list_for_each_entry_safe(pair, next, &name->ns->parked, parked_node) {
		if (!same_name(name->name, name->len, pair->name, pair->len))
			continue;
		if (join_bound(pair, name))
			continue;
		leave_parked(pair, pair->end[0]->core);
		zmq_pipe_joined(pair->end[0]);
	}
}

/* Who looks at it holds core->lock. */
static void hide_name(struct zmq_inproc_name *name)
{
	spin_lock_bh(&name->core->lock);
	zmq_roster_del(&name->core->names, name->place);
	spin_unlock_bh(&name->core->lock);
}

/**
 * zmq_inproc_bind() - take a name, and whoever waits for it
 * @core: the binding socket
 * @ep: the endpoint
 *
 * Context: Process context, socket lock held.
 * Return: 0, -EADDRINUSE, -ENOBUFS if its user has too many, or -ENOMEM.
 */
int zmq_inproc_bind(struct zmq_core *core, const struct zmq_endpoint *ep)
{
	struct zmq_inproc_ns *ns = core->inproc_ns;
	struct zmq_inproc_name *name;
	int err = 0;

	name = name_new(core, ep);
	if (IS_ERR(name))
		return PTR_ERR(name);
	name->ns = ns;
	err = zmq_roster_add(&core->names, name, &name->place);
	if (err) {
		name_free(name);
		return err;
	}

	mutex_lock(&ns->lock);
	if (find_name(ns, ep)) {
		err = -EADDRINUSE;
		hide_name(name);
		name_free(name);
	} else {
		ns_get(ns);
		list_add_tail(&name->node, &ns->bound);
		spin_lock_bh(&core->lock);
		list_add_tail(&name->core_node, &core->inproc);
		spin_unlock_bh(&core->lock);
		adopt_parked(name);
	}
	mutex_unlock(&ns->lock);
	/* We hold the lock that our ends of the new pairs wait for. */
	zmq_core_settle(core);
	return err;
}

static void forget_name(struct zmq_inproc_name *name)
{
	struct zmq_inproc_ns *ns = name->ns;

	mutex_lock(&ns->lock);
	list_del(&name->node);
	spin_lock_bh(&name->core->lock);
	list_del(&name->core_node);
	spin_unlock_bh(&name->core->lock);
	mutex_unlock(&ns->lock);
	hide_name(name);
	name_free(name);
	ns_put(ns);
}

/**
 * zmq_inproc_unbind() - give a name back; connections stay
 * @core: the socket that bound it, in whatever name space
 * @ep: the endpoint
 *
 * Context: Process context, socket lock held.
 * Return: 0 or -ENOENT.
 */
int zmq_inproc_unbind(struct zmq_core *core, const struct zmq_endpoint *ep)
{
	struct zmq_inproc_name *name;

	list_for_each_entry(name, &core->inproc, core_node) {
		if (same_name(name->name, name->len, ep->name, ep->name_len)) {
			forget_name(name);
			return 0;
		}
	}
	return -ENOENT;
}

/**
 * zmq_inproc_unbind_all() - give every name of a socket back
 * @core: the socket
 *
 * Context: Process context, socket lock held.
 */
void zmq_inproc_unbind_all(struct zmq_core *core)
{
	struct zmq_inproc_name *name, *next;

	list_for_each_entry_safe(name, next, &core->inproc, core_node)
		forget_name(name);
}

/**
 * zmq_inproc_next() - find the first name that a socket has bound, from a
 *	number on
 * @core: the socket
 * @number: where to begin; set to the number of what was found
 * @ep: set to the name
 * @private: set to true if it is one of ZMQ_INPROC_NS
 *
 * Context: Any, core->lock not held.
 * Return: false if there is none.
 */
bool zmq_inproc_next(struct zmq_core *core, unsigned long *number,
		     struct zmq_endpoint *ep, bool *private)
{
	struct zmq_inproc_name *name;

	spin_lock_bh(&core->lock);
	name = zmq_roster_next(&core->names, number);
	if (name) {
		memset(ep, 0, sizeof(*ep));
		ep->transport = ZMQ_INPROC;
		ep->name_len = name->len;
		memcpy(ep->name, name->name, name->len);
		*private = name->ns->number;
	}
	spin_unlock_bh(&core->lock);
	return name;
}

/**
 * zmq_inproc_is_private() - is what a socket binds from now on private
 * @core: the socket
 *
 * Context: Process context, socket lock held.
 * Return: true with ZMQ_INPROC_NS.
 */
bool zmq_inproc_is_private(const struct zmq_core *core)
{
	return core->inproc_ns->number;
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

	err = end_describe(&pair->self[0], from->core);
	if (err)
		return err;
	err = zmq_pipe_attach(from);
	if (err)
		return err;
	name = find_name(pair->ns, ep);
	if (name)
		return join_bound(pair, name);
	err = zmq_user_charge(from->core->user, ZMQ_USER_PARKED, from->core->sk);
	if (err)
		return err;
	list_add_tail(&pair->parked_node, &pair->ns->parked);
	return 0;
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
	struct zmq_pair *pair = pair_new(ns, ep);
	struct zmq_pipe *from;
	bool joined = false;
	int err;

	if (!pair)
		return -ENOMEM;
	from = end_new(core, pair, 0);
	if (!from) {
		pair_put(pair);
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
	pair_put(pair);
	return err;
}

static void unpark_replaced(struct zmq_pair *pair, struct zmq_pipe *pipe)
{
	zmq_mem_uncharge_rx(pipe->core->sk, pair->charged);
	pair->charged = 0;
	__skb_queue_purge(&pair->parked);
	ZMQ_ADD_STATS(sock_net(pipe->core->sk), ZMQ_MIB_CONFLATED,
		      pair->parked_msgs);
	zmq_pipe_tx_done(pipe, pair->parked_msgs);
	pair->parked_msgs = 0;
}

static int park(struct zmq_pair *pair, struct zmq_pipe *pipe,
		struct sk_buff_head *runs, u32 bytes)
{
	unsigned int truesize = 0;
	struct sk_buff *skb;

	if (pair->gone)
		return -EPIPE;
	skb_queue_walk(runs, skb)
		truesize += skb->truesize;
	if (!zmq_mem_charge_rx(pipe->core->sk, truesize, false))
		return -ENOBUFS;
	if (pipe->tx_conflate && pair->parked_msgs)
		unpark_replaced(pair, pipe);
	pair->charged += truesize;
	pair->parked_msgs++;
	pair->parked_last = bytes;
	skb_queue_splice_tail_init(runs, &pair->parked);
	return 0;
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
	} else {
		err = park(pair, pipe, &runs, msg->bytes);
	}
	spin_unlock_bh(&pair->lock);
	if (err)
		__skb_queue_purge(&runs);
	return err;
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
	struct sk_buff_head unread;
	struct zmq_pipe *peer;
	struct sk_buff *run;

	mutex_lock(&pair->ns->lock);
	leave_parked(pair, pipe->core);
	mutex_unlock(&pair->ns->lock);

	__skb_queue_head_init(&unread);
	spin_lock_bh(&pair->lock);
	pair->end[pipe->side] = NULL;
	pair->gone = true;
	if (pair->charged)
		zmq_mem_uncharge_rx(pipe->core->sk, pair->charged);
	pair->charged = 0;
	skb_queue_splice_init(&pair->parked, &unread);
	zmq_drop(pipe->core->sk, pipe, ZMQ_MIB_TXDROPCONN, pair->parked_msgs);
	pair->parked_msgs = 0;
	peer = pair->end[!pipe->side];
	if (peer)
		zmq_pipe_hangup(peer);
	spin_unlock_bh(&pair->lock);
	while ((run = __skb_dequeue(&unread))) {
		kfree_skb(run);
		cond_resched();
	}
	pipe->pair = NULL;
	zmq_pipe_put(pipe);
	pair_put(pair);
}
