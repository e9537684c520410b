// SPDX-License-Identifier: GPL-2.0-only
/* Work that runs under the socket lock and never waits behind a system call. */

#include <linux/sched/mm.h>
#include "compat.h"
#include "task.h"

/* Tasks that run before others may have the socket lock. */
#define TASK_BUDGET	64

struct workqueue_struct *zmq_wq;

static void kick(struct zmq_task_queue *queue)
{
	sock_hold(queue->sk);
	if (!queue_work(zmq_wq, &queue->work))
		sock_put(queue->sk);
}

/* As lock_sock(), but for the wait; the spinlock is held. */
static bool own_locked(struct sock *sk)
{
	if (sock_owned_by_user_nocheck(sk))
		return false;
	sk->sk_lock.owned = 1;
	mutex_acquire(&sk->sk_lock.dep_map, 0, 1, _RET_IP_);
	return true;
}

/**
 * zmq_task_trylock() - take the socket lock if nobody has it
 * @queue: the socket's queue
 * @note: set to true, under the socket's spinlock, if somebody does, for
 *	release_cb() to find; or NULL
 *
 * A caller may sleep in a page fault of its own making for as long as it likes
 * while it holds the socket lock, so nobody who serves others waits for it.
 *
 * Context: Process context; release_sock() ends it.
 * Return: true if the lock is ours.
 */
bool zmq_task_trylock(struct zmq_task_queue *queue, bool *note)
{
	struct sock *sk = queue->sk;
	bool owned;

	spin_lock_bh(&sk->sk_lock.slock);
	owned = own_locked(sk);
	if (!owned && note)
		*note = true;
	spin_unlock_bh(&sk->sk_lock.slock);
	return owned;
}

static struct zmq_task *take_first(struct zmq_task_queue *queue)
{
	struct zmq_task *task;

	spin_lock_irq(&queue->lock);
	task = list_first_entry_or_null(&queue->tasks, struct zmq_task, node);
	if (task)
		list_del_init(&task->node);
	spin_unlock_irq(&queue->lock);
	return task;
}

static void queue_work_fn(struct work_struct *work)
{
	struct zmq_task_queue *queue = container_of(work,
						    struct zmq_task_queue,
						    work);
	unsigned int budget = TASK_BUDGET;
	struct sock *sk = queue->sk;
	struct mem_cgroup *memcg;
	struct zmq_task *task;

	if (!zmq_task_trylock(queue, &queue->deferred))
		goto out;

	memcg = set_active_memcg(zmq_sock_memcg(sk));
	while (budget-- && (task = take_first(queue))) {
		task->ops->run(task);
		task->ops->put(task);
	}
	set_active_memcg(memcg);
	release_sock(sk);
	if (!list_empty(&queue->tasks))
		kick(queue);
out:
	sock_put(sk);
}

/**
 * zmq_task_queue_init() - prepare a socket for tasks
 * @queue: the socket's queue
 * @sk: the socket
 *
 * Context: Any.
 */
void zmq_task_queue_init(struct zmq_task_queue *queue, struct sock *sk)
{
	queue->sk = sk;
	queue->deferred = false;
	spin_lock_init(&queue->lock);
	INIT_LIST_HEAD(&queue->tasks);
	INIT_WORK(&queue->work, queue_work_fn);
}

/**
 * zmq_task_run() - run a task soon
 * @task: the task, on which the caller has a reference
 *
 * Context: Any.
 */
void zmq_task_run(struct zmq_task *task)
{
	struct zmq_task_queue *queue = task->queue;
	unsigned long flags;

	/* A wait queue calls with interrupts off. */
	spin_lock_irqsave(&queue->lock, flags);
	if (list_empty(&task->node)) {
		task->ops->get(task);
		list_add_tail(&task->node, &queue->tasks);
	}
	spin_unlock_irqrestore(&queue->lock, flags);
	kick(queue);
}

static void task_timeout(struct timer_list *timer)
{
	struct zmq_task *task = container_of(timer, struct zmq_task, timer);

	zmq_task_run(task);
	task->ops->put(task);
}

/**
 * zmq_task_init() - prepare a task
 * @task: the task
 * @queue: the queue of the socket whose lock it needs
 * @ops: what it does
 *
 * Context: Any.
 */
void zmq_task_init(struct zmq_task *task, struct zmq_task_queue *queue,
		   const struct zmq_task_ops *ops)
{
	INIT_LIST_HEAD(&task->node);
	timer_setup(&task->timer, task_timeout, 0);
	task->queue = queue;
	task->ops = ops;
}

/**
 * zmq_task_run_after() - run a task later, unless its timer ends before
 * @task: the task, on which the caller has a reference
 * @delay: jiffies
 *
 * Context: Any.
 */
void zmq_task_run_after(struct zmq_task *task, unsigned long delay)
{
	task->ops->get(task);
	if (timer_reduce(&task->timer, jiffies + delay))
		task->ops->put(task);
}

/**
 * zmq_task_stop_timer() - do not run a task later
 * @task: the task, on which the caller has a reference
 *
 * Context: Any. It may be running or about to, all the same.
 */
void zmq_task_stop_timer(struct zmq_task *task)
{
	if (timer_delete(&task->timer))
		task->ops->put(task);
}

/**
 * zmq_task_queue_release() - the socket lock is about to be released
 * @queue: the socket's queue
 *
 * Context: From release_sock(), with the socket's spinlock held.
 */
void zmq_task_queue_release(struct zmq_task_queue *queue)
{
	if (!queue->deferred)
		return;
	queue->deferred = false;
	kick(queue);
}

/**
 * zmq_task_init_module() - create the work queue
 *
 * Return: 0 or -ENOMEM.
 */
int zmq_task_init_module(void)
{
	zmq_wq = alloc_workqueue("zmq", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return zmq_wq ? 0 : -ENOMEM;
}

/**
 * zmq_task_exit_module() - wait for the last work and free the queue
 */
void zmq_task_exit_module(void)
{
	destroy_workqueue(zmq_wq);
}
