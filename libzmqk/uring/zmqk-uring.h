/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * libzmqk-uring: AF_ZMQ sockets on io_uring(7), in liburing's own style.
 *
 * The ring is the caller's, and so is all memory: nothing here allocates, and
 * nothing submits. A function that can fail returns a negative errno, as
 * liburing's do. The entry is then as it was, and cannot be given back: prepare
 * something else with it before the next submission, such as
 * io_uring_prep_nop(3). Described in zmqk_prep_recv_multishot(3).
 */
#ifndef ZMQK_URING_H
#define ZMQK_URING_H

#include <liburing.h>
#include <zmqk.h>

/* Operations that zmqk_uring_has() tells of */
#define ZMQK_URING_RECV_MULTISHOT	1
#define ZMQK_URING_SEND			2
#define ZMQK_URING_SEND_ZC		3
#define ZMQK_URING_CONNECT		4
#define ZMQK_URING_BIND			5

/**
 * struct zmqk_uring_rx - a receive that stays armed
 * @mh: what the kernel is told of the room in each buffer
 *
 * It must stay in place while the receive is armed.
 */
struct zmqk_uring_rx {
	struct msghdr mh;
};

/**
 * struct zmqk_uring_in - what a completion brought
 * @desc: the frames that are left
 * @nframes: how many
 * @data: the bodies of these
 * @need: the room that the first message in the queue takes; all 0 unless it
 *	fits no buffer, and then there are no frames
 * @from: who sent it, with ZMQ_NAME_FORM 1; NULL if it is not known
 * @fromlen: bytes at @from
 * @cred: the sender's process, with zmqk_pass_cred(); NULL if it is not known, or
 *	if the frames left no room for it
 *
 * Pointers lead into the buffer of the completion.
 */
struct zmqk_uring_in {
	const struct zmq_frame_desc *desc;
	size_t nframes;
	unsigned char *data;
	struct zmq_frames_need need;
	const struct sockaddr *from;
	socklen_t fromlen;
	const struct zmqk_cred *cred;
};

/**
 * struct zmqk_uring_tx - a send that is under way
 * @mh: what the kernel is given
 *
 * It must stay in place until the completion, and so must the table.
 */
struct zmqk_uring_tx {
	struct msghdr mh;
};

/* Bytes that a table for so many frames takes; it is aligned as a long is */
#define ZMQK_URING_TABLE(frames)	CMSG_SPACE((frames) * sizeof(struct zmq_frame_desc))

/* Frames whose room in a completion the sender takes, with zmqk_pass_cred() */
#define ZMQK_URING_CRED \
	(CMSG_SPACE(sizeof(struct zmqk_cred)) / sizeof(struct zmq_frame_desc))

/* Bytes of a provided buffer for so many frames and bytes in a completion; it is
 * aligned as a long is, and so is what follows it
 */
#define ZMQK_URING_BUFFER(frames, bytes) \
	(sizeof(struct io_uring_recvmsg_out) + sizeof(struct sockaddr_storage) + \
	 ZMQK_URING_TABLE(frames) + CMSG_ALIGN(bytes))

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * zmqk_uring_has - tell whether the kernel has an operation
 * @ring: the ring
 * @operation: ZMQK_URING_...
 *
 * Calls: io_uring_register(2).
 *
 * Return: 1, 0, or a negative errno.
 */
int zmqk_uring_has(struct io_uring *ring, int operation);

/**
 * zmqk_prep_recv_multishot - prepare a receive that completes again and again
 * @sqe: the entry
 * @rx: kept by the caller
 * @fd: the socket
 * @bgid: group of a ring of provided buffers
 * @frames: the most frames that a completion brings, at least 2; ZMQK_URING_CRED
 *	of them are taken by the sender, with zmqk_pass_cred()
 * @flags: MSG_EOR for one message a completion, 0 for as many as fit
 *
 * A buffer has ZMQK_URING_BUFFER() bytes and begins where a long may. Each
 * completion has whole messages. One without IORING_CQE_F_MORE was the last:
 * prepare it again.
 *
 * Calls: none.
 */
void zmqk_prep_recv_multishot(struct io_uring_sqe *sqe, struct zmqk_uring_rx *rx, int fd,
			      unsigned short bgid, unsigned int frames, int flags);

/**
 * zmqk_uring_read - read what a completion brought
 * @cqe: the completion of zmqk_prep_recv_multishot()
 * @rx: as it was given there
 * @buf: the buffer that it tells the number of
 * @in: set to what is in it
 *
 * A message that fits no buffer stays in the socket's queue: @in then has no
 * frames and says what is needed. Receive it by zmqk_recv_msg(), or give larger
 * buffers, and prepare again.
 *
 * Calls: none.
 *
 * Return: 0, the completion's error such as -ENOBUFS for no buffer, or -EBADMSG
 *	for what is no answer to such a request, or not of an AF_ZMQ socket.
 */
int zmqk_uring_read(const struct io_uring_cqe *cqe, struct zmqk_uring_rx *rx, void *buf,
		    struct zmqk_uring_in *in);

/**
 * zmqk_uring_next - take the next message of a completion
 * @in: of zmqk_uring_read()
 * @parts: set to its parts
 * @max: room in @parts
 *
 * Calls: none.
 *
 * Return: the number of parts, 0 if there is no message left, or -EMSGSIZE if
 *	@max is too small; then @in is as it was.
 */
int zmqk_uring_next(struct zmqk_uring_in *in, struct iovec *parts, int max);

/**
 * zmqk_prep_send_msgs - prepare to send whole messages
 * @sqe: the entry
 * @tx: kept by the caller
 * @fd: the socket
 * @iov: the parts of all messages
 * @nparts: how many parts each message has
 * @n: the number of messages, at least 1
 * @table: room for their frames, kept by the caller
 * @size: bytes at @table, ZMQK_URING_TABLE()
 * @flags: of sendmsg(2)
 *
 * zmqk_uring_sent() tells how many the completion has sent, which is fewer than
 * @n when a queue became full, and where a message without a byte follows.
 *
 * Calls: none.
 *
 * Return: 0, -EINVAL for a message without a part or for MSG_MORE, MSG_WAITALL
 *	or MSG_ZEROCOPY in @flags, -ENOSPC if @table is too small, -EMSGSIZE for
 *	more than 1024 parts or 2 GiB.
 */
int zmqk_prep_send_msgs(struct io_uring_sqe *sqe, struct zmqk_uring_tx *tx, int fd,
			struct iovec *iov, const int *nparts, int n, void *table, size_t size,
			int flags);

/**
 * zmqk_uring_sent - tell how many messages were sent
 * @cqe: the completion of zmqk_prep_send_msgs()
 * @iov: as it was given there
 * @nparts: as it was given there
 * @n: as it was given there
 *
 * What is left is to be prepared again.
 *
 * Calls: none.
 *
 * Return: the number of messages, at least 1, or the completion's error.
 */
int zmqk_uring_sent(const struct io_uring_cqe *cqe, const struct iovec *iov, const int *nparts,
		    int n);

/**
 * zmqk_prep_sendv - prepare to send a message
 * @sqe: the entry
 * @tx: kept by the caller
 * @fd: the socket
 * @parts: its parts
 * @n: their number, at least 1
 * @table: room for their frames, kept by the caller
 * @size: bytes at @table, ZMQK_URING_TABLE()
 * @flags: of sendmsg(2)
 *
 * Calls: none.
 *
 * Return: as zmqk_prep_send_msgs().
 */
int zmqk_prep_sendv(struct io_uring_sqe *sqe, struct zmqk_uring_tx *tx, int fd,
		    struct iovec *parts, int n, void *table, size_t size, int flags);

/**
 * zmqk_prep_sendv_zc - prepare to send a message without a copy
 * @sqe: the entry
 * @tx: kept by the caller
 * @fd: the socket
 * @parts: its parts, whose memory stays as it is until zmqk_uring_released()
 * @n: their number, at least 1
 * @table: room for their frames, kept by the caller
 * @size: bytes at @table, ZMQK_URING_TABLE()
 * @flags: of sendmsg(2)
 *
 * Calls: none.
 *
 * Return: as zmqk_prep_send_msgs(). Where the kernel has no such operation the
 *	completion is -EINVAL; zmqk_uring_has() tells before.
 */
int zmqk_prep_sendv_zc(struct io_uring_sqe *sqe, struct zmqk_uring_tx *tx, int fd,
		       struct iovec *parts, int n, void *table, size_t size, int flags);

/**
 * zmqk_uring_released - tell whether a completion gives memory back
 * @cqe: a completion of zmqk_prep_sendv_zc(), of which there are one or two
 *
 * Calls: none.
 *
 * Return: 1 for the last completion, after which nobody refers to the memory;
 *	0 if another follows.
 */
int zmqk_uring_released(const struct io_uring_cqe *cqe);

/**
 * zmqk_prep_connect - prepare to connect
 * @sqe: the entry
 * @fd: the socket
 * @addr: filled in and kept by the caller
 * @endpoint: "transport://address", without names that are to be resolved
 *
 * Calls: what zmqk_family() calls.
 *
 * Return: 0, or -ENAMETOOLONG.
 */
int zmqk_prep_connect(struct io_uring_sqe *sqe, int fd, struct sockaddr_zmq *addr,
		      const char *endpoint);

/**
 * zmqk_prep_bind - prepare to bind
 * @sqe: the entry
 * @fd: the socket
 * @addr: filled in and kept by the caller
 * @endpoint: "transport://address", without names that are to be resolved
 *
 * Calls: what zmqk_family() calls.
 *
 * Return: 0, or -ENAMETOOLONG. Before Linux 6.11 the completion is -EINVAL;
 *	zmqk_uring_has() tells before.
 */
int zmqk_prep_bind(struct io_uring_sqe *sqe, int fd, struct sockaddr_zmq *addr,
		   const char *endpoint);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* ZMQK_URING_H */
