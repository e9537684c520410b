// SPDX-License-Identifier: GPL-2.0-only
/* ipc://: UNIX domain sockets, abstract or in the caller's file system. */

#include <linux/cred.h>
#include <linux/namei.h>
#include <linux/net.h>
#include <linux/pid.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <net/af_unix.h>
#include "base/compat.h"
#include "base/sender.h"
#include "child.h"
#include "polled.h"

#define WILDCARD_TRIES	8

static int ipc_create(struct zmq_owner *owner, const struct zmq_endpoint *ep,
		      struct socket **res)
{
	int err = zmq_child_create(owner, AF_UNIX, 0, res);

	if (!err)
		zmq_refuse_files((*res)->sk);
	return err;
}

/* Remove exactly this entry of a directory, if it still is one. */
static int unlink_socket(const struct path *path)
{
	struct path dir = { .mnt = path->mnt };
	struct dentry *dentry = path->dentry;
	int err;

	if (dentry == path->mnt->mnt_root)
		return -EBUSY;
	err = mnt_want_write(path->mnt);
	if (err)
		return err;
	dir.dentry = dget_parent(dentry);
	inode_lock_nested(d_inode(dir.dentry), I_MUTEX_PARENT);
	if (dentry->d_parent != dir.dentry || d_unhashed(dentry) ||
	    d_is_negative(dentry))
		err = -ENOENT;
	else
		err = security_path_unlink(&dir, dentry);
	if (!err)
		err = vfs_unlink(zmq_mnt_map(path->mnt), d_inode(dir.dentry),
				 dentry, NULL);
	inode_unlock(d_inode(dir.dentry));
	dput(dir.dentry);
	mnt_drop_write(path->mnt);
	return err;
}

/* A datagram socket can tell whether a path has an owner without disturbing
 * it: it is refused only where there is none.
 */
static int probe(struct net *net, const struct zmq_endpoint *ep)
{
	struct socket *sock;
	int err;

	err = __sock_create(net, AF_UNIX, SOCK_DGRAM, 0, &sock, 0);
	if (err)
		return err;
	err = zmq_child_connect(sock, ep);
	sock_release(sock);
	return err;
}

/* Remove the file of a socket that is gone. -ENOENT: whoever had it did. */
static int remove_stale(struct net *net, const struct zmq_endpoint *ep)
{
	struct path path;
	int err;

	err = kern_path(ep->name, 0, &path);
	if (err)
		return err;
	err = -EADDRINUSE;
	if (S_ISSOCK(d_backing_inode(path.dentry)->i_mode))
		err = probe(net, ep);
	if (err == -ECONNREFUSED)
		err = unlink_socket(&path);
	else if (err != -ENOENT)
		err = -EADDRINUSE;
	path_put(&path);
	return err;
}

/* Only its user may connect to a socket whose name nobody has chosen. */
static int bind_wildcard(struct socket *sock, struct zmq_endpoint *ep)
{
	int tries = WILDCARD_TRIES;
	int err;

	SOCK_INODE(sock)->i_mode = S_IFSOCK | 0700;
	do {
		ep->name_len = snprintf(ep->name, sizeof(ep->name),
					"/tmp/zmq-%016llx", get_random_u64());
		err = zmq_child_bind(sock, ep);
	} while (err == -EADDRINUSE && --tries);
	return err;
}

static int bind_name(struct socket *sock, struct zmq_endpoint *ep)
{
	int err = zmq_child_bind(sock, ep);

	if (err != -EADDRINUSE || ep->name[0] == '@')
		return err;
	err = remove_stale(sock_net(sock->sk), ep);
	if (err && err != -ENOENT)
		return err;
	return zmq_child_bind(sock, ep);
}

static void ipc_unlisten(struct socket *sock, struct path *name)
{
	*name = unix_sk(sock->sk)->path;
	if (name->dentry)
		path_get(name);
}

static void ipc_unlink(const struct path *name)
{
	unlink_socket(name);
}

static int ipc_listen(struct socket *sock, struct zmq_endpoint *ep, int backlog)
{
	struct path name;
	int err;

	err = ep->name_len ? bind_name(sock, ep) : bind_wildcard(sock, ep);
	if (err)
		return err;
	err = kernel_listen(sock, backlog);
	if (!err)
		return 0;
	ipc_unlisten(sock, &name);
	if (name.dentry) {
		ipc_unlink(&name);
		path_put(&name);
	}
	return err;
}

/* An accepted child refers to the listener's file, too. Whoever drops the last
 * reference to one that has been removed waits for the file system, so it is
 * dropped while the listener has another.
 */
static void ipc_inherit(struct zmq_owner *owner, struct socket *sock)
{
	struct unix_sock *u = unix_sk(sock->sk);
	struct path path;

	unix_state_lock(sock->sk);
	path = u->path;
	u->path.mnt = NULL;
	u->path.dentry = NULL;
	unix_state_unlock(sock->sk);
	if (path.dentry)
		path_put(&path);
}

/* The peer takes whoever runs connect() for the process, here a worker. */
static void ipc_introduce(struct socket *sock, struct pid *pid)
{
	struct sock *peer = zmq_unix_peer(sock->sk);
	struct pid *old = NULL;

	if (!peer)
		return;
	spin_lock(&peer->sk_peer_lock);
	if (peer->sk_peer_pid == task_tgid(current)) {
		old = peer->sk_peer_pid;
		peer->sk_peer_pid = get_pid(pid);
	}
	spin_unlock(&peer->sk_peer_lock);
	put_pid(old);
	sock_put(peer);
}

static bool in_group(const struct cred *cred, u32 gid)
{
	int i;

	if (__kgid_val(cred->egid) == gid)
		return true;
	for (i = 0; i < cred->group_info->ngroups; i++)
		if (__kgid_val(cred->group_info->gid[i]) == gid)
			return true;
	return false;
}

static bool admit_ids(const struct zmq_opts *opts, const struct cred *cred,
		      struct pid *pid)
{
	const struct zmq_ipc_filter *f = opts->ipc_filters;
	unsigned int i;

	for (i = 0; i < f[ZMQ_FILTER_UID].nr; i++)
		if (f[ZMQ_FILTER_UID].ids[i] == __kuid_val(cred->euid))
			return true;
	for (i = 0; i < f[ZMQ_FILTER_GID].nr; i++)
		if (in_group(cred, f[ZMQ_FILTER_GID].ids[i]))
			return true;
	for (i = 0; i < f[ZMQ_FILTER_PID].nr; i++)
		if (f[ZMQ_FILTER_PID].ids[i] == pid_nr(pid))
			return true;
	return false;
}

/* ZMQ_IPC_FILTER_...: whoever is in any of the lists, if there is one. */
static bool ipc_admit(struct zmq_owner *owner, const struct socket *sock)
{
	const struct zmq_opts *opts = owner->opts;
	struct sock *sk = sock->sk;
	unsigned int nr = 0;
	bool admitted;
	int i;

	for (i = 0; opts->ipc_filters && i < ZMQ_FILTERS; i++)
		nr += opts->ipc_filters[i].nr;
	if (!nr)
		return true;
	spin_lock(&sk->sk_peer_lock);
	admitted = sk->sk_peer_cred &&
		   admit_ids(opts, sk->sk_peer_cred, sk->sk_peer_pid);
	spin_unlock(&sk->sk_peer_lock);
	return admitted;
}

const struct zmq_transport zmq_ipc_transport = {
	.link		= zmq_polled_link,
	.create		= ipc_create,
	.listen		= ipc_listen,
	.unlisten	= ipc_unlisten,
	.unlink		= ipc_unlink,
	.connect	= zmq_child_connect,
	.introduce	= ipc_introduce,
	.inherit	= ipc_inherit,
	.admit		= ipc_admit,
};
