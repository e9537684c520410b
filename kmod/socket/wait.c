// SPDX-License-Identifier: GPL-2.0-only
/* Sleeping until a socket is readable or writable. */

#include <linux/sched/signal.h>
#include <linux/wait.h>
#include "conn/conn.h"
#include "wait.h"

/**
 * struct sleeper - a task that waits
 * @wait: its entry in the socket's queue
 * @events: what it waits for
 */
struct sleeper {
	struct wait_queue_entry	wait;
	__poll_t		events;
};

/* Readers and writers share the queue, and a message wakes one reader, so a
 * writer must not take that wake-up.
 */
static int wake(struct wait_queue_entry *wait, unsigned int mode, int sync,
		void *key)
{
	struct sleeper *sleeper = container_of(wait, struct sleeper, wait);

	if (key && !(key_to_poll(key) & sleeper->events))
		return 0;
	return woken_wake_function(wait, mode, sync, key);
}

/**
 * zmq_sock_has_room() - would a message be accepted
 * @zsk: the socket
 *
 * If not, SIGIO will tell when, as for other sockets.
 *
 * Context: Process context, no lock needed.
 * Return: true if it would.
 */
bool zmq_sock_has_room(struct zmq_sock *zsk)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;

	if (!pattern->can_send(&zsk->core))
		return true;
	if (!sock_flag(&zsk->sk, SOCK_FASYNC))
		return false;
	sk_set_bit(SOCKWQ_ASYNC_NOSPACE, &zsk->sk);
	/* Pairs with whoever makes room and then looks at that bit. */
	smp_mb__after_atomic();
	return !pattern->can_send(&zsk->core);
}

/**
 * zmq_sock_wait() - sleep until the socket is ready
 * @zsk: the socket
 * @events: EPOLLIN or EPOLLOUT
 * @ready: a glance at the socket, before its lock is released
 * @patience: how long; updated
 *
 * One wake-up goes to one reader, so one that leaves with @patience->slept
 * passes it on if there is more.
 *
 * Messages held back for company are sent before the caller sleeps.
 *
 * Context: Process context, socket lock held; it is released meanwhile.
 * Return: 0 to look again, -EAGAIN if the time is over, -EINTR, -ERESTARTSYS, or
 *	-ESHUTDOWN if nobody shall.
 */
int zmq_sock_wait(struct zmq_sock *zsk, __poll_t events,
		  bool (*ready)(struct zmq_sock *zsk),
		  struct zmq_patience *patience)
{
	struct sleeper sleeper = { .events = events };
	struct sock *sk = &zsk->sk;
	bool is_ready;

	zmq_owner_flush(&zsk->core.owner);
	if (sk->sk_shutdown & (events & EPOLLIN ? RCV_SHUTDOWN : SEND_SHUTDOWN))
		return -ESHUTDOWN;
	if (!patience->timeo) {
		/* Nobody else tells of room that came in between. */
		if (events & EPOLLOUT && zmq_sock_has_room(zsk))
			sk_wake_async(sk, SOCK_WAKE_SPACE, POLL_OUT);
		return -EAGAIN;
	}
	if (signal_pending(current))
		return sock_intr_errno(patience->timeo);

	patience->slept = true;
	init_wait(&sleeper.wait);
	sleeper.wait.func = wake;
	/* A message is for one reader, credit may be that of any peer. */
	if (events & EPOLLIN)
		add_wait_queue_exclusive(sk_sleep(sk), &sleeper.wait);
	else
		add_wait_queue(sk_sleep(sk), &sleeper.wait);
	/* Pairs with skwq_has_sleeper() in whoever makes it ready. Who gets the
	 * lock next may be refused by another peer than we were.
	 */
	smp_mb();
	is_ready = ready(zsk);
	release_sock(sk);
	if (!is_ready)
		patience->timeo = wait_woken(&sleeper.wait, TASK_INTERRUPTIBLE,
					     patience->timeo);
	lock_sock(sk);
	remove_wait_queue(sk_sleep(sk), &sleeper.wait);
	return 0;
}
