// SPDX-License-Identifier: GPL-2.0-only
/* inproc:// connections whose name is not bound yet. */
#include <sched.h>
#include "kselftest_harness.h"
#include "fixture.h"

static int handover_router(void)
{
	int router = zt_socket(ZMQ_ROUTER);

	return router < 0 || zt_setint(router, ZMQ_ROUTER_HANDOVER, 1) ?
	       -1 : router;
}

static int connect_as(int router, const char *id, const char *endpoint)
{
	return zt_settext(router, ZMQ_CONNECT_ROUTING_ID, id) ?:
	       zt_connect(router, endpoint);
}

/* The name of one who waits is bound before the socket has come to detach it. */
TEST_F(zmq, who_is_replaced_while_it_waits_may_meet_a_binder)
{
	const struct sched_param urgent = { .sched_priority = 10 };
	int router, old, new, i;

	/* No worker comes in between on this processor. */
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_FIFO, &urgent));
	for (i = 0; i < 20; i++) {
		router = handover_router();
		old = zt_socket(ZMQ_DEALER);
		new = zt_socket(ZMQ_DEALER);
		ASSERT_LE(0, router);
		ASSERT_EQ(0, connect_as(router, "A", "inproc://old"));
		ASSERT_EQ(0, connect_as(router, "A", "inproc://new"));
		ASSERT_EQ(0, zt_bind(old, "inproc://old"));
		ASSERT_EQ(0, zt_bind(new, "inproc://new"));
		ASSERT_EQ(0, zt_puts(router, "A", MSG_MORE));
		ASSERT_EQ(0, zt_puts(router, "to the new one", 0));
		EXPECT_TRUE(zt_gets(new, "to the new one", ZT_LAST));
		EXPECT_TRUE(zt_lacks(old, POLLOUT));
		EXPECT_EQ(0, zt_poll(old, POLLIN, 0));
		close(router);
		close(old);
		close(new);
	}
}

TEST_HARNESS_MAIN
