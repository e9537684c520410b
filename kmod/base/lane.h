/* SPDX-License-Identifier: GPL-2.0-only */
/* Work that may have to wait for its user, in a queue that nobody else is in. */
#ifndef _ZMQ_LANE_H
#define _ZMQ_LANE_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

struct sock;
struct zmq_user;

/**
 * enum zmq_lane_kind - what the lanes of a user are for
 * @ZMQ_LANE_DIAL: paths that are looked up
 * @ZMQ_LANE_UNLINK: paths that are removed
 */
enum zmq_lane_kind {
	ZMQ_LANE_DIAL,
	ZMQ_LANE_UNLINK,
};

/**
 * struct zmq_lane - the queue of a socket or of a user
 * @ref: references
 * @wq: where its work runs
 * @payer: of a socket, who is charged for it
 * @node: of a user, where it is found
 * @net: of a user, in which namespace, NULL for all that users made; only
 *	compared
 * @uid: whose
 * @kind: what for
 * @free_work: frees it, which may sleep
 */
struct zmq_lane {
	refcount_t		ref;
	struct workqueue_struct	*wq;
	struct zmq_user		*payer;
	struct hlist_node	node;
	const struct net	*net;
	kuid_t			uid;
	enum zmq_lane_kind	kind;
	struct work_struct	free_work;
};

struct zmq_lane *zmq_lane_new(const struct sock *sk);
struct zmq_lane *zmq_lane_of_user(const struct net *net,
				  enum zmq_lane_kind kind);
void zmq_lane_get(struct zmq_lane *lane);
void zmq_lane_put(struct zmq_lane *lane);
int zmq_lane_init(void);
void zmq_lane_exit(void);

#endif /* _ZMQ_LANE_H */
