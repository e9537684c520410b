/* SPDX-License-Identifier: GPL-2.0-only */
/* The send queue as seen by those who drain it. */
#ifndef _ZMQ_CONN_TX_H
#define _ZMQ_CONN_TX_H

#include "conn.h"

int zmq_conn_tx_give(struct zmq_conn *conn, struct msghdr *m, size_t bytes,
		     bool more);
void zmq_conn_tx_copy_pinned(const struct zmq_buf *buf, u32 off, u32 len,
			     struct msghdr *m);
int zmq_conn_send_cmds(struct zmq_conn *conn);
void zmq_conn_free_cmds(struct zmq_conn *conn);
unsigned int zmq_conn_tx_advance(struct zmq_conn *conn, u32 sent);
void zmq_conn_tx_note_unacked(struct zmq_conn *conn, u32 msgs, u32 behind);
bool zmq_conn_tx_pending(const struct zmq_conn *conn);
void zmq_conn_drain(struct zmq_conn *conn);
void zmq_conn_tx_work(struct zmq_conn *conn);

#endif /* _ZMQ_CONN_TX_H */
