/* SPDX-License-Identifier: GPL-2.0-only */
/* What is dropped or refused is counted and traced. */
#ifndef _ZMQ_DROP_H
#define _ZMQ_DROP_H

#include "net.h"
#include "trace.h"

/**
 * zmq_drop() - count and trace messages that are dropped, or a refusal
 * @sk: the socket
 * @pipe: the peer, or NULL
 * @why: the reason
 * @n: how many, 0 for none after all
 *
 * Context: Any.
 */
static inline void zmq_drop(const struct sock *sk, const struct zmq_pipe *pipe,
			    enum zmq_mib_field why, unsigned long n)
{
	if (!n)
		return;
	ZMQ_ADD_STATS(sock_net(sk), why, n);
	trace_zmq_drop(sk, pipe, why, n);
}

#endif /* _ZMQ_DROP_H */
