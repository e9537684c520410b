/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_TCP_H
#define _SHIM_TCP_H

#include <linux/jiffies.h>
#include <net/sock.h>

#define TCP_RTO_MIN		(HZ / 5)
#define TCP_RTO_MAX		(120 * HZ)
#define MAX_TCP_KEEPIDLE	32767

/* What a connection looks at. */
struct inet_connection_sock {
	struct sock	sk;
	struct {
		u32	lrcvtime;
	} icsk_ack;
	u8		icsk_probes_out;
};

struct tcp_sock {
	struct inet_connection_sock	inet;
	u32				rcv_tstamp;
	u32				snd_una;
	u32				snd_wnd;
	u32				snd_nxt;
	u32				write_seq;
	u32				mss_cache;
	u32				packets_out;
	int				keepidle;
	int				keepintvl;
	bool				keepalive;
};

#define inet_csk(sk) ((struct inet_connection_sock *)(sk))
#define tcp_sk(sk) ((struct tcp_sock *)(sk))

static inline bool sk_is_tcp(const struct sock *sk)
{
	return sk->is_tcp;
}

static inline void sock_set_keepalive(struct sock *sk)
{
	tcp_sk(sk)->keepalive = true;
}

static inline int tcp_sock_set_keepidle(struct sock *sk, int secs)
{
	tcp_sk(sk)->keepidle = secs;
	return 0;
}

static inline int tcp_sock_set_keepintvl(struct sock *sk, int secs)
{
	tcp_sk(sk)->keepintvl = secs;
	return 0;
}

#endif
