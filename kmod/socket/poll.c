// SPDX-License-Identifier: GPL-2.0-only
/* poll(): what recvmsg() and sendmsg() would say. */

#include <linux/poll.h>
#include "conn/conn.h"
#include "sock.h"
#include "wait.h"

/* Who holds the lock may do so for as long as it likes. It wakes us when it
 * lets go, since what it has done can be all that we were to see.
 */
static bool finds_frame(struct zmq_sock *zsk)
{
	int err;

	if (!zmq_task_trylock(&zsk->core.owner.tasks, &zsk->poll_missed))
		return false;
	err = zmq_sock_can_recv(zsk);
	release_sock(&zsk->sk);
	return !err;
}

static bool readable(struct zmq_sock *zsk)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;

	if (!(pattern->flags & ZMQ_PAT_RECV) || !zmq_sock_has_input(zsk))
		return false;
	if (!(pattern->flags & ZMQ_PAT_FILTERS))
		return true;
	switch (pattern->glance(&zsk->core)) {
	case 0:
		return true;
	case -EAGAIN:
		return finds_frame(zsk);
	}
	return false;
}

/* Whoever has nothing to read is about to sleep. If the lock is taken, its
 * holder sends what is held back, or the socket's timer does.
 */
static void send_held(struct zmq_sock *zsk)
{
	struct zmq_owner *owner = &zsk->core.owner;

	if (list_empty(&owner->unflushed) ||
	    !zmq_task_trylock(&owner->tasks, NULL))
		return;
	zmq_owner_flush(owner);
	release_sock(&zsk->sk);
}

/**
 * zmq_sock_poll_release() - the socket lock is about to be released
 * @zsk: the socket
 *
 * Context: From release_sock(), with the socket's spinlock held.
 */
void zmq_sock_poll_release(struct zmq_sock *zsk)
{
	if (!zsk->poll_missed)
		return;
	zsk->poll_missed = false;
	zmq_core_wake_readers(&zsk->core, UINT_MAX);
}

/**
 * zmq_sock_poll() - struct proto_ops' poll
 * @file: the file
 * @sock: the socket
 * @wait: the poll table
 *
 * EPOLLIN and EPOLLOUT say what the next call would do. That no peer is there
 * is neither an error nor a hang-up: one may come. EPOLLHUP comes of shutdown()
 * alone. EPOLLERR says that MSG_ERRQUEUE
 * has something.
 *
 * Context: Process context; waits for nobody.
 * Return: the events.
 */
__poll_t zmq_sock_poll(struct file *file, struct socket *sock,
		       struct poll_table_struct *wait)
{
	struct zmq_sock *zsk = zmq_sk(sock->sk);
	const struct zmq_pattern *pattern = zsk->core.pattern;
	__poll_t events = 0;
	u8 shut;

	/* Holds the barrier that wake-ups pair with. */
	sock_poll_wait(file, sock, wait);

	shut = READ_ONCE(zsk->sk.sk_shutdown);
	if (unlikely(shut & RCV_SHUTDOWN))
		events |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	if (unlikely(shut & SEND_SHUTDOWN))
		events |= EPOLLOUT | EPOLLWRNORM;
	if (unlikely(shut == SHUTDOWN_MASK))
		events |= EPOLLHUP;

	if (readable(zsk))
		events |= EPOLLIN | EPOLLRDNORM;
	else
		send_held(zsk);
	if ((pattern->flags & ZMQ_PAT_SEND) && zmq_sock_has_room(zsk))
		events |= EPOLLOUT | EPOLLWRNORM;
	if (!skb_queue_empty_lockless(&zsk->sk.sk_error_queue))
		events |= EPOLLERR;
	return events;
}
