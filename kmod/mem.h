/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What AF_ZMQ's messages weigh, for the family as a whole (struct proto's
 * memory_allocated), for each socket and for its memory cgroup.
 */
#ifndef _ZMQ_MEM_H
#define _ZMQ_MEM_H

#include <net/sock.h>

/* For struct proto; all of them must be set there. */
extern struct percpu_counter zmq_sockets_allocated;
extern atomic_long_t zmq_memory_allocated;
extern unsigned long zmq_memory_pressure;
extern long zmq_sysctl_mem[3];
extern int zmq_sysctl_rmem_min;		/* .sysctl_rmem */
extern int zmq_sysctl_wmem_min;		/* .sysctl_wmem */
DECLARE_PER_CPU(int, zmq_memory_per_cpu_fw_alloc);

int zmq_mem_init(void);
void zmq_mem_exit(void);
u64 zmq_mem_msg_max(void);
void zmq_enter_memory_pressure(struct sock *sk);
void zmq_leave_memory_pressure(struct sock *sk);

void zmq_mem_sock_init(struct sock *sk);
void zmq_mem_sock_exit(struct sock *sk);
bool zmq_mem_adopt(struct sock *child, const struct sock *owner);
bool zmq_mem_charge_rx(struct sock *sk, unsigned int truesize, bool force);
void zmq_mem_uncharge_rx(struct sock *sk, unsigned int truesize);
bool zmq_mem_charge_tx(struct sock *sk, unsigned int truesize);
void zmq_mem_uncharge_tx(struct sock *sk, unsigned int truesize);

#endif /* _ZMQ_MEM_H */
