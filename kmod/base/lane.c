// SPDX-License-Identifier: GPL-2.0-only
/* Work that may have to wait for its user, in a queue that nobody else is in. */

#include <linux/err.h>
#include <linux/hash.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/user_namespace.h>
#include "compat.h"
#include "lane.h"
#include "user.h"

/* Of a user, on each CPU: so many wait at once, what else he has waits for
 * them.
 */
#define USER_MAX_ACTIVE	8

#define LANES_BITS	6

static struct hlist_head lanes[1 << LANES_BITS];
/* Of those whose last reference has gone. */
static struct workqueue_struct *free_wq;
static DEFINE_SPINLOCK(lanes_lock);	/* of lanes alone */

static void free_work_fn(struct work_struct *work)
{
	struct zmq_lane *lane = container_of(work, struct zmq_lane, free_work);

	/* Whoever put it last may be the end of work of its own. */
	destroy_workqueue(lane->wq);
	if (lane->payer) {
		zmq_user_uncharge(lane->payer, ZMQ_USER_LANES);
		zmq_user_put(lane->payer);
	}
	kfree(lane);
}

static struct zmq_lane *lane_alloc(bool of_user)
{
	struct zmq_lane *lane = kzalloc(sizeof(*lane), GFP_KERNEL_ACCOUNT);

	if (!lane)
		return NULL;
	/* Its workers come from a pool that makes another one whenever all
	 * sleep, so that those which wait for one user are in nobody's way. A
	 * user's are of the CPUs, where one runs at a time and those that sleep
	 * do not count: any number of attempts leaves room for who accepts them.
	 */
	lane->wq = of_user ?
		   alloc_workqueue("zmq_user", WQ_PERCPU, USER_MAX_ACTIVE) :
		   alloc_ordered_workqueue("zmq_lane", 0);
	if (!lane->wq) {
		kfree(lane);
		return NULL;
	}
	refcount_set(&lane->ref, 1);
	INIT_HLIST_NODE(&lane->node);
	INIT_WORK(&lane->free_work, free_work_fn);
	return lane;
}

/**
 * zmq_lane_new() - make a queue for a socket
 * @sk: the socket
 *
 * Its work runs one after the other. It can keep a thread of the kernel waiting,
 * for as long as it likes, so the current user may have so many.
 *
 * Context: Process context.
 * Return: the queue with a reference, ERR_PTR(-ENOMEM), or ERR_PTR(-ENOBUFS) if
 *	the user has too many.
 */
struct zmq_lane *zmq_lane_new(const struct sock *sk)
{
	struct zmq_user *user = zmq_user_get_current();
	struct zmq_lane *lane;
	int err;

	if (!user)
		return ERR_PTR(-ENOMEM);
	err = zmq_user_charge(user, ZMQ_USER_LANES, sk);
	if (err)
		goto err_user;
	err = -ENOMEM;
	lane = lane_alloc(false);
	if (!lane)
		goto err_charge;
	lane->payer = user;
	return lane;

err_charge:
	zmq_user_uncharge(user, ZMQ_USER_LANES);
err_user:
	zmq_user_put(user);
	return ERR_PTR(err);
}

/* Each namespace that root made has its own. Those that a user makes share one,
 * or who makes many would have as many threads of the kernel waiting.
 */
static const struct net *lane_net(const struct net *net)
{
	return net->user_ns == &init_user_ns ? net : NULL;
}

static struct hlist_head *lane_list(const struct net *net, kuid_t uid)
{
	return &lanes[hash_long((unsigned long)net + __kuid_val(uid),
				LANES_BITS)];
}

/* Under lanes_lock. One whose last reference goes is found no more. */
static struct zmq_lane *find(const struct net *net, kuid_t uid,
			     enum zmq_lane_kind kind)
{
	struct zmq_lane *lane;

	hlist_for_each_entry(lane, lane_list(net, uid), node)
		if (lane->net == net && uid_eq(lane->uid, uid) &&
		    lane->kind == kind && refcount_inc_not_zero(&lane->ref))
			return lane;
	return NULL;
}

/**
 * zmq_lane_of_user() - the queue of the current user in a network namespace
 * @net: the namespace; who refers to a socket in it keeps it
 * @kind: what for
 *
 * Context: Process context of a system call.
 * Return: the queue with a reference, or NULL.
 */
struct zmq_lane *zmq_lane_of_user(const struct net *net,
				  enum zmq_lane_kind kind)
{
	kuid_t uid = zmq_user_current_id();
	struct zmq_lane *lane, *other;

	net = lane_net(net);
	spin_lock_bh(&lanes_lock);
	lane = find(net, uid, kind);
	spin_unlock_bh(&lanes_lock);
	if (lane)
		return lane;

	lane = lane_alloc(true);
	if (!lane)
		return NULL;
	lane->net = net;
	lane->uid = uid;
	lane->kind = kind;
	spin_lock_bh(&lanes_lock);
	other = find(net, uid, kind);
	if (!other)
		hlist_add_head(&lane->node, lane_list(net, uid));
	spin_unlock_bh(&lanes_lock);
	if (!other)
		return lane;
	zmq_lane_put(lane);
	return other;
}

/**
 * zmq_lane_get() - take a reference
 * @lane: the queue
 *
 * Context: Any.
 */
void zmq_lane_get(struct zmq_lane *lane)
{
	refcount_inc(&lane->ref);
}

/**
 * zmq_lane_put() - drop a reference
 * @lane: the queue, or NULL; work of it may be about to end, but none waits
 *
 * Context: Any but hard interrupts.
 */
void zmq_lane_put(struct zmq_lane *lane)
{
	if (!lane || !refcount_dec_and_test(&lane->ref))
		return;
	spin_lock_bh(&lanes_lock);
	hlist_del_init(&lane->node);
	spin_unlock_bh(&lanes_lock);
	queue_work(free_wq, &lane->free_work);
}

/**
 * zmq_lane_init() - create what frees lanes
 *
 * Return: 0 or -ENOMEM.
 */
int zmq_lane_init(void)
{
	free_wq = alloc_workqueue("zmq_lanes", WQ_UNBOUND, 0);
	return free_wq ? 0 : -ENOMEM;
}

/**
 * zmq_lane_exit() - wait until all are free
 *
 * Context: Nobody is left to put any.
 */
void zmq_lane_exit(void)
{
	destroy_workqueue(free_wq);
}
