/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of hosts, whose addresses user space finds. */
#ifndef _ZMQ_RESOLVE_H
#define _ZMQ_RESOLVE_H

#include <linux/types.h>

struct zmq_conn;
struct zmq_owner;

int zmq_resolve_children(struct zmq_conn *conn);
int zmq_resolve_ask(struct zmq_conn *conn);
void zmq_resolve_end(struct zmq_conn *conn);
int zmq_resolve_result(struct zmq_conn *conn);
int zmq_resolve_answer(struct zmq_owner *owner, const char *answer, size_t len);

#endif /* _ZMQ_RESOLVE_H */
