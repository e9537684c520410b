// SPDX-License-Identifier: GPL-2.0-only
/* High-water marks: who blocks, who drops, and that it all goes on again. */
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define KIB	1024

static int with_hwm(int type, int sndhwm, int rcvhwm)
{
	int fd = zt_socket(type);

	if (fd < 0 || zt_setint(fd, ZMQ_SNDHWM, sndhwm) ||
	    zt_setint(fd, ZMQ_RCVHWM, rcvhwm) ||
	    zt_setint(fd, ZMQ_SNDBUF, 8 * KIB) ||
	    zt_setint(fd, ZMQ_RCVBUF, 8 * KIB))
		return -1;
	return fd;
}

/* Sends 0, 1, … as messages of @parts frames until EAGAIN. */
static int count_up(int fd, int parts, int limit)
{
	u32 i;
	int part;

	for (i = 0; i < limit; i++) {
		for (part = 1; part <= parts; part++) {
			if (!zt_send(fd, &i, sizeof(i), MSG_DONTWAIT |
				     (part < parts ? MSG_MORE : 0)))
				continue;
			if (errno != EAGAIN || part > 1)
				return -1;
			return i;
		}
	}
	return i;
}

/* Receives what count_up() sent; how many messages came in order. */
static int count_down(int fd, int parts, int count)
{
	u32 i;
	int part;

	for (i = 0; i < count; i++) {
		for (part = 1; part <= parts; part++) {
			if (!zt_got(fd, &i, sizeof(i), part < parts))
				return i;
		}
	}
	return i;
}

TEST_F(zmq, over_inproc_it_is_the_sum_of_both_ends)
{
	int pull = with_hwm(ZMQ_PULL, 1000, 7);
	int push = with_hwm(ZMQ_PUSH, 5, 1000);

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_bind(pull, "inproc://sum"));
	ASSERT_EQ(0, zt_connect(push, "inproc://sum"));
	EXPECT_EQ(12, count_up(push, 1, 100));
	EXPECT_EQ(0, zt_poll(push, POLLOUT, 0));
	EXPECT_EQ(12, count_down(pull, 1, 12));
	EXPECT_TRUE(zt_becomes(push, POLLOUT));
	EXPECT_EQ(12, count_up(push, 1, 100));
	EXPECT_EQ(12, count_down(pull, 1, 12));
}

TEST_F(zmq, over_inproc_the_readers_mark_is_room_for_the_writer_at_once)
{
	int pull = with_hwm(ZMQ_PULL, 1, 3), push = with_hwm(ZMQ_PUSH, 3, 1);

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_bind(pull, "inproc://a"));
	ASSERT_EQ(0, zt_connect(push, "inproc://a"));
	ASSERT_EQ(6, count_up(push, 1, 100));
	ASSERT_EQ(0, zt_poll(push, POLLOUT, 0));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 4));
	EXPECT_EQ(POLLOUT, zt_poll(push, POLLOUT, 0));
	EXPECT_EQ(1, count_up(push, 1, 100));
}

/* Nobody reads meanwhile. */
static bool goes_on_when_its_mark_rises(const char *bind)
{
	int pull = zt_socket(ZMQ_PULL), push = zt_socket(ZMQ_PUSH);
	char ep[ZMQ_ENDPOINT_MAX];

	return !zt_setint(pull, ZMQ_RCVHWM, 3) && !zt_bind_any(pull, bind, ep) &&
	       !zt_connect(push, ep) && count_up(push, 1, 20) == 20 &&
	       zt_wait_unread(3) && !zt_setint(pull, ZMQ_RCVHWM, 4) &&
	       zt_wait_unread(4) && !zt_setint(pull, ZMQ_RCVHWM, 0) &&
	       zt_wait_unread(20) && count_down(pull, 1, 20) == 20;
}

TEST_F(zmq, over_tcp_a_receiver_goes_on_when_its_mark_rises)
{
	EXPECT_TRUE(goes_on_when_its_mark_rises("tcp://127.0.0.1:*"));
}

TEST_F(zmq, over_ipc_a_receiver_goes_on_when_its_mark_rises)
{
	EXPECT_TRUE(goes_on_when_its_mark_rises("ipc://*"));
}

TEST_F(zmq, it_counts_messages_not_frames)
{
	int pull = with_hwm(ZMQ_PULL, 1000, 7);
	int push = with_hwm(ZMQ_PUSH, 5, 1000);

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_bind(pull, "inproc://frames"));
	ASSERT_EQ(0, zt_connect(push, "inproc://frames"));
	EXPECT_EQ(12, count_up(push, 9, 100));
	EXPECT_EQ(12, count_down(pull, 9, 12));
}

TEST_F(zmq, an_absent_peer_takes_as_many_as_its_queue_holds)
{
	int push = with_hwm(ZMQ_PUSH, 10, 10), pull, port = zt_free_port();

	ASSERT_LE(0, push);
	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 20));
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	EXPECT_EQ(POLLOUT, zt_poll(push, POLLOUT, 0));
	EXPECT_EQ(10, count_up(push, 2, 100));
	EXPECT_EQ(0, zt_poll(push, POLLOUT, 0));
	pull = zt_listening(ZMQ_PULL, self->ep, self->ep);
	ASSERT_LE(0, pull);
	EXPECT_EQ(10, count_down(pull, 2, 10));
	EXPECT_TRUE(zt_becomes(push, POLLOUT));
}

TEST_F(zmq, zero_means_no_limit)
{
	int push = with_hwm(ZMQ_PUSH, 0, 0), pull;

	ASSERT_LE(0, push);
	ASSERT_EQ(0, zt_connect(push, "inproc://later"));
	EXPECT_EQ(3000, count_up(push, 1, 3000));
	EXPECT_EQ(POLLOUT, zt_poll(push, POLLOUT, 0));
	pull = zt_listening(ZMQ_PULL, "inproc://later", self->ep);
	ASSERT_LE(0, pull);
	EXPECT_EQ(3000, count_down(pull, 1, 3000));
}

TEST_F(zmq, a_stuck_peer_blocks_the_sender_until_its_timeout)
{
	static char body[64 * KIB];
	int push = with_hwm(ZMQ_PUSH, 10, 10), peer;
	long sent, i;
	u64 start;

	ASSERT_LE(0, push);
	ASSERT_EQ(0, zt_bind_any(push, "tcp://127.0.0.1:*", self->ep));
	peer = zp_dial(zt_port(self->ep), 4 * KIB);
	ASSERT_EQ(0, zp_handshake(peer, "PULL", "PUSH"));
	ASSERT_TRUE(zt_becomes(push, POLLOUT));
	zt_pattern(body, sizeof(body), 1);
	sent = zt_fill(push, body, sizeof(body), 10000);
	/* The queue, and what the shrunken TCP buffers and one write take. */
	ASSERT_LE(10, sent);

	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDTIMEO, 200));
	/* TCP may still have found room for a last one. */
	for (start = zt_now_ms(); !zt_send(push, body, sizeof(body), 0); sent++)
		start = zt_now_ms();
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_LE(190, zt_now_ms() - start);
	EXPECT_GE(40, sent);

	for (i = 0; i < sent; i++) {
		ASSERT_TRUE(zp_got(peer, 0, body, sizeof(body)))
			TH_LOG("round %ld", i);
	}
	EXPECT_TRUE(zp_silent(peer));
	EXPECT_TRUE(zt_becomes(push, POLLOUT));
	ASSERT_EQ(0, zt_puts(push, "again", 0));
	EXPECT_TRUE(zp_gets(peer, 0, "again"));
}

struct blocked_send {
	int fd;
	pid_t tid;
	bool started;
	int result;
	int error;
};

static void *send_one_more(void *arg)
{
	struct blocked_send *b = arg;

	b->tid = syscall(SYS_gettid);
	__atomic_store_n(&b->started, true, __ATOMIC_RELEASE);
	b->result = zt_puts(b->fd, "one more", 0);
	b->error = errno;
	return NULL;
}

static bool send_started(void *arg)
{
	return __atomic_load_n(&((struct blocked_send *)arg)->started,
			       __ATOMIC_ACQUIRE);
}

TEST_F(zmq, a_blocked_sender_goes_on_when_the_peer_reads)
{
	int pull = with_hwm(ZMQ_PULL, 5, 5), push = with_hwm(ZMQ_PUSH, 5, 5);
	struct blocked_send b = { .fd = push };
	pthread_t thread;

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_bind(pull, "inproc://blocked"));
	ASSERT_EQ(0, zt_connect(push, "inproc://blocked"));
	ASSERT_EQ(10, count_up(push, 1, 100));
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_one_more, &b));
	ASSERT_TRUE(zt_eventually(send_started, &b));
	ASSERT_TRUE(zt_wait_asleep(b.tid));
	EXPECT_EQ(10, count_down(pull, 1, 10));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, b.result) TH_LOG("%s", strerror(b.error));
	EXPECT_TRUE(zt_gets(pull, "one more", ZT_LAST));
}

TEST_F(zmq, a_blocked_sender_goes_on_when_a_peer_comes)
{
	int push = zt_listening(ZMQ_PUSH, "tcp://127.0.0.1:*", self->ep), pull;
	struct blocked_send b = { .fd = push };
	pthread_t thread;

	ASSERT_LE(0, push);
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_one_more, &b));
	ASSERT_TRUE(zt_eventually(send_started, &b));
	ASSERT_TRUE(zt_wait_asleep(b.tid));
	pull = zt_connected(ZMQ_PULL, self->ep);
	ASSERT_LE(0, pull);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, b.result) TH_LOG("%s", strerror(b.error));
	EXPECT_TRUE(zt_gets(pull, "one more", ZT_LAST));
}

/* Writes numbered frames of 1 KiB until the stream is full and stays full. */
static int flood(int peer, int limit)
{
	unsigned char frame[9 + KIB] = { };
	size_t head = zp_header(frame, 0, KIB), done;
	struct pollfd p = { .fd = peer, .events = POLLOUT };
	u32 i;
	ssize_t n;

	for (i = 0; i < limit; i++) {
		memcpy(frame + head, &i, sizeof(i));
		for (done = 0; done < head + KIB;) {
			n = send(peer, frame + done, head + KIB - done,
				 MSG_DONTWAIT);
			if (n > 0) {
				done += n;
				continue;
			}
			if (errno != EAGAIN)
				return -1;
			if (poll(&p, 1, 300))
				continue;
			if (!done)
				return i;
			/* Stuck in the middle: the caller reads, we end it. */
			return ~i;
		}
	}
	return limit;
}

TEST_F(zmq, a_full_receiver_stops_reading_and_resumes)
{
	int pull = with_hwm(ZMQ_PULL, 10, 10), peer, wrote, i, flags;
	const int limit = 64 * KIB;
	unsigned char buf[KIB + 1];
	u32 number;

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	wrote = flood(peer, limit);
	ASSERT_NE(limit, wrote) TH_LOG("RCVHWM does not stop the reader");
	ASSERT_NE(-1, wrote);
	if (wrote < 0)
		wrote = ~wrote;
	for (i = 0; i < wrote; i++) {
		ASSERT_EQ(KIB, zt_recv(pull, buf, sizeof(buf), 0, &flags))
			TH_LOG("message %d of %d: %m", i, wrote);
		memcpy(&number, buf, sizeof(number));
		ASSERT_EQ(i, number);
	}
}

TEST_F(zmq, a_full_queue_lets_a_frame_in_for_each_one_out)
{
	int pull = with_hwm(ZMQ_PULL, 2, 2), push = with_hwm(ZMQ_PUSH, 2, 2);
	static char body[32 * KIB];
	long sent, i;

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	ASSERT_EQ(0, zt_connect(push, self->ep));
	for (i = 0; i < 5; i++) {
		sent = zt_fill(push, body, sizeof(body), 1000);
		ASSERT_LT(0, sent);
		while (sent--) {
			ASSERT_TRUE(zt_got(pull, body, sizeof(body), ZT_LAST))
				TH_LOG("%ld still to come", sent);
		}
		EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
		EXPECT_TRUE(zt_becomes(push, POLLOUT));
	}
}

TEST_F(zmq, a_message_larger_than_the_receive_buffer_arrives)
{
	static char body[KIB * KIB], got[KIB * KIB + 1];
	int pull = with_hwm(ZMQ_PULL, 1, 1), peer, i, flags;
	const int tiny = 4 * KIB;
	pid_t child;

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVBUF, tiny));
	ASSERT_EQ(0, setsockopt(pull, SOL_SOCKET, SO_RCVBUF, &tiny,
				sizeof(tiny)));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	zt_pattern(body, sizeof(body), 3);
	child = fork();
	if (!child) {
		for (i = 0; i < 3; i++) {
			if (zp_send(peer, i == 1 ? ZP_MORE : 0, body,
				    sizeof(body)))
				_exit(1);
		}
		_exit(0);
	}
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(sizeof(body),
			  zt_recv(pull, got, sizeof(got), 0, &flags));
		EXPECT_TRUE(zt_pattern_ok(got, sizeof(body), 3));
		EXPECT_EQ(i == 1 ? 0 : MSG_EOR, flags & MSG_EOR);
	}
	EXPECT_TRUE(zt_reap(child));
}

#define PUBLISHED	2000

TEST_F(zmq, a_slow_subscriber_loses_whole_messages_and_nobody_else_does)
{
	int pub = with_hwm(ZMQ_XPUB, 10, 1000), sub, slow, i, last = -1;
	unsigned char body[KIB] = { }, got[KIB + 1];
	struct zp_frame f;
	int flags, count = 0;
	u32 number;

	ASSERT_LE(0, pub);
	ASSERT_EQ(0, zt_bind_any(pub, "tcp://127.0.0.1:*", self->ep));
	slow = zp_dial(zt_port(self->ep), 4 * KIB);
	ASSERT_EQ(0, zp_handshake(slow, "SUB", "XPUB"));
	ASSERT_EQ(0, zp_command(slow, "SUBSCRIBE", "t", 1));
	ASSERT_TRUE(zt_got(pub, "\1t", 2, ZT_LAST));
	sub = zt_connected(ZMQ_SUB, self->ep);
	ASSERT_EQ(0, zt_settext(sub, ZMQ_SUBSCRIBE, "to"));
	ASSERT_TRUE(zt_got(pub, "\1to", 3, ZT_LAST));

	for (i = 0; i < PUBLISHED; i++) {
		memcpy(body, &i, sizeof(i));
		ASSERT_EQ(0, zt_puts(pub, "topic", MSG_MORE | MSG_DONTWAIT));
		ASSERT_EQ(0, zt_send(pub, body, sizeof(body), MSG_DONTWAIT));
		EXPECT_EQ(POLLOUT, zt_poll(pub, POLLOUT, 0));
		ASSERT_TRUE(zt_gets(sub, "topic", ZT_MORE));
		ASSERT_EQ(KIB, zt_recv(sub, got, sizeof(got), 0, &flags));
		memcpy(&number, got, sizeof(number));
		ASSERT_EQ(i, number);
		ASSERT_EQ(MSG_EOR, flags & MSG_EOR);
	}

	/* What is there, then a message that must fit into an empty queue. */
	do {
		if (zt_poll(slow, POLLIN, 300) != POLLIN) {
			number = PUBLISHED;
			memcpy(body, &number, sizeof(number));
			ASSERT_EQ(0, zt_puts(pub, "topic", MSG_MORE));
			ASSERT_EQ(0, zt_send(pub, body, sizeof(body), 0));
		}
		ASSERT_TRUE(zp_gets(slow, ZP_MORE, "topic"));
		ASSERT_EQ(0, zp_recv(slow, &f));
		ASSERT_EQ(0, f.flags);
		ASSERT_EQ(KIB, f.len);
		memcpy(&number, f.body, sizeof(number));
		ASSERT_LT(last, (int)number);
		last = number;
		count++;
	} while (last < PUBLISHED);
	EXPECT_LE(10, count);
	EXPECT_GT(PUBLISHED / 2, count);
}

TEST_F(zmq, nodrop_says_eagain_and_sends_to_nobody)
{
	int pub = with_hwm(ZMQ_XPUB, 3, 1000), sub = with_hwm(ZMQ_SUB, 3, 4);
	int other = zt_socket(ZMQ_SUB), sent;

	ASSERT_LE(0, pub);
	ASSERT_EQ(0, zt_setint(pub, ZMQ_XPUB_NODROP, 1));
	ASSERT_EQ(0, zt_bind(pub, "inproc://nodrop"));
	ASSERT_EQ(0, zt_settext(sub, ZMQ_SUBSCRIBE, ""));
	ASSERT_EQ(0, zt_settext(other, ZMQ_SUBSCRIBE, ""));
	ASSERT_EQ(0, zt_connect(sub, "inproc://nodrop"));
	ASSERT_EQ(0, zt_connect(other, "inproc://nodrop"));
	ASSERT_TRUE(zt_got(pub, "\1", 1, ZT_LAST));
	sent = count_up(pub, 1, 100);
	EXPECT_EQ(7, sent);
	EXPECT_EQ(sent, count_down(sub, 1, sent));
	EXPECT_EQ(sent, count_down(other, 1, sent));
	EXPECT_EQ(0, zt_poll(other, POLLIN, 0));
}

TEST_F(zmq_over, a_sender_goes_on_when_its_own_mark_rises)
{
	int pull = with_hwm(ZMQ_PULL, 1, 1), push = with_hwm(ZMQ_PUSH, 3, 1);
	static const char block[64 * KIB];

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVBUF, 4 * KIB));
	ASSERT_EQ(0, zt_bind_any(pull, variant->bind, self->ep));
	ASSERT_EQ(0, zt_connect(push, self->ep));
	ASSERT_LT(0, zt_fill(push, block, sizeof(block), 1000));
	ASSERT_EQ(0, zt_poll(push, POLLOUT, 0));

	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 4));
	EXPECT_EQ(POLLOUT, zt_poll(push, POLLOUT, 0));
	EXPECT_EQ(0, zt_send(push, block, sizeof(block), MSG_DONTWAIT));
}

TEST_F(zmq_over, nodrop_does_not_wait_for_who_wants_it_no_more)
{
	int pub = with_hwm(ZMQ_XPUB, 3, 1000), sub = with_hwm(ZMQ_SUB, 3, 4);
	static const char block[64 * KIB] = "topic";

	ASSERT_LE(0, pub);
	ASSERT_EQ(0, zt_setint(pub, ZMQ_XPUB_NODROP, 1));
	ASSERT_EQ(0, zt_setint(sub, ZMQ_RCVBUF, 4 * KIB));
	ASSERT_EQ(0, zt_bind_any(pub, variant->bind, self->ep));
	ASSERT_EQ(0, zt_subscribe(sub, "topic"));
	ASSERT_EQ(0, zt_connect(sub, self->ep));
	ASSERT_TRUE(zt_told(pub, 1, "topic"));
	ASSERT_LT(0, zt_fill(pub, block, sizeof(block), 1000));
	ASSERT_EQ(0, zt_poll(pub, POLLOUT, 0));

	ASSERT_EQ(0, zt_unsubscribe(sub, "topic"));
	EXPECT_TRUE(zt_becomes(pub, POLLOUT));
	EXPECT_EQ(0, zt_send(pub, block, sizeof(block), MSG_DONTWAIT));
}

TEST_F(zmq, nodrop_that_is_switched_off_makes_nobody_wait)
{
	int pub = with_hwm(ZMQ_XPUB, 3, 1000), sub = with_hwm(ZMQ_SUB, 3, 4);

	ASSERT_LE(0, pub);
	ASSERT_EQ(0, zt_setint(pub, ZMQ_XPUB_NODROP, 1));
	ASSERT_EQ(0, zt_bind(pub, "inproc://nodrop"));
	ASSERT_EQ(0, zt_subscribe(sub, ""));
	ASSERT_EQ(0, zt_connect(sub, "inproc://nodrop"));
	ASSERT_TRUE(zt_told(pub, 1, ""));
	ASSERT_EQ(7, count_up(pub, 1, 100));
	ASSERT_EQ(0, zt_poll(pub, POLLOUT, 0));
	ASSERT_EQ(0, zt_setint(pub, ZMQ_XPUB_NODROP, 0));
	EXPECT_EQ(POLLOUT, zt_poll(pub, POLLOUT, 0));
}

/* A thread that polls because its message was refused sleeps no longer than the
 * refusal is the last word.
 */
TEST_F(zmq, a_message_for_others_ends_what_nodrop_told_epoll)
{
	int pub = with_hwm(ZMQ_XPUB, 3, 1000), sub = with_hwm(ZMQ_SUB, 3, 4);
	struct epoll_event ev = { .events = EPOLLOUT };
	int ep = epoll_create1(EPOLL_CLOEXEC), i;

	ASSERT_LE(0, pub);
	ASSERT_EQ(0, zt_setint(pub, ZMQ_XPUB_NODROP, 1));
	ASSERT_EQ(0, zt_bind(pub, "inproc://nodrop"));
	ASSERT_EQ(0, zt_subscribe(sub, "topic"));
	ASSERT_EQ(0, zt_connect(sub, "inproc://nodrop"));
	ASSERT_TRUE(zt_told(pub, 1, "topic"));
	for (i = 0; i < 7; i++)
		ASSERT_EQ(0, zt_puts(pub, "topic", MSG_DONTWAIT));
	ASSERT_EQ(-1, zt_puts(pub, "topic", MSG_DONTWAIT));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, pub, &ev));
	ASSERT_EQ(0, epoll_wait(ep, &ev, 1, 0));
	ASSERT_EQ(0, zt_puts(pub, "another", MSG_DONTWAIT));
	EXPECT_EQ(1, epoll_wait(ep, &ev, 1, 0));
}

TEST_HARNESS_MAIN
