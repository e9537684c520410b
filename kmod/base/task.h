/* SPDX-License-Identifier: GPL-2.0-only */
/* Work that runs under the socket lock and never waits behind a system call. */
#ifndef _ZMQ_TASK_H
#define _ZMQ_TASK_H

#include <linux/timer.h>
#include <linux/workqueue.h>
#include <net/sock.h>

struct zmq_task;

/**
 * struct zmq_task_queue - the tasks of a socket that are to run
 * @sk: the socket
 * @lock: protects @tasks
 * @tasks: of struct zmq_task, each with a reference
 * @work: runs them, one worker for all
 * @deferred: the worker found the socket lock taken; under the socket's own
 *	spinlock
 */
struct zmq_task_queue {
	struct sock		*sk;
	spinlock_t		lock; /* see locking.rst, 9 */
	struct list_head	tasks;
	struct work_struct	work;
	bool			deferred;
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
 * @node: in queue->tasks
 * @timer: puts it there later
 * @queue: of the socket
 * @ops: of the owner
 */
struct zmq_task {
	struct list_head		node;
	struct timer_list		timer;
	struct zmq_task_queue		*queue;
	const struct zmq_task_ops	*ops;
};

extern struct workqueue_struct *zmq_wq;

int zmq_task_init_module(void);
void zmq_task_exit_module(void);
void zmq_task_queue_init(struct zmq_task_queue *queue, struct sock *sk);
bool zmq_task_trylock(struct zmq_task_queue *queue, bool *note);
void zmq_task_init(struct zmq_task *task, struct zmq_task_queue *queue,
		   const struct zmq_task_ops *ops);
void zmq_task_run(struct zmq_task *task);
void zmq_task_run_after(struct zmq_task *task, unsigned long delay);
void zmq_task_stop_timer(struct zmq_task *task);
void zmq_task_queue_release(struct zmq_task_queue *queue);

#endif /* _ZMQ_TASK_H */
