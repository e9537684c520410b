/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM zmq

#if !defined(_ZMQ_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _ZMQ_TRACE_H

#include <linux/tracepoint.h>
#include <net/sock.h>
#include "compat.h"
#include "mib.h"
#include "types.h"

#ifndef _ZMQ_TRACE_H_ONCE
#define _ZMQ_TRACE_H_ONCE
enum zmq_trace_dir {
	ZMQ_TRACE_RX,
	ZMQ_TRACE_TX,
};
#endif

TRACE_DEFINE_ENUM(ZMQ_TRACE_RX);
TRACE_DEFINE_ENUM(ZMQ_TRACE_TX);

/* The states are of conn.h, which only tracepoints.c needs to know. */
TRACE_DEFINE_ENUM(ZMQ_CONN_CONNECTING);
TRACE_DEFINE_ENUM(ZMQ_CONN_HANDSHAKE);
TRACE_DEFINE_ENUM(ZMQ_CONN_UP);
TRACE_DEFINE_ENUM(ZMQ_CONN_BACKOFF);
TRACE_DEFINE_ENUM(ZMQ_CONN_CLOSED);

#define zmq_show_conn_state(state)				\
	__print_symbolic(state,					\
			 { ZMQ_CONN_CONNECTING, "CONNECTING" },	\
			 { ZMQ_CONN_HANDSHAKE, "HANDSHAKE" },	\
			 { ZMQ_CONN_UP, "UP" },			\
			 { ZMQ_CONN_BACKOFF, "BACKOFF" },	\
			 { ZMQ_CONN_CLOSED, "CLOSED" })

/* A reason is the counter that it adds to. */
TRACE_DEFINE_ENUM(ZMQ_MIB_NONE);
TRACE_DEFINE_ENUM(ZMQ_MIB_CONNECTFAIL);
TRACE_DEFINE_ENUM(ZMQ_MIB_ACCEPTFAIL);
TRACE_DEFINE_ENUM(ZMQ_MIB_ACCEPTDENIED);
TRACE_DEFINE_ENUM(ZMQ_MIB_DISCONNECTS);
TRACE_DEFINE_ENUM(ZMQ_MIB_HBTIMEOUT);
TRACE_DEFINE_ENUM(ZMQ_MIB_HSPROTO);
TRACE_DEFINE_ENUM(ZMQ_MIB_HSVERSION);
TRACE_DEFINE_ENUM(ZMQ_MIB_HSMECHANISM);
TRACE_DEFINE_ENUM(ZMQ_MIB_HSTYPE);
TRACE_DEFINE_ENUM(ZMQ_MIB_HSREFUSED);
TRACE_DEFINE_ENUM(ZMQ_MIB_HSERROR);
TRACE_DEFINE_ENUM(ZMQ_MIB_HSTIMEOUT);
TRACE_DEFINE_ENUM(ZMQ_MIB_HSLIMIT);
TRACE_DEFINE_ENUM(ZMQ_MIB_HSCLOSED);
TRACE_DEFINE_ENUM(ZMQ_MIB_TXDROPFULL);
TRACE_DEFINE_ENUM(ZMQ_MIB_TXDROPNOPEER);
TRACE_DEFINE_ENUM(ZMQ_MIB_TXDROPCONN);
TRACE_DEFINE_ENUM(ZMQ_MIB_TXUNACKED);
TRACE_DEFINE_ENUM(ZMQ_MIB_LINGERDROP);
TRACE_DEFINE_ENUM(ZMQ_MIB_RXDROPFILTER);
TRACE_DEFINE_ENUM(ZMQ_MIB_RXDROPMALFORMED);
TRACE_DEFINE_ENUM(ZMQ_MIB_RXDROPSTALE);
TRACE_DEFINE_ENUM(ZMQ_MIB_RXDROPPARTIAL);
TRACE_DEFINE_ENUM(ZMQ_MIB_CONFLATED);
TRACE_DEFINE_ENUM(ZMQ_MIB_RXDROPCLOSED);
TRACE_DEFINE_ENUM(ZMQ_MIB_SUBDROP);
TRACE_DEFINE_ENUM(ZMQ_MIB_RXTOOBIG);
TRACE_DEFINE_ENUM(ZMQ_MIB_RXGIVENUP);
TRACE_DEFINE_ENUM(ZMQ_MIB_PROTOERROR);
TRACE_DEFINE_ENUM(ZMQ_MIB_NOMEM);
TRACE_DEFINE_ENUM(ZMQ_MIB_MONITORLOST);
TRACE_DEFINE_ENUM(ZMQ_MIB_CREATEDENIED);
TRACE_DEFINE_ENUM(ZMQ_MIB_SOCKETLIMIT);
TRACE_DEFINE_ENUM(ZMQ_MIB_ORPHANLIMIT);
TRACE_DEFINE_ENUM(ZMQ_MIB_HWMDENIED);
TRACE_DEFINE_ENUM(ZMQ_MIB_PEERLIMIT);
TRACE_DEFINE_ENUM(ZMQ_MIB_LISTENERLIMIT);
TRACE_DEFINE_ENUM(ZMQ_MIB_USERLIMIT);

#define zmq_show_reason(reason)						\
	__print_symbolic(reason,					\
			 { ZMQ_MIB_NONE, "-" },				\
			 { ZMQ_MIB_CONNECTFAIL, "ConnectFail" },	\
			 { ZMQ_MIB_ACCEPTFAIL, "AcceptFail" },		\
			 { ZMQ_MIB_ACCEPTDENIED, "AcceptDenied" },	\
			 { ZMQ_MIB_DISCONNECTS, "Disconnects" },		\
			 { ZMQ_MIB_HBTIMEOUT, "HeartbeatTimeouts" },	\
			 { ZMQ_MIB_HSPROTO, "HandshakeProtocol" },	\
			 { ZMQ_MIB_HSVERSION, "HandshakeVersion" },	\
			 { ZMQ_MIB_HSMECHANISM, "HandshakeMechanism" },	\
			 { ZMQ_MIB_HSTYPE, "HandshakeType" },		\
			 { ZMQ_MIB_HSREFUSED, "HandshakeRefused" },	\
			 { ZMQ_MIB_HSERROR, "HandshakeError" },		\
			 { ZMQ_MIB_HSTIMEOUT, "HandshakeTimeout" },	\
			 { ZMQ_MIB_HSLIMIT, "HandshakeLimit" }, \
			 { ZMQ_MIB_HSCLOSED, "HandshakeClosed" },	\
			 { ZMQ_MIB_TXDROPFULL, "TxDropFull" },		\
			 { ZMQ_MIB_TXDROPNOPEER, "TxDropNoPeer" },	\
			 { ZMQ_MIB_TXDROPCONN, "TxDropConn" },		\
			 { ZMQ_MIB_TXUNACKED, "TxUnacked" },		\
			 { ZMQ_MIB_LINGERDROP, "LingerDrop" },		\
			 { ZMQ_MIB_RXDROPFILTER, "RxDropFilter" },	\
			 { ZMQ_MIB_RXDROPMALFORMED, "RxDropMalformed" }, \
			 { ZMQ_MIB_RXDROPSTALE, "RxDropStale" },	\
			 { ZMQ_MIB_RXDROPPARTIAL, "RxDropPartial" },	\
			 { ZMQ_MIB_CONFLATED, "Conflated" },		\
			 { ZMQ_MIB_RXDROPCLOSED, "RxDropClosed" }, \
			 { ZMQ_MIB_SUBDROP, "SubDrop" },		\
			 { ZMQ_MIB_RXTOOBIG, "RxTooBig" },		\
			 { ZMQ_MIB_RXGIVENUP, "RxGivenUp" },		\
			 { ZMQ_MIB_PROTOERROR, "ProtoError" },		\
			 { ZMQ_MIB_NOMEM, "NoMem" }, \
			 { ZMQ_MIB_MONITORLOST, "MonitorLost" },		\
			 { ZMQ_MIB_CREATEDENIED, "CreateDenied" }, \
			 { ZMQ_MIB_SOCKETLIMIT, "SocketLimit" }, \
			 { ZMQ_MIB_ORPHANLIMIT, "OrphanLimit" }, \
			 { ZMQ_MIB_HWMDENIED, "HwmDenied" },		\
			 { ZMQ_MIB_PEERLIMIT, "PeerLimit" },		\
			 { ZMQ_MIB_LISTENERLIMIT, "ListenerLimit" },	\
			 { ZMQ_MIB_USERLIMIT, "UserLimit" })

#define zmq_show_type(type)				\
	__print_symbolic(type,				\
			 { 0, "PAIR" },			\
			 { 1, "PUB" },			\
			 { 2, "SUB" },			\
			 { 3, "REQ" },			\
			 { 4, "REP" },			\
			 { 5, "DEALER" },		\
			 { 6, "ROUTER" },		\
			 { 7, "PULL" },			\
			 { 8, "PUSH" },			\
			 { 9, "XPUB" },			\
			 { 10, "XSUB" },		\
			 { 11, "STREAM" })

#define zmq_show_dir(dir)				\
	__print_symbolic(dir,				\
			 { ZMQ_TRACE_RX, "rx" },	\
			 { ZMQ_TRACE_TX, "tx" })

TRACE_EVENT(zmq_conn_state,
	    TP_PROTO(const struct zmq_conn *conn, u8 old, u8 new,
		     enum zmq_mib_field reason),

	    TP_ARGS(conn, old, new, reason),

	    TP_STRUCT__entry(__field(const void *, conn)
			     __field(u8, old)
			     __field(u8, new)
			     __field(u8, reason)
	    ),

	    TP_fast_assign(__entry->conn = conn;
			   __entry->old = old;
			   __entry->new = new;
			   __entry->reason = reason;
	    ),

	    TP_printk("conn=%p %s -> %s reason=%s", __entry->conn,
		      zmq_show_conn_state(__entry->old),
		      zmq_show_conn_state(__entry->new),
		      zmq_show_reason(__entry->reason))
);

#define zmq_show_event(event)						\
	__print_flags(event, "|",					\
		      { ZMQ_EVENT_CONNECTED, "CONNECTED" },		\
		      { ZMQ_EVENT_CONNECT_DELAYED, "CONNECT_DELAYED" },	\
		      { ZMQ_EVENT_CONNECT_RETRIED, "CONNECT_RETRIED" },	\
		      { ZMQ_EVENT_LISTENING, "LISTENING" },		\
		      { ZMQ_EVENT_BIND_FAILED, "BIND_FAILED" },		\
		      { ZMQ_EVENT_ACCEPTED, "ACCEPTED" },		\
		      { ZMQ_EVENT_ACCEPT_FAILED, "ACCEPT_FAILED" },	\
		      { ZMQ_EVENT_CLOSED, "CLOSED" },			\
		      { ZMQ_EVENT_DISCONNECTED, "DISCONNECTED" },	\
		      { ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL,		\
			"HANDSHAKE_FAILED_NO_DETAIL" },			\
		      { ZMQ_EVENT_HANDSHAKE_SUCCEEDED,			\
			"HANDSHAKE_SUCCEEDED" },			\
		      { ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL,		\
			"HANDSHAKE_FAILED_PROTOCOL" },			\
		      { ZMQ_EVENT_HANDSHAKE_FAILED_AUTH,		\
			"HANDSHAKE_FAILED_AUTH" })

TRACE_EVENT(zmq_event,
	    TP_PROTO(const struct sock *sk, u32 event, u64 value,
		     const char *local, const char *remote),

	    TP_ARGS(sk, event, value, local, remote),

	    TP_STRUCT__entry(__field(const void *, sk)
			     __field(u64, value)
			     __field(u32, event)
			     __field(u8, type)
			     __string(local, local)
			     __string(remote, remote)
	    ),

	    TP_fast_assign(__entry->sk = sk;
			   __entry->value = value;
			   __entry->event = event;
			   __entry->type = sk->sk_protocol;
			   zmq_assign_str(local, local);
			   zmq_assign_str(remote, remote);
	    ),

	    TP_printk("sk=%p type=%s %s value=%llu local=%s remote=%s",
		      __entry->sk, zmq_show_type(__entry->type),
		      zmq_show_event(__entry->event), __entry->value,
		      __get_str(local), __get_str(remote))
);

DECLARE_EVENT_CLASS(zmq_traffic,
		    TP_PROTO(const struct sock *sk,
			     const struct zmq_pipe *pipe,
			     unsigned int msgs, u64 bytes),

		    TP_ARGS(sk, pipe, msgs, bytes),

		    TP_STRUCT__entry(__field(const void *, sk)
				     __field(const void *, pipe)
				     __field(u64, bytes)
				     __field(unsigned int, msgs)
				     __field(u8, type)
		    ),

		    TP_fast_assign(__entry->sk = sk;
				   __entry->pipe = pipe;
				   __entry->bytes = bytes;
				   __entry->msgs = msgs;
				   __entry->type = sk->sk_protocol;
		    ),

		    TP_printk("sk=%p type=%s pipe=%p msgs=%u bytes=%llu",
			      __entry->sk, zmq_show_type(__entry->type),
			      __entry->pipe, __entry->msgs, __entry->bytes)
);

DEFINE_EVENT(zmq_traffic, zmq_rx,
	     TP_PROTO(const struct sock *sk, const struct zmq_pipe *pipe,
		      unsigned int msgs, u64 bytes),

	     TP_ARGS(sk, pipe, msgs, bytes)
);

DEFINE_EVENT(zmq_traffic, zmq_tx,
	     TP_PROTO(const struct sock *sk, const struct zmq_pipe *pipe,
		      unsigned int msgs, u64 bytes),

	     TP_ARGS(sk, pipe, msgs, bytes)
);

TRACE_EVENT(zmq_hwm,
	    TP_PROTO(const struct sock *sk, const struct zmq_pipe *pipe,
		     enum zmq_trace_dir dir),

	    TP_ARGS(sk, pipe, dir),

	    TP_STRUCT__entry(__field(const void *, sk)
			     __field(const void *, pipe)
			     __field(u8, type)
			     __field(u8, dir)
	    ),

	    TP_fast_assign(__entry->sk = sk;
			   __entry->pipe = pipe;
			   __entry->type = sk->sk_protocol;
			   __entry->dir = dir;
	    ),

	    TP_printk("sk=%p type=%s pipe=%p %s", __entry->sk,
		      zmq_show_type(__entry->type), __entry->pipe,
		      zmq_show_dir(__entry->dir))
);

TRACE_EVENT(zmq_drop,
	    TP_PROTO(const struct sock *sk, const struct zmq_pipe *pipe,
		     enum zmq_mib_field reason, unsigned long n),

	    TP_ARGS(sk, pipe, reason, n),

	    TP_STRUCT__entry(__field(const void *, sk)
			     __field(const void *, pipe)
			     __field(unsigned long, n)
			     __field(u8, type)
			     __field(u8, reason)
	    ),

	    TP_fast_assign(__entry->sk = sk;
			   __entry->pipe = pipe;
			   __entry->n = n;
			   __entry->type = sk->sk_protocol;
			   __entry->reason = reason;
	    ),

	    TP_printk("sk=%p type=%s pipe=%p reason=%s n=%lu", __entry->sk,
		      zmq_show_type(__entry->type), __entry->pipe,
		      zmq_show_reason(__entry->reason), __entry->n)
);

#endif /* _ZMQ_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH base
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
