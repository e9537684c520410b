// SPDX-License-Identifier: GPL-2.0-only
/* The module stays while anything of it lives, and goes right after. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include "kselftest_harness.h"
#include "fixture.h"

/* What is unloaded is loaded again, from where tools/vm/run says it lies. */
FIXTURE(unload) {
	char ep[ZMQ_ENDPOINT_MAX];
	const char *file;
};

FIXTURE_SETUP(unload)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
	self->file = getenv("VM_MODULE");
	if (!self->file || access(self->file, R_OK))
		SKIP(return, "no VM_MODULE to load again");
	if (zt_module_refs() != 0)
		SKIP(return, "others use the module");
}

FIXTURE_TEARDOWN(unload)
{
	EXPECT_EQ(0, zt_teardown());
}

static int unload(void)
{
	return syscall(SYS_delete_module, "zmq", O_NONBLOCK) ? errno : 0;
}

static bool unloads(void *arg)
{
	return !unload();
}

static int load(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -1;
	ret = syscall(SYS_finit_module, fd, "", 0);
	close(fd);
	return ret;
}

#define EXPECT_GOES()					\
	do {						\
		EXPECT_TRUE(zt_eventually(unloads, NULL)); \
		ASSERT_EQ(0, load(self->file));		\
	} while (0)

TEST_F(unload, refused_while_a_socket_is_open)
{
	int fd = zt_socket(ZMQ_PAIR);

	ASSERT_LE(0, fd);
	/* In use it is EAGAIN or EBUSY, by what of it is in use. */
	EXPECT_NE(0, unload());
	close(fd);
	EXPECT_GOES();
}

TEST_F(unload, refused_while_a_connection_lives)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);

	ASSERT_EQ(0, zt_puts(push, "x", 0));
	EXPECT_TRUE(zt_gets(pull, "x", ZT_LAST));
	close(push);
	EXPECT_NE(0, unload());
	close(pull);
	EXPECT_GOES();
}

TEST_F(unload, refused_while_a_closed_socket_lingers)
{
	int port = zt_free_port(), push = zt_socket(ZMQ_PUSH);
	u64 begin;

	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_setint(push, ZMQ_LINGER, 1500));
	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 1));
	ASSERT_EQ(0, zt_connect(push, self->ep));
	ASSERT_EQ(0, zt_puts(push, "x", 0));
	begin = zt_now_ms();
	close(push);
	EXPECT_NE(0, unload());
	EXPECT_GOES();
	EXPECT_LE(begin + 1400, zt_now_ms());
}

TEST_F(unload, refused_while_a_passed_socket_waits_to_be_received)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { };
	struct iovec iov = { .iov_base = "x", .iov_len = 1 };
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	int sv[2], fd = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	control.align.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
	ASSERT_EQ(1, sendmsg(sv[0], &m, 0));
	close(fd);
	EXPECT_NE(0, unload());
	close(sv[0]);
	close(sv[1]);
	EXPECT_GOES();
}

TEST_HARNESS_MAIN
