/* SPDX-License-Identifier: GPL-2.0-only */
/* A file descriptor that tells what happens to a socket's connections. */
#ifndef _ZMQ_MONITOR_H
#define _ZMQ_MONITOR_H

#include "sock.h"

int zmq_monitor_open(struct zmq_sock *zsk, char __user *optval,
		     int __user *optlen);
void zmq_monitor_stop_all(struct zmq_sock *zsk);

#endif /* _ZMQ_MONITOR_H */
