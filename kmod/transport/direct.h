/* SPDX-License-Identifier: GPL-2.0-only */
/* How bytes go from one AF_ZMQ socket to another one of this kernel. */
#ifndef _ZMQ_DIRECT_H
#define _ZMQ_DIRECT_H

struct zmq_conn;
struct zmq_duct;

void zmq_direct_switch(struct zmq_conn *conn, struct zmq_duct *duct);

#endif /* _ZMQ_DIRECT_H */
