// SPDX-License-Identifier: GPL-2.0-only
/* ZMQ_IPC_FILTER_UID, _GID and _PID: whose processes may connect by ipc. */

#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include "option.h"

/* Ids of the caller's namespaces become those of the initial ones. */
static int filter_id(int number, u32 *id)
{
	struct pid *pid;

	switch (number) {
	case ZMQ_IPC_FILTER_UID:
		*id = __kuid_val(make_kuid(current_user_ns(), *id));
		break;
	case ZMQ_IPC_FILTER_GID:
		*id = __kgid_val(make_kgid(current_user_ns(), *id));
		break;
	default:
		rcu_read_lock();
		pid = find_vpid(*id);
		*id = pid ? pid_nr(pid) : U32_MAX;
		rcu_read_unlock();
		return *id == U32_MAX ? -ESRCH : 0;
	}
	return *id == U32_MAX ? -EINVAL : 0;
}

/* Few sockets have any. */
static struct zmq_ipc_filter *filters_of(struct zmq_opts *opts)
{
	if (!opts->ipc_filters)
		opts->ipc_filters = kcalloc(ZMQ_FILTERS,
					    sizeof(*opts->ipc_filters),
					    GFP_KERNEL_ACCOUNT);
	return opts->ipc_filters;
}

/**
 * zmq_option_set_filter() - ZMQ_IPC_FILTER_...: let an id connect
 * @zsk: the socket
 * @opt: which of them
 * @optval: the id, in the caller's namespaces
 * @optlen: its size, or 0 to forget the ids that were given
 *
 * Context: Process context.
 * Return: 0, -EINVAL, -EFAULT, -ENOMEM, -ENOSPC for one id too many, or -ESRCH
 *	for a process that is not there.
 */
int zmq_option_set_filter(struct zmq_sock *zsk, const struct zmq_option *opt,
			  sockptr_t optval, unsigned int optlen)
{
	struct zmq_ipc_filter *filter;
	int err = 0;
	u32 id;

	if (optlen && optlen != sizeof(id))
		return -EINVAL;
	if (optlen && copy_from_sockptr(&id, optval, sizeof(id)))
		return -EFAULT;
	if (optlen)
		err = filter_id(opt->number, &id);
	if (err)
		return err;

	lock_sock(&zsk->sk);
	filter = filters_of(&zsk->core.opts);
	if (!filter) {
		err = -ENOMEM;
		goto out;
	}
	filter += opt->off;
	if (!optlen)
		filter->nr = 0;
	else if (filter->nr == ZMQ_FILTER_MAX)
		err = -ENOSPC;
	else
		filter->ids[filter->nr++] = id;
out:
	release_sock(&zsk->sk);
	return err;
}
