/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_NETNS_GENERIC_H
#define _SHIM_NETNS_GENERIC_H

#include <net/net_namespace.h>

static inline void *net_generic(const struct net *net, unsigned int id)
{
	(void)id;
	return net->generic;
}

#endif
