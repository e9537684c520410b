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
#include <stdint.h>
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
	/* in a thread without signals it answers by what comes here; -1: anywhere, at once */
	int gate;
	/* pthread_create: how often it was called, and its error */
	int threads;
	int thread_error;
	/* if_nametoindex */
	const char *interface;
	/* malloc, calloc, realloc: fail the n-th call from now */
	int allocation_fails;
	/* ZMQ_ZEROCOPY as it was */
	int zerocopy;
	/* ZMQ_RESOLVE, -1 where the kernel does not know it */
	int resolve;
	/* what becomes the descriptor of a monitor, which is closed once */
	int monitor;
	/* setsockopt: say which type a value has */
	bool numbers;
	/* open: what /sys/module/zmq/parameters/family holds, NULL for ENOENT */
	const char *sysfs;
	/* socket: the family that exists, 0 for the real system call */
	int family;
	int loads_family;
	int nsockets;
	/* how often ZMQ_RCVFRAMES was set */
	int rcvframes;
};

extern struct fake fake;

/* Waits for the end of every thread that was started. */
void fake_threads_end(void);

/* What the stand-in for the kernel's messages is to do, and what was asked of it */
struct kernel {
	int sendmsgs;
	int recvmsgs;
	/* of the last sendmsg */
	int flags;
	int namelen;
	/* sendmsg: fails, after so many calls */
	int send_errno;
	int send_after;
	/* sendmsg: messages that it takes in a call, 0 for all */
	int takes;
	int recv_errno;
	/* recvmsg: bytes of the sender's address, whether its process is told */
	int from_len;
	bool passcred;
	/* ZMQ_RCVFRAMES is not set */
	bool single;
	/* it is no AF_ZMQ socket */
	bool foreign;
	/* recvmsg: what a message takes, however much room there is */
	uint64_t need_bytes;
	/* the error queue tells times, too */
	bool timestamps;
	/* what the error queue tells */
	struct {
		uint32_t first;
		uint32_t last;
	} notes[16];
	int nnotes;
	int note;
};

extern struct kernel kernel;

void kernel_reset(void);

void test_lender(void);
void test_messages(void);
void test_names(void);
void test_resolver(void);
void test_socket(void);
void test_texts(void);

#endif /* ZMQK_TEST_H */
