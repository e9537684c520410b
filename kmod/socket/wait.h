/* SPDX-License-Identifier: GPL-2.0-only */
/* Sleeping until a socket is readable or writable. */
#ifndef _ZMQ_WAIT_H
#define _ZMQ_WAIT_H

#include "sock.h"

/**
 * struct zmq_patience - how long a call may still sleep
 * @timeo: jiffies
 * @slept: it did sleep, so it may have taken a wake-up that others need
 */
struct zmq_patience {
	long	timeo;
	bool	slept;
};

bool zmq_sock_has_room(struct zmq_sock *zsk);
int zmq_sock_wait(struct zmq_sock *zsk, __poll_t events,
		  bool (*ready)(struct zmq_sock *zsk),
		  struct zmq_patience *patience);

#endif /* _ZMQ_WAIT_H */
