/* SPDX-License-Identifier: GPL-2.0-only */
/* What streams read as polled ones are have in common. */
#ifndef _ZMQ_POLLED_H
#define _ZMQ_POLLED_H

#include <linux/net.h>
#include "conn/conn.h"
#include "transport.h"

void zmq_polled_install(struct zmq_conn *conn);
void zmq_polled_forget(struct zmq_conn *conn);
void zmq_polled_uninstall(struct zmq_conn *conn);
int zmq_polled_recv(struct socket *sock, struct page_frag *frag,
		    struct sk_buff **res);
int zmq_polled_fill(struct zmq_conn *conn);
int zmq_polled_read(struct zmq_conn *conn, read_descriptor_t *desc,
		    sk_read_actor_t actor, int (*fill)(struct zmq_conn *conn));
void zmq_polled_lock(struct zmq_conn *conn);
void zmq_polled_unlock(struct zmq_conn *conn);
bool zmq_polled_has_files(const struct zmq_conn *conn);
bool zmq_polled_drained(const struct zmq_conn *conn);
int zmq_polled_send(struct zmq_conn *conn, struct msghdr *m);
void zmq_polled_send_later(struct zmq_conn *conn);

#endif /* _ZMQ_POLLED_H */
