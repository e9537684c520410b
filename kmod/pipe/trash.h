/* SPDX-License-Identifier: GPL-2.0-only */
/* What was received and nobody will read, freed in portions. */
#ifndef _ZMQ_TRASH_H
#define _ZMQ_TRASH_H

#include <linux/skbuff.h>

struct zmq_core;

void zmq_trash_init(struct zmq_core *core);
void zmq_trash_locked(struct zmq_core *core, struct sk_buff_head *runs);
void zmq_trash_empty(struct zmq_core *core);

#endif /* _ZMQ_TRASH_H */
