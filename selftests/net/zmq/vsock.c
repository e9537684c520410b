// SPDX-License-Identifier: GPL-2.0-only
/* vsock://, over the loopback of a machine with itself. */
#include <linux/vm_sockets.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define LOCAL	"vsock://1:"

static bool carries(int push, int pull)
{
	return !zt_puts(push, "over vsock", 0) &&
	       zt_gets(pull, "over vsock", ZT_LAST);
}

TEST_F(zmq, it_carries_messages)
{
	int pull, push;

	if (!zp_has_vsock())
		SKIP(return, "the kernel has no vsock loopback");
	pull = zt_listening(ZMQ_PULL, LOCAL "*", self->ep);
	ASSERT_LE(0, pull);
	EXPECT_EQ(0, strncmp(LOCAL, self->ep, strlen(LOCAL)));
	EXPECT_NE('*', self->ep[strlen(LOCAL)]);
	push = zt_connected(ZMQ_PUSH, self->ep);
	EXPECT_TRUE(carries(push, pull));
	EXPECT_EQ(500, zt_put_numbers(push, 500, 0));
	EXPECT_EQ(500, zt_get_numbers(pull, 500));
}

static bool has_lost(void *arg)
{
	return zt_counter("ZmqDisconnects") >= *(long *)arg;
}

TEST_F(zmq, a_listener_that_comes_back_is_found)
{
	int pull, push;
	long i;

	if (!zp_has_vsock())
		SKIP(return, "the kernel has no vsock loopback");
	pull = zt_listening(ZMQ_PULL, "vsock://*:*", self->ep);
	ASSERT_LE(0, pull);
	EXPECT_EQ(0, strncmp("vsock://*:", self->ep, 10));
	self->ep[8] = '1';
	push = zt_connected(ZMQ_PUSH, self->ep);
	for (i = 0; i < 3; i++) {
		/* What is sent into a dying connection is lost with it. */
		ASSERT_TRUE(zt_eventually(has_lost, &i));
		EXPECT_TRUE(carries(push, pull));
		close(pull);
		pull = zt_socket(ZMQ_PULL);
		ASSERT_EQ(0, zt_bind(pull, self->ep));
	}
}

TEST_F(zmq, its_addresses_are_taken_and_told)
{
	struct sockaddr_vm vm = { .svm_family = AF_VSOCK, .svm_cid = 1,
				  .svm_port = VMADDR_PORT_ANY };
	int pull = zt_socket(ZMQ_PULL), push = zt_socket(ZMQ_PUSH);
	socklen_t len = sizeof(vm);

	if (!zp_has_vsock())
		SKIP(return, "the kernel has no vsock loopback");
	ASSERT_EQ(0, bind(pull, (struct sockaddr *)&vm, sizeof(vm)));
	ASSERT_EQ(0, getsockname(pull, (struct sockaddr *)&vm, &len));
	EXPECT_EQ(sizeof(vm), len);
	EXPECT_NE(VMADDR_PORT_ANY, vm.svm_port);
	ASSERT_EQ(0, connect(push, (struct sockaddr *)&vm, sizeof(vm)));
	EXPECT_TRUE(carries(push, pull));
}

TEST_F(zmq, a_port_in_use_is_refused)
{
	if (!zp_has_vsock())
		SKIP(return, "the kernel has no vsock loopback");
	ASSERT_LE(0, zt_listening(ZMQ_PULL, LOCAL "*", self->ep));
	EXPECT_EQ(-1, zt_bind(zt_socket(ZMQ_PULL), self->ep));
	EXPECT_EQ(EADDRINUSE, errno);
}

TEST_HARNESS_MAIN
