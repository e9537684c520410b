/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_MIB_H
#define _ZMQ_MIB_H

#include <linux/percpu.h>

struct seq_file;

/* Each value has a name in mib.c, which is how /proc/net/zmq_snmp shows it. */
enum zmq_mib_field {
	ZMQ_MIB_NONE,		/* not a counter: no reason, in tracepoints */

	/* sockets and connections */
	ZMQ_MIB_SOCKETS,	/* sockets created */
	ZMQ_MIB_CONNECTS,	/* outgoing connections tried, the first time */
	ZMQ_MIB_RECONNECTS,	/* outgoing connections tried again */
	ZMQ_MIB_CONNECTFAIL,	/* outgoing connections refused or timed out */
	ZMQ_MIB_ACCEPTS,	/* incoming connections accepted */
	ZMQ_MIB_ACCEPTFAIL,	/* incoming connections that had to be let go */
	ZMQ_MIB_ACCEPTDENIED,	/* incoming connections that ZMQ_IPC_FILTER_... forbids */
	ZMQ_MIB_ESTABLISHED,	/* handshakes completed */
	ZMQ_MIB_DISCONNECTS,	/* connections that ended after their handshake */
	ZMQ_MIB_HBTIMEOUT,	/* connections given up after silence */

	/* why handshakes failed */
	ZMQ_MIB_HSPROTO,	/* not ZMTP, or a broken greeting or command */
	ZMQ_MIB_HSVERSION,	/* ZMTP 1.0 or 2.0 where a mechanism is wanted */
	ZMQ_MIB_HSMECHANISM,	/* the mechanisms differ */
	ZMQ_MIB_HSTYPE,		/* socket types that do not fit together */
	ZMQ_MIB_HSREFUSED,	/* the pattern refused the peer */
	ZMQ_MIB_HSERROR,	/* the peer said ERROR */
	ZMQ_MIB_HSTIMEOUT,	/* ZMQ_HANDSHAKE_IVL passed */
	ZMQ_MIB_HSLIMIT,	/* net.zmq.handshakes_max: made way for another */
	ZMQ_MIB_HSCLOSED,	/* the stream ended */

	/* messages */
	ZMQ_MIB_TXMSGS,		/* handed to a peer's queue, one for each peer */
	ZMQ_MIB_TXBYTES,	/* their bytes, encoded */
	ZMQ_MIB_RXMSGS,		/* put into a socket's queue */
	ZMQ_MIB_RXBYTES,	/* their bytes, encoded */

	/* messages that nobody will receive */
	ZMQ_MIB_TXDROPFULL,	/* the peer's queue is full */
	ZMQ_MIB_TXDROPNOPEER,	/* no peer takes it */
	ZMQ_MIB_TXDROPCONN,	/* lost with a broken connection */
	ZMQ_MIB_TXUNACKED,	/* in a broken stream that TCP had not acknowledged */
	ZMQ_MIB_LINGERDROP,	/* still unsent when the linger time was over, also at once */
	ZMQ_MIB_RXDROPFILTER,	/* not subscribed to */
	ZMQ_MIB_RXDROPMALFORMED, /* nothing that the pattern takes from a peer */
	ZMQ_MIB_RXDROPSTALE,	/* a reply that nobody waits for any more */
	ZMQ_MIB_RXDROPPARTIAL,	/* the peer died in the middle of it */
	ZMQ_MIB_CONFLATED,	/* a newer one took its place, ZMQ_CONFLATE */
	ZMQ_MIB_RXDROPCLOSED,	/* the socket was closed before it was read */

	/* limits and misbehaviour */
	ZMQ_MIB_SUBDROP,	/* subscriptions refused by a limit */
	ZMQ_MIB_RXTHROTTLED,	/* times that a full queue stopped reading */
	ZMQ_MIB_RXTOOBIG,	/* messages or frames beyond a limit */
	ZMQ_MIB_RXGIVENUP,	/* peers with half a message when memory was short */
	ZMQ_MIB_PROTOERROR,	/* violations of ZMTP after the handshake */
	ZMQ_MIB_NOMEM,		/* memory refused by the system or by a limit */
	ZMQ_MIB_MONITORLOST,	/* events that a monitor had no room for */
	ZMQ_MIB_CREATEDENIED,	/* sockets refused by net.zmq.create_group_range */
	ZMQ_MIB_SOCKETLIMIT,	/* sockets refused by net.zmq.sockets_max */
	ZMQ_MIB_ORPHANLIMIT,	/* sockets that must not drain: net.zmq.orphans_max */
	ZMQ_MIB_HWMDENIED,	/* high-water marks refused by net.zmq.hwm_max */
	ZMQ_MIB_PEERLIMIT,	/* peers refused by net.zmq.peers_max */
	ZMQ_MIB_LISTENERLIMIT,	/* endpoints refused by net.zmq.listeners_max */
	ZMQ_MIB_USERLIMIT,	/* what net.zmq.user_..._max refused */
	ZMQ_MIB_PINGS,		/* PING commands answered */

	__ZMQ_MIB_MAX
};

/**
 * struct zmq_mib - one CPU's share of a namespace's counters
 * @fields: indexed by enum zmq_mib_field
 */
struct zmq_mib {
	unsigned long	fields[__ZMQ_MIB_MAX];
};

/**
 * zmq_mib_add - count
 * @mib: the namespace's counters
 * @field: which of them
 * @n: how many
 *
 * Context: Any, also softirq and with preemption enabled.
 */
static inline void zmq_mib_add(struct zmq_mib __percpu *mib,
			       enum zmq_mib_field field, unsigned long n)
{
	this_cpu_add(mib->fields[field], n);
}

struct zmq_mib __percpu *zmq_mib_alloc(void);
void zmq_mib_free(struct zmq_mib __percpu *mib);
unsigned long zmq_mib_sum(struct zmq_mib __percpu *mib,
			  enum zmq_mib_field field);
const char *zmq_mib_name(enum zmq_mib_field field);
void zmq_mib_seq_show(struct seq_file *seq, struct zmq_mib __percpu *mib);

#endif /* _ZMQ_MIB_H */
