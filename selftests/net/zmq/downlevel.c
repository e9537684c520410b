// SPDX-License-Identifier: GPL-2.0-only
/* Peers that speak ZMTP 1.0 or 2.0, and those that speak no ZMTP at all. */
#include <endian.h>
#include <stdlib.h>
#include "kselftest_harness.h"
#include "fixture.h"

enum version {
	PLAIN,		/* ZMTP 1.0 without a version */
	LONG_ID,	/* the same with the identity in a long frame */
	VERSIONED,	/* ZMTP 1.0 with a version */
	V2,		/* ZMTP 2.0 */
};

static const int sizes[] = { 0, 1, 252, 253, 254, 255, 256, 300, 70000, 0 };

static unsigned char big[ZP_BODY_MAX];

static size_t header(unsigned char *buf, enum version v, int flags, u64 len)
{
	u64 be = htobe64(len + 1);

	if (v == V2)
		return zp_header(buf, flags, len);
	if (len < 254 && v != LONG_ID) {
		buf[0] = len + 1;
		buf[1] = flags;
		return 2;
	}
	buf[0] = 0xff;
	memcpy(buf + 1, &be, sizeof(be));
	buf[9] = flags;
	return 10;
}

/* Of whom a socket of a type takes messages, and gives them to. */
static unsigned char other_end(int type)
{
	static const unsigned char other[] = {
		[ZMQ_PUB] = ZMQ_SUB, [ZMQ_SUB] = ZMQ_PUB, [ZMQ_REQ] = ZMQ_REP,
		[ZMQ_REP] = ZMQ_REQ, [ZMQ_DEALER] = ZMQ_DEALER,
		[ZMQ_ROUTER] = ZMQ_DEALER, [ZMQ_PULL] = ZMQ_PUSH,
		[ZMQ_PUSH] = ZMQ_PULL, [ZMQ_XPUB] = ZMQ_SUB,
		[ZMQ_XSUB] = ZMQ_PUB,
	};

	return other[type];
}

/* What ZMTP 2.0 has a number for. */
static unsigned char told_type(int type)
{
	if (type == ZMQ_XPUB)
		return ZMQ_PUB;
	return type == ZMQ_XSUB ? ZMQ_SUB : type;
}

/* All that a peer of a socket says before its first message. */
static size_t hello(unsigned char *buf, enum version v, const char *id,
		    int type)
{
	size_t len = strlen(id), n = 0;

	if (v == VERSIONED || v == V2) {
		memset(buf, 0, 10);
		buf[0] = 0xff;
		buf[8] = len + 1;
		buf[9] = 0x7f;
		buf[10] = v == V2;
		buf[11] = other_end(type);
		n = 12;
	}
	n += header(buf + n, v, 0, len);
	memcpy(buf + n, id, len);
	return n + len;
}

/* The other side's part, which has the socket type in it. */
static bool got_hello(int fd, enum version v, int type, const char *id)
{
	unsigned char want[64], got[64];
	size_t len = strlen(id), n;

	memset(want, 0, sizeof(want));
	want[0] = 0xff;
	want[8] = len + 1;
	want[9] = 0x7f;
	n = 10;
	if (v == VERSIONED || v == V2) {
		want[n++] = 3;
		want[n++] = told_type(type);
		n += header(want + n, v, 0, len);
	}
	memcpy(want + n, id, len);
	n += len;
	if (zp_read(fd, got, n))
		return false;
	if (memcmp(want, got, n))
		printf("# another greeting or identity\n");
	return !memcmp(want, got, n);
}

static int shake(int fd, enum version v, const char *id, int type,
		 const char *theirs)
{
	unsigned char buf[512];

	if (fd < 0 || zp_write(fd, buf, hello(buf, v, id, type)))
		return -1;
	return got_hello(fd, v, type, theirs) ? fd : -1;
}

static int put(int fd, enum version v, int flags, const void *data, size_t len)
{
	unsigned char head[10];

	if (zp_write(fd, head, header(head, v, flags, len)))
		return -1;
	return zp_write(fd, data, len);
}

static int puts_(int fd, enum version v, int flags, const char *text)
{
	return put(fd, v, flags, text, strlen(text));
}

static int get(int fd, enum version v, struct zp_frame *f)
{
	unsigned char head[10];
	u64 be;

	if (v == V2)
		return zp_recv(fd, f);
	if (zp_read(fd, head, 2))
		return -1;
	f->len = head[0] - 1;
	f->flags = head[1];
	if (head[0] == 0xff) {
		if (zp_read(fd, head + 2, 8))
			return -1;
		memcpy(&be, head + 1, sizeof(be));
		f->len = be64toh(be) - 1;
		f->flags = head[9];
		if (f->len < 254)
			printf("# long form for %zu bytes\n", f->len);
	}
	if (!head[0] || f->flags & ~ZP_MORE || f->len > sizeof(f->body)) {
		printf("# frame: flags %#x, %zu bytes\n", f->flags, f->len);
		return -1;
	}
	return zp_read(fd, f->body, f->len);
}

static bool got(int fd, enum version v, int flags, const void *data, size_t len)
{
	static struct zp_frame f;

	if (get(fd, v, &f))
		return false;
	if (f.flags == flags && f.len == len && !memcmp(f.body, data, len))
		return true;
	printf("# frame: flags %d, %zu bytes, not %d, %zu\n", f.flags, f.len,
	       flags, len);
	return false;
}

static bool gets_(int fd, enum version v, int flags, const char *text)
{
	return got(fd, v, flags, text, strlen(text));
}

static long counter(const char *name)
{
	FILE *f = fopen("/proc/thread-self/net/zmq_snmp", "re");
	char line[128], field[64];
	long value, result = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %ld", field, &value) == 2 &&
		    !strcmp(field, name))
			result = value;
	if (f)
		fclose(f);
	return result;
}

struct counted {
	const char *name;
	long value;
};

static bool has_counted(void *arg)
{
	const struct counted *c = arg;

	return counter(c->name) == c->value;
}

static bool counts(const char *name, long value)
{
	struct counted c = { name, value };

	return zt_eventually(has_counted, &c);
}

FIXTURE(old) {
	char ep[ZMQ_ENDPOINT_MAX];
};

FIXTURE_VARIANT(old) {
	enum version v;
};

FIXTURE_VARIANT_ADD(old, v1_0) {
	.v = PLAIN,
};

FIXTURE_VARIANT_ADD(old, v1_0_long_id) {
	.v = LONG_ID,
};

FIXTURE_VARIANT_ADD(old, v1_0_versioned) {
	.v = VERSIONED,
};

FIXTURE_VARIANT_ADD(old, v2_0) {
	.v = V2,
};

FIXTURE_SETUP(old)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
	zt_pattern(big, sizeof(big), 7);
}

FIXTURE_TEARDOWN(old)
{
	EXPECT_EQ(0, zt_teardown());
}

static int peer_of(const char *ep, enum version v, const char *id, int type)
{
	return shake(zp_dial(zt_port(ep), 0), v, id, type, "");
}

TEST_F(old, frames_of_every_size_are_received)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int peer = peer_of(self->ep, variant->v, "", ZMQ_PULL), i, last;

	ASSERT_LE(0, peer);
	last = ARRAY_SIZE(sizes) - 1;
	for (i = 0; i <= last; i++)
		ASSERT_EQ(0, put(peer, variant->v, i < last ? ZP_MORE : 0, big,
				 sizes[i]));
	ASSERT_EQ(0, puts_(peer, variant->v, 0, "next"));
	for (i = 0; i <= last; i++)
		EXPECT_TRUE(zt_got(pull, big, sizes[i], i < last))
			TH_LOG("frame of %d bytes", sizes[i]);
	EXPECT_TRUE(zt_gets(pull, "next", ZT_LAST));
}

TEST_F(old, frames_of_every_size_are_sent)
{
	int push = zt_listening(ZMQ_PUSH, "tcp://127.0.0.1:*", self->ep);
	int peer = peer_of(self->ep, variant->v, "", ZMQ_PUSH), i, last;

	ASSERT_LE(0, peer);
	last = ARRAY_SIZE(sizes) - 1;
	for (i = 0; i <= last; i++)
		ASSERT_EQ(0, zt_send(push, big, sizes[i], i < last ? MSG_MORE : 0));
	ASSERT_EQ(0, zt_puts(push, "next", 0));
	for (i = 0; i <= last; i++)
		EXPECT_TRUE(got(peer, variant->v, i < last ? ZP_MORE : 0, big,
				sizes[i])) TH_LOG("frame of %d bytes", sizes[i]);
	EXPECT_TRUE(gets_(peer, variant->v, 0, "next"));
	EXPECT_TRUE(zp_silent(peer));
}

TEST_F(old, bytes_may_come_one_by_one)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_dial(zt_port(self->ep), 0), i;
	unsigned char buf[1024];
	size_t n;

	ASSERT_LE(0, peer);
	n = hello(buf, variant->v, "abc", ZMQ_PULL);
	n += header(buf + n, variant->v, ZP_MORE, 2);
	memcpy(buf + n, "hi", 2);
	n += 2;
	n += header(buf + n, variant->v, 0, 300);
	memcpy(buf + n, big, 300);
	n += 300;
	for (i = 0; i < n; i++)
		ASSERT_EQ(0, zp_write(peer, buf + i, 1));
	EXPECT_TRUE(zt_gets(pull, "hi", ZT_MORE));
	EXPECT_TRUE(zt_got(pull, big, 300, ZT_LAST));
}

TEST_F(old, a_slow_reader_gets_everything_in_order)
{
	int push = zt_listening(ZMQ_PUSH, "tcp://127.0.0.1:*", self->ep);
	int peer = shake(zp_dial(zt_port(self->ep), 4096), variant->v, "",
			 ZMQ_PUSH, "");
	u32 i;

	ASSERT_LE(0, peer);
	for (i = 0; i < 500; i++) {
		ASSERT_EQ(0, zt_send(push, &i, sizeof(i), MSG_MORE));
		ASSERT_EQ(0, zt_send(push, big, i * 7, 0));
	}
	for (i = 0; i < 500; i++) {
		ASSERT_TRUE(got(peer, variant->v, ZP_MORE, &i, sizeof(i)));
		ASSERT_TRUE(got(peer, variant->v, 0, big, i * 7));
	}
}

TEST_F(old, a_full_queue_stops_reading_and_loses_nothing)
{
	int pull = zt_socket(ZMQ_PULL), peer;
	pid_t pid;
	u32 i;

	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 3));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	peer = peer_of(self->ep, variant->v, "", ZMQ_PULL);
	ASSERT_LE(0, peer);
	pid = fork();
	if (!pid) {
		for (i = 0; i < 2000; i++)
			if (put(peer, variant->v, 0, &i, sizeof(i)))
				_exit(1);
		_exit(0);
	}
	EXPECT_EQ(2000, zt_get_numbers(pull, 2000));
	EXPECT_TRUE(zt_reap(pid));
}

TEST_F(old, what_was_queued_before_the_peer_was_known_is_translated)
{
	int push = zt_socket(ZMQ_PUSH), port = 0, listener, peer;

	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	ASSERT_EQ(0, zt_puts(push, "early", MSG_MORE));
	ASSERT_EQ(0, zt_send(push, big, 300, 0));
	ASSERT_EQ(0, zt_puts(push, "bird", 0));
	peer = shake(zp_accept(listener), variant->v, "", ZMQ_PUSH, "");
	ASSERT_LE(0, peer);
	EXPECT_TRUE(gets_(peer, variant->v, ZP_MORE, "early"));
	EXPECT_TRUE(got(peer, variant->v, 0, big, 300));
	EXPECT_TRUE(gets_(peer, variant->v, 0, "bird"));
}

/* Accepts a peer of the present. */
static int accept_new(int listener)
{
	return zp_accept_peer(listener, "PULL", "PUSH");
}

TEST_F(old, a_reconnection_may_meet_another_version)
{
	int push = zt_socket(ZMQ_PUSH), port = 0, listener, peer;
	static unsigned char in[ZP_BODY_MAX];
	static struct zp_frame f;
	int i, n;

	listener = zp_listen(4096, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 10));
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDBUF, 4096));
	ASSERT_EQ(0, zt_connect(push, self->ep));
	peer = shake(zp_accept(listener), variant->v, "", ZMQ_PUSH, "");
	ASSERT_LE(0, peer);
	for (i = 0; i < 40; i++) {
		ASSERT_EQ(0, zt_send(push, &i, sizeof(i), MSG_MORE));
		ASSERT_EQ(0, zt_send(push, big, 60000, 0));
	}
	/* in the middle of a message, most of them still queued */
	ASSERT_TRUE(got(peer, variant->v, ZP_MORE, &(int){ 0 }, sizeof(i)));
	ASSERT_EQ(0, zp_read(peer, in, 30000));
	close(peer);

	/* whole messages go on, each as the new peer has them */
	peer = accept_new(listener);
	ASSERT_LE(0, peer);
	for (n = 0; n < 10; n++) {
		ASSERT_EQ(0, zp_recv(peer, &f));
		ASSERT_EQ(ZP_MORE, f.flags);
		ASSERT_EQ(sizeof(i), f.len);
		memcpy(&i, f.body, sizeof(i));
		ASSERT_TRUE(zp_got(peer, 0, big, 60000));
	}
	close(peer);

	/* and back to the old one */
	peer = shake(zp_accept(listener), variant->v, "", ZMQ_PUSH, "");
	ASSERT_LE(0, peer);
	do {
		n = i;
		ASSERT_EQ(0, get(peer, variant->v, &f));
		ASSERT_EQ(ZP_MORE, f.flags);
		ASSERT_EQ(sizeof(i), f.len);
		memcpy(&i, f.body, sizeof(i));
		EXPECT_LT(n, i);
		ASSERT_TRUE(got(peer, variant->v, 0, big, 60000));
	} while (i < 39);
	EXPECT_TRUE(zp_silent(peer));
}

TEST_F(old, a_message_cut_off_is_not_delivered)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int peer = peer_of(self->ep, variant->v, "", ZMQ_PULL);

	ASSERT_LE(0, peer);
	ASSERT_EQ(0, puts_(peer, variant->v, 0, "whole"));
	ASSERT_EQ(0, puts_(peer, variant->v, ZP_MORE, "half"));
	close(peer);
	EXPECT_TRUE(zt_gets(pull, "whole", ZT_LAST));
	EXPECT_TRUE(counts("ZmqRxDropPartial", 1));
	peer = peer_of(self->ep, variant->v, "", ZMQ_PULL);
	ASSERT_EQ(0, puts_(peer, variant->v, 0, "another"));
	EXPECT_TRUE(zt_gets(pull, "another", ZT_LAST));
}

TEST_F(old, publishers_send_what_was_subscribed_to_or_all)
{
	int pub = zt_listening(ZMQ_XPUB, "tcp://127.0.0.1:*", self->ep);
	int peer = peer_of(self->ep, variant->v, "", ZMQ_XPUB);
	bool all = variant->v == PLAIN || variant->v == LONG_ID;

	ASSERT_LE(0, peer);
	if (all) {
		ASSERT_TRUE(zt_got(pub, "\1", 1, ZT_LAST));
	} else {
		ASSERT_EQ(0, put(peer, variant->v, 0, "\1AB", 3));
		ASSERT_TRUE(zt_got(pub, "\1AB", 3, ZT_LAST));
	}
	ASSERT_EQ(0, zt_puts(pub, "A", 0));
	ASSERT_EQ(0, zt_puts(pub, "ABC", MSG_MORE));
	ASSERT_EQ(0, zt_puts(pub, "body", 0));
	if (all)
		EXPECT_TRUE(gets_(peer, variant->v, 0, "A"));
	EXPECT_TRUE(gets_(peer, variant->v, ZP_MORE, "ABC"));
	EXPECT_TRUE(gets_(peer, variant->v, 0, "body"));
	if (all)
		return;
	ASSERT_EQ(0, put(peer, variant->v, 0, "\0AB", 3));
	ASSERT_TRUE(zt_got(pub, "\0AB", 3, ZT_LAST));
	ASSERT_EQ(0, zt_puts(pub, "ABC", 0));
	EXPECT_TRUE(zp_silent(peer));
}

TEST_F(old, pub_does_so_too)
{
	int pub = zt_listening(ZMQ_PUB, "tcp://127.0.0.1:*", self->ep);
	int peer = peer_of(self->ep, variant->v, "", ZMQ_PUB);
	bool all = variant->v == PLAIN || variant->v == LONG_ID;
	struct pollfd p = { .fd = peer, .events = POLLIN };
	int tries = 2000;

	ASSERT_LE(0, peer);
	if (!all)
		ASSERT_EQ(0, put(peer, variant->v, 0, "\1x", 2));
	while (!poll(&p, 1, 10) && tries--)
		ASSERT_EQ(0, zt_puts(pub, "x", 0));
	EXPECT_TRUE(gets_(peer, variant->v, 0, "x"));
}

TEST_F(old, subscribers_send_their_subscriptions_as_messages)
{
	int sub = zt_listening(ZMQ_SUB, "tcp://127.0.0.1:*", self->ep), peer;
	unsigned char want[301] = { 1 };

	ASSERT_EQ(0, zt_settext(sub, ZMQ_SUBSCRIBE, "AB"));
	peer = peer_of(self->ep, variant->v, "", ZMQ_SUB);
	ASSERT_LE(0, peer);
	EXPECT_TRUE(got(peer, variant->v, 0, "\1AB", 3));
	ASSERT_EQ(0, setsockopt(sub, SOL_ZMQ, ZMQ_SUBSCRIBE, big, 300));
	memcpy(want + 1, big, 300);
	EXPECT_TRUE(got(peer, variant->v, 0, want, 301));
	ASSERT_EQ(0, zt_settext(sub, ZMQ_UNSUBSCRIBE, "AB"));
	EXPECT_TRUE(got(peer, variant->v, 0, "\0AB", 3));
	ASSERT_EQ(0, zt_settext(sub, ZMQ_SUBSCRIBE, "C"));
	EXPECT_TRUE(got(peer, variant->v, 0, "\1C", 2));

	/* a publisher of ZMTP 1.0 sends everything */
	ASSERT_EQ(0, puts_(peer, variant->v, 0, "ABx"));
	ASSERT_EQ(0, puts_(peer, variant->v, ZP_MORE, "Cx"));
	ASSERT_EQ(0, puts_(peer, variant->v, 0, "body"));
	EXPECT_TRUE(zt_gets(sub, "Cx", ZT_MORE));
	EXPECT_TRUE(zt_gets(sub, "body", ZT_LAST));
}

TEST_F(old, requests_are_answered)
{
	int rep = zt_listening(ZMQ_REP, "tcp://127.0.0.1:*", self->ep);
	int peer = peer_of(self->ep, variant->v, "", ZMQ_REP);

	ASSERT_LE(0, peer);
	ASSERT_EQ(0, puts_(peer, variant->v, ZP_MORE, ""));
	ASSERT_EQ(0, puts_(peer, variant->v, 0, "question"));
	EXPECT_TRUE(zt_gets(rep, "question", ZT_LAST));
	ASSERT_EQ(0, zt_puts(rep, "answer", 0));
	EXPECT_TRUE(gets_(peer, variant->v, ZP_MORE, ""));
	EXPECT_TRUE(gets_(peer, variant->v, 0, "answer"));
}

TEST_F(old, requests_are_sent)
{
	int req = zt_socket(ZMQ_REQ), peer;

	ASSERT_EQ(0, zt_settext(req, ZMQ_ROUTING_ID, "asker"));
	ASSERT_EQ(0, zt_bind_any(req, "tcp://127.0.0.1:*", self->ep));
	peer = shake(zp_dial(zt_port(self->ep), 0), variant->v, "", ZMQ_REQ,
		     "asker");
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zt_puts(req, "question", 0));
	EXPECT_TRUE(gets_(peer, variant->v, ZP_MORE, ""));
	EXPECT_TRUE(gets_(peer, variant->v, 0, "question"));
	ASSERT_EQ(0, puts_(peer, variant->v, ZP_MORE, ""));
	ASSERT_EQ(0, puts_(peer, variant->v, 0, "answer"));
	EXPECT_TRUE(zt_gets(req, "answer", ZT_LAST));
}

TEST_F(old, routers_know_peers_by_their_identities)
{
	int router = zt_socket(ZMQ_ROUTER), named, other, flags;
	unsigned char id[16];

	ASSERT_EQ(0, zt_setint(router, ZMQ_ROUTER_MANDATORY, 1));
	ASSERT_EQ(0, zt_settext(router, ZMQ_ROUTING_ID, "router"));
	ASSERT_EQ(0, zt_bind_any(router, "tcp://127.0.0.1:*", self->ep));
	named = shake(zp_dial(zt_port(self->ep), 0), variant->v, "Ann",
		      ZMQ_ROUTER, "router");
	ASSERT_LE(0, named);
	ASSERT_EQ(0, puts_(named, variant->v, 0, "hello"));
	EXPECT_TRUE(zt_gets(router, "Ann", ZT_MORE));
	EXPECT_TRUE(zt_gets(router, "hello", ZT_LAST));
	ASSERT_EQ(0, zt_puts(router, "Ann", MSG_MORE));
	ASSERT_EQ(0, zt_puts(router, "back", 0));
	EXPECT_TRUE(gets_(named, variant->v, 0, "back"));

	other = shake(zp_dial(zt_port(self->ep), 0), variant->v, "",
		      ZMQ_ROUTER, "router");
	ASSERT_EQ(0, puts_(other, variant->v, 0, "who"));
	ASSERT_EQ(5, zt_recv(router, id, sizeof(id), 0, &flags));
	EXPECT_EQ(0, id[0]);
	EXPECT_TRUE(zt_gets(router, "who", ZT_LAST));
	ASSERT_EQ(0, zt_send(router, id, 5, MSG_MORE));
	ASSERT_EQ(0, zt_puts(router, "you", 0));
	EXPECT_TRUE(gets_(other, variant->v, 0, "you"));
}

TEST_F(old, the_handshakes_timer_ends_with_it)
{
	int pull = zt_socket(ZMQ_PULL), peer;

	ASSERT_EQ(0, zt_setint(pull, ZMQ_HANDSHAKE_IVL, 2000));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	peer = peer_of(self->ep, variant->v, "", ZMQ_PULL);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, zt_poll(peer, POLLIN, 2500));
	ASSERT_EQ(0, puts_(peer, variant->v, 0, "still here"));
	EXPECT_TRUE(zt_gets(pull, "still here", ZT_LAST));
}

TEST_F(old, a_frame_beyond_maxmsgsize_ends_the_connection)
{
	int pull = zt_socket(ZMQ_PULL), peer;
	s64 max = 300;

	ASSERT_EQ(0, setsockopt(pull, SOL_ZMQ, ZMQ_MAXMSGSIZE, &max,
				sizeof(max)));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	peer = peer_of(self->ep, variant->v, "", ZMQ_PULL);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, put(peer, variant->v, 0, big, 300));
	EXPECT_TRUE(zt_got(pull, big, 300, ZT_LAST));
	ASSERT_EQ(0, put(peer, variant->v, 0, big, 301));
	EXPECT_TRUE(zp_closed(peer));
	EXPECT_TRUE(counts("ZmqRxTooBig", 1));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
}

TEST_F(zmq, what_is_whole_before_garbage_is_delivered)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int peer = peer_of(self->ep, PLAIN, "", ZMQ_PULL);

	ASSERT_LE(0, pull);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_write(peer, "\4\0one\4\0two\0", 11));
	EXPECT_TRUE(zp_closed(peer));
	EXPECT_TRUE(counts("ZmqProtoError", 1));
	EXPECT_TRUE(zt_gets(pull, "one", ZT_LAST));
	EXPECT_TRUE(zt_gets(pull, "two", ZT_LAST));
}

TEST_F(old, a_routing_id_that_changes_during_a_handshake_is_the_old_one)
{
	int dealer = zt_socket(ZMQ_DEALER), port = 0, listener, peer;

	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_settext(dealer, ZMQ_ROUTING_ID, "AAAA"));
	ASSERT_EQ(0, zt_connect(dealer, self->ep));
	peer = zp_accept(listener);
	/* Its length has been told. */
	ASSERT_TRUE(zt_becomes(peer, POLLIN));
	ASSERT_EQ(0, zt_settext(dealer, ZMQ_ROUTING_ID, "BBBBBBBB"));
	ASSERT_LE(0, shake(peer, variant->v, "", ZMQ_DEALER, "AAAA"));
	ASSERT_EQ(0, zt_puts(dealer, "hello", 0));
	EXPECT_TRUE(gets_(peer, variant->v, 0, "hello"));
}

/* The frames that are there: each as long as its bytes say. -1 if not. */
static int get_all(int peer, enum version v)
{
	static struct zp_frame f;
	int i;

	while (zt_poll(peer, POLLIN, 50)) {
		if (get(peer, v, &f) || f.flags || !f.len)
			return -1;
		for (i = 0; i < f.len; i++)
			if (f.body[i] != f.len)
				return -1;
	}
	return 0;
}

TEST_F(old, what_takes_the_place_of_a_message_has_its_own_header)
{
	int push = zt_socket(ZMQ_PUSH), peer, i, n;

	ASSERT_EQ(0, zt_setint(push, ZMQ_CONFLATE, 1));
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDBUF, 4096));
	ASSERT_EQ(0, zt_bind_any(push, "tcp://127.0.0.1:*", self->ep));
	peer = shake(zp_dial(zt_port(self->ep), 4096), variant->v, "",
		     ZMQ_PUSH, "");
	ASSERT_LE(0, peer);
	ASSERT_TRUE(zt_becomes(push, POLLOUT));
	for (i = 0; i < 20; i++) {
		for (n = 0; n < 300; n++) {
			memset(big, 1 + n * 7 % 250, 250);
			ASSERT_EQ(0, zt_send(push, big, big[0], 0));
		}
		ASSERT_EQ(0, get_all(peer, variant->v)) TH_LOG("round %d", i);
	}
}

TEST_F(zmq, what_is_not_zmtp_is_sent_away_and_counted)
{
	static const struct {
		const char *data;
		size_t len;
	} strangers[] = {
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27 },
		{ "POST /x HTTP/1.1\r\n\r\n", 20 },
		{ "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11 },
		{ "SSH-2.0-OpenSSH_9.2\r\n", 21 },
		{ "\0\0\0\0", 4 },
		/* identities that are too long */
		{ "\xff\0\0\0\0\0\0\1\1\0", 10 },
		{ "\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0", 10 },
		{ "\xff\0\0\0\0\0\0\0\1\x7f\0\5\xff\0\0\0\0\0\0\1\1\0", 22 },
		{ "\xff\0\0\0\0\0\0\0\1\x7f\1\10\2\0\0\0\0\0\0\1\0", 21 },
	};
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int peer, i;

	ASSERT_LE(0, pull);
	for (i = 0; i < ARRAY_SIZE(strangers); i++) {
		peer = zp_dial(zt_port(self->ep), 0);
		ASSERT_EQ(0, zp_write(peer, strangers[i].data,
				      strangers[i].len));
		EXPECT_TRUE(zp_closed(peer))
			TH_LOG("stranger %d", i);
		EXPECT_TRUE(counts("ZmqHandshakeProtocol", i + 1));
		close(peer);
	}
	EXPECT_EQ(0, counter("ZmqEstablished"));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
}

TEST_F(zmq, garbage_behind_a_good_identity_ends_the_connection)
{
	static const struct {
		const char *data;
		size_t len;
		const char *counter;
	} garbage[] = {
		{ "\0\0", 2, "ZmqProtoError" },
		{ "\xff\0\0\0\0\0\0\0\0\0", 10, "ZmqProtoError" },
		{ "\xff\x80\0\0\0\0\0\0\0\0", 10, "ZmqProtoError" },
		{ "\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0", 10, "ZmqRxTooBig" },
	};
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int peer, i;
	long before;

	ASSERT_LE(0, pull);
	for (i = 0; i < ARRAY_SIZE(garbage); i++) {
		before = counter(garbage[i].counter);
		peer = peer_of(self->ep, PLAIN, "", ZMQ_PULL);
		ASSERT_LE(0, peer);
		ASSERT_EQ(0, zp_write(peer, garbage[i].data, garbage[i].len));
		EXPECT_TRUE(zp_closed(peer))
			TH_LOG("garbage %d", i);
		EXPECT_TRUE(counts(garbage[i].counter, before + 1));
		close(peer);
	}
}

TEST_F(zmq, who_stops_in_an_identity_is_not_waited_for)
{
	int pull = zt_socket(ZMQ_PULL), peer;

	ASSERT_EQ(0, zt_setint(pull, ZMQ_HANDSHAKE_IVL, 100));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	peer = zp_dial(zt_port(self->ep), 0);
	ASSERT_EQ(0, zp_write(peer, "\x47", 1));
	EXPECT_TRUE(zp_closed(peer));
	EXPECT_TRUE(counts("ZmqHandshakeTimeout", 1));
}

TEST_F(zmq, a_2_0_peer_that_waits_for_each_answer_gets_it)
{
	int push = zt_listening(ZMQ_PUSH, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_dial(zt_port(self->ep), 0);
	unsigned char buf[16];

	ASSERT_EQ(0, zp_read(peer, buf, 10));
	EXPECT_EQ(0, memcmp(buf, "\xff\0\0\0\0\0\0\0\1\x7f", 10));
	EXPECT_EQ(0, zt_poll(peer, POLLIN, 50));
	ASSERT_EQ(0, zp_write(peer, "\xff\0\0\0\0\0\0\0\1\x7f", 10));
	ASSERT_EQ(0, zp_read(peer, buf, 1));
	EXPECT_EQ(3, buf[0]);
	EXPECT_EQ(0, zt_poll(peer, POLLIN, 50));
	ASSERT_EQ(0, zp_write(peer, "\1", 1));
	ASSERT_EQ(0, zp_read(peer, buf, 1));
	EXPECT_EQ(ZMQ_PUSH, buf[0]);
	ASSERT_EQ(0, zp_write(peer, "\7\0\0", 3));
	ASSERT_EQ(0, zp_read(peer, buf, 2));
	EXPECT_EQ(0, memcmp(buf, "\0\0", 2));
	ASSERT_EQ(0, zt_puts(push, "work", 0));
	EXPECT_TRUE(zp_gets(peer, 0, "work"));
}

/* Says the version octet @version and the type @type, and an empty identity. */
static int v2_peer(const char *ep, unsigned char version, unsigned char type)
{
	unsigned char hi[] = "\xff\0\0\0\0\0\0\0\1\x7f\1\0\0\0";
	int peer = zp_dial(zt_port(ep), 0);

	hi[10] = version;
	hi[11] = type;
	return peer < 0 || zp_write(peer, hi, 14) ? -1 : peer;
}

static int told_by(int peer)
{
	unsigned char buf[12];

	return zp_read(peer, buf, sizeof(buf)) ? -1 : buf[11];
}

TEST_F(zmq, a_2_0_peer_is_told_a_type_that_it_knows)
{
	int xpub = zt_listening(ZMQ_XPUB, "tcp://127.0.0.1:*", self->ep), peer;
	int xsub;

	ASSERT_LE(0, xpub);
	peer = v2_peer(self->ep, 1, ZMQ_SUB);
	EXPECT_EQ(ZMQ_PUB, told_by(peer));
	xsub = zt_listening(ZMQ_XSUB, "tcp://127.0.0.1:*", self->ep);
	ASSERT_LE(0, xsub);
	peer = v2_peer(self->ep, 1, ZMQ_PUB);
	EXPECT_EQ(ZMQ_SUB, told_by(peer));
	/* libzmq 3 says these. */
	peer = v2_peer(self->ep, 1, ZMQ_XPUB);
	EXPECT_EQ(ZMQ_SUB, told_by(peer));
	ASSERT_EQ(0, zp_write(peer, "\0\1m", 3));
	EXPECT_TRUE(zt_gets(xsub, "m", ZT_LAST));
}

TEST_F(zmq, a_2_0_peer_of_the_wrong_type_is_sent_away)
{
	static const unsigned char wrong[] = {
		ZMQ_PAIR, ZMQ_PUB, ZMQ_SUB, ZMQ_REQ, ZMQ_REP, ZMQ_DEALER,
		ZMQ_ROUTER, ZMQ_PULL, ZMQ_XPUB, ZMQ_XSUB, ZMQ_STREAM, 12, 255,
	};
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int peer, i;

	ASSERT_LE(0, pull);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		peer = v2_peer(self->ep, 1, wrong[i]);
		ASSERT_LE(0, peer);
		EXPECT_TRUE(zp_closed(peer)) TH_LOG("type %d", wrong[i]);
		close(peer);
	}
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
}

TEST_F(zmq, a_version_between_2_0_and_3_0_is_2_0)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int peer = v2_peer(self->ep, 2, ZMQ_PUSH);

	ASSERT_LE(0, peer);
	EXPECT_EQ(ZMQ_PULL, told_by(peer));
	ASSERT_EQ(0, zp_write(peer, "\0\1m", 3));
	EXPECT_TRUE(zt_gets(pull, "m", ZT_LAST));
}

TEST_HARNESS_MAIN
