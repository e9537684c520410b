/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * The unit tests' TAP, and the stand-ins for the system calls and resolver
 * functions that libzmqk makes (the linker's --wrap puts them in place).
 */
#ifndef ZMQK_TEST_H
#define ZMQK_TEST_H

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "zmqk.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

#define FD 77		/* the file descriptor that every stand-in expects */

/* ok - report whether @cond holds, with errno at that time */
#define ok(cond, ...) test_report((cond), __FILE__, __LINE__, __VA_ARGS__)

void test_report(bool good, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void test_skip(const char *what, const char *reason);

/* What the stand-ins are to do, and what was asked of them */
struct fake {
	/* bind, connect, setsockopt: errno of each call in turn, 0 for success */
	int errors[4];
	int ncalls;
	/* "bind tcp://..." lines */
	char log[2048];
	size_t loglen;
	int ipv6;
	/* getaddrinfo */
	const char *want_host;
	const char *want_service;
	int want_family;
	int eai;
	const char *addresses[4];
	int port;
	/* if_nametoindex */
	const char *interface;
	/* send: how many parts are taken before the one that fails with send_errno */
	int send_after;
	int send_errno;
	/* recvmsg: the frames there are, the last one of a message with end set */
	const struct fake_frame {
		const char *data;
		size_t len;
		bool end;
		int err;
	} *frames;
	int nframes;
	int frame;
	int steal_after_peek;
	/* realloc: fail the n-th call from now */
	int realloc_fails;
	/* open: what /sys/module/zmq/parameters/family holds, NULL for ENOENT */
	const char *sysfs;
	/* socket: the family that exists, 0 for the real system call */
	int family;
	int loads_family;
	int nsockets;
};

extern struct fake fake;

void test_names(void);
void test_messages(void);
void test_socket(void);

#endif /* ZMQK_TEST_H */
