/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_NET_H
#define _ZMQ_NET_H

#include <linux/atomic.h>
#include <linux/idr.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/seqlock.h>
#include <linux/time64.h>
#include <linux/uidgid.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include "mib.h"
#include "roster.h"

struct ctl_table_header;
struct zmq_inproc_ns;

/**
 * struct zmq_net - what AF_ZMQ keeps for a network namespace
 * @mib: counters, see mib.h
 * @first: of the initial namespace, whose limits bind all
 * @inproc: the inproc names of sockets that did not ask for others
 * @inproc_ids: numbers of further name spaces
 * @socks: every socket, for /proc/net/zmq and sock_diag
 * @max_msg_bytes: net.zmq.max_msg_bytes, the largest message that a peer may
 *	send, and
 * @max_msg_frames: net.zmq.max_msg_frames, the one of the most frames; also one
 *	that is sent here
 * @linger_max_ms: net.zmq.linger_max_ms, how long a closed socket may drain
 * @peer_subs_max: net.zmq.peer_subscriptions_max, topics that one peer may
 *	subscribe to
 * @sub_bytes_max: net.zmq.subscription_bytes_max, memory that the subscriptions
 *	of all peers of a socket may take, and those of one peer half of
 * @create_groups: net.zmq.create_group_range, the first and the last group
 *	whose members may create sockets
 * @create_lock: protects @create_groups
 * @hwm_max: net.zmq.hwm_max, the highest ZMQ_SNDHWM and ZMQ_RCVHWM, 0 for no
 *	limit
 * @coalesce_us: net.zmq.coalesce_us, how long a message may wait for others
 * @handshakes_max: net.zmq.handshakes_max, accepted connections of a socket
 *	that have not completed their handshake
 * @orphans_max: net.zmq.orphans_max, closed sockets that may drain
 * @sockets_max: net.zmq.sockets_max
 * @peers_max: net.zmq.peers_max, what a socket may have of peers
 * @listeners_max: net.zmq.listeners_max, what a socket may have of listeners
 * @nr_orphans: closed sockets that drain
 * @nr_sockets: all sockets, also those that drain
 * @sysctl: the registered table
 */
struct zmq_net {
	struct zmq_mib __percpu	*mib;
	const struct zmq_net	*first;
	struct zmq_inproc_ns	*inproc;
	struct ida		inproc_ids;
	struct zmq_roster	socks;
	unsigned long		max_msg_bytes;
	int			max_msg_frames;
	int			linger_max_ms;
	unsigned long		peer_subs_max;
	unsigned long		sub_bytes_max;
	kgid_t			create_groups[2];
	seqlock_t		create_lock; /* of create_groups alone */
	int			hwm_max;
	int			coalesce_us;
	int			handshakes_max;
	int			orphans_max;
	int			sockets_max;
	int			peers_max;
	int			listeners_max;
	atomic_t		nr_orphans;
	atomic_t		nr_sockets;
	struct ctl_table_header	*sysctl;
};

extern unsigned int zmq_net_id;

static inline struct zmq_net *zmq_net(const struct net *net)
{
	return net_generic(net, zmq_net_id);
}

static inline unsigned long zmq_limit_at(const struct zmq_net *zn, size_t offset)
{
	const void *own = zn, *first = zn->first;

	return min(READ_ONCE(*(const unsigned long *)(own + offset)),
		   READ_ONCE(*(const unsigned long *)(first + offset)));
}

static inline int zmq_int_limit_at(const struct zmq_net *zn, size_t offset)
{
	const void *own = zn, *first = zn->first;

	return min(READ_ONCE(*(const int *)(own + offset)),
		   READ_ONCE(*(const int *)(first + offset)));
}

/* A limit of a namespace, of type unsigned long or int. Whoever has one of its
 * own writes what it likes into its sysctls, but gets no more than the initial
 * namespace allows.
 */
#define ZMQ_LIMIT(zn, field) zmq_limit_at(zn, offsetof(struct zmq_net, field))
#define ZMQ_INT_LIMIT(zn, field) \
	zmq_int_limit_at(zn, offsetof(struct zmq_net, field))

/* Nobody but the administrator may let the dead hold memory for longer. */
#define ZMQ_LINGER_HARD_MAX_MS	(5 * 60 * MSEC_PER_SEC)

static inline int zmq_linger_max_ms(const struct zmq_net *zn)
{
	int ms = ZMQ_INT_LIMIT(zn, linger_max_ms);

	return zn == zn->first ? ms : min_t(int, ms, ZMQ_LINGER_HARD_MAX_MS);
}

/* 0: there is no limit. */
static inline int zmq_hwm_max(const struct zmq_net *zn)
{
	return min_not_zero(READ_ONCE(zn->hwm_max),
			    READ_ONCE(zn->first->hwm_max));
}

#define ZMQ_INC_STATS(net, field) \
	zmq_mib_add(zmq_net(net)->mib, field, 1)
#define ZMQ_ADD_STATS(net, field, n) \
	zmq_mib_add(zmq_net(net)->mib, field, n)

#endif /* _ZMQ_NET_H */
