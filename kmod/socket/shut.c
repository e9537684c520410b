// SPDX-License-Identifier: GPL-2.0-only
/* shutdown(): calls end, connections go on. */

#include "sock.h"

/**
 * zmq_sock_shutdown() - struct proto_ops' shutdown
 * @sock: the socket
 * @how: SHUT_RD, SHUT_WR or SHUT_RDWR
 *
 * Whoever sleeps in such a call on the socket, by whatever descriptor, gets
 * -ESHUTDOWN, and so does who makes one later. Connections, what is queued and
 * how long it lingers stay as they are.
 *
 * Context: Process context.
 * Return: 0 or -EINVAL.
 */
int zmq_sock_shutdown(struct socket *sock, int how)
{
	struct sock *sk = sock->sk;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	lock_sock(sk);
	/* SHUT_RD, SHUT_WR, SHUT_RDWR are 0, 1, 2. */
	WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | (how + 1));
	sk->sk_state_change(sk);
	sk_wake_async(sk, SOCK_WAKE_WAITD, how == SHUT_RDWR ? POLL_HUP : POLL_IN);
	release_sock(sk);
	return 0;
}
