/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_MEM_H
#define _ZMQ_MEM_H

#include <net/sock.h>

extern struct percpu_counter zmq_sockets_allocated;
extern atomic_long_t zmq_memory_allocated;
extern unsigned long zmq_memory_pressure;
extern long zmq_sysctl_mem[3];
DECLARE_PER_CPU(int, zmq_memory_per_cpu_fw_alloc);

int zmq_mem_init(void);
void zmq_mem_exit(void);
void zmq_enter_memory_pressure(struct sock *sk);
void zmq_leave_memory_pressure(struct sock *sk);

bool zmq_mem_charge_rx(struct sock *sk, unsigned int truesize, bool force);
void zmq_mem_uncharge_rx(struct sock *sk, unsigned int truesize);
bool zmq_mem_charge_tx(struct sock *sk, unsigned int truesize);
void zmq_mem_uncharge_tx(struct sock *sk, unsigned int truesize);

#endif /* _ZMQ_MEM_H */
