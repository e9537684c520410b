/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_SYSCTL_H
#define _ZMQ_SYSCTL_H

struct net;

int zmq_sysctl_net_init(struct net *net);
void zmq_sysctl_net_exit(struct net *net);
bool zmq_sysctl_may_create(struct net *net);

#endif /* _ZMQ_SYSCTL_H */
