/* SPDX-License-Identifier: GPL-2.0-only */
/* How bytes go from one AF_ZMQ socket to another one of this kernel. */
#ifndef _ZMQ_DIRECT_H
#define _ZMQ_DIRECT_H

struct zmq_link;

struct zmq_link *zmq_direct_link(const struct zmq_link *link);
void zmq_direct_join(struct zmq_link *a, struct zmq_link *b);
void zmq_direct_switch(struct zmq_link *link);

#endif /* _ZMQ_DIRECT_H */
