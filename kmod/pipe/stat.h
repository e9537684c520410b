/* SPDX-License-Identifier: GPL-2.0-only */
/* What a socket and its peers have and did, for those who show it. */
#ifndef _ZMQ_STAT_H
#define _ZMQ_STAT_H

#include <linux/zmq_diag.h>
#include "pipe.h"

void zmq_stat_core(struct zmq_core *core, struct zmq_diag_info *info);
void zmq_stat_pipe(const struct zmq_pipe *pipe, struct zmq_diag_peer *peer);
void zmq_stat_conn(struct zmq_conn *conn, struct zmq_diag_peer *peer);
u64 zmq_stat_unsent(struct zmq_core *core, bool unacked);
void zmq_stat_child(struct socket *sock, struct zmq_diag_child *child);

#endif /* _ZMQ_STAT_H */
