/* SPDX-License-Identifier: GPL-2.0-only */
/* How any other stream socket of ours carries bytes. */
#ifndef _ZMQ_POLLED_H
#define _ZMQ_POLLED_H

#include <linux/mm_types_task.h>
#include "conn/conn.h"
#include "conn/link.h"

struct zmq_link *zmq_polled_link(struct zmq_conn *conn, struct socket *sock);
void zmq_polled_forget(struct zmq_link *link);
int zmq_polled_recv(struct socket *sock, struct page_frag *frag,
		    struct sk_buff **res);
void zmq_polled_send_later(struct zmq_conn *conn);

#endif /* _ZMQ_POLLED_H */
