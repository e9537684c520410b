// SPDX-License-Identifier: GPL-2.0-only
/*
 * Received memory arrives in softirq, where the socket lock cannot be taken:
 * as UDP does it, sk_receive_queue.lock protects the socket's sums.
 *
 * rx: sk_rmem_alloc, drawn from sk_forward_alloc, which also charges the
 *     memory cgroup of the socket.
 * tx: sk_wmem_queued. The pages are charged to the memory cgroup of the sender
 *     when they are allocated, with GFP_KERNEL_ACCOUNT: only there can the
 *     cgroup reclaim memory, or refuse. Under a spinlock its limit would not
 *     hold, since atomic charges always succeed.
 */
#include <linux/math.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/swap.h>
#include <net/net_debug.h>
#include "mem.h"

struct percpu_counter zmq_sockets_allocated;
atomic_long_t zmq_memory_allocated;
unsigned long zmq_memory_pressure;
long zmq_sysctl_mem[3];
int zmq_sysctl_rmem_min = PAGE_SIZE;
int zmq_sysctl_wmem_min = PAGE_SIZE;
DEFINE_PER_CPU(int, zmq_memory_per_cpu_fw_alloc);

/* A socket that is read as fast as it is written to would otherwise ask the family
 * and the cgroup for each message, and give back as often.
 */
#define RX_RESERVE	((int)PAGE_SIZE)

static spinlock_t *mem_lock(struct sock *sk)
{
	return &sk->sk_receive_queue.lock;
}

/**
 * zmq_mem_init() - set the family's limits by the size of the machine
 *
 * Context: Process context, module init.
 * Return: 0 or -ENOMEM.
 */
int zmq_mem_init(void)
{
	unsigned long pages = max(nr_free_buffer_pages(), 1024UL);

	zmq_sysctl_mem[0] = pages / 8;
	zmq_sysctl_mem[1] = pages / 16 * 3;
	zmq_sysctl_mem[2] = pages / 4;
	return percpu_counter_init(&zmq_sockets_allocated, 0, GFP_KERNEL);
}

/**
 * zmq_mem_exit() - undo zmq_mem_init()
 *
 * Context: Process context, module exit; every socket is destroyed.
 */
void zmq_mem_exit(void)
{
	long sum = atomic_long_read(&zmq_memory_allocated);
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(zmq_memory_per_cpu_fw_alloc, cpu);
	DEBUG_NET_WARN_ON_ONCE(sum);
	DEBUG_NET_WARN_ON_ONCE(percpu_counter_sum(&zmq_sockets_allocated));
	percpu_counter_destroy(&zmq_sockets_allocated);
}

/**
 * zmq_mem_msg_max() - the most that one message may take of what the family has
 *
 * Context: Any.
 * Return: bytes, a quarter of all, but a page however little that is.
 */
u64 zmq_mem_msg_max(void)
{
	u64 pages = max(READ_ONCE(zmq_sysctl_mem[2]), 0L);

	return max_t(u64, (pages << PAGE_SHIFT) / 4, PAGE_SIZE);
}

/**
 * zmq_enter_memory_pressure() - struct proto's operation of that name
 * @sk: any socket of the family
 *
 * Context: Any.
 */
void zmq_enter_memory_pressure(struct sock *sk)
{
	if (!READ_ONCE(zmq_memory_pressure))
		WRITE_ONCE(zmq_memory_pressure, 1);
}

/**
 * zmq_leave_memory_pressure() - struct proto's operation of that name
 * @sk: any socket of the family
 *
 * Context: Any.
 */
void zmq_leave_memory_pressure(struct sock *sk)
{
	if (READ_ONCE(zmq_memory_pressure))
		WRITE_ONCE(zmq_memory_pressure, 0);
}

/**
 * zmq_mem_sock_init() - begin a socket's account
 * @sk: the socket, behind sock_init_data()
 *
 * Context: Any.
 */
void zmq_mem_sock_init(struct sock *sk)
{
	sk_sockets_allocated_inc(sk);
}

/**
 * zmq_mem_sock_exit() - close a socket's account, in sk_destruct
 * @sk: the socket; everything charged has been uncharged
 *
 * Context: Any; nobody else knows the socket.
 */
void zmq_mem_sock_exit(struct sock *sk)
{
	spin_lock_bh(mem_lock(sk));
	sk_mem_reclaim_final(sk);
	spin_unlock_bh(mem_lock(sk));

	DEBUG_NET_WARN_ON_ONCE(atomic_read(&sk->sk_rmem_alloc));
	DEBUG_NET_WARN_ON_ONCE(sk->sk_wmem_queued);
	DEBUG_NET_WARN_ON_ONCE(sk->sk_forward_alloc);
	sk_sockets_allocated_dec(sk);
}

#ifdef CONFIG_MEMCG
/* The pages are charged to the protocol a second time together with the cgroup,
 * and then given back without it: the call that charges the cgroup alone is not
 * for modules.
 */
static bool charge_held(struct sock *sk, struct mem_cgroup *memcg)
{
	int held = sk->sk_forward_alloc + atomic_read(&sk->sk_rmem_alloc) +
		   sk->sk_wmem_queued;
	int size = max(held, 0) ? (int)PAGE_ALIGN(held) : 0;

	sk->sk_memcg = memcg;
	if (!size)
		return true;
	if (!__sk_mem_schedule(sk, size, SK_MEM_RECV)) {
		sk->sk_memcg = NULL;
		return false;
	}
	sk->sk_memcg = NULL;
	__sk_mem_reclaim(sk, size);
	sk->sk_memcg = memcg;
	return true;
}
#endif

/**
 * zmq_mem_adopt() - charge an accepted child to the memory cgroup of its owner
 * @child: the child; it has not been used
 * @owner: the AF_ZMQ socket
 *
 * TCP takes the cgroup of the task that accepts, which for a worker is none.
 *
 * Context: Process context, child's lock not held.
 * Return: true if so; false if the cgroup has no room for what it holds.
 */
bool zmq_mem_adopt(struct sock *child, const struct sock *owner)
{
	bool adopted = true;

#ifdef CONFIG_MEMCG
	struct mem_cgroup *memcg = owner->sk_memcg;

	lock_sock(child);
	if (memcg && !child->sk_memcg && sk_has_account(child)) {
		adopted = charge_held(child, memcg);
		if (adopted)
			css_get(&memcg->css);
	}
	release_sock(child);
#endif
	return adopted;
}

/* Charges in softirq always succeed, so the limit has to be looked at here. */
static bool cgroup_is_full(const struct sock *sk)
{
#ifdef CONFIG_MEMCG
	struct page_counter *c;

	if (!sk->sk_memcg || !cgroup_subsys_on_dfl(memory_cgrp_subsys))
		return false;
	for (c = &sk->sk_memcg->memory; c; c = c->parent)
		if (page_counter_read(c) >= READ_ONCE(c->max))
			return true;
#endif
	return false;
}

/* A forced charge may have left sk_forward_alloc far below zero. */
static bool schedule_rx(struct sock *sk, unsigned int size)
{
	s64 need = (s64)size - sk->sk_forward_alloc;

	if (need <= 0)
		return true;
	return need <= INT_MAX - PAGE_SIZE && !cgroup_is_full(sk) &&
	       __sk_mem_schedule(sk, need, SK_MEM_RECV);
}

/**
 * zmq_mem_charge_rx() - charge received memory
 * @sk: the socket
 * @truesize: its size, overhead included
 * @force: charge also beyond what the family may have
 *
 * SO_RCVBUF is the pipes' concern: they stop reading. What was forced is a debt of
 * the socket to the family and to the cgroup; charges to come settle it. No
 * force goes beyond INT_MAX bytes a socket: the sums are ints.
 *
 * Context: Any but hard interrupt.
 * Return: true if charged.
 */
bool zmq_mem_charge_rx(struct sock *sk, unsigned int truesize, bool force)
{
	bool charged = false;
	int rmem;

	spin_lock_bh(mem_lock(sk));
	rmem = atomic_read(&sk->sk_rmem_alloc);
	if (truesize > INT_MAX - rmem)
		goto out;
	if (!schedule_rx(sk, truesize) && !force)
		goto out;
	sk_mem_charge(sk, truesize);
	atomic_add(truesize, &sk->sk_rmem_alloc);
	charged = true;
out:
	spin_unlock_bh(mem_lock(sk));
	return charged;
}

/**
 * zmq_mem_uncharge_rx() - undo zmq_mem_charge_rx()
 * @sk: the socket
 * @truesize: what was charged, or part of it
 *
 * Context: Any but hard interrupt.
 */
void zmq_mem_uncharge_rx(struct sock *sk, unsigned int truesize)
{
	spin_lock_bh(mem_lock(sk));
	atomic_sub(truesize, &sk->sk_rmem_alloc);
	sk_mem_charge(sk, -(int)truesize);
	if (sk->sk_forward_alloc >= RX_RESERVE + (int)PAGE_SIZE)
		sk_mem_reclaim(sk);
	spin_unlock_bh(mem_lock(sk));
}

static long pages_of(unsigned int size)
{
	return DIV_ROUND_UP((unsigned long)size, PAGE_SIZE);
}

static bool raise_tx(struct sock *sk, long pages)
{
	long sum;

	if (!pages)
		return true;
	sum = atomic_long_add_return(pages, &zmq_memory_allocated);
	if (sum > zmq_sysctl_mem[1])
		zmq_enter_memory_pressure(sk);
	if (sum <= zmq_sysctl_mem[2])
		return true;
	atomic_long_sub(pages, &zmq_memory_allocated);
	return false;
}

/**
 * zmq_mem_charge_tx() - charge memory of outgoing messages
 * @sk: the socket
 * @truesize: its size, overhead included
 *
 * SO_SNDBUF does not limit it: the send high-water mark does, and a message
 * under way must get all the memory it needs to be routed at all.
 *
 * Context: Any but hard interrupt.
 * Return: true if charged, false if the family has all the memory it may have.
 */
bool zmq_mem_charge_tx(struct sock *sk, unsigned int truesize)
{
	unsigned int queued;
	bool charged;

	spin_lock_bh(mem_lock(sk));
	queued = sk->sk_wmem_queued;
	charged = truesize <= INT_MAX - queued &&
		  raise_tx(sk, pages_of(queued + truesize) - pages_of(queued));
	if (charged)
		sk_wmem_queued_add(sk, truesize);
	spin_unlock_bh(mem_lock(sk));
	return charged;
}

/**
 * zmq_mem_uncharge_tx() - undo zmq_mem_charge_tx()
 * @sk: the socket
 * @truesize: what was charged, or part of it
 *
 * Context: Any but hard interrupt.
 */
void zmq_mem_uncharge_tx(struct sock *sk, unsigned int truesize)
{
	unsigned int queued;
	long pages;

	spin_lock_bh(mem_lock(sk));
	queued = sk->sk_wmem_queued;
	sk_wmem_queued_add(sk, -(int)truesize);
	pages = pages_of(queued) - pages_of(queued - truesize);
	spin_unlock_bh(mem_lock(sk));

	if (pages && atomic_long_sub_return(pages, &zmq_memory_allocated) <
		     zmq_sysctl_mem[0])
		zmq_leave_memory_pressure(sk);
}
