/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Endpoints as text, with names of hosts and services. */
#ifndef ZMQK_ENDPOINT_H
#define ZMQK_ENDPOINT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

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
 * Names are resolved once, here: reconnection goes to the same address. With
 * ZMQ_RESOLVE the name of a host is the kernel's, which asks for its address
 * before each attempt.
 *
 * Calls: connect(2), or setsockopt(2) ZMQ_CONNECT for more than
 * ZMQ_ENDPOINT_MAX bytes; for a name getsockopt(2) ZMQ_RESOLVE and ZMQ_IPV6 and
 * what getaddrinfo(3) calls.
 *
 * Return: 0, or -1.
 */
int zmqk_connect(int fd, const char *endpoint);

/**
 * zmqk_unbind - undo zmqk_bind()
 * @fd: the socket
 * @endpoint: as it was given there, or as zmqk_last_endpoint() told
 *
 * Calls: setsockopt(2) ZMQ_UNBIND; for a name as zmqk_bind().
 *
 * Return: 0, or -1.
 */
int zmqk_unbind(int fd, const char *endpoint);

/**
 * zmqk_disconnect - undo zmqk_connect()
 * @fd: the socket
 * @endpoint: as it was given there, or as zmqk_last_endpoint() told
 *
 * Calls: setsockopt(2) ZMQ_DISCONNECT; for a name as zmqk_connect().
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

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* ZMQK_ENDPOINT_H */
