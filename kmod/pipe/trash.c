// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs that nobody will read. A message may have a million of them, and those who
 * drop it hold core->lock or are in softirq: they only move them.
 */

#include <linux/sched.h>
#include "base/mem.h"
#include "pipe.h"
#include "trash.h"

/* So few are freed at once. */
#define AT_ONCE		16

/* Between two looks at who else wants to run. */
#define PORTION		256

static unsigned int free_some(struct sk_buff_head *runs, unsigned int most)
{
	unsigned int truesize = 0;
	struct sk_buff *skb;

	while (most-- && (skb = __skb_dequeue(runs))) {
		truesize += skb->truesize;
		kfree_skb(skb);
	}
	return truesize;
}

/**
 * zmq_trash_empty() - free what was dropped
 * @core: the socket's core
 *
 * Context: Process context, core->lock not held.
 */
void zmq_trash_empty(struct zmq_core *core)
{
	struct sk_buff_head runs;

	__skb_queue_head_init(&runs);
	spin_lock_bh(&core->lock);
	skb_queue_splice_tail_init(&core->trash, &runs);
	spin_unlock_bh(&core->lock);
	while (!skb_queue_empty(&runs)) {
		zmq_mem_uncharge_rx(core->sk, free_some(&runs, PORTION));
		cond_resched();
	}
}

static void trash_work(struct work_struct *work)
{
	struct zmq_core *core = container_of(work, struct zmq_core, trash_work);

	zmq_trash_empty(core);
	sock_put(core->sk);
}

/**
 * zmq_trash_locked() - drop runs
 * @core: the socket's core, which was charged for them
 * @runs: empty afterwards
 *
 * Context: Any, core->lock held.
 */
void zmq_trash_locked(struct zmq_core *core, struct sk_buff_head *runs)
{
	if (skb_queue_empty(runs))
		return;
	if (skb_queue_len(runs) <= AT_ONCE) {
		zmq_mem_uncharge_rx(core->sk, free_some(runs, AT_ONCE));
		return;
	}
	skb_queue_splice_tail_init(runs, &core->trash);
	sock_hold(core->sk);
	if (!queue_work(zmq_wq, &core->trash_work))
		sock_put(core->sk);
}

/**
 * zmq_trash_init() - prepare a core for zmq_trash_locked()
 * @core: the socket's core
 *
 * Context: Any.
 */
void zmq_trash_init(struct zmq_core *core)
{
	__skb_queue_head_init(&core->trash);
	INIT_WORK(&core->trash_work, trash_work);
}
