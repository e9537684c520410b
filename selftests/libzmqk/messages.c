// SPDX-License-Identifier: GPL-2.0-only
/* libzmqk's messages on AF_ZMQ sockets: whole ones, by one call each. */
#include <pthread.h>
#include <stdlib.h>
#include "kselftest_harness.h"
#include "ends.h"

#define READERS	3
#define WRITERS	3
#define EACH	300

FIXTURE(zmqk) {
	char ep[ZMQ_ENDPOINT_MAX];
};

FIXTURE_SETUP(zmqk)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
}

FIXTURE_TEARDOWN(zmqk)
{
}

TEST_F(zmqk, parts_arrive_as_they_were_sent)
{
	static unsigned char large[1 << 20];
	struct iovec parts[] = { part("id", 2), part("", 0), part(large, sizeof(large)),
				 part("end", 3) };
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	int pull = open_bound(ZMQ_PULL, "inproc://parts", self->ep), push, i, round;

	push = open_connected(ZMQ_PUSH, self->ep);
	ASSERT_LE(0, push);
	for (i = 0; i < sizeof(large); i++)
		large[i] = i * 31 >> 8;
	for (round = 0; round < 3; round++) {
		ASSERT_EQ(4, zmqk_sendv(push, parts, 4, 0));
		ASSERT_EQ(4, zmqk_recv_msg(pull, &msg, 0));
		for (i = 0; i < 4; i++) {
			ASSERT_EQ(parts[i].iov_len, msg.parts[i].iov_len);
			EXPECT_EQ(0, memcmp(parts[i].iov_base, msg.parts[i].iov_base,
					    parts[i].iov_len));
		}
		EXPECT_EQ(0, ((char *)msg.parts[3].iov_base)[3]);
	}
	EXPECT_EQ(-1, zmqk_recv_msg(pull, &msg, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, msg.nparts);
	zmqk_msg_free(&msg);
}

TEST_F(zmqk, one_message_at_a_time_though_many_wait)
{
	int pull = open_bound(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep), push;
	struct zmqk_msg msg = ZMQK_MSG_INIT;

	push = open_connected(ZMQ_PUSH, self->ep);
	ASSERT_EQ(2, put(push, "a", "b"));
	ASSERT_EQ(1, put(push, "", NULL));
	ASSERT_EQ(1, put(push, "c", NULL));
	ASSERT_TRUE(zt_wait_unread(3));
	ASSERT_EQ(2, zmqk_recv_msg(pull, &msg, 0));
	EXPECT_TRUE(part_is(&msg.parts[0], "a"));
	EXPECT_TRUE(part_is(&msg.parts[1], "b"));
	EXPECT_EQ(POLLIN, zt_poll(pull, POLLIN, 0));
	ASSERT_EQ(1, zmqk_recv_msg(pull, &msg, MSG_PEEK));
	ASSERT_EQ(1, zmqk_recv_msg(pull, &msg, 0));
	EXPECT_TRUE(part_is(&msg.parts[0], ""));
	ASSERT_EQ(1, zmqk_recv_msg(pull, &msg, 0));
	EXPECT_TRUE(part_is(&msg.parts[0], "c"));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
	zmqk_msg_free(&msg);
}

TEST_F(zmqk, more_parts_than_a_call_has_pieces)
{
	enum { N = ZMQK_PARTS_MAX + 500 };
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	int router = open_bound(ZMQ_ROUTER, "tcp://127.0.0.1:*", self->ep), dealer, i;
	static struct iovec parts[N];
	static char data[N];

	dealer = open_connected(ZMQ_DEALER, self->ep);
	ASSERT_LE(0, router);
	ASSERT_LE(0, dealer);
	memset(data, 'd', sizeof(data));
	for (i = 0; i < N; i++)
		parts[i] = part(data, i);
	ASSERT_EQ(N, zmqk_sendv(dealer, parts, N, 0));
	/* The routing id comes first, and sends it all back. */
	ASSERT_EQ(N + 1, zmqk_recv_msg(router, &msg, 0));
	EXPECT_EQ(5, msg.parts[0].iov_len);
	ASSERT_EQ(N + 1, zmqk_sendv(router, msg.parts, msg.nparts, 0));
	ASSERT_EQ(N, zmqk_recv_msg(dealer, &msg, 0));
	for (i = 0; i < N; i++)
		ASSERT_EQ(i, msg.parts[i].iov_len);
	zmqk_msg_free(&msg);
}

TEST_F(zmqk, what_has_no_room_stays_and_says_how_much_it_needs)
{
	int pull = open_bound(ZMQ_PULL, "inproc://room", self->ep);
	int push = open_connected(ZMQ_PUSH, self->ep), i;
	struct zmq_frames_need need = {};
	struct iovec parts[3];
	char buf[8], enough[9];

	ASSERT_EQ(2, put(push, "four", "fives"));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-1, zmqk_recv_into(pull, buf, sizeof(buf), parts, 3, &need, 0));
		EXPECT_EQ(EMSGSIZE, errno);
		EXPECT_EQ(9, need.bytes);
		EXPECT_EQ(2, need.frames);
	}
	EXPECT_EQ(-1, zmqk_recv_into(pull, buf, sizeof(buf), parts, 1, &need, 0));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(1, put(push, "x", NULL));
	ASSERT_EQ(2, zmqk_recv_into(pull, enough, 9, parts, 3, NULL, 0));
	EXPECT_TRUE(part_is(&parts[0], "four"));
	EXPECT_TRUE(part_is(&parts[1], "fives"));
	ASSERT_EQ(1, zmqk_recv_into(pull, buf, sizeof(buf), parts, 3, NULL, 0));
	EXPECT_TRUE(part_is(&parts[0], "x"));
}

TEST_F(zmqk, many_messages_in_a_call_and_on)
{
	int pull = open_bound(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = open_connected(ZMQ_PUSH, self->ep), sent, i;
	struct zmqk_msgs msgs = ZMQK_MSGS_INIT;
	struct iovec parts[] = { part("a", 1), part("b", 1), part("", 0), part("c", 1) };
	struct zmqk_vec out[] = { { parts, 2 }, { parts + 2, 1 }, { parts + 3, 1 } };

	/* A call ends before a message without a byte. */
	for (i = 0, sent = 0; i < 3 && sent < 3; i++) {
		int n = zmqk_send_msgs(push, out + sent, 3 - sent, 0);

		ASSERT_LT(0, n);
		sent += n;
	}
	ASSERT_EQ(3, sent);
	ASSERT_TRUE(zt_wait_unread(3));
	ASSERT_EQ(3, zmqk_recv_msgs(pull, &msgs, 0));
	EXPECT_EQ(2, msgs.msgs[0].nparts);
	EXPECT_TRUE(part_is(&msgs.msgs[0].parts[1], "b"));
	EXPECT_TRUE(part_is(&msgs.msgs[1].parts[0], ""));
	EXPECT_TRUE(part_is(&msgs.msgs[2].parts[0], "c"));
	EXPECT_EQ(-1, zmqk_recv_msgs(pull, &msgs, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, msgs.nmsgs);

	/* What came is what can be sent. */
	for (i = 0; i < 3; i++)
		ASSERT_EQ(1, put(push, "abc" + i, NULL));
	ASSERT_TRUE(zt_wait_unread(3));
	ASSERT_EQ(3, zmqk_recv_msgs(pull, &msgs, 0));
	ASSERT_EQ(3, zmqk_send_msgs(push, msgs.msgs, msgs.nmsgs, 0));
	ASSERT_TRUE(zt_wait_unread(3));
	zmqk_msgs_free(&msgs);
}

TEST_F(zmqk, a_full_queue_takes_some_of_many)
{
	int pull = open_socket(ZMQ_PULL), push = open_socket(ZMQ_PUSH), i;
	struct zmqk_vec out[20];
	struct iovec x = part("x", 1);

	ASSERT_EQ(0, zmqk_set_int(pull, ZMQ_RCVHWM, 5));
	ASSERT_EQ(0, zmqk_set_int(push, ZMQ_SNDHWM, 5));
	ASSERT_EQ(0, zmqk_bind(pull, "inproc://full"));
	ASSERT_EQ(0, zmqk_connect(push, "inproc://full"));
	for (i = 0; i < 20; i++)
		out[i] = (struct zmqk_vec){ &x, 1 };
	EXPECT_EQ(10, zmqk_send_msgs(push, out, 20, MSG_DONTWAIT));
	EXPECT_EQ(-1, zmqk_send_msgs(push, out, 20, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(zmqk, a_reader_takes_what_there_is)
{
	int pull = open_bound(ZMQ_PULL, "inproc://reader", self->ep);
	int push = open_connected(ZMQ_PUSH, self->ep), i;
	struct zmqk_reader *reader = zmqk_reader_new(pull, 100, 4);
	static char large[10000];
	struct zmqk_vec msg;
	struct iovec parts[] = { part("k", 1), part(large, sizeof(large)) };

	ASSERT_NE(NULL, reader);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(1, put(push, "abc" + i, NULL));
	ASSERT_EQ(2, zmqk_sendv(push, parts, 2, 0));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(1, zmqk_reader_next(reader, &msg, 0));
		EXPECT_TRUE(part_is(msg.parts, "abc" + i));
		EXPECT_EQ(2 - i, zmqk_reader_pending(reader));
	}
	ASSERT_EQ(2, zmqk_reader_next(reader, &msg, 0));
	EXPECT_EQ(sizeof(large), msg.parts[1].iov_len);
	EXPECT_EQ(-1, zmqk_reader_next(reader, &msg, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, zmqk_reader_pending(reader));
	zmqk_reader_free(reader);
}

TEST_F(zmqk, a_socket_from_elsewhere_loses_no_frame)
{
	int pull = zt_socket(ZMQ_PULL), push = open_socket(ZMQ_PUSH), udp;
	struct zmqk_msgs msgs = ZMQK_MSGS_INIT;
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	struct iovec parts[2];
	char buf[8];

	ASSERT_EQ(0, zmqk_bind(pull, "inproc://foreign"));
	ASSERT_EQ(0, zmqk_connect(push, "inproc://foreign"));
	ASSERT_EQ(1, put(push, "alone", NULL));
	ASSERT_EQ(2, put(push, "a", "b"));
	ASSERT_EQ(2, put(push, "c", "d"));
	ASSERT_EQ(2, put(push, "e", "f"));
	ASSERT_EQ(1, put(push, "g", NULL));
	ASSERT_EQ(1, zmqk_recv_msg(pull, &msg, 0));
	EXPECT_TRUE(part_is(msg.parts, "alone"));
	ASSERT_EQ(2, zmqk_recv_msg(pull, &msg, 0));
	EXPECT_TRUE(part_is(&msg.parts[1], "b"));
	ASSERT_EQ(2, zmqk_recv_into(pull, buf, sizeof(buf), parts, 2, NULL, 0));
	EXPECT_TRUE(part_is(&parts[1], "d"));
	ASSERT_EQ(2, zmqk_recv_msgs(pull, &msgs, 0));
	EXPECT_TRUE(part_is(&msgs.msgs[0].parts[1], "f"));
	/* Who else receives from it gets frames as before. */
	ASSERT_EQ(2, put(push, "h", "i"));
	EXPECT_EQ(1, recv(pull, buf, sizeof(buf), 0));
	EXPECT_EQ(1, recv(pull, buf, sizeof(buf), 0));
	EXPECT_EQ('i', *buf);
	EXPECT_EQ(0, zmqk_adopt(pull));
	zmqk_msg_free(&msg);
	zmqk_msgs_free(&msgs);
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	EXPECT_EQ(-1, zmqk_adopt(udp));
	EXPECT_EQ(EAFNOSUPPORT, errno);
}

TEST_F(zmqk, half_a_message_is_in_the_way_until_it_is_given_up)
{
	int pull = open_bound(ZMQ_PULL, "inproc://half", self->ep);
	int push = open_connected(ZMQ_PUSH, self->ep);
	struct zmqk_msg msg = ZMQK_MSG_INIT;

	ASSERT_EQ(4, zmqk_send(push, "half", 4, MSG_MORE));
	EXPECT_EQ(-1, put(push, "whole", NULL));
	EXPECT_EQ(EBADFD, errno);
	ASSERT_EQ(0, zmqk_abort(push));
	ASSERT_EQ(1, put(push, "whole", NULL));
	ASSERT_EQ(1, zmqk_recv_msg(pull, &msg, 0));
	EXPECT_TRUE(part_is(msg.parts, "whole"));
	zmqk_msg_free(&msg);
}

/* What the threads of a test share. */
struct crowd {
	int push;
	int pull;
	int got[READERS];
	bool torn;
};

static struct crowd crowd;

static void *write_many(void *arg)
{
	int i;

	for (i = 0; i < EACH; i++) {
		char text[3][16];
		struct iovec parts[3];
		int j;

		for (j = 0; j < 3; j++) {
			snprintf(text[j], sizeof(text[j]), "%d %d", (int)(long)arg, i);
			parts[j] = part(text[j], strlen(text[j]));
		}
		if (zmqk_sendv(crowd.push, parts, 3, 0) != 3)
			crowd.torn = true;
	}
	return NULL;
}

static void *read_many(void *arg)
{
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	int n;

	/* A message by another name ends a reader. */
	while ((n = zmqk_recv_msg(crowd.pull, &msg, 0)) == 3) {
		crowd.got[(long)arg]++;
		if (msg.parts[0].iov_len != msg.parts[2].iov_len ||
		    memcmp(msg.parts[0].iov_base, msg.parts[1].iov_base, msg.parts[0].iov_len) ||
		    memcmp(msg.parts[0].iov_base, msg.parts[2].iov_base, msg.parts[0].iov_len))
			crowd.torn = true;
	}
	if (n != 1)
		crowd.torn = true;
	zmqk_msg_free(&msg);
	return NULL;
}

TEST_F(zmqk, threads_tear_no_message_apart)
{
	pthread_t writers[WRITERS], readers[READERS];
	int i, sum = 0;

	crowd.pull = open_bound(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	crowd.push = open_connected(ZMQ_PUSH, self->ep);
	for (i = 0; i < READERS; i++)
		ASSERT_EQ(0, pthread_create(&readers[i], NULL, read_many, (void *)(long)i));
	for (i = 0; i < WRITERS; i++)
		ASSERT_EQ(0, pthread_create(&writers[i], NULL, write_many, (void *)(long)i));
	for (i = 0; i < WRITERS; i++)
		pthread_join(writers[i], NULL);
	for (i = 0; i < READERS; i++)
		ASSERT_EQ(1, put(crowd.push, "end", NULL));
	for (i = 0; i < READERS; i++) {
		pthread_join(readers[i], NULL);
		sum += crowd.got[i];
	}
	EXPECT_EQ(WRITERS * EACH, sum);
	EXPECT_FALSE(crowd.torn);
}

TEST_HARNESS_MAIN
