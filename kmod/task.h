/* SPDX-License-Identifier: GPL-2.0-only */
/* Work that runs under the socket lock and never waits behind a system call. */
#ifndef _ZMQ_TASK_H
#define _ZMQ_TASK_H

#include <linux/workqueue.h>
#include <net/sock.h>

struct zmq_task;

/**
 * struct zmq_task_queue - the tasks that found their socket's lock taken
 * @sk: the socket
 * @lock: protects @deferred
 * @deferred: they run again once the lock is released
 */
struct zmq_task_queue {
	struct sock		*sk;
	spinlock_t		lock; /* see locking.rst, 9 */
	struct list_head	deferred;
};

/**
 * struct zmq_task_ops - what a task belongs to
 * @run: do the work; process context, socket lock held
 * @get: take a reference for the time that the task is queued; any context
 * @put: drop it; any context
 */
struct zmq_task_ops {
	void	(*run)(struct zmq_task *task);
	void	(*get)(struct zmq_task *task);
	void	(*put)(struct zmq_task *task);
};

/**
 * struct zmq_task - a unit of such work
 * @dwork: the work item
 * @node: in the socket's list of deferred tasks
 * @queue: of the socket
 * @ops: of the owner
 */
struct zmq_task {
	struct delayed_work		dwork;
	struct list_head		node;
	struct zmq_task_queue		*queue;
	const struct zmq_task_ops	*ops;
};

extern struct workqueue_struct *zmq_wq;

int zmq_task_init_module(void);
void zmq_task_exit_module(void);
void zmq_task_queue_init(struct zmq_task_queue *queue, struct sock *sk);
void zmq_task_init(struct zmq_task *task, struct zmq_task_queue *queue,
		   const struct zmq_task_ops *ops);
void zmq_task_run(struct zmq_task *task);
void zmq_task_run_after(struct zmq_task *task, unsigned long delay);
void zmq_task_queue_kick(struct zmq_task_queue *queue);

#endif /* _ZMQ_TASK_H */
