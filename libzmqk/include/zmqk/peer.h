/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Who the peers are: processes, addresses, and what the kernel knows of them. */
#ifndef ZMQK_PEER_H
#define ZMQK_PEER_H

#include <stddef.h>
#include <zmqk/message.h>
#include <zmqk/zmq_diag.h>

/* Room for any text of zmqk_addr_text() */
#define ZMQK_ADDR_TEXT_MAX	128

/**
 * struct zmqk_peer - a peer of a socket, or a connection that is to become one
 * @info: its state, its counters
 * @endpoint: bound or connected to, or ""
 * @mechanism: "NULL" ..., or ""
 * @reason: the counter of the last failure, or ""
 * @id: routing id, NULL if it has none
 * @id_len: its bytes
 * @local: the transport's address here, of length 0 if it is not known
 * @remote: the peer's
 * @child: the transport's socket, all 0 for inproc
 *
 * Pointers are valid until the function that was given it returns.
 */
struct zmqk_peer {
	struct zmq_diag_peer info;
	const char *endpoint;
	const char *mechanism;
	const char *reason;
	const unsigned char *id;
	size_t id_len;
	struct zmqk_addr local;
	struct zmqk_addr remote;
	struct zmq_diag_child child;
};

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * zmqk_pass_cred - have messages say which process sent them
 * @fd: the socket
 * @on: 1 or 0
 *
 * zmqk_recv_msg() then sets @cred of what came by ipc or inproc.
 *
 * Calls: setsockopt(2) SO_PASSCRED.
 *
 * Return: 0, or -1.
 */
int zmqk_pass_cred(int fd, int on);

/**
 * zmqk_peer_cred - tell which process the only peer is
 * @fd: the socket
 * @cred: the process
 *
 * Calls: getsockopt(2) SO_PEERCRED.
 *
 * Return: 0, or -1: ENODATA if there is not exactly one peer, or not by ipc or
 *	inproc.
 */
int zmqk_peer_cred(int fd, struct zmqk_cred *cred);

/**
 * zmqk_addr_text - write an address as text
 * @addr: of a message or peer
 * @buf: receives it with its NUL: an endpoint, or "peer:" and a number
 * @size: room in @buf
 *
 * Calls: none.
 *
 * Return: @buf, or NULL: EAFNOSUPPORT, ENOSPC.
 */
char *zmqk_addr_text(const struct zmqk_addr *addr, char *buf, size_t size);

/**
 * zmqk_peers - look at the peers of a socket
 * @fd: the socket
 * @each: called with each peer; what it returns but 0 ends the walk
 * @arg: given to @each
 *
 * What comes and goes meanwhile may be told of twice or not at all.
 *
 * Calls: fstat(2), socket(2), sendto(2), recvfrom(2) some times, close(2), and
 * what zmqk_family() calls.
 *
 * Return: 0, what @each returned, or -1: ENOENT if the socket belongs to another
 *	network namespace.
 */
int zmqk_peers(int fd, int (*each)(const struct zmqk_peer *peer, void *arg), void *arg);

/**
 * zmqk_endpoints - look at what a socket is bound to
 * @fd: the socket
 * @each: called with each endpoint; what it returns but 0 ends the walk
 * @arg: given to @each
 *
 * Calls: as zmqk_peers().
 *
 * Return: as zmqk_peers().
 */
int zmqk_endpoints(int fd, int (*each)(const char *endpoint, void *arg), void *arg);

/**
 * zmqk_info - read the sums of a socket
 * @fd: the socket
 * @info: its peers, queues and drops
 *
 * Calls: as zmqk_peers().
 *
 * Return: 0, or -1 as zmqk_peers().
 */
int zmqk_info(int fd, struct zmq_diag_info *info);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* ZMQK_PEER_H */
