/* SPDX-License-Identifier: GPL-2.0-only */
/* Sleeping until a socket is readable or writable. */
#ifndef _ZMQ_WAIT_H
#define _ZMQ_WAIT_H

#include "sock.h"

int zmq_sock_wait(struct zmq_sock *zsk, __poll_t events,
		  bool (*ready)(struct zmq_sock *zsk), long *timeo);

#endif /* _ZMQ_WAIT_H */
