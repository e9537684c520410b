// SPDX-License-Identifier: GPL-2.0-only
/* What a user has of AF_ZMQ, in all namespaces together. */

#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include "drop.h"
#include "user.h"

#define USER_MAX_DEFAULT	65536
/* Each may keep a thread waiting, of which a machine has some ten thousands. */
#define USER_LANES_MAX_DEFAULT	4096

/**
 * struct zmq_user - a user who has something
 * @node: in users
 * @uid: who
 * @ref: its sockets
 * @nr: what it has, by enum zmq_user_item
 */
struct zmq_user {
	struct hlist_node	node;
	kuid_t			uid;
	refcount_t		ref;
	atomic_t		nr[ZMQ_USER_ITEMS];
};

int zmq_sysctl_user_max[ZMQ_USER_ITEMS] = {
	[ZMQ_USER_SOCKETS]	= USER_MAX_DEFAULT,
	[ZMQ_USER_NAMES]	= USER_MAX_DEFAULT,
	[ZMQ_USER_PARKED]	= USER_MAX_DEFAULT,
	[ZMQ_USER_LANES]	= USER_LANES_MAX_DEFAULT,
};

static DEFINE_HASHTABLE(users, 8);
static DEFINE_SPINLOCK(users_lock);	/* a leaf */

/**
 * zmq_user_current_id() - whose account the current task's is
 *
 * The ids of a user namespace are whoever's who made it, unless root gave each of
 * them to somebody else.
 *
 * Context: Process context.
 * Return: the user's id.
 */
kuid_t zmq_user_current_id(void)
{
	const struct user_namespace *ns = current_user_ns();

	while (ns->level > 1)
		ns = ns->parent;
	if (ns == &init_user_ns || uid_eq(ns->owner, GLOBAL_ROOT_UID))
		return current_euid();
	return ns->owner;
}

static struct zmq_user *known_user(kuid_t uid)
{
	struct zmq_user *user;

	hash_for_each_possible(users, user, node, __kuid_val(uid)) {
		if (uid_eq(user->uid, uid)) {
			refcount_inc(&user->ref);
			return user;
		}
	}
	return NULL;
}

/**
 * zmq_user_get_current() - who creates a socket
 *
 * Context: Process context.
 * Return: the user, with a reference, or NULL without memory.
 */
struct zmq_user *zmq_user_get_current(void)
{
	kuid_t uid = zmq_user_current_id();
	struct zmq_user *user, *new;

	spin_lock_bh(&users_lock);
	user = known_user(uid);
	spin_unlock_bh(&users_lock);
	if (user)
		return user;

	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	new->uid = uid;
	refcount_set(&new->ref, 1);
	spin_lock_bh(&users_lock);
	user = known_user(uid);
	if (!user)
		hash_add(users, &new->node, __kuid_val(uid));
	spin_unlock_bh(&users_lock);
	if (!user)
		return new;
	kfree(new);
	return user;
}

/**
 * zmq_user_put() - drop a reference
 * @user: the user, or NULL
 *
 * Context: Any but hard interrupt.
 */
void zmq_user_put(struct zmq_user *user)
{
	bool last;

	if (!user)
		return;
	spin_lock_bh(&users_lock);
	last = refcount_dec_and_test(&user->ref);
	if (last)
		hash_del(&user->node);
	spin_unlock_bh(&users_lock);
	if (last)
		kfree(user);
}

/**
 * zmq_user_charge() - count something that a user makes
 * @user: the user
 * @item: what
 * @sk: the socket it is made for
 *
 * Context: Any.
 * Return: 0, or -ENOBUFS if the user has as many as it may have.
 */
int zmq_user_charge(struct zmq_user *user, enum zmq_user_item item,
		    const struct sock *sk)
{
	if (atomic_inc_return(&user->nr[item]) <=
	    READ_ONCE(zmq_sysctl_user_max[item]))
		return 0;
	atomic_dec(&user->nr[item]);
	zmq_drop(sk, NULL, ZMQ_MIB_USERLIMIT, 1);
	return -ENOBUFS;
}

/**
 * zmq_user_uncharge() - undo zmq_user_charge()
 * @user: the user
 * @item: what is gone
 *
 * Context: Any.
 */
void zmq_user_uncharge(struct zmq_user *user, enum zmq_user_item item)
{
	atomic_dec(&user->nr[item]);
}
