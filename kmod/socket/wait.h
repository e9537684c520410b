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

/* There may be a frame to receive. */
static inline bool zmq_sock_has_input(struct zmq_sock *zsk)
{
	const struct zmq_core *core = &zsk->core;

	return READ_ONCE(core->rx_pipe) || !list_empty(&core->ready) ||
	       (core->pattern->has_input && core->pattern->has_input(core));
}

bool zmq_sock_has_room(struct zmq_sock *zsk);
int zmq_sock_wait(struct zmq_sock *zsk, __poll_t events,
		  bool (*ready)(struct zmq_sock *zsk),
		  struct zmq_patience *patience);

/**
 * zmq_sock_wait_for_frame() - find the frame that is received next
 * @zsk: the socket
 * @f: the frame
 * @patience: how long to wait for it
 *
 * Context: Process context, socket lock held; it is released meanwhile.
 * Return: 0, -EAGAIN, -EBADFD, -EINTR, -ERESTARTSYS or -ESHUTDOWN.
 */
static inline int zmq_sock_wait_for_frame(struct zmq_sock *zsk,
					  struct zmq_frame *f,
					  struct zmq_patience *patience)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;
	int err;

	for (;;) {
		err = pattern->peek(&zsk->core, f);
		if (err != -EAGAIN)
			return err;
		err = zmq_sock_wait(zsk, EPOLLIN, zmq_sock_has_input, patience);
		if (err)
			return err;
	}
}

#endif /* _ZMQ_WAIT_H */
