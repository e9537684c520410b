/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Asking the kernel for sockets by sock_diag(7). */
#ifndef ZMQK_DIAG_H
#define ZMQK_DIAG_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "zmqk.h"

/**
 * zmqk__diag - dump a socket
 * @fd: the socket
 * @show: ZMQ_DIAG_SHOW_...
 * @each: called with each attribute of its messages; what it returns but 0 ends
 *	the dump
 * @arg: given to @each
 *
 * Return: 0, what @each returned, or -1 with errno, which @each may do, too.
 */
int zmqk__diag(int fd, __u32 show, int (*each)(const struct rtattr *attr, void *arg), void *arg);

/**
 * zmqk__attr_copy - copy a struct that may be shorter or longer than ours
 * @to: the struct; what it lacks becomes 0
 * @size: its size
 * @attr: the attribute
 */
void zmqk__attr_copy(void *to, size_t size, const struct rtattr *attr);

#endif /* ZMQK_DIAG_H */
