// SPDX-License-Identifier: GPL-2.0-only
/*
 * Level SOL_ZMQ. One table says all there is to say about an option; sizes and
 * ranges are checked here, so that patterns only see values that make sense.
 *
 * Level SOL_SOCKET is sock_setsockopt()'s; it comes here on the way there where
 * that would refuse SO_PASSCRED.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/net.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/sockptr.h>
#include "base/drop.h"
#include "monitor.h"
#include "pipe/inproc.h"
#include "sock.h"
#include "transport/adopt.h"
#include "transport/resolve.h"

enum {
	KIND_INT,	/* int in struct zmq_opts */
	KIND_BOOL,	/* bool there, an int to the user */
	KIND_S64,	/* s64 or u64 there */
	KIND_BYTES,	/* u8 array there, with its length in a u8 */
	KIND_HEAP,	/* likewise, of memory of its own */
	KIND_TEXT,	/* char array there, a string to the user */
	KIND_DECIS,	/* int in tenths of a second there, ms to the user */
	KIND_TIMEO,	/* int there, applied to the sock */
	KIND_COMPUTED,	/* see get_computed() */
	KIND_ENDPOINT,	/* text of an endpoint, see set_endpoint() */
	KIND_ANSWER,	/* two endpoints, see resolve.c */
	KIND_FILTER,	/* an id, see set_filter() */
	KIND_ATTACH,	/* a file descriptor */
	KIND_INPROC_NS,	/* -1 or a file descriptor, see enter_inproc_ns() */
	KIND_ZEROCOPY,	/* a flag of the sock */
	KIND_ABORT,	/* a command without a value */
	KIND_MONITOR,	/* opens a file, see monitor.c */
	KIND_PAT_INT,	/* the pattern's own */
	KIND_PAT_BYTES,
};

enum {
	OPT_SET		= 1 << 0,
	OPT_GET		= 1 << 1,
};

/**
 * struct opt_desc - an option
 * @number: ZMQ_...
 * @kind: KIND_...
 * @access: OPT_SET, OPT_GET
 * @types: socket types that have it, a bit each; 0 for all
 * @off: of the value in struct zmq_opts; KIND_FILTER: which filter
 * @len_off: of its length there, KIND_BYTES and KIND_HEAP
 * @min: least value, or length
 * @max: greatest value, or length without a terminating NUL
 * @init: default
 */
struct opt_desc {
	u16	number;
	u8	kind;
	u8	access;
	u16	types;
	u16	off;
	u16	len_off;
	s64	min;
	s64	max;
	s64	init;
};

#define OPT(_number, _kind, _access)			\
	.number = (_number), .kind = KIND_##_kind, .access = (_access)
#define FIELD(_field)	.off = offsetof(struct zmq_opts, _field)
#define RANGE(_min, _max)	.min = (_min), .max = (_max)
#define INIT(_init)	.init = (_init)
#define TYPES(_types)	.types = (_types)

#define T(_type)	BIT(ZMQ_##_type)
#define T_PUBSUB	(T(PUB) | T(SUB) | T(XPUB) | T(XSUB))
#define EVENTS		(ZMQ_EVENT_ALL | ZMQ_EVENT_RESOLVE)
#define RW		(OPT_SET | OPT_GET)
#define RO		OPT_GET
#define WO		OPT_SET

static const struct opt_desc sockopts[] = {
	/* queues */
	{ OPT(ZMQ_SNDHWM, INT, RW), FIELD(snd_hwm), RANGE(0, INT_MAX), INIT(1000) },
	{ OPT(ZMQ_RCVHWM, INT, RW), FIELD(rcv_hwm), RANGE(0, INT_MAX), INIT(1000) },
	{ OPT(ZMQ_CONFLATE, BOOL, RW), FIELD(conflate), RANGE(0, 1) },
	{ OPT(ZMQ_IMMEDIATE, BOOL, RW), FIELD(immediate), RANGE(0, 1) },
	{ OPT(ZMQ_LINGER, INT, RW), FIELD(linger), RANGE(-1, INT_MAX), INIT(-1) },
	{ OPT(ZMQ_RCVTIMEO, TIMEO, RW), FIELD(rcvtimeo), RANGE(-1, INT_MAX), INIT(-1) },
	{ OPT(ZMQ_RCVFRAMES, BOOL, RW), FIELD(rcvframes), RANGE(0, 1) },
	{ OPT(ZMQ_SNDTIMEO, TIMEO, RW), FIELD(sndtimeo), RANGE(-1, INT_MAX), INIT(-1) },
	{ OPT(ZMQ_ZEROCOPY, ZEROCOPY, RW), RANGE(0, 1) },
	{ OPT(ZMQ_ABORT, ABORT, WO) },

	/* connections */
	{ OPT(ZMQ_MAXMSGSIZE, S64, RW), FIELD(max_msg_size), RANGE(-1, S64_MAX), INIT(-1) },
	{ OPT(ZMQ_AFFINITY, S64, RW), FIELD(affinity), RANGE(S64_MIN, S64_MAX) },
	{ OPT(ZMQ_BACKLOG, INT, RW), FIELD(backlog), RANGE(0, INT_MAX), INIT(100) },
	{ OPT(ZMQ_RECONNECT_IVL, INT, RW), FIELD(reconnect_ivl), RANGE(-1, INT_MAX), INIT(100) },
	{ OPT(ZMQ_RECONNECT_IVL_MAX, INT, RW), FIELD(reconnect_ivl_max), RANGE(0, INT_MAX) },
	{ OPT(ZMQ_RECONNECT_STOP, INT, RW), FIELD(reconnect_stop), RANGE(0, 7) },
	{ OPT(ZMQ_HANDSHAKE_IVL, INT, RW), FIELD(handshake_ivl), RANGE(0, INT_MAX), INIT(30000) },
	{ OPT(ZMQ_CONNECT_TIMEOUT, INT, RW), FIELD(connect_timeout), RANGE(0, INT_MAX) },
	{ OPT(ZMQ_HEARTBEAT_IVL, INT, RW), FIELD(heartbeat_ivl), RANGE(0, INT_MAX) },
	{ OPT(ZMQ_HEARTBEAT_TTL, DECIS, RW), FIELD(heartbeat_ttl), RANGE(0, 6553599) },
	{ OPT(ZMQ_HEARTBEAT_TIMEOUT, INT, RW), FIELD(heartbeat_timeout),
	  RANGE(-1, INT_MAX), INIT(-1) },
	{ OPT(ZMQ_ROUTING_ID, BYTES, RW), FIELD(routing_id), RANGE(1, ZMQ_ROUTING_ID_MAX),
	  .len_off = offsetof(struct zmq_opts, routing_id_len) },
	{ OPT(ZMQ_CONNECT_ROUTING_ID, HEAP, WO), FIELD(connect_routing_id),
	  RANGE(1, ZMQ_ROUTING_ID_MAX), TYPES(T(ROUTER) | T(STREAM)),
	  .len_off = offsetof(struct zmq_opts, connect_routing_id_len) },

	{ OPT(ZMQ_USE_FD, INT, RW), FIELD(use_fd), RANGE(-1, INT_MAX), INIT(-1) },
	{ OPT(ZMQ_ATTACH_FD, ATTACH, WO), RANGE(0, INT_MAX) },

	/* inproc:// */
	{ OPT(ZMQ_INPROC_NS, INPROC_NS, RW), RANGE(-1, INT_MAX) },

	/* ipc:// */
	{ OPT(ZMQ_IPC_FILTER_PID, FILTER, WO), .off = ZMQ_FILTER_PID },
	{ OPT(ZMQ_IPC_FILTER_UID, FILTER, WO), .off = ZMQ_FILTER_UID },
	{ OPT(ZMQ_IPC_FILTER_GID, FILTER, WO), .off = ZMQ_FILTER_GID },

	/* tcp:// */
	{ OPT(ZMQ_IPV6, BOOL, RW), FIELD(ipv6), RANGE(0, 1) },
	{ OPT(ZMQ_RESOLVE, BOOL, RW), FIELD(resolve), RANGE(0, 1) },
	{ OPT(ZMQ_RESOLVED, ANSWER, WO), RANGE(1, ZMQ_EP_ANSWER) },
	{ OPT(ZMQ_BINDTODEVICE, TEXT, RW), FIELD(device), RANGE(0, IFNAMSIZ - 1) },
	{ OPT(ZMQ_SNDBUF, INT, RW), FIELD(sndbuf), RANGE(-1, INT_MAX), INIT(-1) },
	{ OPT(ZMQ_RCVBUF, INT, RW), FIELD(rcvbuf), RANGE(-1, INT_MAX), INIT(-1) },
	{ OPT(ZMQ_TOS, INT, RW), FIELD(tos), RANGE(0, INT_MAX) },
	{ OPT(ZMQ_TCP_KEEPALIVE, INT, RW), FIELD(tcp_keepalive), RANGE(-1, 1), INIT(-1) },
	{ OPT(ZMQ_TCP_KEEPALIVE_CNT, INT, RW), FIELD(tcp_keepalive_cnt),
	  RANGE(-1, INT_MAX), INIT(-1) },
	{ OPT(ZMQ_TCP_KEEPALIVE_IDLE, INT, RW), FIELD(tcp_keepalive_idle),
	  RANGE(-1, INT_MAX), INIT(-1) },
	{ OPT(ZMQ_TCP_KEEPALIVE_INTVL, INT, RW), FIELD(tcp_keepalive_intvl),
	  RANGE(-1, INT_MAX), INIT(-1) },
	{ OPT(ZMQ_LOCAL_DIRECT, BOOL, RW), FIELD(local_direct), RANGE(0, 1) },
	{ OPT(ZMQ_TCP_MAXRT, INT, RW), FIELD(tcp_maxrt), RANGE(0, INT_MAX) },

	/* what the socket is and has */
	{ OPT(ZMQ_NAME_FORM, BOOL, RW), FIELD(name_form), RANGE(0, 1) },
	{ OPT(ZMQ_TYPE, COMPUTED, RO) },
	{ OPT(ZMQ_EVENTS, COMPUTED, RO) },
	{ OPT(ZMQ_RCVMORE, COMPUTED, RO) },
	{ OPT(ZMQ_MECHANISM, COMPUTED, RO) },
	{ OPT(ZMQ_THREAD_SAFE, COMPUTED, RO) },
	{ OPT(ZMQ_LAST_ENDPOINT, COMPUTED, RO) },
	{ OPT(ZMQ_FD, COMPUTED, 0) },
	{ OPT(ZMQ_MONITOR, INT, RW), FIELD(monitor), RANGE(1, 0x2ffff), INIT(0xffff) },
	{ OPT(ZMQ_MONITOR_FD, MONITOR, RO) },

	/* bind(), connect() and their opposites */
	{ OPT(ZMQ_BIND, ENDPOINT, WO), RANGE(1, ZMQ_EP_TEXT - 1) },
	{ OPT(ZMQ_CONNECT, ENDPOINT, WO), RANGE(1, ZMQ_EP_TEXT - 1) },
	{ OPT(ZMQ_UNBIND, ENDPOINT, WO), RANGE(1, ZMQ_EP_TEXT - 1) },
	{ OPT(ZMQ_DISCONNECT, ENDPOINT, WO), RANGE(1, ZMQ_EP_TEXT - 1) },

	/* of patterns */
	{ OPT(ZMQ_SUBSCRIBE, PAT_BYTES, WO), RANGE(0, ZMQ_TOPIC_MAX),
	  TYPES(T(SUB) | T(XPUB) | T(PUB)) },
	{ OPT(ZMQ_UNSUBSCRIBE, PAT_BYTES, WO), RANGE(0, ZMQ_TOPIC_MAX),
	  TYPES(T(SUB) | T(XPUB) | T(PUB)) },
	{ OPT(ZMQ_INVERT_MATCHING, PAT_INT, RW), RANGE(INT_MIN, INT_MAX), TYPES(T_PUBSUB) },
	{ OPT(ZMQ_TOPICS_COUNT, PAT_INT, RO), TYPES(T_PUBSUB) },
	{ OPT(ZMQ_XPUB_VERBOSE, PAT_INT, WO), RANGE(0, INT_MAX), TYPES(T(XPUB) | T(PUB)) },
	{ OPT(ZMQ_XPUB_VERBOSER, PAT_INT, WO), RANGE(0, INT_MAX), TYPES(T(XPUB) | T(PUB)) },
	{ OPT(ZMQ_XPUB_NODROP, PAT_INT, WO), RANGE(0, INT_MAX), TYPES(T(XPUB) | T(PUB)) },
	{ OPT(ZMQ_XPUB_MANUAL, PAT_INT, WO), RANGE(0, INT_MAX), TYPES(T(XPUB) | T(PUB)) },
	{ OPT(ZMQ_XPUB_WELCOME_MSG, PAT_BYTES, WO), RANGE(0, 65535), TYPES(T(XPUB) | T(PUB)) },
	{ OPT(ZMQ_ROUTER_MANDATORY, PAT_INT, WO), RANGE(0, INT_MAX), TYPES(T(ROUTER)) },
	{ OPT(ZMQ_ROUTER_HANDOVER, PAT_INT, WO), RANGE(0, INT_MAX), TYPES(T(ROUTER)) },
	{ OPT(ZMQ_ROUTER_RAW, PAT_INT, WO), RANGE(0, INT_MAX), TYPES(T(ROUTER)) },
	{ OPT(ZMQ_STREAM_NOTIFY, PAT_INT, WO), RANGE(0, 1), INIT(1), TYPES(T(STREAM)) },
	{ OPT(ZMQ_PROBE_ROUTER, PAT_INT, WO), RANGE(0, INT_MAX),
	  TYPES(T(ROUTER) | T(DEALER) | T(REQ)) },
	{ OPT(ZMQ_REQ_CORRELATE, PAT_INT, WO), RANGE(0, INT_MAX), TYPES(T(REQ)) },
	{ OPT(ZMQ_REQ_RELAXED, PAT_INT, WO), RANGE(0, INT_MAX), TYPES(T(REQ)) },
};

/* A value on its way to the user. */
union value {
	int	i;
	s64	q;
	u8	bytes[ZMQ_EP_TEXT];
};

static const struct opt_desc *find(int number)
{
	const struct opt_desc *opt;

	for (opt = sockopts; opt < sockopts + ARRAY_SIZE(sockopts); opt++)
		if (opt->number == number)
			return opt;
	return NULL;
}

/* Find what may be accessed, or the error that says why not. */
static const struct opt_desc *find_for(const struct zmq_sock *zsk, int level,
				       int number, u8 access)
{
	const struct opt_desc *opt;

	opt = level == SOL_ZMQ ? find(number) : NULL;
	if (!opt)
		return ERR_PTR(-ENOPROTOOPT);
	if (!(opt->access & access) ||
	    (opt->types && !(opt->types & BIT(zsk->core.pattern->type))))
		return ERR_PTR(-EINVAL);
	return opt;
}

static void store_number(struct zmq_opts *opts, const struct opt_desc *opt,
			 s64 val)
{
	void *field = (void *)opts + opt->off;

	switch (opt->kind) {
	case KIND_INT:
	case KIND_TIMEO:
		WRITE_ONCE(*(int *)field, val);
		break;
	case KIND_DECIS:
		WRITE_ONCE(*(int *)field, (int)val / 100);
		break;
	case KIND_BOOL:
		WRITE_ONCE(*(bool *)field, val);
		break;
	case KIND_S64:
		WRITE_ONCE(*(s64 *)field, val);
		break;
	}
}

/**
 * zmq_opts_init() - give every option its default
 * @opts: the values
 * @pattern: the socket's pattern
 *
 * Context: Any; nobody else knows the socket.
 */
void zmq_opts_init(struct zmq_opts *opts, const struct zmq_pattern *pattern)
{
	const struct opt_desc *opt;

	memset(opts, 0, sizeof(*opts));
	for (opt = sockopts; opt < sockopts + ARRAY_SIZE(sockopts); opt++)
		if (opt->init)
			store_number(opts, opt, opt->init);
	if (pattern->flags & ZMQ_PAT_NO_LINGER)
		opts->linger = 0;
}

/**
 * zmq_opts_free() - undo zmq_opts_init()
 * @opts: the values
 *
 * Context: Any; nobody knows the socket any more.
 */
void zmq_opts_free(struct zmq_opts *opts)
{
	kfree(opts->ipc_filters);
	kfree(opts->connect_routing_id);
}

static long ms_to_timeo(int ms)
{
	return ms < 0 ? MAX_SCHEDULE_TIMEOUT : (long)msecs_to_jiffies(ms);
}

/* What was set is told exactly, unless SO_RCVTIMEO or SO_SNDTIMEO came later. */
static int get_timeo(struct zmq_sock *zsk, const struct opt_desc *opt)
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

static void set_timeo(struct zmq_sock *zsk, const struct opt_desc *opt, int ms)
{
	if (opt->number == ZMQ_RCVTIMEO)
		WRITE_ONCE(zsk->sk.sk_rcvtimeo, ms_to_timeo(ms));
	else
		WRITE_ONCE(zsk->sk.sk_sndtimeo, ms_to_timeo(ms));
}

/* Hand an option to its pattern; for one that it has not it is malformed. */
static int pattern_set(struct zmq_sock *zsk, const struct opt_desc *opt,
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

static int pattern_get(struct zmq_sock *zsk, const struct opt_desc *opt,
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

static int set_use_fd(struct zmq_sock *zsk, const struct opt_desc *opt, int fd)
{
	int err = zmq_adopt_give(&zsk->core.owner, fd);

	if (!err)
		store_number(&zsk->core.opts, opt, fd);
	return err;
}

static int set_number(struct zmq_sock *zsk, const struct opt_desc *opt,
		      sockptr_t optval, unsigned int optlen)
{
	size_t size = opt->kind == KIND_S64 ? sizeof(s64) : sizeof(int);
	int err = 0, i;
	s64 val;

	if (optlen != size)
		return -EINVAL;
	if (copy_from_sockptr(opt->kind == KIND_S64 ? (void *)&val : &i, optval,
			      size))
		return -EFAULT;
	if (opt->kind != KIND_S64)
		val = i;
	if (val < opt->min || val > opt->max ||
	    (opt->number == ZMQ_MONITOR && val & ~EVENTS))
		return -EINVAL;
	err = check_hwm(zsk, opt->number, val);
	if (err)
		return err;

	lock_sock(&zsk->sk);
	if (opt->kind == KIND_PAT_INT)
		err = pattern_set(zsk, opt, &i, sizeof(i));
	else if (opt->kind == KIND_ATTACH)
		err = zmq_adopt_stream(&zsk->core.owner, i);
	else if (opt->kind == KIND_INPROC_NS)
		err = enter_inproc_ns(zsk, i);
	else if (opt->number == ZMQ_USE_FD)
		err = set_use_fd(zsk, opt, i);
	else if (opt->kind == KIND_ZEROCOPY)
		sock_valbool_flag(&zsk->sk, SOCK_ZEROCOPY, i);
	else
		store_number(&zsk->core.opts, opt, val);
	if (opt->kind == KIND_TIMEO)
		set_timeo(zsk, opt, val);
	if (opt->number == ZMQ_SNDHWM || opt->number == ZMQ_RCVHWM)
		zmq_core_new_hwm(&zsk->core);
	release_sock(&zsk->sk);
	return err;
}

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

static int set_filter(struct zmq_sock *zsk, const struct opt_desc *opt,
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

static int store_on_heap(struct zmq_opts *opts, const struct opt_desc *opt,
			 const u8 *val, size_t len)
{
	u8 **field = (void *)opts + opt->off;
	u8 *copy;

	copy = kmemdup(val, len, GFP_KERNEL_ACCOUNT);
	if (!copy)
		return -ENOMEM;
	kfree(*field);
	*field = copy;
	*((u8 *)opts + opt->len_off) = len;
	return 0;
}

static int store_bytes(struct zmq_sock *zsk, const struct opt_desc *opt,
		       const u8 *val, size_t len)
{
	void *opts = &zsk->core.opts;

	switch (opt->kind) {
	case KIND_BYTES:
		memcpy(opts + opt->off, val, len);
		*(u8 *)(opts + opt->len_off) = len;
		return 0;
	case KIND_HEAP:
		return store_on_heap(opts, opt, val, len);
	case KIND_TEXT:
		if (memchr(val, 0, len))
			return -EINVAL;
		memset(opts + opt->off, 0, opt->max + 1);
		memcpy(opts + opt->off, val, len);
		return 0;
	case KIND_ENDPOINT:
		return set_endpoint(zsk, opt->number, val, len);
	case KIND_ANSWER:
		return zmq_resolve_answer(&zsk->core.owner, val, len);
	default:
		return pattern_set(zsk, opt, val, len);
	}
}

static int set_bytes(struct zmq_sock *zsk, const struct opt_desc *opt,
		     sockptr_t optval, unsigned int optlen)
{
	bool text = opt->kind == KIND_TEXT || opt->kind == KIND_ENDPOINT;
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
	const struct opt_desc *opt;

	if (level == SOL_SOCKET)
		return optname == SO_PASSCRED ?
		       set_passcred(zsk, optval, optlen) :
		       sock_setsockopt(sock, level, optname, optval, optlen);
	opt = find_for(zsk, level, optname, OPT_SET);
	if (IS_ERR(opt))
		return PTR_ERR(opt);

	switch (opt->kind) {
	case KIND_BYTES:
	case KIND_HEAP:
	case KIND_TEXT:
	case KIND_ENDPOINT:
	case KIND_ANSWER:
	case KIND_PAT_BYTES:
		return set_bytes(zsk, opt, optval, optlen);
	case KIND_FILTER:
		return set_filter(zsk, opt, optval, optlen);
	case KIND_ABORT:
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

static int get_computed(struct zmq_sock *zsk, const struct opt_desc *opt,
			union value *value)
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
static int get_value(struct zmq_sock *zsk, const struct opt_desc *opt,
		     union value *value)
{
	const void *field = (void *)&zsk->core.opts + opt->off;
	int err, len;

	switch (opt->kind) {
	case KIND_INT:
		value->i = *(int *)field;
		return sizeof(value->i);
	case KIND_DECIS:
		value->i = *(int *)field * 100;
		return sizeof(value->i);
	case KIND_BOOL:
		value->i = *(bool *)field;
		return sizeof(value->i);
	case KIND_TIMEO:
		value->i = get_timeo(zsk, opt);
		return sizeof(value->i);
	case KIND_S64:
		value->q = *(s64 *)field;
		return sizeof(value->q);
	case KIND_BYTES:
		len = *((u8 *)&zsk->core.opts + opt->len_off);
		memcpy(value->bytes, field, len);
		return len;
	case KIND_TEXT:
		return strscpy(value->bytes, field, opt->max + 1) + 1;
	case KIND_INPROC_NS:
		value->i = zsk->core.inproc_ns->number;
		return sizeof(value->i);
	case KIND_ZEROCOPY:
		value->i = sock_flag(&zsk->sk, SOCK_ZEROCOPY);
		return sizeof(value->i);
	case KIND_PAT_INT:
		err = pattern_get(zsk, opt, &value->i);
		return err ?: sizeof(value->i);
	default:
		return get_computed(zsk, opt, value);
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
	const struct opt_desc *opt;
	union value value;
	int size, room;

	opt = find_for(zsk, level, optname, OPT_GET);
	if (IS_ERR(opt))
		return PTR_ERR(opt);
	if (opt->kind == KIND_MONITOR)
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
