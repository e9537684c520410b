/* SPDX-License-Identifier: GPL-2.0-only */
/* Who called connect(): a worker that connects again does it as them. */
#ifndef _ZMQ_CALLER_H
#define _ZMQ_CALLER_H

#include <linux/cred.h>
#include <linux/fs_struct.h>

struct mem_cgroup;
struct net;
struct pid;
struct sock;
struct zmq_lane;

/**
 * struct zmq_caller - a task's view of files, and its rights
 * @cred: its credentials
 * @pid: its process
 * @lane: where its attempts run
 * @fs: its root and working directory, which name paths of ipc://
 */
struct zmq_caller {
	const struct cred	*cred;
	struct pid		*pid;
	struct zmq_lane		*lane;
	struct fs_struct	fs;
};

/**
 * struct zmq_disguise - what a worker had before it became a caller
 * @cred: its credentials
 * @fs: its root and working directory
 * @memcg: its memory cgroup
 */
struct zmq_disguise {
	const struct cred	*cred;
	struct fs_struct	*fs;
	struct mem_cgroup	*memcg;
};

struct zmq_caller *zmq_caller_new(const struct net *net);
void zmq_caller_free(struct zmq_caller *caller);
void zmq_caller_become(struct zmq_caller *caller, struct sock *sk,
		       struct zmq_disguise *old);
void zmq_caller_revert(const struct zmq_disguise *old);

#endif /* _ZMQ_CALLER_H */
