/* SPDX-License-Identifier: GPL-2.0-only */
/* In whose name bytes leave by a UNIX stream. */
#ifndef _ZMQ_SENDER_H
#define _ZMQ_SENDER_H

#include "types.h"

struct cred;
struct msghdr;
struct pid;
struct sock;
struct socket;

/**
 * struct zmq_sender - the process that made a connection
 * @pid: the process; NULL if its stream does not carry names
 * @cred: its credentials then
 */
struct zmq_sender {
	struct pid		*pid;
	const struct cred	*cred;
};

void zmq_sender_current(struct zmq_sender *sender);
void zmq_sender_copy(struct zmq_sender *sender, struct pid *pid,
		     const struct cred *cred);
void zmq_sender_put(struct zmq_sender *sender);
bool zmq_sender_may_run(const struct zmq_sender *sender);
struct sock *zmq_unix_peer(struct sock *sk);
bool zmq_unix_has_files(struct sock *sk);
int zmq_sender_sendmsg(const struct zmq_sender *sender, struct socket *sock,
		       struct msghdr *m);

#endif /* _ZMQ_SENDER_H */
