/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What AF_ZMQ's messages weigh, for the family as a whole (struct proto's
 * memory_allocated), for each socket and for its memory cgroup.
 */
#ifndef _ZMQ_MEM_H
#define _ZMQ_MEM_H

#include <net/sock.h>

struct notifier_block;

/**
 * struct zmq_mem_sock - what every AF_ZMQ socket begins with
 * @sk: the socket
 * @ledger: what the account needs of a struct sock and no other code may touch
 *	@sk's of: sk_forward_alloc. Changed under @sk's sk_receive_queue.lock
 */
struct zmq_mem_sock {
	struct sock	sk;
	struct sock	ledger;
};

extern long zmq_sysctl_mem[3];

int zmq_mem_init(void);
void zmq_mem_exit(void);
u64 zmq_mem_msg_max(void);
long zmq_mem_pages(void);
void zmq_mem_on_refusal(struct notifier_block *nb);
void zmq_mem_off_refusal(struct notifier_block *nb);

void zmq_mem_sock_init(struct sock *sk);
void zmq_mem_sock_exit(struct sock *sk);
bool zmq_mem_adopt(struct sock *child, const struct sock *owner);
bool zmq_mem_is_greedy(struct sock *sk);
bool zmq_mem_charge_rx(struct sock *sk, unsigned int truesize, bool force);
bool zmq_mem_move_rx(struct sock *from, struct sock *to, unsigned int truesize);
void zmq_mem_uncharge_rx(struct sock *sk, unsigned int truesize);
bool zmq_mem_charge_tx(struct sock *sk, unsigned int truesize);
void zmq_mem_uncharge_tx(struct sock *sk, unsigned int truesize);
bool zmq_mem_is_short(struct sock *sk);

#endif /* _ZMQ_MEM_H */
