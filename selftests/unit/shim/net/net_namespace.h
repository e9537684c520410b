/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_NET_NAMESPACE_H
#define _SHIM_NET_NAMESPACE_H

struct net {
	void *generic;
};

#endif
