// SPDX-License-Identifier: GPL-2.0-only
/* What a network namespace has of AF_ZMQ: counters, limits, files in /proc. */
#include <linux/slab.h>
#include <linux/sysctl.h>
#include <net/net_debug.h>
#include "compat.h"
#include "net.h"
#include "netns.h"
#include "proc.h"

#define MAX_MSG_BYTES_DEFAULT	SZ_1G
#define LINGER_MAX_MS_DEFAULT	30000
#define PEER_SUBS_MAX_DEFAULT	SZ_1M
#define SUB_BYTES_MAX_DEFAULT	SZ_256M

unsigned int zmq_net_id __read_mostly;

/* No socket's account can hold more, see zmq_mem_charge_rx(). */
static unsigned long bytes_max = INT_MAX;

enum {
	SYSCTL_MAX_MSG_BYTES,
	SYSCTL_LINGER_MAX_MS,
	SYSCTL_PEER_SUBS_MAX,
	SYSCTL_SUB_BYTES_MAX,
	__SYSCTL_MAX
};

/* .data points into the namespace's own struct zmq_net. */
static const struct ctl_table zmq_sysctls[] = {
	[SYSCTL_MAX_MSG_BYTES] = {
		.procname	= "max_msg_bytes",
		.maxlen		= sizeof(unsigned long),
		.mode		= 0644,
		.proc_handler	= proc_doulongvec_minmax,
		.extra2		= &bytes_max,
	},
	[SYSCTL_LINGER_MAX_MS] = {
		.procname	= "linger_max_ms",
		.maxlen		= sizeof(int),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_INT_MAX,
	},
	[SYSCTL_PEER_SUBS_MAX] = {
		.procname	= "peer_subscriptions_max",
		.maxlen		= sizeof(unsigned long),
		.mode		= 0644,
		.proc_handler	= proc_doulongvec_minmax,
	},
	[SYSCTL_SUB_BYTES_MAX] = {
		.procname	= "subscription_bytes_max",
		.maxlen		= sizeof(unsigned long),
		.mode		= 0644,
		.proc_handler	= proc_doulongvec_minmax,
		.extra2		= &bytes_max,
	},
	[__SYSCTL_MAX] = {},	/* the end, where the size cannot be told */
};

static int sysctl_init(struct net *net)
{
	struct zmq_net *zn = zmq_net(net);
	struct ctl_table *table;

	table = kmemdup(zmq_sysctls, sizeof(zmq_sysctls), GFP_KERNEL_ACCOUNT);
	if (!table)
		return -ENOMEM;

	table[SYSCTL_MAX_MSG_BYTES].data = &zn->max_msg_bytes;
	table[SYSCTL_LINGER_MAX_MS].data = &zn->linger_max_ms;
	table[SYSCTL_PEER_SUBS_MAX].data = &zn->peer_subs_max;
	table[SYSCTL_SUB_BYTES_MAX].data = &zn->sub_bytes_max;

	zn->sysctl = zmq_register_net_sysctl(net, "net/zmq", table,
					     __SYSCTL_MAX);
	if (!zn->sysctl) {
		kfree(table);
		return -ENOMEM;
	}
	return 0;
}

static void sysctl_exit(struct net *net)
{
	struct zmq_net *zn = zmq_net(net);
	const struct ctl_table *table = zn->sysctl->ctl_table_arg;

	unregister_net_sysctl_table(zn->sysctl);
	kfree(table);
}

static int __net_init zmq_net_init(struct net *net)
{
	struct zmq_net *zn = zmq_net(net);
	int err;

	mutex_init(&zn->inproc_lock);
	INIT_LIST_HEAD(&zn->inproc_bound);
	INIT_LIST_HEAD(&zn->inproc_parked);
	spin_lock_init(&zn->socks_lock);
	INIT_HLIST_HEAD(&zn->socks);
	zn->max_msg_bytes = MAX_MSG_BYTES_DEFAULT;
	zn->linger_max_ms = LINGER_MAX_MS_DEFAULT;
	zn->peer_subs_max = PEER_SUBS_MAX_DEFAULT;
	zn->sub_bytes_max = SUB_BYTES_MAX_DEFAULT;

	zn->mib = zmq_mib_alloc();
	if (!zn->mib)
		return -ENOMEM;
	err = sysctl_init(net);
	if (err)
		goto err_mib;
	err = zmq_proc_net_init(net);
	if (err)
		goto err_sysctl;
	return 0;

err_sysctl:
	sysctl_exit(net);
err_mib:
	zmq_mib_free(zn->mib);
	return err;
}

/* Every socket of the namespace holds it: none is left. */
static void __net_exit zmq_net_exit(struct net *net)
{
	struct zmq_net *zn = zmq_net(net);

	zmq_proc_net_exit(net);
	sysctl_exit(net);
	DEBUG_NET_WARN_ON_ONCE(!hlist_empty(&zn->socks));
	DEBUG_NET_WARN_ON_ONCE(!list_empty(&zn->inproc_bound));
	DEBUG_NET_WARN_ON_ONCE(!list_empty(&zn->inproc_parked));
	zmq_mib_free(zn->mib);
}

static struct pernet_operations zmq_net_ops = {
	.init	= zmq_net_init,
	.exit	= zmq_net_exit,
	.id	= &zmq_net_id,
	.size	= sizeof(struct zmq_net),
};

/**
 * zmq_netns_init() - prepare every network namespace, now and to come
 *
 * Context: Process context, module init, before the family is registered.
 * Return: 0 or a negative errno.
 */
int zmq_netns_init(void)
{
	return register_pernet_subsys(&zmq_net_ops);
}

/**
 * zmq_netns_exit() - undo zmq_netns_init()
 *
 * Context: Process context, module exit, after the family is unregistered.
 */
void zmq_netns_exit(void)
{
	unregister_pernet_subsys(&zmq_net_ops);
}
