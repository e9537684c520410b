/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_USER_H
#define _ZMQ_USER_H

#include <linux/uidgid.h>

struct sock;
struct zmq_user;

/* What is counted; each has a limit in net.zmq of the first namespace. */
enum zmq_user_item {
	ZMQ_USER_SOCKETS,	/* also those that drain */
	ZMQ_USER_NAMES,		/* inproc names bound */
	ZMQ_USER_PARKED,	/* inproc connections to names that nobody has bound */
	ZMQ_USER_LANES,		/* sockets that may keep a worker of their own waiting */
	ZMQ_USER_ITEMS
};

extern int zmq_sysctl_user_max[ZMQ_USER_ITEMS];

kuid_t zmq_user_current_id(void);
struct zmq_user *zmq_user_get_current(void);
void zmq_user_put(struct zmq_user *user);
int zmq_user_charge(struct zmq_user *user, enum zmq_user_item item,
		    const struct sock *sk);
void zmq_user_uncharge(struct zmq_user *user, enum zmq_user_item item);

#endif /* _ZMQ_USER_H */
