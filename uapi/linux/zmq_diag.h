/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * AF_ZMQ sockets by sock_diag(7): a request of type SOCK_DIAG_BY_FAMILY with
 * NLM_F_DUMP and struct zmq_diag_req.
 *
 * Each answer is a netlink message with a struct zmq_diag_msg, which says of
 * what socket it tells, and attributes. The first message of a socket has
 * ZMQ_DIAG_INFO. Those that follow have one ZMQ_DIAG_LISTENER or one
 * ZMQ_DIAG_PEER each, if these were asked for. What comes and goes during a
 * dump may be told of twice or not at all.
 *
 * Structs only grow at their end: a program takes as much as it knows, and
 * what an older kernel did not send is 0.
 */
#ifndef _UAPI_LINUX_ZMQ_DIAG_H
#define _UAPI_LINUX_ZMQ_DIAG_H

#include <linux/types.h>

/* Bits of zdiag_show */
#define ZMQ_DIAG_SHOW_LISTENERS	1
#define ZMQ_DIAG_SHOW_PEERS	2

/**
 * struct zmq_diag_req - what to dump
 * @zdiag_family: AF_ZMQ, or the number that the module was given
 * @zdiag_protocol: 0
 * @zdiag_reserved: 0
 * @zdiag_types: 1 << ZMQ_... of the socket types wanted, 0 for all
 * @zdiag_show: ZMQ_DIAG_SHOW_..., other bits are an error
 * @zdiag_reserved2: 0
 * @zdiag_ino: inode of the socket wanted, 0 for all
 */
struct zmq_diag_req {
	__u8	zdiag_family;
	__u8	zdiag_protocol;
	__u16	zdiag_reserved;
	__u32	zdiag_types;
	__u32	zdiag_show;
	__u32	zdiag_reserved2;
	__u64	zdiag_ino;
};

#define ZMQ_DIAG_OPEN		1	/* values of zdiag_state */
#define ZMQ_DIAG_DRAINING	2	/* closed, but not everything is sent */

/**
 * struct zmq_diag_msg - a socket
 * @zdiag_family: the family
 * @zdiag_type: SOCK_SEQPACKET or SOCK_DGRAM
 * @zdiag_pattern: ZMQ_PAIR ...
 * @zdiag_state: ZMQ_DIAG_OPEN or ZMQ_DIAG_DRAINING
 * @zdiag_uid: who created it, as the reader's user name space sees it
 * @zdiag_ino: inode, 0 once it is closed
 * @zdiag_cookie: what SO_COOKIE says
 */
struct zmq_diag_msg {
	__u8	zdiag_family;
	__u8	zdiag_type;
	__u8	zdiag_pattern;
	__u8	zdiag_state;
	__u32	zdiag_uid;
	__u64	zdiag_ino;
	__u32	zdiag_cookie[2];
};

enum {
	ZMQ_DIAG_UNSPEC,
	ZMQ_DIAG_PAD,
	ZMQ_DIAG_INFO,		/* struct zmq_diag_info */
	ZMQ_DIAG_MEMINFO,	/* __u32[], as INET_DIAG_SKMEMINFO */
	ZMQ_DIAG_CGROUP_ID,	/* __u64 */
	ZMQ_DIAG_MARK,		/* __u32, only to CAP_NET_ADMIN */
	ZMQ_DIAG_LISTENER,	/* nested ZMQ_DIAG_L_... */
	ZMQ_DIAG_PEER,		/* nested ZMQ_DIAG_P_... */
	__ZMQ_DIAG_MAX
};

#define ZMQ_DIAG_MAX (__ZMQ_DIAG_MAX - 1)

enum {
	ZMQ_DIAG_L_UNSPEC,
	ZMQ_DIAG_L_PAD,
	/* The text, without a NUL. Names of ZMQ_INPROC_NS, here and below, and
	 * routing ids are told to the socket's user and CAP_NET_ADMIN alone.
	 */
	ZMQ_DIAG_L_ENDPOINT,
	ZMQ_DIAG_L_CHILD,	/* struct zmq_diag_child; inproc has none */
	__ZMQ_DIAG_L_MAX
};

#define ZMQ_DIAG_L_MAX (__ZMQ_DIAG_L_MAX - 1)

enum {
	ZMQ_DIAG_P_UNSPEC,
	ZMQ_DIAG_P_PAD,
	ZMQ_DIAG_P_INFO,	/* struct zmq_diag_peer */
	ZMQ_DIAG_P_ENDPOINT,	/* bound or connected to, text without a NUL */
	ZMQ_DIAG_P_ID,		/* routing id, bytes */
	ZMQ_DIAG_P_MECHANISM,	/* string: "NULL" ... */
	ZMQ_DIAG_P_REASON,	/* string: the counter of the last failure */
	ZMQ_DIAG_P_CHILD,	/* struct zmq_diag_child; inproc has none */
	ZMQ_DIAG_P_LOCAL,	/* struct sockaddr_in or sockaddr_in6 */
	ZMQ_DIAG_P_REMOTE,	/* likewise, the peer's */
	__ZMQ_DIAG_P_MAX
};

#define ZMQ_DIAG_P_MAX (__ZMQ_DIAG_P_MAX - 1)

/**
 * struct zmq_diag_info - the sums of a socket
 * @peers: peers of the pattern
 * @handshakes: accepted connections that have not completed their handshake
 * @snd_hwm: ZMQ_SNDHWM
 * @rcv_hwm: ZMQ_RCVHWM
 * @rx_msgs: messages that wait to be received
 * @rx_bytes: their bytes, encoded
 * @tx_msgs: messages that the transport has not taken; inproc: not received
 * @tx_bytes: their bytes, encoded; without those of inproc
 * @drops: messages that some peer did not get
 * @rx_mem: memory charged for what was received
 * @tx_mem: memory charged for what is to be sent
 */
struct zmq_diag_info {
	__u32	peers;
	__u32	handshakes;
	__u32	snd_hwm;
	__u32	rcv_hwm;
	__u64	rx_msgs;
	__u64	rx_bytes;
	__u64	tx_msgs;
	__u64	tx_bytes;
	__u64	drops;
	__u64	rx_mem;
	__u64	tx_mem;
};

/* Values of zmq_diag_peer.state */
#define ZMQ_DIAG_CONNECTING	1	/* the stream is being established */
#define ZMQ_DIAG_HANDSHAKE	2	/* ZMTP's handshake is under way */
#define ZMQ_DIAG_UP		3	/* messages flow */
#define ZMQ_DIAG_BACKOFF	4	/* waits before it connects again */
#define ZMQ_DIAG_GONE		5	/* what it sent can still be received */
#define ZMQ_DIAG_PARKED		6	/* inproc: nobody has bound the name */

/* Bits of zmq_diag_peer.flags */
#define ZMQ_DIAG_F_DIALED	1	/* made by connect() */
#define ZMQ_DIAG_F_FULL		2	/* takes no message before its low-water mark */
#define ZMQ_DIAG_F_THROTTLED	4	/* its queue here is full: reading stopped */
#define ZMQ_DIAG_F_LINGERING	8	/* disconnected, sends what is queued */
#define ZMQ_DIAG_F_DIRECT	16	/* ipc: the kernel hands bytes over itself */

#define ZMQ_DIAG_TYPE_UNKNOWN	255

/**
 * struct zmq_diag_peer - a peer, or a connection that is to become one
 * @state: ZMQ_DIAG_CONNECTING ...
 * @flags: ZMQ_DIAG_F_...
 * @type: its socket type, ZMQ_DIAG_TYPE_UNKNOWN if it has not told
 * @minor: of its ZMTP version
 * @error: errno of the last failure, 0 if there was none or it had no errno
 * @reconnects: how often it was connected to again
 * @rx_msgs: messages from it that wait to be received
 * @rx_bytes: their bytes, encoded
 * @tx_msgs: messages for it that the transport has not taken
 * @tx_bytes: their bytes, encoded; 0 for inproc, where the peer counts them
 * @rx_total: messages from it so far
 * @tx_total: messages for it so far
 * @drops: messages that it did not get
 * @topics: what it has subscribed to here
 */
struct zmq_diag_peer {
	__u8	state;
	__u8	flags;
	__u8	type;
	__u8	minor;
	__s32	error;
	__u32	reconnects;
	__u32	rx_msgs;
	__u64	rx_bytes;
	__u64	tx_bytes;
	__u64	rx_total;
	__u64	tx_total;
	__u64	drops;
	__u32	tx_msgs;
	__u32	topics;
};

/**
 * struct zmq_diag_child - the transport's socket below
 * @ino: its inode, as in ss -e and /proc/net/tcp
 * @cookie: its cookie, as in ss -e
 * @family: AF_INET, AF_INET6, AF_UNIX, AF_VSOCK
 * @state: the transport's, for TCP TCP_ESTABLISHED ...
 * @reserved: 0
 */
struct zmq_diag_child {
	__u64	ino;
	__u32	cookie[2];
	__u16	family;
	__u8	state;
	__u8	reserved[5];
};

#endif /* _UAPI_LINUX_ZMQ_DIAG_H */
