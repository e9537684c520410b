// SPDX-License-Identifier: GPL-2.0-only
/* The inproc:// names that sockets have bound. */

#include <linux/mutex.h>
#include <linux/slab.h>
#include "base/user.h"
#include "inproc_pair.h"
#include "wire/endpoint.h"

/**
 * zmq_inproc_find() - who has bound a name
 * @ns: the name space
 * @ep: the endpoint
 *
 * Context: Process context, ns->lock held, which keeps it.
 * Return: the name, or NULL.
 */
struct zmq_inproc_name *zmq_inproc_find(struct zmq_inproc_ns *ns,
					const struct zmq_endpoint *ep)
{
	struct zmq_inproc_list *list;
	struct zmq_inproc_name *name;

	list = zmq_inproc_list(ns, ep->name, ep->name_len);
	hlist_for_each_entry(name, &list->bound, node)
		if (zmq_inproc_same(name->name, name->len,
				    ep->name, ep->name_len))
			return name;
	return NULL;
}

static void name_free(struct zmq_inproc_name *name)
{
	zmq_user_uncharge(name->core->user, ZMQ_USER_NAMES);
	zmq_pair_self_free(&name->self);
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
	err = zmq_pair_self_describe(&name->self, core);
	if (err) {
		name_free(name);
		return ERR_PTR(err);
	}
	return name;
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
	struct zmq_inproc_list *list;
	struct zmq_inproc_name *name;
	int err = 0;

	list = zmq_inproc_list(ns, ep->name, ep->name_len);
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
	if (zmq_inproc_find(ns, ep)) {
		err = -EADDRINUSE;
		hide_name(name);
		name_free(name);
	} else {
		zmq_inproc_ns_get(ns);
		hlist_add_head(&name->node, &list->bound);
		spin_lock_bh(&core->lock);
		list_add_tail(&name->core_node, &core->inproc);
		spin_unlock_bh(&core->lock);
		zmq_pair_adopt_all(name);
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
	zmq_inproc_ns_put(ns);
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
		if (zmq_inproc_same(name->name, name->len,
				    ep->name, ep->name_len)) {
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
