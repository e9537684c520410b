// SPDX-License-Identifier: GPL-2.0-only
/* net.zmq.*: limits and policy, see Documentation/networking/zmq-sysctl.rst. */

#include <linux/slab.h>
#include <linux/sysctl.h>
#include "base/compat.h"
#include "base/mem.h"
#include "base/net.h"
#include "base/user.h"
#include "sysctl.h"

#define MAX_MSG_BYTES_DEFAULT	SZ_1G	/* if there is so much memory */
#define MAX_MSG_FRAMES_DEFAULT	65536
#define LINGER_MAX_MS_DEFAULT	30000
#define PEER_SUBS_MAX_DEFAULT	SZ_1M
#define SUB_BYTES_MAX_DEFAULT	SZ_256M
#define COALESCE_US_DEFAULT	50
#define HANDSHAKES_MAX_DEFAULT	1024
#define ORPHANS_MAX_DEFAULT	4096
#define SOCKETS_MAX_DEFAULT	65536
#define PEERS_MAX_DEFAULT	65536
#define LISTENERS_MAX_DEFAULT	1024

/* No socket's account can hold more, see zmq_mem_charge_rx(). */
static unsigned long bytes_max = INT_MAX;

static int coalesce_us_max = USEC_PER_SEC;

/* (gid_t)-1 is no group. */
static unsigned long gid_max = (gid_t)-2;

static int store_groups(struct zmq_net *zn, struct user_namespace *ns,
			const unsigned long *gids)
{
	kgid_t low = make_kgid(ns, gids[0]);
	kgid_t high = make_kgid(ns, gids[1]);

	if (!gid_valid(low) || !gid_valid(high))
		return -EINVAL;
	if (gids[1] < gids[0]) {	/* nobody */
		low = make_kgid(&init_user_ns, 1);
		high = make_kgid(&init_user_ns, 0);
	}
	write_seqlock(&zn->create_lock);
	zn->create_groups[0] = low;
	zn->create_groups[1] = high;
	write_sequnlock(&zn->create_lock);
	return 0;
}

static void load_groups(const struct zmq_net *zn, kgid_t *low, kgid_t *high)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&zn->create_lock);
		*low = zn->create_groups[0];
		*high = zn->create_groups[1];
	} while (read_seqretry(&zn->create_lock, seq));
}

/* As net.ipv4.ping_group_range. */
static int create_group_range(zmq_ctl_table *table, int write, void *buf,
			      size_t *len, loff_t *pos)
{
	struct user_namespace *ns = current_user_ns();
	struct zmq_net *zn = container_of(table->data, struct zmq_net,
					  create_groups);
	unsigned long gids[2];
	struct ctl_table copy = {
		.data = gids,
		.maxlen = sizeof(gids),
		.mode = table->mode,
		.extra2 = &gid_max,
	};
	kgid_t low, high;
	int err;

	load_groups(zn, &low, &high);
	gids[0] = from_kgid_munged(ns, low);
	gids[1] = from_kgid_munged(ns, high);
	err = proc_doulongvec_minmax(&copy, write, buf, len, pos);
	if (err || !write)
		return err;
	return store_groups(zn, ns, gids);
}

/* In the namespace's own struct zmq_net, whose address is added. */
#define OWN(_field)	((void *)offsetof(struct zmq_net, _field))

#define SYSCTL_INT(_name, _data, _min, _max)			\
	{							\
		.procname	= (_name),			\
		.data		= (_data),			\
		.maxlen		= sizeof(int),			\
		.mode		= 0644,				\
		.proc_handler	= proc_dointvec_minmax,		\
		.extra1		= (_min),			\
		.extra2		= (_max),			\
	}

#define SYSCTL_OWN(_field, _min)				\
	SYSCTL_INT(#_field, OWN(_field), _min, SYSCTL_INT_MAX)

#define SYSCTL_USER(_name, _item)				\
	SYSCTL_INT(_name, &zmq_sysctl_user_max[_item], SYSCTL_ZERO, SYSCTL_INT_MAX)

#define SYSCTL_ULONG(_name, _field, _max)			\
	{							\
		.procname	= (_name),			\
		.data		= OWN(_field),			\
		.maxlen		= sizeof(unsigned long),	\
		.mode		= 0644,				\
		.proc_handler	= proc_doulongvec_minmax,	\
		.extra2		= (_max),			\
	}

/* The last ones are of all namespaces together: the first one has them. */
static const struct ctl_table zmq_sysctls[] = {
	SYSCTL_ULONG("max_msg_bytes", max_msg_bytes, &bytes_max),
	SYSCTL_OWN(max_msg_frames, SYSCTL_ONE),
	SYSCTL_OWN(linger_max_ms, SYSCTL_ZERO),
	SYSCTL_ULONG("peer_subscriptions_max", peer_subs_max, NULL),
	SYSCTL_ULONG("subscription_bytes_max", sub_bytes_max, &bytes_max),
	{
		.procname	= "create_group_range",
		.data		= OWN(create_groups),
		.maxlen		= 2 * sizeof(unsigned long),
		.mode		= 0644,
		.proc_handler	= create_group_range,
	},
	SYSCTL_INT("coalesce_us", OWN(coalesce_us), SYSCTL_ZERO,
		   &coalesce_us_max),
	SYSCTL_OWN(hwm_max, SYSCTL_ZERO),
	SYSCTL_OWN(handshakes_max, SYSCTL_ONE),
	SYSCTL_OWN(orphans_max, SYSCTL_ZERO),
	SYSCTL_OWN(sockets_max, SYSCTL_ZERO),
	SYSCTL_OWN(peers_max, SYSCTL_ZERO),
	SYSCTL_OWN(listeners_max, SYSCTL_ZERO),
	{
		.procname	= "mem",
		.data		= zmq_sysctl_mem,
		.maxlen		= sizeof(zmq_sysctl_mem),
		.mode		= 0644,
		.proc_handler	= proc_doulongvec_minmax,
	},
	SYSCTL_USER("user_sockets_max", ZMQ_USER_SOCKETS),
	SYSCTL_USER("user_inproc_names_max", ZMQ_USER_NAMES),
	SYSCTL_USER("user_parked_max", ZMQ_USER_PARKED),
	SYSCTL_USER("user_lanes_max", ZMQ_USER_LANES),
	{},	/* the end, where the size cannot be told */
};

static void set_defaults(struct zmq_net *zn)
{
	zn->max_msg_bytes = min_t(u64, MAX_MSG_BYTES_DEFAULT,
				  zmq_mem_msg_max());
	zn->max_msg_frames = MAX_MSG_FRAMES_DEFAULT;
	zn->linger_max_ms = LINGER_MAX_MS_DEFAULT;
	zn->peer_subs_max = PEER_SUBS_MAX_DEFAULT;
	zn->sub_bytes_max = SUB_BYTES_MAX_DEFAULT;
	seqlock_init(&zn->create_lock);
	zn->create_groups[0] = make_kgid(&init_user_ns, 0);
	zn->create_groups[1] = make_kgid(&init_user_ns, gid_max);
	zn->coalesce_us = COALESCE_US_DEFAULT;
	zn->handshakes_max = HANDSHAKES_MAX_DEFAULT;
	zn->orphans_max = ORPHANS_MAX_DEFAULT;
	zn->sockets_max = SOCKETS_MAX_DEFAULT;
	zn->peers_max = PEERS_MAX_DEFAULT;
	zn->listeners_max = LISTENERS_MAX_DEFAULT;
}

/**
 * zmq_sysctl_net_init() - give a namespace its defaults and its table
 * @net: the namespace, its struct zmq_net zeroed
 *
 * Context: Process context.
 * Return: 0 or -ENOMEM.
 */
int zmq_sysctl_net_init(struct net *net)
{
	struct zmq_net *zn = zmq_net(net);
	struct ctl_table *table;
	int nr = 0;

	set_defaults(zn);
	table = kmemdup(zmq_sysctls, sizeof(zmq_sysctls), GFP_KERNEL_ACCOUNT);
	if (!table)
		return -ENOMEM;

	for (; (unsigned long)table[nr].data < sizeof(*zn); nr++)
		table[nr].data += (unsigned long)zn;
	if (net_eq(net, &init_net))
		nr = ARRAY_SIZE(zmq_sysctls) - 1;
	else
		memset(&table[nr], 0, sizeof(*table));

	zn->sysctl = zmq_register_net_sysctl(net, "net/zmq", table, nr);
	if (!zn->sysctl) {
		kfree(table);
		return -ENOMEM;
	}
	return 0;
}

/**
 * zmq_sysctl_net_exit() - undo zmq_sysctl_net_init()
 * @net: the namespace
 *
 * Context: Process context.
 */
void zmq_sysctl_net_exit(struct net *net)
{
	struct zmq_net *zn = zmq_net(net);
	const struct ctl_table *table = zn->sysctl->ctl_table_arg;

	unregister_net_sysctl_table(zn->sysctl);
	kfree(table);
}

static bool is_in_groups(const struct zmq_net *zn)
{
	const struct group_info *groups = current_cred()->group_info;
	kgid_t low, high, gid = current_egid();
	unsigned int i;

	load_groups(zn, &low, &high);
	if (gid_lte(low, gid) && gid_lte(gid, high))
		return true;
	for (i = 0; i < groups->ngroups; i++) {
		gid = groups->gid[i];
		if (gid_lte(low, gid) && gid_lte(gid, high))
			return true;
	}
	return false;
}

/**
 * zmq_sysctl_may_create() - whether the caller may create sockets
 * @net: where
 *
 * Who is in one of the groups of net.zmq.create_group_range may, and who has
 * CAP_NET_ADMIN over the namespace. A namespace of one's own gives nobody what
 * the initial one denies.
 *
 * Context: Process context of socket().
 * Return: true if so.
 */
bool zmq_sysctl_may_create(struct net *net)
{
	const struct zmq_net *zn = zmq_net(net);

	if (!is_in_groups(zn) && !ns_capable(net->user_ns, CAP_NET_ADMIN))
		return false;
	return zn == zn->first || is_in_groups(zn->first) ||
	       ns_capable(&init_user_ns, CAP_NET_ADMIN);
}
