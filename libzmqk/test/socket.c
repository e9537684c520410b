// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The family's number, and what is said when there is none.
 */
#include <unistd.h>

#include "test.h"

static void test_absent(void)
{
	static const char what[] = "without the module";
	int fd;

	if (!access("/sys/module/zmq", F_OK)) {
		test_skip(what, "the module is loaded here");
		return;
	}
	fake = (struct fake){};
	fd = zmqk_socket(ZMQ_SUB, SOCK_CLOEXEC);
	ok(fd == -1 && errno == EAFNOSUPPORT, "%s: errno, from the real kernel", what);
	ok(!strcmp(zmqk_strerror(errno),
		   "AF_ZMQ is not available: load the module with 'modprobe zmq'") &&
	   errno == EAFNOSUPPORT, "%s: the sentence", what);
}

void test_socket(void)
{
	char want[100];

	test_absent();
	fake = (struct fake){ .family = AF_ZMQ };
	ok(zmqk_socket(ZMQ_SUB, 0x1) == -1 && errno == EINVAL && !fake.nsockets, "unknown flag");

	fake = (struct fake){ .family = AF_ZMQ };
	snprintf(want, sizeof(want), "socket %d %d %d\n", AF_ZMQ,
		 SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, ZMQ_ROUTER);
	errno = 0;
	ok(zmqk_socket(ZMQ_ROUTER, SOCK_CLOEXEC | SOCK_NONBLOCK) == FD && !errno &&
	   !strcmp(fake.log, want) && fake.rcvframes == 1, "socket(2) and its arguments");
	fake.log[fake.loglen = 0] = 0;
	snprintf(want, sizeof(want), "socket %d %d %d\n", AF_ZMQ, SOCK_DGRAM, ZMQ_REP);
	ok(zmqk_socket(ZMQ_REP, SOCK_DGRAM) == FD && !strcmp(fake.log, want), "SOCK_DGRAM");
	ok(zmqk_family() == AF_ZMQ, "family while the module is absent");

	fake = (struct fake){ .family = 999, .sysfs = "" };
	ok(zmqk_socket(ZMQ_SUB, 0) == -1 && errno == EAFNOSUPPORT && fake.nsockets == 1,
	   "tried once when the family is no other");

	fake = (struct fake){ .family = 27, .loads_family = 1 };
	ok(zmqk_socket(ZMQ_SUB, 0) == FD && fake.nsockets == 2,
	   "socket(2) loads a module with another family");
	ok(zmqk_family() == 27, "family=27");
	fake.sysfs = "18\n";
	ok(zmqk_family() == 27, "family is read once");
	ok(!strcmp(zmqk_strerror(EADDRINUSE), strerror(EADDRINUSE)), "strerror of the rest");
	ok(!strcmp(zmqk_strerror(ENODEV), "No such host or interface"), "strerror of ENODEV");
}
