// SPDX-License-Identifier: GPL-2.0-only
/* One table says all there is to say about an option. */

#include "option.h"

#define OPT(_number, _kind, _access)			\
	.number = (_number), .kind = ZMQ_KIND_##_kind, .access = (_access)
#define FIELD(_field)	.off = offsetof(struct zmq_opts, _field)
#define RANGE(_min, _max)	.min = (_min), .max = (_max)
#define INIT(_init)	.init = (_init)
#define TYPES(_types)	.types = (_types)

#define T(_type)	BIT(ZMQ_##_type)
#define T_PUBSUB	(T(PUB) | T(SUB) | T(XPUB) | T(XSUB))
#define RW		(ZMQ_OPTION_SET | ZMQ_OPTION_GET)
#define RO		ZMQ_OPTION_GET
#define WO		ZMQ_OPTION_SET

const struct zmq_option zmq_options[] = {
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

const unsigned int zmq_options_nr = ARRAY_SIZE(zmq_options);
