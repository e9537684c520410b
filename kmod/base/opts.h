/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_OPTS_H
#define _ZMQ_OPTS_H

#include <linux/if.h>
#include "types.h"

/* The lists of ZMQ_IPC_FILTER_UID, _GID and _PID */
enum {
	ZMQ_FILTER_UID,
	ZMQ_FILTER_GID,
	ZMQ_FILTER_PID,
	ZMQ_FILTERS,
};

#define ZMQ_FILTER_MAX	16

/**
 * struct zmq_ipc_filter - ids of peers that may connect
 * @nr: how many
 * @ids: in the initial namespaces
 */
struct zmq_ipc_filter {
	unsigned int	nr;
	u32		ids[ZMQ_FILTER_MAX];
};

/* The values of a socket's SOL_ZMQ options.
 *
 * Written under the socket lock. Connections read them without it where a
 * torn set of values does no harm, so every field is a word or smaller and
 * read with READ_ONCE() outside of the lock.
 */
struct zmq_opts {
	s64	max_msg_size;		/* bytes of one frame, -1: the namespace's limit */
	u64	affinity;		/* remembered, nothing else */
	int	snd_hwm;		/* messages a pipe, 0: no limit */
	int	rcv_hwm;
	int	rcvtimeo;		/* ms, as set; sk_rcvtimeo is what counts */
	int	sndtimeo;
	int	linger;			/* ms, -1: the namespace's limit */
	int	reconnect_ivl;		/* ms, below 1: never */
	int	reconnect_ivl_max;	/* ms, 0: no growth */
	int	reconnect_stop;		/* ZMQ_RECONNECT_STOP_... */
	int	monitor;		/* ZMQ_EVENT_... of the next ZMQ_MONITOR_FD */
	int	handshake_ivl;		/* ms, 0: no limit */
	int	connect_timeout;	/* ms, 0: TCP's own */
	int	heartbeat_ivl;		/* ms, 0: none */
	int	heartbeat_ttl;		/* tenths of a second, 0: none */
	int	heartbeat_timeout;	/* ms, 0: never, -1: heartbeat_ivl */
	int	backlog;
	int	sndbuf;			/* bytes, -1: TCP's own */
	int	rcvbuf;
	int	tos;
	int	tcp_keepalive;		/* -1: the system's */
	int	tcp_keepalive_cnt;
	int	tcp_keepalive_idle;	/* s */
	int	tcp_keepalive_intvl;	/* s */
	int	tcp_maxrt;		/* ms */
	int	use_fd;			/* listening socket for the next bind, -1: none */
	struct zmq_ipc_filter	*ipc_filters;	/* ZMQ_FILTERS, or NULL; socket lock */
	bool	name_form;		/* names are the transport's addresses */
	bool	immediate;
	bool	rcvframes;
	bool	conflate;
	bool	ipv6;
	bool	resolve;		/* hosts that are connected to may be names */
	bool	local_direct;
	u8	routing_id_len;
	u8	connect_routing_id_len;
	u8	routing_id[ZMQ_ROUTING_ID_MAX];
	u8	*connect_routing_id;	/* of the next connect, once; socket lock */
	char	device[IFNAMSIZ];
};

#endif /* _ZMQ_OPTS_H */
