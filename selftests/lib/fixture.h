/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tests' fixtures: a network namespace of its own for each test, which
 * ends with a look at what it leaves behind.
 * kselftest_harness.h comes before.
 */
#ifndef _ZMQTEST_FIXTURE_H
#define _ZMQTEST_FIXTURE_H

#include "zmqtest.h"

/* A waiting test gives up by itself; an emulated machine needs its time. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	120

FIXTURE(zmq) {
	char ep[ZMQ_ENDPOINT_MAX];
};

FIXTURE_SETUP(zmq)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
}

FIXTURE_TEARDOWN(zmq)
{
	EXPECT_EQ(0, zt_teardown());
}

/* For what has to hold over every transport. */
FIXTURE(zmq_over) {
	char ep[ZMQ_ENDPOINT_MAX];
};

FIXTURE_VARIANT(zmq_over) {
	const char *bind;
};

FIXTURE_VARIANT_ADD(zmq_over, tcp) {
	.bind = "tcp://127.0.0.1:*",
};

FIXTURE_VARIANT_ADD(zmq_over, ipc) {
	.bind = "ipc://*",
};

FIXTURE_VARIANT_ADD(zmq_over, inproc) {
	.bind = "inproc://selftest",
};

FIXTURE_SETUP(zmq_over)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
}

FIXTURE_TEARDOWN(zmq_over)
{
	EXPECT_EQ(0, zt_teardown());
}

#endif /* _ZMQTEST_FIXTURE_H */
