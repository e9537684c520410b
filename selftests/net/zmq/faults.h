/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Streams with a plain socket at the other end, which sees their bytes, for what
 * lets allocations fail.
 */
#include "fixture.h"
#include "fault.h"

FIXTURE(stream) {
	char ep[ZMQ_ENDPOINT_MAX];
	int zmq;
	int peer;
};

FIXTURE_VARIANT(stream) {
	const char *at;
	/* Bytes; a SYN that is lost costs TCP a second. */
	int handshake_step;
};

FIXTURE_VARIANT_ADD(stream, tcp) {
	.at = "tcp://127.0.0.1:5577",
	.handshake_step = 512,
};

FIXTURE_VARIANT_ADD(stream, ipc) {
	.at = "ipc:///tmp/zmq-faults",
	.handshake_step = 128,
};

FIXTURE_SETUP(stream)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
}

FIXTURE_TEARDOWN(stream)
{
	EXPECT_EQ(0, zt_teardown());
}

/* A bound socket, and a plain one that has gone through the handshake. */
#define MEET(pattern, own, theirs) do {					\
	self->zmq = zt_listening(pattern, variant->at, self->ep);	\
	ASSERT_LE(0, self->zmq);					\
	self->peer = zp_peer_at(self->ep, own, theirs);			\
	ASSERT_LE(0, self->peer);					\
	ASSERT_TRUE(zp_sync(self->peer));				\
} while (0)
