/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Message by message, many a call. */
#ifndef ZMQK_READER_H
#define ZMQK_READER_H

#include <zmqk/message.h>

struct zmqk_reader;

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * zmqk_reader_new - make an object that receives ahead
 * @fd: the socket, which stays the caller's
 * @bytes: room for what is received in a call, 0 for 64 KiB
 * @parts: likewise, 0 for 1024
 *
 * What it has received is this reader's alone: nobody else who reads from the
 * socket gets it, and poll(2) of the socket does not tell of it.
 *
 * Calls: none.
 *
 * Return: the object, or NULL: ENOMEM.
 */
struct zmqk_reader *zmqk_reader_new(int fd, size_t bytes, int parts);

/**
 * zmqk_reader_next - get the next message
 * @reader: the object
 * @msg: set to its parts, which are valid until the next call
 * @flags: MSG_DONTWAIT
 *
 * Calls: none while there are messages, else as zmqk_recv_msgs().
 *
 * Return: the number of parts, or -1 as zmqk_recv_msgs().
 */
int zmqk_reader_next(struct zmqk_reader *reader, struct zmqk_vec *msg, int flags);

/**
 * zmqk_reader_pending - tell how many messages zmqk_reader_next() returns
 *	without a system call
 * @reader: the object
 *
 * A loop takes these before it waits for the socket.
 *
 * Calls: none.
 *
 * Return: their number.
 */
int zmqk_reader_pending(const struct zmqk_reader *reader);

/**
 * zmqk_reader_free - undo zmqk_reader_new()
 * @reader: the object, or NULL; messages that were not taken are lost
 *
 * Calls: none.
 */
void zmqk_reader_free(struct zmqk_reader *reader);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* ZMQK_READER_H */
