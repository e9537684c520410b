/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * AF_ZMQ: ZeroMQ sockets (ZMTP) as an address family.
 *
 * Socket types and option numbers, option types, units and defaults are those
 * of libzmq's zmq_setsockopt(3), so a program may include both headers.
 * Described in af_zmq(7).
 */
#ifndef _UAPI_LINUX_ZMQ_H
#define _UAPI_LINUX_ZMQ_H

#include <linux/socket.h>
#include <linux/types.h>

/* The slot of AF_ASH, which no kernel ever implemented. The module parameter
 * "family" overrides it; /sys/module/zmq/parameters/family tells the value.
 */
#define AF_ZMQ			18
#define PF_ZMQ			AF_ZMQ
#define SOL_ZMQ			289

/* socket(AF_ZMQ, SOCK_SEQPACKET or SOCK_DGRAM, one of these) */
#define ZMQ_PAIR 0
#define ZMQ_PUB 1
#define ZMQ_SUB 2
#define ZMQ_REQ 3
#define ZMQ_REP 4
#define ZMQ_DEALER 5
#define ZMQ_ROUTER 6
#define ZMQ_PULL 7
#define ZMQ_PUSH 8
#define ZMQ_XPUB 9
#define ZMQ_XSUB 10
#define ZMQ_STREAM 11

#define ZMQ_ENDPOINT_MAX	126	/* bytes in szmq_endpoint, with its NUL */

/**
 * struct sockaddr_zmq - an endpoint as text
 * @szmq_family: AF_ZMQ
 * @szmq_endpoint: "transport://address", NUL-terminated unless it fills the
 *	array or the address length says where it ends
 *
 * bind() and connect() also take struct sockaddr_in and sockaddr_in6 as
 * tcp:// endpoints, sockaddr_un as ipc:// and sockaddr_vm as vsock://.
 */
struct sockaddr_zmq {
	__kernel_sa_family_t	szmq_family;
	char			szmq_endpoint[ZMQ_ENDPOINT_MAX];
};

/**
 * struct sockaddr_zmq_peer - a peer of a ROUTER or STREAM socket
 * @szmq_family: AF_ZMQ
 * @szmq_zero: 0, which no endpoint's text begins with
 * @szmq_peer: its number, never 0 and not used again while the socket has
 *	fewer than 2^32 - 1 peers behind it
 *
 * recvfrom() tells it, sendto() takes it in place of a routing id frame.
 */
struct sockaddr_zmq_peer {
	__kernel_sa_family_t	szmq_family;
	__u16			szmq_zero;
	__u32			szmq_peer;
};

/* Options at level SOL_ZMQ with libzmq's numbers. "ms" is milliseconds. */
#define ZMQ_AFFINITY 4			/* __u64, accepted and ignored */
#define ZMQ_ROUTING_ID 5		/* 1 to 255 bytes */
#define ZMQ_SUBSCRIBE 6			/* bytes, also none */
#define ZMQ_UNSUBSCRIBE 7		/* bytes, also none */
#define ZMQ_SNDBUF 11			/* int, bytes of the transport's buffer, -1 the system's */
#define ZMQ_RCVBUF 12			/* int, bytes of the transport's buffer, -1 the system's */
#define ZMQ_RCVMORE 13			/* int, get only */
#define ZMQ_FD 14			/* int, get only: not supported, the socket is the fd */
#define ZMQ_EVENTS 15			/* int, get only: ZMQ_POLLIN | ZMQ_POLLOUT */
#define ZMQ_TYPE 16			/* int, get only */
#define ZMQ_LINGER 17			/* int, ms, -1 as long as net.zmq.linger_max_ms allows */
#define ZMQ_RECONNECT_IVL 18		/* int, ms, -1 never */
#define ZMQ_BACKLOG 19			/* int */
#define ZMQ_RECONNECT_IVL_MAX 21	/* int, ms, 0 no growth */
#define ZMQ_MAXMSGSIZE 22		/* __s64, bytes of a frame, -1 no limit but the system's */
#define ZMQ_SNDHWM 23			/* int, messages a peer, 0 no limit */
#define ZMQ_RCVHWM 24			/* int, messages a peer, 0 no limit */
#define ZMQ_RCVTIMEO 27			/* int, ms, -1 for ever */
#define ZMQ_SNDTIMEO 28			/* int, ms, -1 for ever */
#define ZMQ_LAST_ENDPOINT 32		/* string with its NUL, get only */
#define ZMQ_ROUTER_MANDATORY 33		/* int */
#define ZMQ_TCP_KEEPALIVE 34		/* int, -1 the system's, 0, 1 */
#define ZMQ_TCP_KEEPALIVE_CNT 35	/* int, -1 the system's */
#define ZMQ_TCP_KEEPALIVE_IDLE 36	/* int, seconds, -1 the system's */
#define ZMQ_TCP_KEEPALIVE_INTVL 37	/* int, seconds, -1 the system's */
#define ZMQ_IMMEDIATE 39		/* int, 0 or 1 */
#define ZMQ_XPUB_VERBOSE 40		/* int */
#define ZMQ_ROUTER_RAW 41		/* int */
#define ZMQ_IPV6 42			/* int, 0 or 1 */
#define ZMQ_MECHANISM 43		/* int, get only */
#define ZMQ_PROBE_ROUTER 51		/* int */
#define ZMQ_REQ_CORRELATE 52		/* int */
#define ZMQ_REQ_RELAXED 53		/* int */
#define ZMQ_CONFLATE 54			/* int, 0 or 1: a peer's queue holds its last message */
#define ZMQ_ROUTER_HANDOVER 56		/* int */
#define ZMQ_TOS 57			/* int */
#define ZMQ_IPC_FILTER_PID 58		/* pid_t, adds; nothing: clears */
#define ZMQ_IPC_FILTER_UID 59		/* uid_t, adds; nothing: clears */
#define ZMQ_IPC_FILTER_GID 60		/* gid_t, adds; nothing: clears */
#define ZMQ_CONNECT_ROUTING_ID 61	/* 1 to 255 bytes */
#define ZMQ_HANDSHAKE_IVL 66		/* int, ms, 0 no limit */
#define ZMQ_XPUB_NODROP 69		/* int */
#define ZMQ_XPUB_MANUAL 71		/* int */
#define ZMQ_XPUB_WELCOME_MSG 72		/* 0 to 65535 bytes */
#define ZMQ_STREAM_NOTIFY 73		/* int, 0 or 1 */
#define ZMQ_INVERT_MATCHING 74		/* int */
#define ZMQ_HEARTBEAT_IVL 75		/* int, ms between PINGs, 0 none */
#define ZMQ_HEARTBEAT_TTL 76		/* int, ms, told in tenths of a second, 0 none */
#define ZMQ_HEARTBEAT_TIMEOUT 77	/* int, ms of silence after a PING, -1 that of IVL */
#define ZMQ_XPUB_VERBOSER 78		/* int */
#define ZMQ_CONNECT_TIMEOUT 79		/* int, ms, 0 the system's */
#define ZMQ_TCP_MAXRT 80		/* int, ms, 0 the system's */
#define ZMQ_THREAD_SAFE 81		/* int, get only, always 1 */
#define ZMQ_USE_FD 89			/* int, a listening socket for bind, -1 none */
#define ZMQ_BINDTODEVICE 92		/* string */
#define ZMQ_RECONNECT_STOP 109		/* int, ZMQ_RECONNECT_STOP_... */
#define ZMQ_TOPICS_COUNT 116		/* int, get only */

/* Bits of ZMQ_EVENTS */
#define ZMQ_POLLIN 1
#define ZMQ_POLLOUT 2

/* AF_ZMQ's own options, above every number that libzmq may ever use. The
 * first four do what bind(), connect() and their opposites do, for languages
 * whose sockets refuse an unknown family; the value is the endpoint's text.
 */
#define ZMQ_BIND		1000
#define ZMQ_CONNECT		1001
#define ZMQ_UNBIND		1002
#define ZMQ_DISCONNECT		1003
#define ZMQ_ATTACH_FD		1004	/* int, set only: a connected stream socket */

#define ZMQ_RCVFRAMES		1005	/* int, 0 or 1: recvmsg() returns ZMQ_FRAMES */
#define ZMQ_MONITOR		1006	/* int, ZMQ_EVENT_... that monitors opened later tell */
#define ZMQ_MONITOR_FD		1007	/* int, get only: opens a monitor */
#define ZMQ_INPROC_NS		1008	/* int, -1 or a socket that is in it; get: its number */
#define ZMQ_ZEROCOPY		1009	/* int, 0 or 1: MSG_ZEROCOPY is not ignored */
#define ZMQ_LOCAL_DIRECT	1010	/* int, 0 or 1: tcp:// without TCP inside this kernel */
#define ZMQ_NAME_FORM		1016	/* int, 0 endpoints as text, 1 the transport's addresses */
#define ZMQ_ABORT		1017	/* int, set only: gives up half a message */
#define ZMQ_RESOLVE		1022	/* int, 0 or 1: connect takes names of hosts */
#define ZMQ_RESOLVED		1023	/* set only: endpoint, NUL, endpoint with an address */

/* When a connection that was dialed is not dialed again */
#define ZMQ_RECONNECT_STOP_CONN_REFUSED 0x1
#define ZMQ_RECONNECT_STOP_HANDSHAKE_FAILED 0x2
#define ZMQ_RECONNECT_STOP_AFTER_DISCONNECT 0x4

/* Events, and what their value is. An inode number is that of the transport's
 * socket, as "ss -e" shows it.
 */
#define ZMQ_EVENT_CONNECTED 0x0001	/* inode; ZMTP's handshake follows */
#define ZMQ_EVENT_CONNECT_DELAYED 0x0002 /* errno: EINPROGRESS */
#define ZMQ_EVENT_CONNECT_RETRIED 0x0004 /* ms until the next attempt */
#define ZMQ_EVENT_LISTENING 0x0008	/* inode */
#define ZMQ_EVENT_BIND_FAILED 0x0010	/* errno */
#define ZMQ_EVENT_ACCEPTED 0x0020	/* inode */
#define ZMQ_EVENT_ACCEPT_FAILED 0x0040	/* errno */
#define ZMQ_EVENT_CLOSED 0x0080		/* inode; of a listener or an attempt to connect */
#define ZMQ_EVENT_CLOSE_FAILED 0x0100	/* never happens */
#define ZMQ_EVENT_DISCONNECTED 0x0200	/* inode */
#define ZMQ_EVENT_MONITOR_STOPPED 0x0400 /* 0; the socket is closed */
#define ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL 0x0800 /* errno */
#define ZMQ_EVENT_HANDSHAKE_SUCCEEDED 0x1000 /* 0 */
#define ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL 0x2000 /* ZMQ_PROTOCOL_ERROR_... */
#define ZMQ_EVENT_HANDSHAKE_FAILED_AUTH 0x4000 /* 300, 400 or 500 */
#define ZMQ_EVENT_GIVEN_UP 0x8000	/* errno; it is not connected again */
#define ZMQ_EVENT_ALL 0xFFFF

/* Not one of those: who asks for it is to answer by ZMQ_RESOLVED. */
#define ZMQ_EVENT_RESOLVE 0x20000	/* ms until the attempt fails; @remote has the name */

#define ZMQ_PROTOCOL_ERROR_ZMTP_UNSPECIFIED 0x10000000
#define ZMQ_PROTOCOL_ERROR_ZMTP_INVALID_METADATA 0x10000018
#define ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH 0x11000002

#define ZMQ_EVENT_ENDPOINT_MAX	288	/* bytes of an endpoint, with its NUL */
#define ZMQ_EVENT_BOUND		1	/* bound or accepted here, not connected */

/**
 * struct zmq_event_record - what read() of a monitor returns, one or several
 * @time_ns: CLOCK_MONOTONIC
 * @value: see the event
 * @event: ZMQ_EVENT_...
 * @flags: ZMQ_EVENT_BOUND or 0
 * @lost: events before this one that found no room
 * @error: errno of what failed or ended, 0 for an orderly end and whatever else
 * @local: endpoint here, "" while there is none
 * @remote: the peer's, "" if it has none or is not known
 */
struct zmq_event_record {
	__u64	time_ns;
	__u64	value;
	__u32	event;
	__u32	flags;
	__u32	lost;
	__u32	error;
	char	local[ZMQ_EVENT_ENDPOINT_MAX];
	char	remote[ZMQ_EVENT_ENDPOINT_MAX];
};

/* Control messages of level SOL_ZMQ */
#define ZMQ_FRAMES		1	/* array of struct zmq_frame_desc */
#define ZMQ_FRAMES_NEED		2	/* struct zmq_frames_need, recvmsg() only */
#define ZMQ_RECVERR		3	/* struct sock_extended_err, with MSG_ERRQUEUE only */

#define ZMQ_FRAME_MORE		1	/* the message goes on in the next frame */

/**
 * struct zmq_frame_desc - one frame of the data of sendmsg() or recvmsg()
 * @len: bytes
 * @flags: ZMQ_FRAME_MORE or 0
 *
 * With a ZMQ_FRAMES control message the data of a call are the bodies of these
 * frames, one behind the other: whole messages, and as many as one likes.
 */
struct zmq_frame_desc {
	__u32	len;
	__u32	flags;
};

/**
 * struct zmq_frames_need - room that the first message in the queue takes
 * @bytes: of data
 * @frames: entries of ZMQ_FRAMES
 * @reserved: 0
 */
struct zmq_frames_need {
	__u64	bytes;
	__u32	frames;
	__u32	reserved;
};

#endif /* _UAPI_LINUX_ZMQ_H */
