/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose processes peers on this machine are. */
#ifndef _ZMQ_PEERCRED_H
#define _ZMQ_PEERCRED_H

#include <linux/list.h>

struct cred;
struct pid;
struct sock;
struct zmq_core;
struct zmq_pipe;

/**
 * struct zmq_peercred - a process as it was when it bound or connected
 * @pid: its id, held; NULL if nothing is known of it
 * @cred: its credentials, held; NULL likewise
 */
struct zmq_peercred {
	struct pid		*pid;
	const struct cred	*cred;
};

void zmq_peercred_current(struct zmq_peercred *pc);
void zmq_peercred_copy(struct zmq_peercred *pc, const struct zmq_peercred *from);
void zmq_peercred_put(struct zmq_peercred *pc);
bool zmq_peercred_equal(const struct zmq_peercred *a,
			const struct zmq_peercred *b);

int zmq_pipe_set_cred(struct zmq_pipe *pipe, const struct zmq_peercred *pc);
int zmq_pipe_set_cred_of(struct zmq_pipe *pipe, struct sock *child);
void zmq_pipe_free_creds(struct zmq_pipe *pipe);
const struct zmq_peercred *zmq_pipe_cred(struct zmq_pipe *pipe);
void zmq_core_show_cred(struct zmq_core *core);

#endif /* _ZMQ_PEERCRED_H */
