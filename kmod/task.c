// SPDX-License-Identifier: GPL-2.0-only
/* Work that runs under the socket lock and never waits behind a system call. */

#include "task.h"

struct workqueue_struct *zmq_wq;

/* A caller may sleep in a page fault of its own making for as long as it likes
 * while it holds the socket lock, so a worker that waited for it could be
 * starved on purpose. It leaves a note for release_sock() instead.
 */
static bool defer(struct zmq_task *task)
{
	struct zmq_task_queue *queue = task->queue;
	struct sock *sk = queue->sk;
	bool put = false;
	bool owned;

	bh_lock_sock(sk);
	owned = sock_owned_by_user(sk);
	if (owned) {
		spin_lock(&queue->lock);
		if (list_empty(&task->node))
			list_add_tail(&task->node, &queue->deferred);
		else
			put = true;
		spin_unlock(&queue->lock);
	}
	bh_unlock_sock(sk);
	if (put)
		task->ops->put(task);
	return owned;
}

static void task_work(struct work_struct *work)
{
	struct zmq_task *task = container_of(to_delayed_work(work),
					     struct zmq_task, dwork);
	struct sock *sk = task->queue->sk;
	bool deferred;

	local_bh_disable();
	deferred = defer(task);
	local_bh_enable();
	if (deferred)
		return;

	/* put() may drop the last reference to the socket. */
	sock_hold(sk);
	lock_sock(sk);
	task->ops->run(task);
	release_sock(sk);
	task->ops->put(task);
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
	spin_lock_init(&queue->lock);
	INIT_LIST_HEAD(&queue->deferred);
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
	INIT_DELAYED_WORK(&task->dwork, task_work);
	INIT_LIST_HEAD(&task->node);
	task->queue = queue;
	task->ops = ops;
}

/**
 * zmq_task_run() - run a task soon, and a waiting one now
 * @task: the task, on which the caller has a reference
 *
 * Context: Any.
 */
void zmq_task_run(struct zmq_task *task)
{
	task->ops->get(task);
	if (mod_delayed_work(zmq_wq, &task->dwork, 0))
		task->ops->put(task);
}

/**
 * zmq_task_run_after() - run a task later, unless it is to run earlier anyhow
 * @task: the task, on which the caller has a reference
 * @delay: jiffies
 *
 * Context: Any.
 */
void zmq_task_run_after(struct zmq_task *task, unsigned long delay)
{
	task->ops->get(task);
	if (!queue_delayed_work(zmq_wq, &task->dwork, delay))
		task->ops->put(task);
}

/**
 * zmq_task_queue_kick() - run what was deferred, the socket lock is released
 * @queue: the socket's queue
 *
 * Context: From release_sock(), with the socket's spinlock held.
 */
void zmq_task_queue_kick(struct zmq_task_queue *queue)
{
	struct zmq_task *task;

	if (list_empty(&queue->deferred))
		return;
	spin_lock(&queue->lock);
	while (!list_empty(&queue->deferred)) {
		task = list_first_entry(&queue->deferred, struct zmq_task, node);
		list_del_init(&task->node);
		if (mod_delayed_work(zmq_wq, &task->dwork, 0))
			task->ops->put(task);
	}
	spin_unlock(&queue->lock);
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
