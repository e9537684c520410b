/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Sockets: new ones, those of others, and the streams of others below them. */
#ifndef ZMQK_SOCKET_H
#define ZMQK_SOCKET_H

#include <sys/socket.h>
#include <zmqk/zmq.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * zmqk_family - tell which address family the module registered
 *
 * Calls: open(2), read(2), close(2) on /sys/module/zmq/parameters/family until
 * it was there once, then none.
 *
 * Return: the family, AF_ZMQ if the module is not loaded. Never fails.
 */
int zmqk_family(void);

/**
 * zmqk_socket - open a socket
 * @type: the pattern, ZMQ_PAIR to ZMQ_STREAM
 * @flags: SOCK_CLOEXEC, SOCK_NONBLOCK; SOCK_DGRAM for event loops that are made
 *	for UDP, otherwise it is a SOCK_SEQPACKET socket
 *
 * It is set to return whole messages, as zmqk_adopt() does.
 *
 * Calls: socket(2), setsockopt(2) ZMQ_RCVFRAMES, and what zmqk_family() calls.
 *
 * Return: a file descriptor, or -1: EAFNOSUPPORT when AF_ZMQ is not there.
 */
int zmqk_socket(int type, int flags);

/**
 * zmqk_adopt - make ready a socket that came from elsewhere
 * @fd: an AF_ZMQ socket: of plain socket(2), inherited, received by
 *	SCM_RIGHTS, from systemd
 *
 * From then on every recvmsg(2) with a control buffer returns whole messages.
 * The functions of this library and of libzmqk-uring(3) that receive whole
 * messages ask for them in each call.
 *
 * Calls: getsockopt(2) SO_DOMAIN, setsockopt(2) ZMQ_RCVFRAMES, and what
 * zmqk_family() calls.
 *
 * Return: 0, or -1: EAFNOSUPPORT if it is a socket of another family.
 */
int zmqk_adopt(int fd);

/**
 * zmqk_attach - speak over a stream that is connected already
 * @fd: the socket
 * @stream: a stream socket, be it of TCP, kTLS, UNIX or vsock, or one end of
 *	a socketpair(2); the caller's copy may be closed
 *
 * Calls: setsockopt(2) ZMQ_ATTACH_FD.
 *
 * Return: 0, or -1.
 */
int zmqk_attach(int fd, int stream);

/**
 * zmqk_bind_fd - listen with a socket that listens already
 * @fd: the socket
 * @listener: a listening stream socket, such as one of systemd's; the caller's
 *	copy may be closed
 *
 * Calls: getsockname(2), setsockopt(2) ZMQ_USE_FD, bind(2), setsockopt(2)
 * ZMQ_USE_FD to go back to what is usual.
 *
 * Return: 0, or -1.
 */
int zmqk_bind_fd(int fd, int listener);

/**
 * zmqk_abort - give up a message that was begun with MSG_MORE
 * @fd: the socket
 *
 * Calls: setsockopt(2) ZMQ_ABORT.
 *
 * Return: 0, or -1.
 */
int zmqk_abort(int fd);

/**
 * zmqk_inproc_unshare - give a socket inproc:// names of its own
 * @fd: the socket; what is bound or connected later counts
 *
 * Calls: setsockopt(2) ZMQ_INPROC_NS.
 *
 * Return: 0, or -1.
 */
int zmqk_inproc_unshare(int fd);

/**
 * zmqk_inproc_join - use the inproc:// names of another socket
 * @fd: the socket; what is bound or connected later counts
 * @other: one that is in the name space
 *
 * Calls: setsockopt(2) ZMQ_INPROC_NS.
 *
 * Return: 0, or -1.
 */
int zmqk_inproc_join(int fd, int other);

/**
 * zmqk_inproc_number - tell which name space a socket's inproc:// names are in
 * @fd: the socket
 *
 * Calls: getsockopt(2) ZMQ_INPROC_NS.
 *
 * Return: its number, 0 for that of the network namespace, or -1.
 */
int zmqk_inproc_number(int fd);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* ZMQK_SOCKET_H */
