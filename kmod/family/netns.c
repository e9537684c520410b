// SPDX-License-Identifier: GPL-2.0-only
/* What a network namespace has of AF_ZMQ: counters, limits, files in /proc. */
#include <net/net_debug.h>
#include "base/net.h"
#include "netns.h"
#include "pipe/inproc.h"
#include "proc.h"
#include "sysctl.h"

unsigned int zmq_net_id __read_mostly;

static int __net_init zmq_net_init(struct net *net)
{
	struct zmq_net *zn = zmq_net(net);
	int err;

	zn->first = zmq_net(&init_net);
	zmq_roster_init(&zn->socks);

	zn->mib = zmq_mib_alloc();
	if (!zn->mib)
		return -ENOMEM;
	err = zmq_inproc_net_init(zn);
	if (err)
		goto err_mib;
	err = zmq_sysctl_net_init(net);
	if (err)
		goto err_inproc;
	err = zmq_proc_net_init(net);
	if (err)
		goto err_sysctl;
	return 0;

err_sysctl:
	zmq_sysctl_net_exit(net);
err_inproc:
	zmq_inproc_net_exit(zn);
err_mib:
	zmq_mib_free(zn->mib);
	return err;
}

/* Every socket of the namespace holds it: none is left. */
static void __net_exit zmq_net_exit(struct net *net)
{
	struct zmq_net *zn = zmq_net(net);

	zmq_proc_net_exit(net);
	zmq_sysctl_net_exit(net);
	DEBUG_NET_WARN_ON_ONCE(!xa_empty(&zn->socks.xa));
	zmq_roster_destroy(&zn->socks);
	zmq_inproc_net_exit(zn);
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
