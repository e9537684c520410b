// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include "conn/unacked.h"

TEST(unacked_tail, "unacked: what lies behind the acknowledged position counts")
{
	struct zmq_unacked u = { };

	CHECK_EQ(zmq_unacked_take(&u, 0), 0);
	zmq_unacked_add(&u, 100, 110, 1);
	zmq_unacked_add(&u, 100, 140, 3);
	zmq_unacked_add(&u, 100, 150, 1);
	CHECK_EQ(zmq_unacked_take(&u, 110), 4);
	CHECK_EQ(zmq_unacked_take(&u, 110), 0);
	zmq_unacked_add(&u, 150, 160, 2);
	zmq_unacked_add(&u, 160, 170, 1);
	CHECK_EQ(u.nr, 1);
	CHECK_EQ(zmq_unacked_take(&u, 169), 1);
	zmq_unacked_add(&u, 170, 180, 2);
	CHECK_EQ(zmq_unacked_take(&u, 180), 0);
}

TEST(unacked_wrap, "unacked: positions wrap")
{
	struct zmq_unacked u = { };

	zmq_unacked_add(&u, 0xfffffff0, 0xfffffffe, 1);
	zmq_unacked_add(&u, 0xfffffff0, 5, 2);
	CHECK_EQ(zmq_unacked_take(&u, 0xffffffff), 2);
	zmq_unacked_add(&u, 0xfffffff0, 5, 2);
	CHECK_EQ(zmq_unacked_take(&u, 5), 0);
}

TEST(unacked_full, "unacked: beyond its marks it counts too much, never too little")
{
	struct zmq_unacked u = { };
	u32 i;

	for (i = 1; i <= 3 * ZMQ_UNACKED_MARKS; i++)
		zmq_unacked_add(&u, 0, 10 * i, 1);
	CHECK_EQ(u.nr, ZMQ_UNACKED_MARKS);
	CHECK_EQ(zmq_unacked_take(&u, 10 * (ZMQ_UNACKED_MARKS - 1)),
		 2 * ZMQ_UNACKED_MARKS + 1);
	CHECK_EQ(u.nr, 0);
}
