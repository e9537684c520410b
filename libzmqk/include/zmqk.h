/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * libzmqk: the parts of AF_ZMQ that do not belong in a kernel.
 *
 * An AF_ZMQ socket needs no library: socket(2), bind(2), connect(2), send(2),
 * recv(2), poll(2) and setsockopt(2) do all of it. This one adds name
 * resolution, multi-part messages in one call and readable errors.
 *
 * A function fails with -1 and errno, like the system calls that it makes;
 * "Calls:" names them. All are thread-safe; each works on any AF_ZMQ file
 * descriptor, wherever it came from. Described in zmqk(3) and af_zmq(7).
 */
#ifndef ZMQK_H
#define ZMQK_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <linux/zmq.h>

#define ZMQK_VERSION_MAJOR 0
#define ZMQK_VERSION_MINOR 1

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * struct zmqk_msg - a received message with all its parts
 * @parts: the parts, as zmqk_sendv() takes them; each is aligned for any type
 *	and followed by a NUL that its length does not count
 * @nparts: how many; 0 until a whole message is there
 *
 * Start with ZMQK_MSG_INIT and receive with it as often as you like: each
 * message replaces the one before and reuses its memory.
 */
struct zmqk_msg {
	struct iovec *parts;
	int nparts;
	/* the library's own */
	int pending;
	int max_parts;
	int flags;
	unsigned char *data;
	size_t used;
	size_t size;
	unsigned long reserved[2];
};

#define ZMQK_MSG_INIT { NULL, 0, 0, 0, 0, NULL, 0, 0, { 0, 0 } }

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
 * @type: the pattern, ZMQ_PAIR to ZMQ_XSUB
 * @flags: SOCK_CLOEXEC, SOCK_NONBLOCK
 *
 * Calls: socket(2), and what zmqk_family() calls.
 *
 * Return: a file descriptor, or -1: EAFNOSUPPORT when AF_ZMQ is not there.
 */
int zmqk_socket(int type, int flags);

/**
 * zmqk_strerror - explain an errno value as AF_ZMQ and this library mean it
 * @err: errno
 *
 * Calls: access(2) for EAFNOSUPPORT, none for others.
 *
 * Return: a sentence, which may be overwritten as strerror(3) says.
 */
const char *zmqk_strerror(int err);

/**
 * zmqk_bind - listen at an endpoint
 * @fd: the socket
 * @endpoint: "transport://address"
 *
 * A host or service name in a tcp endpoint is resolved, which may take as long
 * as getaddrinfo(3) does; everything else goes to the kernel as it is.
 *
 * Calls: bind(2), or setsockopt(2) ZMQ_BIND for more than ZMQ_ENDPOINT_MAX
 * bytes; for a name getsockopt(2) ZMQ_IPV6 and what if_nametoindex(3) and
 * getaddrinfo(3) call.
 *
 * Return: 0, or -1.
 */
int zmqk_bind(int fd, const char *endpoint);

/**
 * zmqk_connect - start to connect to an endpoint
 * @fd: the socket
 * @endpoint: "transport://address"
 *
 * Names are resolved once, here: reconnection goes to the same address.
 *
 * Calls: as zmqk_bind(), with connect(2) and ZMQ_CONNECT, no if_nametoindex(3).
 *
 * Return: 0, or -1.
 */
int zmqk_connect(int fd, const char *endpoint);

/**
 * zmqk_unbind - undo zmqk_bind()
 * @fd: the socket
 * @endpoint: as it was given there, or as zmqk_last_endpoint() told
 *
 * Calls: as zmqk_bind(), with setsockopt(2) ZMQ_UNBIND in all cases.
 *
 * Return: 0, or -1.
 */
int zmqk_unbind(int fd, const char *endpoint);

/**
 * zmqk_disconnect - undo zmqk_connect()
 * @fd: the socket
 * @endpoint: as it was given there, or as zmqk_last_endpoint() told
 *
 * Calls: as zmqk_connect(), with setsockopt(2) ZMQ_DISCONNECT in all cases.
 *
 * Return: 0, or -1.
 */
int zmqk_disconnect(int fd, const char *endpoint);

/**
 * zmqk_last_endpoint - tell what the last bind or connect came to
 * @fd: the socket
 * @buf: receives the text with its NUL
 * @size: room in @buf
 *
 * Calls: getsockopt(2) ZMQ_LAST_ENDPOINT.
 *
 * Return: 0, or -1.
 */
int zmqk_last_endpoint(int fd, char *buf, size_t size);

/**
 * zmqk_send - send one part
 * @fd: the socket
 * @buf: its bytes
 * @len: their number
 * @flags: MSG_MORE when more parts of this message follow; MSG_DONTWAIT
 *
 * Calls: send(2).
 *
 * Return: @len, or -1.
 */
ssize_t zmqk_send(int fd, const void *buf, size_t len, int flags);

/**
 * zmqk_sendv - send the parts of a message
 * @fd: the socket
 * @parts: the parts
 * @n: their number, at least 1
 * @flags: MSG_MORE when yet more parts follow; MSG_DONTWAIT
 *
 * A number below @n means that a part was refused after others were taken: the
 * socket is in the middle of a message, and zmqk_sendv() with the rest goes on.
 * Two threads must not do this on one socket at a time; their parts would mix.
 *
 * Calls: send(2) for each part, again after EINTR unless it is the first.
 *
 * Return: how many parts were taken, or -1 if none was.
 */
int zmqk_sendv(int fd, const struct iovec *parts, int n, int flags);

/**
 * zmqk_recv - receive one part
 * @fd: the socket
 * @buf: receives its first bytes
 * @len: room in @buf; what does not fit is lost
 * @flags: MSG_DONTWAIT, MSG_PEEK
 * @more: set to 1 if more parts of this message follow, to 0 if not; or NULL
 *
 * Calls: recvmsg(2) with MSG_TRUNC.
 *
 * Return: the part's length, above @len if it was cut, or -1.
 */
ssize_t zmqk_recv(int fd, void *buf, size_t len, int flags, int *more);

/**
 * zmqk_recv_msg - receive all parts of a message
 * @fd: the socket
 * @msg: where to
 * @flags: MSG_DONTWAIT
 *
 * After a failure in the middle of a message, the next call with the same @msg
 * goes on with it. EMSGSIZE says that another reader of this socket came
 * between and a part was lost; then the message is given up. ZMQ_MAXMSGSIZE
 * limits how much memory a peer can make this allocate for a part.
 *
 * Calls: recvmsg(2) twice for each part, first with MSG_PEEK to learn its size.
 *
 * Return: the number of parts, or -1.
 */
int zmqk_recv_msg(int fd, struct zmqk_msg *msg, int flags);

/**
 * zmqk_msg_free - give a message's memory back
 * @msg: the message; ready for the next zmqk_recv_msg()
 *
 * Calls: none.
 */
void zmqk_msg_free(struct zmqk_msg *msg);

/**
 * zmqk_set_int - set an option that is an int
 * @fd: the socket
 * @option: ZMQ_...
 * @value: its value
 *
 * Calls: setsockopt(2).
 *
 * Return: 0, or -1.
 */
int zmqk_set_int(int fd, int option, int value);

/**
 * zmqk_get_int - read an option that is an int
 * @fd: the socket
 * @option: ZMQ_...
 * @value: set to its value
 *
 * Calls: getsockopt(2).
 *
 * Return: 0, or -1.
 */
int zmqk_get_int(int fd, int option, int *value);

/**
 * zmqk_subscribe - ask for the messages that begin with a prefix
 * @fd: a ZMQ_SUB socket
 * @prefix: its bytes
 * @len: their number; 0 asks for every message
 *
 * Calls: setsockopt(2) ZMQ_SUBSCRIBE.
 *
 * Return: 0, or -1.
 */
int zmqk_subscribe(int fd, const void *prefix, size_t len);

/**
 * zmqk_unsubscribe - undo one zmqk_subscribe()
 * @fd: a ZMQ_SUB socket
 * @prefix: the bytes given there
 * @len: their number
 *
 * Calls: setsockopt(2) ZMQ_UNSUBSCRIBE.
 *
 * Return: 0, or -1.
 */
int zmqk_unsubscribe(int fd, const void *prefix, size_t len);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* ZMQK_H */
