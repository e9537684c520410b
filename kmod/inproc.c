// SPDX-License-Identifier: GPL-2.0-only
/* inproc://: two sockets of a name space, joined without a stream. */

#include <linux/jhash.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/net_debug.h>
#include "conflate.h"
#include "drop.h"
#include "endpoint.h"
#include "inproc.h"
#include "mem.h"
#include "run.h"
#include "user.h"

/* Connections that are adopted before others get at the names. */
#define ADOPT_AT_ONCE	64

/* Runs that find their reader at a stretch, and the rest of the last message. */
#define UNPARK_AT_ONCE	256

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
 * @node: in a list of ns->bound
 * @core_node: in core->inproc
 * @place: in core->names
 * @ns: the name space, held
 * @core: who bound it
 * @self: what it says of itself, as of that time
 * @len: bytes in @name
 * @name: the name
 */
struct zmq_inproc_name {
	struct hlist_node	node;
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
 * @ref: one for each pipe, or for @linger in place of the connecting one
 * @lock: protects @end, @joined, @parked and @charged; taken before any
 *	core->lock
 * @end: the connecting pipe and the bound one, held; NULL when it is gone
 * @joined: both ends are there or were
 * @self: what they say of themselves; constant once they are joined, and not
 *	to be looked at before
 * @ns: the name space, held
 * @core: the connecting socket, held
 * @tx_conflate: it sends the last message only
 * @parked_node: in a list of ns->parked until the name is bound
 * @parked: messages written before there was anybody to read them
 * @parked_msgs: how many
 * @charged: truesize charged to @core for @parked
 * @linger: gives up @parked, whose sender has left
 * @linger_node: in core->lingering until then, or until the name is bound
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
	struct zmq_core		*core;
	bool			tx_conflate;
	struct list_head	parked_node;
	struct sk_buff_head	parked;
	unsigned int		parked_msgs;
	unsigned int		charged;
	bool			gone;
	struct delayed_work	linger;
	struct list_head	linger_node;
	size_t			len;
	u8			name[];
};

/**
 * struct parked_cb - what skb->cb holds of a run in pair->parked
 * @run: as ever
 * @msg_bytes: bytes of the message that ends with it, or 0
 */
struct parked_cb {
	struct zmq_run_cb	run;
	u32			msg_bytes;
};

static struct parked_cb *parked_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct parked_cb) > sizeof(skb->cb));
	return (struct parked_cb *)skb->cb;
}

static bool same_name(const u8 *a, size_t alen, const u8 *b, size_t blen)
{
	return alen == blen && !memcmp(a, b, alen);
}

static u32 list_of(const struct zmq_inproc_ns *ns, const u8 *name, size_t len)
{
	return jhash(name, len, ns->seed) % ZMQ_INPROC_LISTS;
}

static void ns_put(struct zmq_inproc_ns *ns)
{
	int i;

	if (!refcount_dec_and_test(&ns->ref))
		return;
	for (i = 0; i < ZMQ_INPROC_LISTS; i++) {
		DEBUG_NET_WARN_ON_ONCE(!hlist_empty(&ns->bound[i]));
		DEBUG_NET_WARN_ON_ONCE(!list_empty(&ns->parked[i]));
	}
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
	int i;

	if (!ns)
		return NULL;
	refcount_set(&ns->ref, 1);
	ns->zn = zn;
	ns->number = number;
	mutex_init(&ns->lock);
	ns->seed = get_random_u32();
	for (i = 0; i < ZMQ_INPROC_LISTS; i++)
		INIT_LIST_HEAD(&ns->parked[i]);
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
	INIT_LIST_HEAD(&core->lingering);
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
	struct sock *sk = pair->core->sk;

	if (!refcount_dec_and_test(&pair->ref))
		return;
	ns_put(pair->ns);
	end_free(&pair->self[0]);
	end_free(&pair->self[1]);
	kfree(pair);
	sock_put(sk);
}

/* A message may have very many of them. */
static void free_runs(struct sk_buff_head *runs)
{
	struct sk_buff *run;

	while ((run = __skb_dequeue(runs))) {
		kfree_skb(run);
		cond_resched();
	}
}

/* Under ns->lock. */
static void leave_parked(struct zmq_pair *pair)
{
	if (list_empty(&pair->parked_node))
		return;
	list_del_init(&pair->parked_node);
	zmq_user_uncharge(pair->core->user, ZMQ_USER_PARKED);
}

/* Give up what waits, if it still does. */
static void forget_parked(struct zmq_pair *pair, struct zmq_pipe *pipe)
{
	struct sk_buff_head parked;

	mutex_lock(&pair->ns->lock);
	leave_parked(pair);
	mutex_unlock(&pair->ns->lock);

	__skb_queue_head_init(&parked);
	spin_lock_bh(&pair->lock);
	skb_queue_splice_init(&pair->parked, &parked);
	if (pair->charged)
		zmq_mem_uncharge_rx(pair->core->sk, pair->charged);
	pair->charged = 0;
	zmq_drop(pair->core->sk, pipe, ZMQ_MIB_TXDROPCONN, pair->parked_msgs);
	pair->parked_msgs = 0;
	spin_unlock_bh(&pair->lock);
	free_runs(&parked);
}

static void leave_lingering(struct zmq_pair *pair)
{
	spin_lock_bh(&pair->core->lock);
	list_del_init(&pair->linger_node);
	spin_unlock_bh(&pair->core->lock);
}

static void linger_work_fn(struct work_struct *work)
{
	struct zmq_pair *pair = container_of(to_delayed_work(work),
					     struct zmq_pair, linger);

	leave_lingering(pair);
	forget_parked(pair, NULL);
	pair_put(pair);
}

static void stop_linger(struct zmq_pair *pair)
{
	leave_lingering(pair);
	if (cancel_delayed_work(&pair->linger))
		pair_put(pair);
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
	pair->ns = ns_get(ns);
	pair->core = core;
	sock_hold(core->sk);
	INIT_DELAYED_WORK(&pair->linger, linger_work_fn);
	INIT_LIST_HEAD(&pair->linger_node);
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

/* Take whole messages that waited. */
static struct zmq_ends take_parked(struct zmq_pair *pair,
				   struct sk_buff_head *runs)
{
	unsigned int truesize = 0;
	struct zmq_ends ends = {};
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(&pair->parked))) {
		__skb_queue_tail(runs, skb);
		truesize += skb->truesize;
		if (!parked_cb(skb)->msg_bytes)
			continue;
		ends.last = parked_cb(skb)->msg_bytes;
		ends.msgs++;
		if (skb_queue_len(runs) >= UNPARK_AT_ONCE)
			break;
	}
	if (truesize)
		zmq_mem_uncharge_rx(pair->core->sk, truesize);
	pair->charged -= truesize;
	pair->parked_msgs -= ends.msgs;
	return ends;
}

/* Give the reader a portion of what waited for it, or, when nothing waits any more,
 * the place at the other end. Return: true if there may be more.
 */
static bool unpark_some(struct zmq_pair *pair, struct zmq_pipe *to)
{
	struct sk_buff_head runs;
	struct zmq_ends ends;
	int err = 0;

	__skb_queue_head_init(&runs);
	spin_lock_bh(&pair->lock);
	ends = take_parked(pair, &runs);
	if (ends.msgs)
		err = zmq_pipe_rx(to, &runs, &ends);
	if (err && pair->end[0])
		zmq_pipe_tx_done(pair->end[0], ends.msgs);
	if (!ends.msgs) {
		pair->end[1] = to;
		pair->joined = true;
	}
	spin_unlock_bh(&pair->lock);
	if (err)
		zmq_drop(to->core->sk, to, ZMQ_MIB_NOMEM, ends.msgs);
	free_runs(&runs);
	return ends.msgs;
}

/* A pattern that consumes in rx() has no reader who would acknowledge. */
static unsigned int take_consumed(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	unsigned int msgs = 0;

	if (!core->ops->rx)
		return 0;
	spin_lock_bh(&core->lock);
	if (!pipe->rx_msgs)
		swap(msgs, pipe->rx_unacked);
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
 * Context: Process context, socket lock held.
 */
void zmq_inproc_ack_consumed(struct zmq_pipe *pipe)
{
	unsigned int msgs = take_consumed(pipe);

	if (msgs)
		zmq_inproc_ack(pipe, msgs);
}

/* What one end replaces on the way out, the other must on the way in. */
static int share_conflate(const struct zmq_pair *pair, struct zmq_pipe *from,
			  struct zmq_pipe *to)
{
	int err = 0;

	if (pair->tx_conflate)
		err = zmq_conflate_enable(to);
	if (!err && from && to->tx_conflate)
		err = zmq_conflate_enable(from);
	return err;
}

/* Make the bound socket's end of a pair whose connecting end is there, or has
 * left messages.
 */
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
		err = share_conflate(pair, from, to);
	if (err) {
		end_free(&pair->self[1]);
		memset(&pair->self[1], 0, sizeof(pair->self[1]));
		zmq_pipe_put(to);
		pair_put(pair);
		return err;
	}

	/* What is written meanwhile waits behind the rest. */
	while (unpark_some(pair, to))
		cond_resched();
	zmq_inproc_ack_consumed(to);
	zmq_pipe_joined(to);
	return 0;
}

static struct zmq_inproc_name *find_name(const struct zmq_inproc_ns *ns,
					 const struct zmq_endpoint *ep)
{
	u32 i = list_of(ns, ep->name, ep->name_len);
	struct zmq_inproc_name *name;

	hlist_for_each_entry(name, &ns->bound[i], node)
		if (same_name(name->name, name->len, ep->name, ep->name_len))
			return name;
	return NULL;
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

/* Return: false if it must wait on. */
static bool adopt(struct zmq_pair *pair, const struct zmq_inproc_name *name)
{
	if (join_bound(pair, name))
		return false;
	leave_parked(pair);
	if (pair->end[0]) {
		zmq_pipe_joined(pair->end[0]);
	} else {
		zmq_pipe_hangup(pair->end[1]);
		stop_linger(pair);
	}
	return true;
}

/* Others may bind and connect in between; who connects to the name itself finds it.
 * Nobody takes it away: its socket is locked.
 */
static void adopt_parked(struct zmq_inproc_name *name)
{
	struct zmq_inproc_ns *ns = name->ns;
	struct list_head *parked = &ns->parked[list_of(ns, name->name,
						       name->len)];
	struct zmq_pair *pair, *next;
	unsigned int n = 0;
	LIST_HEAD(ours);

	list_for_each_entry_safe(pair, next, parked, parked_node) {
		if (same_name(name->name, name->len, pair->name, pair->len))
			list_move_tail(&pair->parked_node, &ours);
		cond_resched();
	}
	while ((pair = list_first_entry_or_null(&ours, struct zmq_pair,
						parked_node))) {
		if (!adopt(pair, name))
			list_move_tail(&pair->parked_node, parked);
		if (!(++n % ADOPT_AT_ONCE)) {
			mutex_unlock(&ns->lock);
			mutex_lock(&ns->lock);
		}
		cond_resched();
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
		hlist_add_head(&name->node,
			       &ns->bound[list_of(ns, name->name, name->len)]);
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
	hlist_del(&name->node);
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
		cond_resched();
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

	list_for_each_entry_safe(name, next, &core->inproc, core_node) {
		forget_name(name);
		cond_resched();
	}
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

	pair->tx_conflate = from->tx_conflate;
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
	list_add_tail(&pair->parked_node,
		      &pair->ns->parked[list_of(pair->ns, pair->name,
						pair->len)]);
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
	struct zmq_pair *pair = pair_new(core, ns, ep);
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

static void take_replaced(struct zmq_pair *pair, struct zmq_pipe *pipe,
			  struct sk_buff_head *replaced)
{
	unsigned int msgs = take_parked(pair, replaced).msgs;

	ZMQ_ADD_STATS(sock_net(pipe->core->sk), ZMQ_MIB_CONFLATED, msgs);
	zmq_pipe_tx_done(pipe, msgs);
}

/* @runs are a message of so many @bytes; afterwards they are what it replaces. */
static int park(struct zmq_pair *pair, struct zmq_pipe *pipe,
		struct sk_buff_head *runs, u32 bytes)
{
	struct sk_buff_head replaced;
	unsigned int truesize = 0;
	struct sk_buff *skb;

	if (pair->gone)
		return -EPIPE;
	skb_queue_walk(runs, skb) {
		truesize += skb->truesize;
		parked_cb(skb)->msg_bytes = skb_queue_is_last(runs, skb) ?
					    bytes : 0;
	}
	if (!zmq_mem_charge_rx(pipe->core->sk, truesize, false))
		return -ENOBUFS;
	__skb_queue_head_init(&replaced);
	if (pipe->tx_conflate && pair->parked_msgs)
		take_replaced(pair, pipe, &replaced);
	pair->charged += truesize;
	pair->parked_msgs++;
	skb_queue_splice_tail_init(runs, &pair->parked);
	skb_queue_splice_init(&replaced, runs);
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
		err = park(pair, pipe, &runs, msg->bytes);
	}
	spin_unlock_bh(&pair->lock);
	if (!skb_queue_empty(&runs))
		free_runs(&runs);
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
 * zmq_inproc_owes() - whether messages wait for a name to be bound
 * @pipe: any pipe
 *
 * Context: Process context, socket lock held.
 * Return: true if so.
 */
bool zmq_inproc_owes(const struct zmq_pipe *pipe)
{
	return pipe->pair && READ_ONCE(pipe->pair->parked_msgs);
}

static void begin_linger(struct zmq_pair *pair, int ms)
{
	struct zmq_core *core = pair->core;

	spin_lock_bh(&pair->lock);
	pair->end[0] = NULL;
	pair->gone = true;
	spin_unlock_bh(&pair->lock);
	spin_lock_bh(&core->lock);
	list_add_tail(&pair->linger_node, &core->lingering);
	spin_unlock_bh(&core->lock);
	queue_delayed_work(zmq_wq, &pair->linger, msecs_to_jiffies(ms));
}

/**
 * zmq_inproc_linger() - leave a pair, but not the messages that wait in it
 * @pipe: any pipe, to which nobody writes any more; if it is the end of a pair
 *	with such messages, its pointer to the pair is gone afterwards
 * @ms: so long they may wait for the name to be bound
 *
 * Context: Process context, socket lock held; not that of a name space.
 */
void zmq_inproc_linger(struct zmq_pipe *pipe, int ms)
{
	struct zmq_pair *pair = pipe->pair;
	bool waits;

	if (!ms || !zmq_inproc_owes(pipe) ||
	    test_bit(ZMQ_PIPE_DEAD, &pipe->flags))
		return;
	mutex_lock(&pair->ns->lock);
	waits = !list_empty(&pair->parked_node);
	if (waits)
		begin_linger(pair, ms);
	mutex_unlock(&pair->ns->lock);
	if (!waits)
		return;
	pipe->pair = NULL;
	zmq_pipe_put(pipe);
}

static struct zmq_pair *next_lingering(struct zmq_core *core)
{
	struct zmq_pair *pair;

	spin_lock_bh(&core->lock);
	pair = list_first_entry_or_null(&core->lingering, struct zmq_pair,
					linger_node);
	if (pair)
		refcount_inc(&pair->ref);
	spin_unlock_bh(&core->lock);
	return pair;
}

/**
 * zmq_inproc_give_up() - drop what zmq_inproc_linger() has left
 * @core: the socket that has sent it
 *
 * Context: Process context, socket lock held; not that of a name space.
 */
void zmq_inproc_give_up(struct zmq_core *core)
{
	struct zmq_pair *pair;

	while ((pair = next_lingering(core))) {
		stop_linger(pair);
		forget_parked(pair, NULL);
		pair_put(pair);
		cond_resched();
	}
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

	forget_parked(pair, pipe);
	spin_lock_bh(&pair->lock);
	pair->end[pipe->side] = NULL;
	pair->gone = true;
	peer = pair->end[!pipe->side];
	if (peer)
		zmq_pipe_hangup(peer);
	spin_unlock_bh(&pair->lock);
	pipe->pair = NULL;
	zmq_pipe_put(pipe);
	pair_put(pair);
}
