/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_NETNS_H
#define _ZMQ_NETNS_H

int zmq_netns_init(void);
void zmq_netns_exit(void);

#endif /* _ZMQ_NETNS_H */
