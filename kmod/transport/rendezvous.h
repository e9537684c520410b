/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the two ends of a connection meet if both are of this kernel. */
#ifndef _ZMQ_RENDEZVOUS_H
#define _ZMQ_RENDEZVOUS_H

#include <linux/types.h>

struct zmq_link;

void zmq_rendezvous_offer(struct zmq_link *link);
const u8 *zmq_rendezvous_token(const struct zmq_link *link);
void zmq_rendezvous_meet(struct zmq_link *link);
void zmq_rendezvous_withdraw(struct zmq_link *link);

#endif /* _ZMQ_RENDEZVOUS_H */
