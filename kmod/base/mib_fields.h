/* SPDX-License-Identifier: GPL-2.0-only */
/* Every counter, with its name in /proc/net/zmq_snmp. */

/* sockets and connections */
ZMQ_MIB(SOCKETS, "Sockets")		/* sockets created */
ZMQ_MIB(CONNECTS, "Connects")		/* outgoing connections tried, the first time */
ZMQ_MIB(RECONNECTS, "Reconnects")	/* outgoing connections tried again */
ZMQ_MIB(CONNECTFAIL, "ConnectFail")	/* outgoing connections refused or timed out */
ZMQ_MIB(ACCEPTS, "Accepts")		/* incoming connections accepted */
ZMQ_MIB(ACCEPTFAIL, "AcceptFail")	/* incoming connections that had to be let go */
ZMQ_MIB(ACCEPTDENIED, "AcceptDenied")	/* incoming connections that ZMQ_IPC_FILTER_... forbids */
ZMQ_MIB(ESTABLISHED, "Established")	/* handshakes completed */
ZMQ_MIB(DISCONNECTS, "Disconnects")	/* connections that ended after their handshake */
ZMQ_MIB(HBTIMEOUT, "HeartbeatTimeouts")	/* connections given up after silence */

/* why handshakes failed */
ZMQ_MIB(HSPROTO, "HandshakeProtocol")	/* not ZMTP, or a broken greeting or command */
ZMQ_MIB(HSVERSION, "HandshakeVersion")	/* ZMTP 1.0 or 2.0 where a mechanism is wanted */
ZMQ_MIB(HSMECHANISM, "HandshakeMechanism") /* the mechanisms differ */
ZMQ_MIB(HSTYPE, "HandshakeType")	/* socket types that do not fit together */
ZMQ_MIB(HSREFUSED, "HandshakeRefused")	/* the pattern refused the peer */
ZMQ_MIB(HSERROR, "HandshakeError")	/* the peer said ERROR */
ZMQ_MIB(HSTIMEOUT, "HandshakeTimeout")	/* ZMQ_HANDSHAKE_IVL passed */
ZMQ_MIB(HSLIMIT, "HandshakeLimit")	/* net.zmq.handshakes_max: made way for another */
ZMQ_MIB(HSCLOSED, "HandshakeClosed")	/* the stream ended */

/* messages */
ZMQ_MIB(TXMSGS, "TxMsgs")		/* handed to a peer's queue, one for each peer */
ZMQ_MIB(TXBYTES, "TxBytes")		/* their bytes, encoded */
ZMQ_MIB(RXMSGS, "RxMsgs")		/* put into a socket's queue */
ZMQ_MIB(RXBYTES, "RxBytes")		/* their bytes, encoded */

/* messages that nobody will receive */
ZMQ_MIB(TXDROPFULL, "TxDropFull")	/* the peer's queue is full */
ZMQ_MIB(TXDROPNOPEER, "TxDropNoPeer")	/* no peer takes it */
ZMQ_MIB(TXDROPCONN, "TxDropConn")	/* lost with a broken connection */
ZMQ_MIB(TXUNACKED, "TxUnacked")		/* in a broken stream that TCP had not acknowledged */
ZMQ_MIB(LINGERDROP, "LingerDrop") /* still unsent when the linger time was over, also at once */
ZMQ_MIB(RXDROPFILTER, "RxDropFilter")	/* not subscribed to */
ZMQ_MIB(RXDROPMALFORMED, "RxDropMalformed") /* nothing that the pattern takes from a peer */
ZMQ_MIB(RXDROPSTALE, "RxDropStale")	/* a reply that nobody waits for any more */
ZMQ_MIB(RXDROPPARTIAL, "RxDropPartial")	/* the peer died in the middle of it */
ZMQ_MIB(CONFLATED, "Conflated")		/* a newer one took its place, ZMQ_CONFLATE */
ZMQ_MIB(RXDROPCLOSED, "RxDropClosed")	/* the socket was closed before it was read */

/* limits and misbehaviour */
ZMQ_MIB(SUBDROP, "SubDrop")		/* subscriptions refused by a limit */
ZMQ_MIB(RXTHROTTLED, "RxThrottled")	/* times that a full queue stopped reading */
ZMQ_MIB(RXTOOBIG, "RxTooBig")		/* messages or frames beyond a limit */
ZMQ_MIB(RXGIVENUP, "RxGivenUp")		/* peers with half a message when memory was short */
ZMQ_MIB(PROTOERROR, "ProtoError")	/* violations of ZMTP after the handshake */
ZMQ_MIB(NOMEM, "NoMem")			/* memory refused by the system or by a limit */
ZMQ_MIB(MONITORLOST, "MonitorLost")	/* events that a monitor had no room for */
ZMQ_MIB(CREATEDENIED, "CreateDenied")	/* sockets refused by net.zmq.create_group_range */
ZMQ_MIB(SOCKETLIMIT, "SocketLimit")	/* sockets refused by net.zmq.sockets_max */
ZMQ_MIB(ORPHANLIMIT, "OrphanLimit")	/* sockets that must not drain: net.zmq.orphans_max */
ZMQ_MIB(HWMDENIED, "HwmDenied")		/* high-water marks refused by net.zmq.hwm_max */
ZMQ_MIB(PEERLIMIT, "PeerLimit")		/* peers refused by net.zmq.peers_max */
ZMQ_MIB(LISTENERLIMIT, "ListenerLimit")	/* endpoints refused by net.zmq.listeners_max */
ZMQ_MIB(USERLIMIT, "UserLimit")		/* what net.zmq.user_..._max refused */
ZMQ_MIB(PINGS, "Pings")			/* PING commands answered */
