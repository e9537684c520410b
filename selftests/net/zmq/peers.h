/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hostile peers: plain sockets, however they came to a socket, and whom they
 * must not disturb.
 */
#ifndef _ZMQ_PEERS_H
#define _ZMQ_PEERS_H

#include "zmqtest.h"

#define PEERS_STREAM_MAX	1024

/* How long a test may take that tries each cut of each stream. */
#define PEERS_LONG_S		3000

#define SIGNATURE	"\xff\0\0\0\0\0\0\0\1\x7f"

/**
 * enum peers_how - how a stream comes to a socket
 * @BOUND: it is bound
 * @DIALED: it dials
 * @ATTACHED: it is given the stream
 */
enum peers_how {
	BOUND,
	DIALED,
	ATTACHED,
};

/**
 * struct peers_way - a way of streams to a socket
 * @how: who begins
 * @at: endpoint to bind or to dial; of an attached one "tcp" or "unix"
 */
struct peers_way {
	enum peers_how how;
	const char *at;
};

/**
 * struct peers - a socket, and those around it
 * @way: how hostile streams come to it
 * @zmq: the socket
 * @listener: where it dials, if it does
 * @ep: where it is dialed, if it is
 * @front: where honest peers dial it
 * @other: two sockets with which it has nothing to do
 */
struct peers {
	const struct peers_way *way;
	int zmq;
	int listener;
	char ep[ZMQ_ENDPOINT_MAX];
	char front[ZMQ_ENDPOINT_MAX];
	int other[2];
};

/**
 * enum peers_version - what is spoken
 * @ZMTP_1: 1.0 without a version
 * @ZMTP_1_LONG: the same with the identity in a long frame
 * @ZMTP_2: 2.0
 * @ZMTP_3_0: 3.0
 * @ZMTP_3_1: 3.1
 */
enum peers_version {
	ZMTP_1,
	ZMTP_1_LONG,
	ZMTP_2,
	ZMTP_3_0,
	ZMTP_3_1,
	ZMTP_VERSIONS,
};

const char *peers_unwanted(const char *test, const struct peers_way *way);
int peers_begin(struct peers *p, const struct peers_way *way);
int peers_socket(struct peers *p, int pattern);
int peers_stream(struct peers *p);
bool peers_undisturbed(struct peers *p);
bool peers_all_gone(struct peers *p);
void peers_seen(void);
void peers_reset(int fd);
size_t peers_hello(unsigned char *buf, enum peers_version v, const char *type);
size_t peers_frame(unsigned char *buf, enum peers_version v, int flags,
		   const void *data, size_t len);
bool peers_welcome(int fd, enum peers_version v, const char *type);

/* Each @cut of @len bytes, or one of so many: $ZT_STRIDE. */
#define PEERS_EACH_CUT(cut, from, len)					\
	for (cut = (from); cut < (len); cut += zt_stride())

/* All of them. */
#define PEERS_WAYS(fixture)						\
	FIXTURE_VARIANT(fixture) {					\
		struct peers_way way;					\
	};								\
	FIXTURE_VARIANT_ADD(fixture, tcp) {				\
		.way = { BOUND, "tcp://127.0.0.1:*" },			\
	};								\
	FIXTURE_VARIANT_ADD(fixture, tcp_dialed) {			\
		.way = { DIALED, "tcp://127.0.0.1:5577" },		\
	};								\
	FIXTURE_VARIANT_ADD(fixture, ipc) {				\
		.way = { BOUND, "ipc://*" },				\
	};								\
	FIXTURE_VARIANT_ADD(fixture, ipc_dialed) {			\
		.way = { DIALED, "ipc://@zmq-peers" },			\
	};								\
	FIXTURE_VARIANT_ADD(fixture, vsock) {				\
		.way = { BOUND, "vsock://1:*" },			\
	};								\
	FIXTURE_VARIANT_ADD(fixture, attached_tcp) {			\
		.way = { ATTACHED, "tcp" },				\
	};								\
	FIXTURE_VARIANT_ADD(fixture, attached_unix) {			\
		.way = { ATTACHED, "unix" },				\
	}

#define PEERS_UNWANTED()	peers_unwanted(_metadata->name, &variant->way)

/* A fixture with a variant for each way. */
#define PEERS_FIXTURE(fixture)						\
	FIXTURE(fixture) {						\
		struct peers p;						\
	};								\
	PEERS_WAYS(fixture);						\
	FIXTURE_SETUP(fixture)						\
	{								\
		if (!PEERS_UNWANTED()) {				\
			ASSERT_EQ(0, zt_setup(_metadata->name));	\
			ASSERT_EQ(0, peers_begin(&self->p, &variant->way)); \
		}							\
	}								\
	FIXTURE_TEARDOWN(fixture)					\
	{								\
		if (!PEERS_UNWANTED())					\
			EXPECT_EQ(0, zt_teardown());			\
	}

#endif /* _ZMQ_PEERS_H */
