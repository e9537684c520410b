// SPDX-License-Identifier: GPL-2.0-only
/*
 * Level SOL_ZMQ. Sizes and ranges are checked here, so that patterns only see
 * values that make sense.
 *
 * Level SOL_SOCKET is sock_setsockopt()'s; it comes here on the way there where
 * that would refuse SO_PASSCRED.
 */
#include <linux/file.h>
#include <linux/net.h>
#include <linux/slab.h>
#include "base/drop.h"
#include "monitor.h"
#include "option.h"
#include "pipe/inproc.h"
#include "transport/adopt.h"
#include "transport/resolve.h"

#define EVENTS	(ZMQ_EVENT_ALL | ZMQ_EVENT_RESOLVE)

static const struct zmq_option *find(int number)
{
	const struct zmq_option *opt;

	for (opt = zmq_options; opt < zmq_options + zmq_options_nr; opt++)
		if (opt->number == number)
			return opt;
	return NULL;
}

/* Find what may be accessed, or the error that says why not. */
static const struct zmq_option *find_for(const struct zmq_sock *zsk, int level,
					 int number, u8 access)
{
	const struct zmq_option *opt;

	opt = level == SOL_ZMQ ? find(number) : NULL;
	if (!opt)
		return ERR_PTR(-ENOPROTOOPT);
	if (!(opt->access & access) ||
	    (opt->types && !(opt->types & BIT(zsk->core.pattern->type))))
		return ERR_PTR(-EINVAL);
	return opt;
}

static long ms_to_timeo(int ms)
{
	return ms < 0 ? MAX_SCHEDULE_TIMEOUT : (long)msecs_to_jiffies(ms);
}

/* What was set is told exactly, unless SO_RCVTIMEO or SO_SNDTIMEO came later. */
static int get_timeo(struct zmq_sock *zsk, const struct zmq_option *opt)
{
	int ms = *(int *)((void *)&zsk->core.opts + opt->off);
	long timeo;

	timeo = READ_ONCE(*(opt->number == ZMQ_RCVTIMEO ?
			    &zsk->sk.sk_rcvtimeo : &zsk->sk.sk_sndtimeo));
	if (timeo == ms_to_timeo(ms))
		return ms;
	if (timeo == MAX_SCHEDULE_TIMEOUT)
		return -1;
	return min_t(unsigned int, jiffies_to_msecs(timeo), INT_MAX);
}

static void set_timeo(struct zmq_sock *zsk, const struct zmq_option *opt, int ms)
{
	if (opt->number == ZMQ_RCVTIMEO)
		WRITE_ONCE(zsk->sk.sk_rcvtimeo, ms_to_timeo(ms));
	else
		WRITE_ONCE(zsk->sk.sk_sndtimeo, ms_to_timeo(ms));
}

/* Hand an option to its pattern; for one that it has not it is malformed. */
static int pattern_set(struct zmq_sock *zsk, const struct zmq_option *opt,
		       const void *val, size_t len)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;
	int err = -ENOPROTOOPT;

	if (pattern->setopt)
		err = pattern->setopt(&zsk->core, opt->number, val, len);
	if (err)
		return err == -ENOPROTOOPT ? -EINVAL : err;

	/* It may be what somebody waits for. */
	zmq_core_wake_readers(&zsk->core, 1);
	zmq_core_wake_writers(&zsk->core);
	return 0;
}

static int pattern_get(struct zmq_sock *zsk, const struct zmq_option *opt,
		       int *val)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;
	int err = -ENOPROTOOPT;

	if (pattern->getopt)
		err = pattern->getopt(&zsk->core, opt->number, val);
	return err == -ENOPROTOOPT ? -EINVAL : err;
}

static int check_hwm(const struct zmq_sock *zsk, int number, s64 val)
{
	int max = zmq_hwm_max(zmq_net(sock_net(&zsk->sk)));

	if ((number != ZMQ_SNDHWM && number != ZMQ_RCVHWM) || !max ||
	    (val && val <= max))
		return 0;
	zmq_drop(&zsk->sk, NULL, ZMQ_MIB_HWMDENIED, 1);
	return -EPERM;
}

/* Who has a socket of a name space could use its names by that socket, too. */
static int enter_inproc_ns(struct zmq_sock *zsk, int fd)
{
	struct socket *sock;
	int err = 0;

	if (fd < 0)
		return zmq_inproc_unshare(&zsk->core);
	sock = sockfd_lookup(fd, &err);
	if (!sock)
		return err;
	if (sock->sk->sk_prot != zsk->sk.sk_prot)
		err = -EAFNOSUPPORT;
	else if (!net_eq(sock_net(sock->sk), sock_net(&zsk->sk)))
		err = -EXDEV;
	else
		zmq_inproc_join(&zsk->core, &zmq_sk(sock->sk)->core);
	sockfd_put(sock);
	return err;
}

static int set_use_fd(struct zmq_sock *zsk, const struct zmq_option *opt, int fd)
{
	int err = zmq_adopt_give(&zsk->core.owner, fd);

	if (!err)
		zmq_option_store(&zsk->core.opts, opt, fd);
	return err;
}

static int set_number(struct zmq_sock *zsk, const struct zmq_option *opt,
		      sockptr_t optval, unsigned int optlen)
{
	size_t size = opt->kind == ZMQ_KIND_S64 ? sizeof(s64) : sizeof(int);
	int err = 0, i;
	s64 val;

	if (optlen != size)
		return -EINVAL;
	if (copy_from_sockptr(opt->kind == ZMQ_KIND_S64 ? (void *)&val : &i, optval,
			      size))
		return -EFAULT;
	if (opt->kind != ZMQ_KIND_S64)
		val = i;
	if (val < opt->min || val > opt->max ||
	    (opt->number == ZMQ_MONITOR && val & ~EVENTS))
		return -EINVAL;
	err = check_hwm(zsk, opt->number, val);
	if (err)
		return err;

	lock_sock(&zsk->sk);
	if (opt->kind == ZMQ_KIND_PAT_INT)
		err = pattern_set(zsk, opt, &i, sizeof(i));
	else if (opt->kind == ZMQ_KIND_ATTACH)
		err = zmq_adopt_stream(&zsk->core.owner, i);
	else if (opt->kind == ZMQ_KIND_INPROC_NS)
		err = enter_inproc_ns(zsk, i);
	else if (opt->number == ZMQ_USE_FD)
		err = set_use_fd(zsk, opt, i);
	else if (opt->kind == ZMQ_KIND_ZEROCOPY)
		sock_valbool_flag(&zsk->sk, SOCK_ZEROCOPY, i);
	else
		zmq_option_store(&zsk->core.opts, opt, val);
	if (opt->kind == ZMQ_KIND_TIMEO)
		set_timeo(zsk, opt, val);
	if (opt->number == ZMQ_SNDHWM || opt->number == ZMQ_RCVHWM)
		zmq_core_new_hwm(&zsk->core);
	release_sock(&zsk->sk);
	return err;
}

/* Parsed on the heap: a connect goes deep into the stack on loopback. */
static int set_endpoint(struct zmq_sock *zsk, int number, const char *text,
			size_t len)
{
	bool bind = number == ZMQ_BIND || number == ZMQ_UNBIND;
	unsigned int flags = bind ? ZMQ_EP_BIND : ZMQ_EP_CONNECT;
	struct zmq_endpoint *ep;
	int err;

	ep = kmalloc(sizeof(*ep), GFP_KERNEL_ACCOUNT);
	if (!ep)
		return -ENOMEM;
	if (zsk->core.opts.ipv6)
		flags |= ZMQ_EP_IPV6;
	if (zsk->core.opts.resolve && !bind)
		flags |= ZMQ_EP_NAMES;
	err = zmq_endpoint_parse(ep, text, len, flags);
	if (err)
		goto out;

	switch (number) {
	case ZMQ_BIND:
	case ZMQ_CONNECT:
		err = zmq_sock_use(zsk, ep, zsk->sk.sk_family, !bind);
		break;
	case ZMQ_UNBIND:
		err = zmq_sock_unbind(zsk, ep);
		break;
	default:
		err = zmq_sock_disconnect(zsk, ep);
	}
out:
	kfree(ep);
	return err;
}

static int store_bytes(struct zmq_sock *zsk, const struct zmq_option *opt,
		       const u8 *val, size_t len)
{
	switch (opt->kind) {
	case ZMQ_KIND_ENDPOINT:
		return set_endpoint(zsk, opt->number, val, len);
	case ZMQ_KIND_ANSWER:
		return zmq_resolve_answer(&zsk->core.owner, val, len);
	case ZMQ_KIND_PAT_BYTES:
		return pattern_set(zsk, opt, val, len);
	default:
		return zmq_option_store_bytes(&zsk->core.opts, opt, val, len);
	}
}

static int set_bytes(struct zmq_sock *zsk, const struct zmq_option *opt,
		     sockptr_t optval, unsigned int optlen)
{
	bool text = opt->kind == ZMQ_KIND_TEXT || opt->kind == ZMQ_KIND_ENDPOINT;
	unsigned int len = optlen;
	int err = -EINVAL;
	u8 *val;

	if (optlen > opt->max + text)
		return -EINVAL;
	val = memdup_sockptr(optval, optlen);
	if (IS_ERR(val))
		return PTR_ERR(val);
	if (text && len && !val[len - 1])
		len--;
	if (len < opt->min || len > opt->max)
		goto out;

	lock_sock(&zsk->sk);
	err = store_bytes(zsk, opt, val, len);
	release_sock(&zsk->sk);
out:
	kfree(val);
	return err;
}

static int set_passcred(struct zmq_sock *zsk, sockptr_t optval,
			unsigned int optlen)
{
	int on;

	if (optlen < sizeof(on))
		return -EINVAL;
	if (copy_from_sockptr(&on, optval, sizeof(on)))
		return -EFAULT;
	lock_sock(&zsk->sk);
	zmq_set_passcred(&zsk->sk, on);
	release_sock(&zsk->sk);
	return 0;
}

/**
 * zmq_sock_setsockopt() - struct proto_ops' setsockopt
 * @sock: the socket
 * @level: SOL_ZMQ or SOL_SOCKET
 * @optname: an option
 * @optval: its value
 * @optlen: bytes at @optval: exactly 4 or 8 for a number, the string with or
 *	without its NUL
 *
 * Context: Process context.
 * Return: 0; -ENOPROTOOPT if there is no such option or level; -EINVAL if this
 * type of socket has not got it, if it can only be read, for a wrong size and
 * for a value out of range; -EPERM for a high-water mark above net.zmq.hwm_max;
 * else what bind, connect, their opposites or the pattern say.
 */
int zmq_sock_setsockopt(struct socket *sock, int level, int optname,
			sockptr_t optval, unsigned int optlen)
{
	struct zmq_sock *zsk = zmq_sk(sock->sk);
	const struct zmq_option *opt;

	if (level == SOL_SOCKET)
		return optname == SO_PASSCRED ?
		       set_passcred(zsk, optval, optlen) :
		       sock_setsockopt(sock, level, optname, optval, optlen);
	opt = find_for(zsk, level, optname, ZMQ_OPTION_SET);
	if (IS_ERR(opt))
		return PTR_ERR(opt);

	switch (opt->kind) {
	case ZMQ_KIND_BYTES:
	case ZMQ_KIND_HEAP:
	case ZMQ_KIND_TEXT:
	case ZMQ_KIND_ENDPOINT:
	case ZMQ_KIND_ANSWER:
	case ZMQ_KIND_PAT_BYTES:
		return set_bytes(zsk, opt, optval, optlen);
	case ZMQ_KIND_FILTER:
		return zmq_option_set_filter(zsk, opt, optval, optlen);
	case ZMQ_KIND_ABORT:
		zmq_sock_half_abort(zsk);
		return 0;
	default:
		return set_number(zsk, opt, optval, optlen);
	}
}

static int get_events(struct zmq_sock *zsk)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;
	const u8 shut = zsk->sk.sk_shutdown;
	int events = 0;

	if (shut & RCV_SHUTDOWN)
		events |= ZMQ_POLLIN;
	if (shut & SEND_SHUTDOWN)
		events |= ZMQ_POLLOUT;

	if ((pattern->flags & ZMQ_PAT_RECV) && !zmq_sock_can_recv(zsk))
		events |= ZMQ_POLLIN;
	if ((pattern->flags & ZMQ_PAT_SEND) && !pattern->can_send(&zsk->core))
		events |= ZMQ_POLLOUT;
	return events;
}

static int get_computed(struct zmq_sock *zsk, const struct zmq_option *opt,
			union zmq_option_value *value)
{
	switch (opt->number) {
	case ZMQ_TYPE:
		value->i = zsk->core.pattern->type;
		break;
	case ZMQ_EVENTS:
		value->i = get_events(zsk);
		break;
	case ZMQ_RCVMORE:
		value->i = zsk->rcvmore;
		break;
	case ZMQ_MECHANISM:
		value->i = 0;
		break;
	case ZMQ_THREAD_SAFE:
		value->i = 1;
		break;
	case ZMQ_LAST_ENDPOINT:
		BUILD_BUG_ON(sizeof(*value) < ZMQ_EP_TEXT);
		return strscpy(value->bytes, zsk->last_endpoint ?: "",
			       ZMQ_EP_TEXT) + 1;
	default:
		return -EINVAL;
	}
	return sizeof(value->i);
}

/* Returns the size of the value, or an error. */
static int get_value(struct zmq_sock *zsk, const struct zmq_option *opt,
		     union zmq_option_value *value)
{
	int err;

	switch (opt->kind) {
	case ZMQ_KIND_COMPUTED:
		return get_computed(zsk, opt, value);
	case ZMQ_KIND_TIMEO:
		value->i = get_timeo(zsk, opt);
		return sizeof(value->i);
	case ZMQ_KIND_INPROC_NS:
		value->i = zsk->core.inproc_ns->number;
		return sizeof(value->i);
	case ZMQ_KIND_ZEROCOPY:
		value->i = sock_flag(&zsk->sk, SOCK_ZEROCOPY);
		return sizeof(value->i);
	case ZMQ_KIND_PAT_INT:
		err = pattern_get(zsk, opt, &value->i);
		return err ?: sizeof(value->i);
	default:
		return zmq_option_load(&zsk->core.opts, opt, value);
	}
}

/**
 * zmq_sock_getsockopt() - struct proto_ops' getsockopt
 * @sock: the socket
 * @level: SOL_ZMQ
 * @optname: an option
 * @optval: where its value goes; strings come with their NUL
 * @optlen: room there, then the size of the value
 *
 * Context: Process context.
 * Return: 0; -ENOPROTOOPT if there is no such option or level; -EINVAL if this
 * type of socket has not got it, if it can only be set, and if the value has
 * no room: unlike other families' it is never cut short.
 */
int zmq_sock_getsockopt(struct socket *sock, int level, int optname,
			char __user *optval, int __user *optlen)
{
	struct zmq_sock *zsk = zmq_sk(sock->sk);
	const struct zmq_option *opt;
	union zmq_option_value value;
	int size, room;

	opt = find_for(zsk, level, optname, ZMQ_OPTION_GET);
	if (IS_ERR(opt))
		return PTR_ERR(opt);
	if (opt->kind == ZMQ_KIND_MONITOR)
		return zmq_monitor_open(zsk, optval, optlen);
	if (get_user(room, optlen))
		return -EFAULT;

	lock_sock(&zsk->sk);
	size = get_value(zsk, opt, &value);
	release_sock(&zsk->sk);
	if (size < 0)
		return size;
	if (room < size)
		return -EINVAL;
	if (put_user(size, optlen) || copy_to_user(optval, &value, size))
		return -EFAULT;
	return 0;
}
