/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_PROC_H
#define _ZMQ_PROC_H

struct net;

int zmq_proc_net_init(struct net *net);
void zmq_proc_net_exit(struct net *net);

#endif /* _ZMQ_PROC_H */
