/* SPDX-License-Identifier: GPL-2.0-only */
/* Children that user space made: ZMQ_USE_FD and ZMQ_ATTACH_FD. */
#ifndef _ZMQ_ADOPT_H
#define _ZMQ_ADOPT_H

#include "conn/conn.h"

int zmq_adopt_give(struct zmq_owner *owner, int fd);
void zmq_adopt_forget(struct zmq_owner *owner);
int zmq_adopt_listener(struct zmq_owner *owner, struct zmq_endpoint *ep,
		       struct socket **res);
int zmq_adopt_stream(struct zmq_owner *owner, int fd);

#endif /* _ZMQ_ADOPT_H */
