/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Names of hosts that are looked up before each attempt to connect. */
#ifndef ZMQK_RESOLVER_H
#define ZMQK_RESOLVER_H

#include <sys/socket.h>

struct zmqk_resolver;

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * zmqk_resolver_new - make an object that looks names up
 * @lookup: find an address of @host for a socket: sets @addr, to AF_INET or
 *	AF_INET6, the latter only if @family is not AF_INET, and returns 0; or
 *	returns -1 if there is none. Its port does not matter. NULL for
 *	getaddrinfo(3).
 * @arg: given to @lookup
 *
 * @lookup is called by zmqk_resolver_run(), and keeps that waiting.
 * getaddrinfo(3) is called by threads of the object's, at most 16 and only
 * while there are names to look up, so that nobody waits for it. They take no
 * signals.
 *
 * After fork(2) the object is the parent's alone.
 *
 * Calls: epoll_create1(2); eventfd2(2) and epoll_ctl(2) for getaddrinfo(3).
 *
 * Return: the object, or NULL.
 */
struct zmqk_resolver *zmqk_resolver_new(int (*lookup)(void *arg, const char *host, int family,
						      struct sockaddr_storage *addr),
					void *arg);

/**
 * zmqk_resolver_add - look names up for a socket
 * @resolver: the object
 * @fd: the socket, which stays the caller's
 *
 * Sets ZMQ_RESOLVE, so that zmqk_connect() of a name makes a connection at
 * once, and opens one of the 16 monitors that a socket may have. Of several
 * addresses of a name each attempt takes the next one. A socket that is closed
 * need not be removed.
 *
 * Calls: getsockopt(2) and setsockopt(2) ZMQ_MONITOR, which is as it was
 * afterwards, ZMQ_MONITOR_FD and ZMQ_RESOLVE, fcntl(2), epoll_ctl(2); poll(2)
 * if there was a socket with the same descriptor.
 *
 * Return: 0, or -1: EEXIST if the object has it; ENOPROTOOPT if the kernel has
 * no ZMQ_RESOLVE.
 */
int zmqk_resolver_add(struct zmqk_resolver *resolver, int fd);

/**
 * zmqk_resolver_remove - undo zmqk_resolver_add()
 * @resolver: the object
 * @fd: the socket
 *
 * ZMQ_RESOLVE stays set. Connections to names that are up stay so.
 *
 * Calls: close(2).
 *
 * Return: 0, or -1: ENOENT if the object does not have it.
 */
int zmqk_resolver_remove(struct zmqk_resolver *resolver, int fd);

/**
 * zmqk_resolver_fd - tell the descriptor to poll
 * @resolver: the object
 *
 * Readable when zmqk_resolver_run() has something to do; an epoll(7) instance,
 * which the caller must not change.
 *
 * Calls: none.
 *
 * Return: the descriptor, which stays the object's.
 */
int zmqk_resolver_fd(const struct zmqk_resolver *resolver);

/**
 * zmqk_resolver_run - do what there is to do
 * @resolver: the object
 *
 * Starts to look up what sockets ask for, and tells them what was found.
 * Waits for nothing but a function that was given to zmqk_resolver_new().
 *
 * Calls: epoll_wait(2); for a question read(2), getsockopt(2) ZMQ_IPV6, and
 * clone(2) or that function; for an answer read(2) and setsockopt(2)
 * ZMQ_RESOLVED; close(2) for a socket that is closed.
 *
 * Return: how many answers were given, or -1.
 */
int zmqk_resolver_run(struct zmqk_resolver *resolver);

/**
 * zmqk_resolver_free - undo zmqk_resolver_new()
 * @resolver: the object, or NULL
 *
 * Waits for no thread: those that are busy end when getaddrinfo(3) returns,
 * and use nothing of the program's.
 *
 * Calls: close(2).
 */
void zmqk_resolver_free(struct zmqk_resolver *resolver);

/**
 * zmqk_resolved - tell a socket an address of a name
 * @fd: the socket
 * @endpoint: @remote of a ZMQ_EVENT_RESOLVE
 * @addr: AF_INET or AF_INET6, whose port does not matter; NULL if there is none
 *
 * For programs that look names up themselves.
 *
 * Calls: setsockopt(2) ZMQ_RESOLVED.
 *
 * Return: 0, or -1: EALREADY or ENOENT if nobody waits for it any more.
 */
int zmqk_resolved(int fd, const char *endpoint, const struct sockaddr *addr);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* ZMQK_RESOLVER_H */
