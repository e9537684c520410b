// SPDX-License-Identifier: GPL-2.0-only
/* The name spaces of inproc://: a network namespace's, or that of some sockets. */

#include <linux/jhash.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/net_debug.h>
#include "inproc_pair.h"

/* Every user has names in that of a network namespace. Of the others anybody may
 * make many, with a name or two in each.
 */
#define LISTS		256
#define LISTS_PRIVATE	8

/**
 * zmq_inproc_list() - in which list of a name space a name is
 * @ns: the name space
 * @name: the name
 * @len: bytes in @name
 *
 * Context: Any.
 * Return: the list.
 */
struct zmq_inproc_list *zmq_inproc_list(struct zmq_inproc_ns *ns,
					const u8 *name, size_t len)
{
	return &ns->lists[jhash(name, len, ns->seed) % ns->nr_lists];
}

/**
 * zmq_inproc_ns_put() - drop a reference to a name space
 * @ns: the name space
 *
 * Context: Any.
 */
void zmq_inproc_ns_put(struct zmq_inproc_ns *ns)
{
	u32 i;

	if (!refcount_dec_and_test(&ns->ref))
		return;
	for (i = 0; i < ns->nr_lists; i++) {
		DEBUG_NET_WARN_ON_ONCE(!hlist_empty(&ns->lists[i].bound));
		DEBUG_NET_WARN_ON_ONCE(!list_empty(&ns->lists[i].parked));
	}
	if (ns->number)
		ida_free(&ns->zn->inproc_ids, ns->number);
	mutex_destroy(&ns->lock);
	kfree(ns);
}

/**
 * zmq_inproc_ns_get() - take a reference to a name space
 * @ns: the name space
 *
 * Context: Any.
 * Return: @ns.
 */
struct zmq_inproc_ns *zmq_inproc_ns_get(struct zmq_inproc_ns *ns)
{
	refcount_inc(&ns->ref);
	return ns;
}

static struct zmq_inproc_ns *ns_new(struct zmq_net *zn, int number)
{
	u32 i, nr_lists = number ? LISTS_PRIVATE : LISTS;
	struct zmq_inproc_ns *ns;

	ns = kzalloc(struct_size(ns, lists, nr_lists), GFP_KERNEL_ACCOUNT);
	if (!ns)
		return NULL;
	ns->nr_lists = nr_lists;
	refcount_set(&ns->ref, 1);
	ns->zn = zn;
	ns->number = number;
	mutex_init(&ns->lock);
	ns->seed = get_random_u32();
	for (i = 0; i < nr_lists; i++)
		INIT_LIST_HEAD(&ns->lists[i].parked);
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
	zmq_inproc_ns_put(zn->inproc);
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
	struct zmq_net *zn = zmq_net(sock_net(core->sk));

	INIT_LIST_HEAD(&core->lingering);
	core->inproc_ns = zmq_inproc_ns_get(zn->inproc);
}

/**
 * zmq_inproc_exit() - undo zmq_inproc_init()
 * @core: the socket, which nobody has any more
 *
 * Context: Any.
 */
void zmq_inproc_exit(struct zmq_core *core)
{
	zmq_inproc_ns_put(core->inproc_ns);
}

static void enter(struct zmq_core *core, struct zmq_inproc_ns *ns)
{
	spin_lock_bh(&core->lock);
	swap(core->inproc_ns, ns);
	spin_unlock_bh(&core->lock);
	zmq_inproc_ns_put(ns);
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
	ns = zmq_inproc_ns_get(other->inproc_ns);
	spin_unlock_bh(&other->lock);
	enter(core, ns);
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
