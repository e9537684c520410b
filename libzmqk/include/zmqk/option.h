/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Options of level SOL_ZMQ by their types. */
#ifndef ZMQK_OPTION_H
#define ZMQK_OPTION_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <zmqk/zmq.h>

/* Types of options */
#define ZMQK_OPT_INT	1
#define ZMQK_OPT_INT64	2
#define ZMQK_OPT_BYTES	3
#define ZMQK_OPT_TEXT	4

/**
 * struct zmqk_option - what an option is
 * @name: "ZMQ_SNDHWM"
 * @number: ZMQ_SNDHWM
 * @type: ZMQK_OPT_INT ...
 */
struct zmqk_option {
	const char *name;
	int number;
	int type;
};

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

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
 * zmqk_set_int64 - set ZMQ_MAXMSGSIZE or ZMQ_AFFINITY
 * @fd: the socket
 * @option: ZMQ_...
 * @value: its value
 *
 * Calls: setsockopt(2).
 *
 * Return: 0, or -1.
 */
int zmqk_set_int64(int fd, int option, int64_t value);

/**
 * zmqk_get_int64 - read ZMQ_MAXMSGSIZE or ZMQ_AFFINITY
 * @fd: the socket
 * @option: ZMQ_...
 * @value: set to its value
 *
 * Calls: getsockopt(2).
 *
 * Return: 0, or -1.
 */
int zmqk_get_int64(int fd, int option, int64_t *value);

/**
 * zmqk_set_bytes - set an option that is bytes or text
 * @fd: the socket
 * @option: ZMQ_...
 * @value: its bytes
 * @len: their number
 *
 * Calls: setsockopt(2).
 *
 * Return: 0, or -1.
 */
int zmqk_set_bytes(int fd, int option, const void *value, size_t len);

/**
 * zmqk_get_bytes - read an option that is bytes or text
 * @fd: the socket
 * @option: ZMQ_...
 * @buf: receives it; of text with its NUL
 * @size: room in @buf
 *
 * Calls: getsockopt(2).
 *
 * Return: the length, of text with its NUL, or -1: EINVAL also for too little
 *	room.
 */
ssize_t zmqk_get_bytes(int fd, int option, void *buf, size_t size);

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

/**
 * zmqk_option - go through the options that the library knows by name
 * @index: from 0 on
 *
 * Calls: none.
 *
 * Return: the option, or NULL behind the last one.
 */
const struct zmqk_option *zmqk_option(int index);

/**
 * zmqk_option_by_name - find an option
 * @name: "ZMQ_SNDHWM", "SNDHWM" or "sndhwm"
 *
 * Calls: none.
 *
 * Return: the option, or NULL: ENOPROTOOPT.
 */
const struct zmqk_option *zmqk_option_by_name(const char *name);

/**
 * zmqk_set_option - set an option from text
 * @fd: the socket
 * @option: what it is
 * @value: a number, or bytes
 *
 * Calls: setsockopt(2).
 *
 * Return: 0, or -1: EINVAL also for what is no number where one belongs, and
 *	ERANGE for one that is too large.
 */
int zmqk_set_option(int fd, const struct zmqk_option *option, const char *value);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* ZMQK_OPTION_H */
