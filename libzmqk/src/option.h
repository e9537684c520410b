/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#ifndef ZMQK_OPTION_H
#define ZMQK_OPTION_H

#include <stddef.h>

/**
 * zmqk__set_bytes - set an option whose value is bytes
 * @fd: the socket
 * @option: ZMQ_...
 * @value: the bytes
 * @len: their number, which socklen_t may not hold
 *
 * Return: 0, or -1 with errno.
 */
int zmqk__set_bytes(int fd, int option, const void *value, size_t len);

#endif /* ZMQK_OPTION_H */
