// SPDX-License-Identifier: GPL-2.0-only
/*
 * Received memory arrives in softirq, where the socket lock cannot be taken:
 * as UDP does it, sk_receive_queue.lock protects the socket's sums.
 *
 * rx: sk_rmem_alloc, drawn from the ledger's sk_forward_alloc, which also
 *     charges the memory cgroup of the socket.
 * tx: sk_wmem_queued. The pages are charged to the memory cgroup of the sender
 *     when they are allocated, with GFP_KERNEL_ACCOUNT: only there can the
 *     cgroup reclaim memory, or refuse. Under a spinlock its limit would not
 *     hold, since atomic charges always succeed.
 */
#include <linux/math.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/notifier.h>
#include <linux/swap.h>
#include <linux/workqueue.h>
#include <net/net_debug.h>
#include "mem.h"

static struct percpu_counter sockets_allocated;
static atomic_long_t memory_allocated;
static unsigned long memory_pressure;
static int buf_min = PAGE_SIZE;
static DEFINE_PER_CPU(int, per_cpu_fw_alloc);
long zmq_sysctl_mem[3];

/* A socket that is read as fast as it is written to would otherwise ask the family
 * and the cgroup for each message, and give back as often.
 */
#define RX_RESERVE	((int)PAGE_SIZE)

/* However full the family is, a socket with less than a page of received memory
 * may take what one look at a stream yields, and one may have two buffers to
 * send from: that others hold much does not silence it.
 */
#define RX_FLOOR	((int)PAGE_SIZE)
#define RX_FLOOR_STEP	SZ_128K
#define TX_FLOOR	(3 * PAGE_SIZE)

/* How often those who hold memory are asked to give some back. */
#define RECLAIM_PAUSE	(HZ / 50)

static BLOCKING_NOTIFIER_HEAD(reclaimers);

static void reclaim(struct work_struct *work)
{
	blocking_notifier_call_chain(&reclaimers, 0, NULL);
}

static DECLARE_DELAYED_WORK(reclaim_work, reclaim);
static unsigned long reclaim_next;

/* The family has no memory for a socket: whoever holds some that it can do
 * without shall give it back.
 */
static void refused(void)
{
	unsigned long next = READ_ONCE(reclaim_next), now = jiffies;

	if (delayed_work_pending(&reclaim_work))
		return;
	WRITE_ONCE(reclaim_next, now + RECLAIM_PAUSE);
	queue_delayed_work(system_unbound_wq, &reclaim_work,
			   time_in_range(next, now, now + RECLAIM_PAUSE) ?
			   next - now : 0);
}

/**
 * zmq_mem_on_refusal() - be told that memory was refused
 * @nb: whom to call, in process context, without locks, at most every 20 ms
 *
 * Context: Process context, module init.
 */
void zmq_mem_on_refusal(struct notifier_block *nb)
{
	blocking_notifier_chain_register(&reclaimers, nb);
}

/**
 * zmq_mem_off_refusal() - undo zmq_mem_on_refusal()
 * @nb: who was called
 *
 * Context: Process context, module exit; it is not being called any more.
 */
void zmq_mem_off_refusal(struct notifier_block *nb)
{
	blocking_notifier_chain_unregister(&reclaimers, nb);
}

static void enter_pressure(struct sock *sk)
{
	if (!READ_ONCE(memory_pressure))
		WRITE_ONCE(memory_pressure, 1);
}

static void leave_pressure(struct sock *sk)
{
	if (READ_ONCE(memory_pressure))
		WRITE_ONCE(memory_pressure, 0);
}

/* Of the ledgers. The family's own struct proto has no memory_allocated: with it
 * SO_RESERVE_MEM would change sk_forward_alloc under the socket lock alone, and
 * let a socket take the family's memory without using any.
 */
static struct proto ledger_prot = {
	.name			= "ZMQ",
	.sockets_allocated	= &sockets_allocated,
	.memory_allocated	= &memory_allocated,
	.per_cpu_fw_alloc	= &per_cpu_fw_alloc,
	.memory_pressure	= &memory_pressure,
	.enter_memory_pressure	= enter_pressure,
	.leave_memory_pressure	= leave_pressure,
	.sysctl_mem		= zmq_sysctl_mem,
	.sysctl_rmem		= &buf_min,
	.sysctl_wmem		= &buf_min,
};

static struct sock *ledger_of(struct sock *sk)
{
	return &container_of(sk, struct zmq_mem_sock, sk)->ledger;
}

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
	return percpu_counter_init(&sockets_allocated, 0, GFP_KERNEL);
}

/**
 * zmq_mem_exit() - undo zmq_mem_init()
 *
 * Context: Process context, module exit; every socket is destroyed.
 */
void zmq_mem_exit(void)
{
	cancel_delayed_work_sync(&reclaim_work);
	DEBUG_NET_WARN_ON_ONCE(zmq_mem_pages());
	DEBUG_NET_WARN_ON_ONCE(percpu_counter_sum(&sockets_allocated));
	percpu_counter_destroy(&sockets_allocated);
}

/**
 * zmq_mem_pages() - the memory that the family has
 *
 * Context: Any.
 * Return: pages, with those that CPUs keep for the next charge.
 */
long zmq_mem_pages(void)
{
	long sum = atomic_long_read(&memory_allocated);
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(per_cpu_fw_alloc, cpu));
	return sum;
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
 * zmq_mem_sock_init() - begin a socket's account
 * @sk: the socket, behind sock_init_data()
 *
 * Context: Any.
 */
void zmq_mem_sock_init(struct sock *sk)
{
	struct sock *ledger = ledger_of(sk);

	ledger->sk_prot = &ledger_prot;
#ifdef CONFIG_MEMCG
	ledger->sk_memcg = sk->sk_memcg;
#endif
	sk_sockets_allocated_inc(ledger);
}

/**
 * zmq_mem_sock_exit() - close a socket's account, in sk_destruct
 * @sk: the socket; everything charged has been uncharged
 *
 * Context: Any; nobody else knows the socket.
 */
void zmq_mem_sock_exit(struct sock *sk)
{
	struct sock *ledger = ledger_of(sk);

	spin_lock_bh(mem_lock(sk));
	sk_mem_reclaim_final(ledger);
	spin_unlock_bh(mem_lock(sk));

	DEBUG_NET_WARN_ON_ONCE(atomic_read(&sk->sk_rmem_alloc));
	DEBUG_NET_WARN_ON_ONCE(sk->sk_wmem_queued);
	DEBUG_NET_WARN_ON_ONCE(ledger->sk_forward_alloc);
	sk_sockets_allocated_dec(ledger);
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

/* A forced charge may have left sk_forward_alloc far below zero. The sums of the
 * socket tell whether it has its share, where the family is under pressure.
 */
static bool schedule_rx(struct sock *sk, unsigned int size)
{
	struct sock *ledger = ledger_of(sk);
	s64 need = (s64)size - ledger->sk_forward_alloc;

	if (need <= 0)
		return true;
	if (need > INT_MAX - PAGE_SIZE)
		return false;
	if (cgroup_is_full(sk)) {
		refused();
		return false;
	}
	atomic_set(&ledger->sk_rmem_alloc, atomic_read(&sk->sk_rmem_alloc));
	ledger->sk_wmem_queued = sk->sk_wmem_queued;
	if (__sk_mem_schedule(ledger, need, SK_MEM_RECV))
		return true;
	refused();
	return size <= RX_FLOOR_STEP &&
	       atomic_read(&sk->sk_rmem_alloc) < RX_FLOOR;
}

/**
 * zmq_mem_charge_rx() - charge received memory
 * @sk: the socket
 * @truesize: its size, overhead included
 * @force: charge also beyond what the family may have
 *
 * SO_RCVBUF is the pipes' concern: they stop reading. What was forced, or is less
 * than anybody is sure of, is a debt of the socket to the family and to the
 * cgroup; charges to come settle it. Nothing goes beyond INT_MAX bytes a socket:
 * the sums are ints.
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
	sk_mem_charge(ledger_of(sk), truesize);
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
	struct sock *ledger = ledger_of(sk);

	spin_lock_bh(mem_lock(sk));
	atomic_sub(truesize, &sk->sk_rmem_alloc);
	sk_mem_charge(ledger, -(int)truesize);
	if (ledger->sk_forward_alloc >= RX_RESERVE + (int)PAGE_SIZE)
		sk_mem_reclaim(ledger);
	spin_unlock_bh(mem_lock(sk));
}

static bool same_cgroup(const struct sock *a, const struct sock *b)
{
#ifdef CONFIG_MEMCG
	return a->sk_memcg == b->sk_memcg;
#else
	return true;
#endif
}

/* Give up the pages of what is charged; what is less than one stays. */
static int give_pages(struct sock *sk, unsigned int truesize)
{
	struct sock *ledger = ledger_of(sk);
	s64 spare;
	int give;

	spin_lock_bh(mem_lock(sk));
	spare = (s64)ledger->sk_forward_alloc + truesize;
	give = min_t(s64, max_t(s64, spare, 0), PAGE_ALIGN((u64)truesize)) &
	       PAGE_MASK;
	atomic_sub(truesize, &sk->sk_rmem_alloc);
	sk_mem_charge(ledger, give - (int)truesize);
	spin_unlock_bh(mem_lock(sk));
	return give;
}

/* Nothing but INT_MAX keeps a socket from what is paid for. */
static bool take_pages(struct sock *from, struct sock *to, unsigned int truesize)
{
	bool fits;
	int given;

	spin_lock_bh(mem_lock(to));
	fits = truesize <= INT_MAX - atomic_read(&to->sk_rmem_alloc);
	if (fits)
		atomic_add(truesize, &to->sk_rmem_alloc);
	spin_unlock_bh(mem_lock(to));
	if (!fits)
		return false;

	given = give_pages(from, truesize);
	spin_lock_bh(mem_lock(to));
	sk_mem_charge(ledger_of(to), (int)truesize - given);
	spin_unlock_bh(mem_lock(to));
	return true;
}

/* A socket in another cgroup has to be charged anew; so much it may owe then. */
#define MOVE_DEBT_MAX	SZ_1M

static bool may_owe(struct sock *sk, unsigned int truesize)
{
	s64 left = (s64)READ_ONCE(ledger_of(sk)->sk_forward_alloc) - truesize;

	return left > -MOVE_DEBT_MAX && !cgroup_is_full(sk);
}

/**
 * zmq_mem_move_rx() - what one socket was charged for is another one's now
 * @from: who was charged
 * @to: who is
 * @truesize: its size, at most INT_MAX less a page
 *
 * Only where @to is in another cgroup this needs room.
 *
 * Context: Any but hard interrupt.
 * Return: true if so; false if nothing has changed.
 */
bool zmq_mem_move_rx(struct sock *from, struct sock *to, unsigned int truesize)
{
	if (from == to)
		return true;
	if (same_cgroup(from, to))
		return take_pages(from, to, truesize);
	if (!zmq_mem_charge_rx(to, truesize, may_owe(to, truesize)))
		return false;
	zmq_mem_uncharge_rx(from, truesize);
	return true;
}

static long pages_of(unsigned int size)
{
	return DIV_ROUND_UP((unsigned long)size, PAGE_SIZE);
}

static bool raise_tx(struct sock *sk, unsigned int queued, unsigned int size)
{
	long pages = pages_of(queued + size) - pages_of(queued);
	long sum;

	if (!pages)
		return true;
	sum = atomic_long_add_return(pages, &memory_allocated);
	if (sum > zmq_sysctl_mem[1])
		enter_pressure(sk);
	if (sum <= zmq_sysctl_mem[2])
		return true;
	refused();
	if (queued + size <= TX_FLOOR)
		return true;
	atomic_long_sub(pages, &memory_allocated);
	return false;
}

/**
 * zmq_mem_is_greedy() - whether a socket has more than its share
 * @sk: the socket
 *
 * Context: Any.
 * Return: true if the family would have too much if all sockets had as much.
 */
bool zmq_mem_is_greedy(struct sock *sk)
{
	u64 nr = percpu_counter_sum_positive(&sockets_allocated);
	long pages = pages_of(atomic_read(&sk->sk_rmem_alloc)) +
		     pages_of(READ_ONCE(sk->sk_wmem_queued));

	return nr * pages > READ_ONCE(zmq_sysctl_mem[2]);
}

/**
 * zmq_mem_is_short() - whether others have to do without what a socket holds
 * @sk: the socket
 *
 * Context: Process context.
 * Return: true if the family has more than it wants, or the socket more than its
 *	share while there is pressure, or its cgroup is full.
 */
bool zmq_mem_is_short(struct sock *sk)
{
	return atomic_long_read(&memory_allocated) >
	       READ_ONCE(zmq_sysctl_mem[1]) ||
	       (READ_ONCE(memory_pressure) && zmq_mem_is_greedy(sk)) ||
	       cgroup_is_full(sk);
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
 * Return: true if charged, false if the family has all the memory it may have
 *	and the socket more than anybody is sure of.
 */
bool zmq_mem_charge_tx(struct sock *sk, unsigned int truesize)
{
	unsigned int queued;
	bool charged;

	spin_lock_bh(mem_lock(sk));
	queued = sk->sk_wmem_queued;
	charged = truesize <= INT_MAX - queued &&
		  raise_tx(sk, queued, truesize);
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

	if (pages && atomic_long_sub_return(pages, &memory_allocated) <
		     zmq_sysctl_mem[0])
		leave_pressure(sk);
}
