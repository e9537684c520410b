// SPDX-License-Identifier: GPL-2.0-only
/* Who called connect(): a worker that connects again does it as them. */

#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <net/sock.h>
#include "base/compat.h"
#include "base/lane.h"
#include "caller.h"

/**
 * zmq_caller_new() - remember the current task
 * @net: the network namespace of its socket
 *
 * The file systems of its root and working directory stay busy until
 * zmq_caller_free().
 *
 * Context: Process context of a system call.
 * Return: what is remembered, or NULL.
 */
struct zmq_caller *zmq_caller_new(const struct net *net)
{
	struct zmq_caller *caller;

	caller = kzalloc(sizeof(*caller), GFP_KERNEL_ACCOUNT);
	if (!caller)
		return NULL;
	caller->lane = zmq_lane_of_user(net, ZMQ_LANE_DIAL);
	if (!caller->lane) {
		kfree(caller);
		return NULL;
	}
	caller->cred = get_current_cred();
	caller->pid = get_pid(task_tgid(current));
	zmq_fs_init(&caller->fs);
	get_fs_root(current->fs, &caller->fs.root);
	get_fs_pwd(current->fs, &caller->fs.pwd);
	return caller;
}

/**
 * zmq_caller_free() - forget
 * @caller: what was remembered, or NULL
 *
 * Context: Process context that may wait for the caller's file systems.
 */
void zmq_caller_free(struct zmq_caller *caller)
{
	if (!caller)
		return;
	path_put(&caller->fs.pwd);
	path_put(&caller->fs.root);
	put_pid(caller->pid);
	put_cred(caller->cred);
	zmq_lane_put(caller->lane);
	kfree(caller);
}

/* Readers of /proc/<worker>/root hold the task's lock while they look. */
static struct fs_struct *swap_fs(struct fs_struct *fs)
{
	struct fs_struct *old;

	task_lock(current);
	old = current->fs;
	current->fs = fs;
	task_unlock(current);
	return old;
}

/**
 * zmq_caller_become() - see files and be judged as the caller
 * @caller: what was remembered
 * @sk: the caller's socket, whose memory cgroup pays
 * @old: filled in for zmq_caller_revert()
 *
 * Context: Process context of a kernel thread.
 */
void zmq_caller_become(struct zmq_caller *caller, struct sock *sk,
		       struct zmq_disguise *old)
{
	old->memcg = set_active_memcg(zmq_sock_memcg(sk));
	old->cred = override_creds(caller->cred);
	old->fs = swap_fs(&caller->fs);
}

/**
 * zmq_caller_revert() - undo zmq_caller_become()
 * @old: what it filled in
 *
 * Context: As with zmq_caller_become(), in the same thread.
 */
void zmq_caller_revert(const struct zmq_disguise *old)
{
	swap_fs(old->fs);
	revert_creds(old->cred);
	set_active_memcg(old->memcg);
}
