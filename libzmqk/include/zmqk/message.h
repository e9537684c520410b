/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Messages and their parts: whole ones in one call, and part by part. */
#ifndef ZMQK_MESSAGE_H
#define ZMQK_MESSAGE_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <zmqk/zmq.h>

/* More parts of a message than this are copied into one piece to be sent, and
 * one call of zmqk_send_msgs() takes no more.
 */
#define ZMQK_PARTS_MAX	1024

/* Bits of zmqk_msg.has and zmqk_msgs.has */
#define ZMQK_HAS_FROM	1
#define ZMQK_HAS_CRED	2

/**
 * struct zmqk_vec - the parts of a message
 * @parts: the parts
 * @nparts: how many
 */
struct zmqk_vec {
	struct iovec *parts;
	int nparts;
};

/**
 * struct zmqk_addr - whom a message came from, for zmqk_sendv_to()
 * @any: an address in the form that recvfrom(2) tells
 * @len: its length, 0 if there is none
 */
struct zmqk_addr {
	struct sockaddr_storage any;
	socklen_t len;
};

/**
 * struct zmqk_cred - the process that a peer is
 * @pid: as the reader's namespaces see it, 0 if they do not
 * @uid: its effective user
 * @gid: its effective group
 */
struct zmqk_cred {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

/* The library's own, the same for all of this structs' users */
struct zmqk_room {
	void *data;
	size_t size;
	void *control;
	struct iovec *parts;
	struct zmqk_vec *msgs;
	size_t max_parts;
	size_t many;
	void *reserved[2];
};

/**
 * struct zmqk_msg - a received message with all its parts
 * @parts: the parts, as zmqk_sendv() takes them; the first is aligned for any
 *	type, and a NUL that no length counts follows the last one
 * @nparts: how many; 0 if there is no message
 * @has: which of the following are known, ZMQK_HAS_...
 * @from: the sender's address, with ZMQ_NAME_FORM 1
 * @cred: the sender's process, with zmqk_pass_cred()
 * @room: the library's own
 *
 * Start with ZMQK_MSG_INIT and receive with it as often as you like: each
 * message replaces the one before and reuses its memory.
 */
struct zmqk_msg {
	struct iovec *parts;
	int nparts;
	int has;
	struct zmqk_addr from;
	struct zmqk_cred cred;
	struct zmqk_room room;
};

/**
 * struct zmqk_msgs - received messages
 * @msgs: the messages, as zmqk_send_msgs() takes them
 * @nmsgs: how many
 * @has: which of the following are known, ZMQK_HAS_...
 * @from: the address of the sender of all of them, with ZMQ_NAME_FORM 1
 * @cred: the process of the sender of all of them, with zmqk_pass_cred()
 * @room: the library's own
 *
 * Start with ZMQK_MSGS_INIT; as struct zmqk_msg, but the parts have neither
 * alignment nor NUL.
 */
struct zmqk_msgs {
	struct zmqk_vec *msgs;
	int nmsgs;
	int has;
	struct zmqk_addr from;
	struct zmqk_cred cred;
	struct zmqk_room room;
};

#ifdef __cplusplus
#define ZMQK_MSG_INIT	{}
#define ZMQK_MSGS_INIT	{}
extern "C" {
#else
#define ZMQK_MSG_INIT	{ 0 }
#define ZMQK_MSGS_INIT	{ 0 }
#endif

#pragma GCC visibility push(default)

/**
 * zmqk_send - send one part
 * @fd: the socket
 * @buf: its bytes
 * @len: their number
 * @flags: MSG_MORE when more parts of this message follow; MSG_DONTWAIT
 *
 * Who sends a message part by part must be the only one who sends meanwhile.
 *
 * Calls: send(2).
 *
 * Return: @len, or -1: EINVAL for MSG_ZEROCOPY, which zmqk_lend() is for.
 */
ssize_t zmqk_send(int fd, const void *buf, size_t len, int flags);

/**
 * zmqk_sendv - send a message
 * @fd: the socket
 * @parts: its parts
 * @n: their number, at least 1
 * @flags: MSG_DONTWAIT
 *
 * All of it is sent or nothing.
 *
 * Calls: sendmsg(2) with ZMQ_FRAMES.
 *
 * Return: @n, or -1: EBADFD while somebody sends a message part by part,
 *	EMSGSIZE for more than 2 GiB, ENOBUFS for more parts than
 *	net.core.optmem_max has room for, at 8 bytes each.
 */
int zmqk_sendv(int fd, const struct iovec *parts, int n, int flags);

/**
 * zmqk_sendv_to - send a message to the sender of another one
 * @fd: a ZMQ_ROUTER or ZMQ_STREAM socket, or any with ZMQ_NAME_FORM 1
 * @to: the sender, or NULL if the first of @parts is its routing id
 * @parts: the parts
 * @n: their number, at least 1
 * @flags: MSG_DONTWAIT
 *
 * Calls: sendmsg(2) with ZMQ_FRAMES.
 *
 * Return: as zmqk_sendv(), and EDESTADDRREQ if @to is of a message without
 *	ZMQK_HAS_FROM.
 */
int zmqk_sendv_to(int fd, const struct zmqk_addr *to, const struct iovec *parts,
		  int n, int flags);

/**
 * zmqk_send_msgs - send messages
 * @fd: the socket
 * @msgs: the messages
 * @n: their number, at least 1
 * @flags: MSG_DONTWAIT
 *
 * Fewer than @n are sent if the socket would have to wait and must not, or a
 * message cannot be sent that is not the first, or they have more than
 * ZMQK_PARTS_MAX parts. Call again with the rest.
 *
 * Calls: sendmsg(2) with ZMQ_FRAMES.
 *
 * Return: how many messages were sent, at least 1, or -1 as zmqk_sendv().
 */
int zmqk_send_msgs(int fd, const struct zmqk_vec *msgs, int n, int flags);

/**
 * zmqk_recv - receive one part
 * @fd: the socket
 * @buf: receives its first bytes
 * @len: room in @buf; what does not fit is lost
 * @flags: MSG_DONTWAIT, MSG_PEEK
 * @more: set to 1 if more parts of this message follow, to 0 if not; or NULL
 *
 * Who receives a message part by part must be the only one who receives
 * meanwhile.
 *
 * Calls: recvmsg(2) with MSG_TRUNC.
 *
 * Return: the part's length, above @len if it was cut, or -1.
 */
ssize_t zmqk_recv(int fd, void *buf, size_t len, int flags, int *more);

/**
 * zmqk_recv_into - receive a message into memory of one's own
 * @fd: the socket
 * @buf: receives the parts, one behind the other
 * @len: room in @buf
 * @parts: set to where they are
 * @max: room in @parts, at least 2
 * @need: set to the room that the message takes if it has too little; or NULL
 * @flags: MSG_DONTWAIT, MSG_PEEK
 *
 * A message without enough room stays where it is. Who sent it is not told.
 *
 * Calls: recvmsg(2) with MSG_EOR.
 *
 * Return: the number of parts, or -1: EMSGSIZE for too little room.
 */
int zmqk_recv_into(int fd, void *buf, size_t len, struct iovec *parts, int max,
		   struct zmq_frames_need *need, int flags);

/**
 * zmqk_recv_msg - receive a message
 * @fd: the socket
 * @msg: where to
 * @flags: MSG_DONTWAIT, MSG_PEEK
 *
 * A message is received whole or stays where it is. ZMQ_MAXMSGSIZE and
 * net.zmq.max_msg_bytes limit how much memory a peer can make this allocate.
 *
 * Calls: recvmsg(2) with MSG_EOR; a second time when the message outgrows the
 * memory of @msg.
 *
 * Return: the number of parts, or -1: EMSGSIZE for more than 2 GiB, which
 *	zmqk_recv() can take part by part; ENOMSG if @fd is no AF_ZMQ socket.
 */
int zmqk_recv_msg(int fd, struct zmqk_msg *msg, int flags);

/**
 * zmqk_recv_msgs - receive as many messages as there are and have room
 * @fd: the socket
 * @msgs: where to
 * @flags: MSG_DONTWAIT; waits for the first message only
 *
 * Calls: recvmsg(2) with MSG_WAITFORONE; a second time when the first message outgrows the memory
 * of @msgs.
 *
 * Return: the number of messages, or -1 as zmqk_recv_msg().
 */
int zmqk_recv_msgs(int fd, struct zmqk_msgs *msgs, int flags);

/**
 * zmqk_msg_reserve - make room beforehand
 * @msg: a message; it is empty afterwards
 * @bytes: of all parts together
 * @parts: their number
 *
 * Calls: none.
 *
 * Return: 0, or -1: ENOMEM.
 */
int zmqk_msg_reserve(struct zmqk_msg *msg, size_t bytes, int parts);

/**
 * zmqk_msgs_reserve - make room beforehand, which is how many come in a call
 * @msgs: messages; there are none afterwards
 * @bytes: of all messages together
 * @parts: of all messages together
 *
 * Calls: none.
 *
 * Return: 0, or -1: ENOMEM.
 */
int zmqk_msgs_reserve(struct zmqk_msgs *msgs, size_t bytes, int parts);

/**
 * zmqk_msg_free - give a message's memory back
 * @msg: the message; ready for the next zmqk_recv_msg()
 *
 * Calls: none.
 */
void zmqk_msg_free(struct zmqk_msg *msg);

/**
 * zmqk_msgs_free - give the messages' memory back
 * @msgs: the messages; ready for the next zmqk_recv_msgs()
 *
 * Calls: none.
 */
void zmqk_msgs_free(struct zmqk_msgs *msgs);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* ZMQK_MESSAGE_H */
