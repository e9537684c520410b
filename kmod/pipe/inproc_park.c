// SPDX-License-Identifier: GPL-2.0-only
/*
 * inproc:// connections whose name is not bound yet, and what is sent by them. It
 * outlives DISCONNECT and close(), for as long as linger allows.
 */

#include <linux/mutex.h>
#include <linux/sched.h>
#include "base/drop.h"
#include "base/mem.h"
#include "base/run.h"
#include "base/user.h"
#include "inproc_pair.h"
#include "wire/endpoint.h"

/* How often a name space is asked for that somebody else has. */
#define LINGER_PAUSE	(HZ / 50)

/* Runs that find their reader at a stretch, and the rest of the last message. */
#define UNPARK_AT_ONCE	256

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

/**
 * zmq_pair_free_runs() - free what nobody will read
 * @runs: a message, which may have very many of them, or messages
 *
 * Context: Process context, no spinlock held.
 */
void zmq_pair_free_runs(struct sk_buff_head *runs)
{
	struct sk_buff *run;

	while ((run = __skb_dequeue(runs))) {
		kfree_skb(run);
		cond_resched();
	}
}

/* Under ns->lock. Whoever finds it done may let the sender go. */
static void leave_parked(struct zmq_pair *pair)
{
	if (list_empty(&pair->parked_node))
		return;
	zmq_user_uncharge(pair->core->user, ZMQ_USER_PARKED);
	/* Pairs with zmq_pair_forget_parked(). */
	list_del_init_careful(&pair->parked_node);
}

static void drop_parked(struct zmq_pair *pair, struct zmq_pipe *pipe)
{
	struct sk_buff_head parked;

	__skb_queue_head_init(&parked);
	spin_lock_bh(&pair->lock);
	skb_queue_splice_init(&pair->parked, &parked);
	if (pair->charged)
		zmq_mem_uncharge_rx(pair->core->sk, pair->charged);
	pair->charged = 0;
	zmq_drop(pair->core->sk, pipe, ZMQ_MIB_TXDROPCONN, pair->parked_msgs);
	pair->parked_msgs = 0;
	spin_unlock_bh(&pair->lock);
	zmq_pair_free_runs(&parked);
}

/**
 * zmq_pair_forget_parked() - let a pair wait for its name no more
 * @pair: the pair
 * @pipe: the connecting pipe, for which what waits is dropped, or NULL
 *
 * Who does not wait is in nobody's list, and does not ask for the name space, which
 * somebody may keep for long.
 *
 * Context: Process context, ns->lock not held.
 */
void zmq_pair_forget_parked(struct zmq_pair *pair, struct zmq_pipe *pipe)
{
	if (list_empty_careful(&pair->parked_node))
		return;
	mutex_lock(&pair->ns->lock);
	leave_parked(pair);
	mutex_unlock(&pair->ns->lock);
	drop_parked(pair, pipe);
}

static void leave_lingering(struct zmq_pair *pair)
{
	spin_lock_bh(&pair->core->lock);
	list_del_init(&pair->linger_node);
	spin_unlock_bh(&pair->core->lock);
}

/* The references that begin_linger() took. */
static void linger_put(struct zmq_pair *pair)
{
	struct sock *sk = pair->core->sk;

	zmq_pair_put(pair);
	sock_put(sk);
}

/* Whoever has the name space may keep it for long, and others need the worker. */
static void linger_work_fn(struct work_struct *work)
{
	struct zmq_pair *pair = container_of(to_delayed_work(work),
					     struct zmq_pair, linger);

	if (!mutex_trylock(&pair->ns->lock)) {
		queue_delayed_work(zmq_wq, &pair->linger, LINGER_PAUSE);
		return;
	}
	leave_parked(pair);
	mutex_unlock(&pair->ns->lock);
	leave_lingering(pair);
	drop_parked(pair, NULL);
	linger_put(pair);
}

static void stop_linger(struct zmq_pair *pair)
{
	leave_lingering(pair);
	if (cancel_delayed_work(&pair->linger))
		linger_put(pair);
}

/**
 * zmq_pair_park_init() - prepare a pair for waiting
 * @pair: the pair
 *
 * Context: Any.
 */
void zmq_pair_park_init(struct zmq_pair *pair)
{
	INIT_DELAYED_WORK(&pair->linger, linger_work_fn);
	INIT_LIST_HEAD(&pair->linger_node);
	INIT_LIST_HEAD(&pair->parked_node);
	__skb_queue_head_init(&pair->parked);
}

/**
 * zmq_pair_wait() - let a pair wait for its name
 * @pair: the pair, connected
 *
 * Context: Process context, ns->lock held, under which nobody has the name.
 * Return: 0, or -ENOBUFS if the user has too many that wait.
 */
int zmq_pair_wait(struct zmq_pair *pair)
{
	struct zmq_inproc_ns *ns = pair->ns;
	struct zmq_core *core = pair->core;
	struct zmq_inproc_list *list;
	int err;

	list = zmq_inproc_list(ns, pair->name, pair->len);
	err = zmq_user_charge(core->user, ZMQ_USER_PARKED, core->sk);
	if (!err)
		list_add_tail(&pair->parked_node, &list->parked);
	return err;
}

/* Take whole messages that waited. The connecting socket is still charged
 * @truesize for them.
 */
static struct zmq_ends take_parked(struct zmq_pair *pair,
				   struct sk_buff_head *runs,
				   unsigned int *truesize)
{
	struct zmq_ends ends = {};
	struct sk_buff *skb;

	*truesize = 0;
	while ((skb = __skb_dequeue(&pair->parked))) {
		__skb_queue_tail(runs, skb);
		*truesize += skb->truesize;
		if (!parked_cb(skb)->msg_bytes)
			continue;
		ends.last = parked_cb(skb)->msg_bytes;
		ends.msgs++;
		if (skb_queue_len(runs) >= UNPARK_AT_ONCE)
			break;
	}
	pair->charged -= *truesize;
	pair->parked_msgs -= ends.msgs;
	return ends;
}

/* Return: false if there is no room for them; nobody is charged then. */
static bool hand_over(struct zmq_pair *pair, struct zmq_pipe *to,
		      struct sk_buff_head *runs, const struct zmq_ends *ends,
		      unsigned int truesize)
{
	struct sock *from = pair->core->sk;

	if (!zmq_mem_move_rx(from, to->core->sk, truesize)) {
		zmq_mem_uncharge_rx(from, truesize);
		return false;
	}
	return !zmq_pipe_take_over(to, runs, ends, truesize);
}

/**
 * zmq_pair_unpark_some() - give the reader a portion of what waited for it
 * @pair: the pair
 * @to: the bound end, which gets its place in @pair when nothing waits any more
 *
 * Context: Process context, ns->lock held.
 * Return: true if there may be more.
 */
bool zmq_pair_unpark_some(struct zmq_pair *pair, struct zmq_pipe *to)
{
	struct sk_buff_head runs;
	unsigned int truesize;
	struct zmq_ends ends;
	bool lost;

	__skb_queue_head_init(&runs);
	spin_lock_bh(&pair->lock);
	ends = take_parked(pair, &runs, &truesize);
	lost = ends.msgs && !hand_over(pair, to, &runs, &ends, truesize);
	if (lost && pair->end[0])
		zmq_pipe_tx_done(pair->end[0], ends.msgs);
	if (!ends.msgs) {
		pair->end[1] = to;
		pair->joined = true;
	}
	spin_unlock_bh(&pair->lock);
	if (lost)
		zmq_drop(to->core->sk, to, ZMQ_MIB_NOMEM, ends.msgs);
	zmq_pair_free_runs(&runs);
	return ends.msgs;
}

/* Return: false if it must wait on. */
static bool adopt(struct zmq_pair *pair, const struct zmq_inproc_name *name)
{
	if (zmq_pair_join_bound(pair, name))
		return false;
	/* It cannot go before it has left the list. */
	if (pair->end[0]) {
		zmq_pipe_joined(pair->end[0]);
		leave_parked(pair);
	} else {
		leave_parked(pair);
		zmq_pipe_hangup(pair->end[1]);
		stop_linger(pair);
	}
	return true;
}

/**
 * zmq_pair_adopt_all() - join those who wait for a name
 * @name: the name, just bound
 *
 * Others may bind and connect in between; who connects to the name itself finds it.
 * Nobody takes it away: its socket is locked.
 *
 * Context: Process context, lock of the name's socket and ns->lock held; the latter
 *	is let go of in between.
 */
void zmq_pair_adopt_all(struct zmq_inproc_name *name)
{
	struct zmq_inproc_ns *ns = name->ns;
	struct zmq_pair *pair, *next;
	struct list_head *parked;
	LIST_HEAD(ours);

	parked = &zmq_inproc_list(ns, name->name, name->len)->parked;
	list_for_each_entry_safe(pair, next, parked, parked_node) {
		if (zmq_inproc_same(name->name, name->len,
				    pair->name, pair->len))
			list_move_tail(&pair->parked_node, &ours);
		cond_resched();
	}
	while ((pair = list_first_entry_or_null(&ours, struct zmq_pair,
						parked_node))) {
		if (!adopt(pair, name))
			list_move_tail(&pair->parked_node, parked);
		mutex_unlock(&ns->lock);
		cond_resched();
		mutex_lock(&ns->lock);
	}
}

static void take_replaced(struct zmq_pair *pair, struct zmq_pipe *pipe,
			  struct sk_buff_head *replaced)
{
	unsigned int truesize;
	unsigned int msgs = take_parked(pair, replaced, &truesize).msgs;

	zmq_mem_uncharge_rx(pipe->core->sk, truesize);
	ZMQ_ADD_STATS(sock_net(pipe->core->sk), ZMQ_MIB_CONFLATED, msgs);
	zmq_pipe_tx_done(pipe, msgs);
}

/**
 * zmq_pair_park() - keep a message until somebody has bound the name
 * @pair: the pair
 * @pipe: the connecting pipe
 * @runs: the message; afterwards what it replaces, if anything
 * @bytes: bytes in it
 *
 * Context: Process context, socket lock and pair->lock held.
 * Return: 0, -EPIPE if nobody will, or -ENOBUFS.
 */
int zmq_pair_park(struct zmq_pair *pair, struct zmq_pipe *pipe,
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

	sock_hold(core->sk);
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
		zmq_pair_forget_parked(pair, NULL);
		zmq_pair_put(pair);
		cond_resched();
	}
}
