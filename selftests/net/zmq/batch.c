// SPDX-License-Identifier: GPL-2.0-only
/* ZMQ_FRAMES: whole messages, many a call. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define MORE	ZMQ_FRAME_MORE

/* Two messages: "a" "bcd" "" and "ef". */
static const struct zmq_frame_desc two[] = {
	{ 1, MORE }, { 3, MORE }, { 0, 0 }, { 2, 0 },
};

static const char two_data[] = "abcdef";

static int frames_mode(int fd)
{
	return zt_setint(fd, ZMQ_RCVFRAMES, 1);
}

static bool same_table(const struct zt_batch *b,
		       const struct zmq_frame_desc *desc, unsigned int nr)
{
	return b->nr == nr && !memcmp(b->desc, desc, nr * sizeof(*desc));
}

TEST_F(zmq_over, messages_sent_in_one_call_arrive_frame_by_frame)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);

	EXPECT_EQ(6, zt_send_frames(push, two_data, 6, two, 4, 0));
	EXPECT_TRUE(zt_gets(pull, "a", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "bcd", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "", ZT_LAST));
	EXPECT_TRUE(zt_gets(pull, "ef", ZT_LAST));
}

TEST_F(zmq_over, messages_sent_frame_by_frame_arrive_in_one_call)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	struct zt_batch b;
	char buf[64];

	ASSERT_EQ(0, frames_mode(pull));
	ASSERT_EQ(0, zt_puts(push, "a", MSG_MORE));
	ASSERT_EQ(0, zt_puts(push, "bcd", MSG_MORE));
	ASSERT_EQ(0, zt_puts(push, "", 0));
	ASSERT_EQ(0, zt_puts(push, "ef", 0));
	ASSERT_TRUE(zt_wait_unread(2));
	EXPECT_EQ(6, zt_recv_frames(pull, buf, sizeof(buf), &b, 64, 0));
	EXPECT_TRUE(same_table(&b, two, 4));
	EXPECT_EQ(0, memcmp(buf, two_data, 6));
	EXPECT_EQ(MSG_EOR, b.flags & (MSG_EOR | MSG_TRUNC | MSG_CTRUNC));
	EXPECT_EQ(0, zt_getint(pull, ZMQ_RCVMORE));
	EXPECT_EQ(-1, zt_recv_frames(pull, buf, sizeof(buf), &b, 64,
				     MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(zmq, without_a_control_buffer_the_mode_changes_nothing)
{
	int pull = zt_listening(ZMQ_PULL, "inproc://a", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);

	ASSERT_EQ(0, frames_mode(pull));
	ASSERT_EQ(6, zt_send_frames(push, two_data, 6, two, 4, 0));
	EXPECT_TRUE(zt_gets(pull, "a", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "bcd", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "", ZT_LAST));
	EXPECT_TRUE(zt_gets(pull, "ef", ZT_LAST));
}

TEST_F(zmq, a_message_begun_frame_by_frame_is_received_to_its_end)
{
	int pull = zt_listening(ZMQ_PULL, "inproc://a", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	struct zt_batch b;
	char buf[64];

	ASSERT_EQ(0, frames_mode(pull));
	ASSERT_EQ(6, zt_send_frames(push, two_data, 6, two, 4, 0));
	EXPECT_TRUE(zt_gets(pull, "a", ZT_MORE));
	EXPECT_EQ(5, zt_recv_frames(pull, buf, sizeof(buf), &b, 64, 0));
	EXPECT_TRUE(same_table(&b, two + 1, 3));
	EXPECT_EQ(0, memcmp(buf, "bcdef", 5));
}

TEST_F(zmq_over, a_message_without_room_stays_and_says_its_size)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	struct zt_batch b;
	char buf[64];

	ASSERT_EQ(0, frames_mode(pull));
	ASSERT_EQ(6, zt_send_frames(push, two_data, 6, two, 4, 0));
	ASSERT_TRUE(zt_wait_unread(2));

	/* too few bytes, then too few entries */
	EXPECT_EQ(0, zt_recv_frames(pull, buf, 3, &b, 64, 0));
	EXPECT_EQ(0, b.nr);
	EXPECT_TRUE(b.flags & MSG_TRUNC);
	EXPECT_EQ(4, b.need.bytes);
	EXPECT_EQ(3, b.need.frames);
	EXPECT_EQ(0, zt_recv_frames(pull, buf, sizeof(buf), &b, 2, 0));
	EXPECT_EQ(4, b.need.bytes);
	EXPECT_EQ(3, b.need.frames);

	/* no room even for that */
	EXPECT_EQ(-1, zt_recv_frames(pull, buf, 3, &b, 1, 0));
	EXPECT_EQ(EMSGSIZE, errno);

	/* room for the first, and not for both */
	EXPECT_EQ(4, zt_recv_frames(pull, buf, 5, &b, 64, 0));
	EXPECT_TRUE(same_table(&b, two, 3));
	EXPECT_FALSE(b.flags & MSG_TRUNC);
	EXPECT_EQ(2, zt_recv_frames(pull, buf, 2, &b, 2, 0));
	EXPECT_TRUE(same_table(&b, two + 3, 1));
}

TEST_F(zmq, peek_shows_one_message_and_takes_none)
{
	int pull = zt_listening(ZMQ_PULL, "inproc://a", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	struct zt_batch b;
	char buf[64];
	int i;

	ASSERT_EQ(0, frames_mode(pull));
	ASSERT_EQ(6, zt_send_frames(push, two_data, 6, two, 4, 0));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(4, zt_recv_frames(pull, buf, sizeof(buf), &b, 64,
					    MSG_PEEK));
		EXPECT_TRUE(same_table(&b, two, 3));
	}
	EXPECT_EQ(6, zt_recv_frames(pull, buf, sizeof(buf), &b, 64, 0));
}

TEST_F(zmq_over, eor_takes_one_message_of_many)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	struct zt_batch b;
	char buf[64];

	ASSERT_EQ(0, frames_mode(pull));
	ASSERT_EQ(6, zt_send_frames(push, two_data, 6, two, 4, 0));
	ASSERT_TRUE(zt_wait_unread(2));
	EXPECT_EQ(4, zt_recv_frames(pull, buf, sizeof(buf), &b, 64, MSG_EOR));
	EXPECT_TRUE(same_table(&b, two, 3));
	EXPECT_EQ(0, zt_recv_frames(pull, buf, 1, &b, 64, MSG_EOR));
	EXPECT_EQ(2, b.need.bytes);
	EXPECT_EQ(1, b.need.frames);
	EXPECT_EQ(2, zt_recv_frames(pull, buf, sizeof(buf), &b, 64,
				    MSG_EOR | MSG_PEEK));
	EXPECT_EQ(2, zt_recv_frames(pull, buf, sizeof(buf), &b, 64, MSG_EOR));
	EXPECT_TRUE(same_table(&b, two + 3, 1));
	EXPECT_EQ(-1, zt_recv_frames(pull, buf, sizeof(buf), &b, 64,
				     MSG_EOR | MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(zmq_over, a_call_asks_for_whole_messages_itself)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep), i;
	int push = zt_connected(ZMQ_PUSH, self->ep);
	struct zt_batch b;
	char buf[64];

	for (i = 0; i < 3; i++)
		ASSERT_EQ(6, zt_send_frames(push, two_data, 6, two, 4, 0));
	ASSERT_TRUE(zt_wait_unread(6));
	EXPECT_EQ(4, zt_recv_frames(pull, buf, sizeof(buf), &b, 64, MSG_EOR));
	EXPECT_TRUE(same_table(&b, two, 3));
	/* Who asks for no message is given frames. */
	EXPECT_TRUE(zt_gets(pull, "ef", ZT_LAST));
	/* What has no room stays. */
	EXPECT_EQ(0, zt_recv_frames(pull, buf, 1, &b, 64, MSG_EOR));
	EXPECT_EQ(4, b.need.bytes);
	EXPECT_EQ(3, b.need.frames);
	EXPECT_EQ(4, zt_recv_frames(pull, buf, sizeof(buf), &b, 64,
				    MSG_WAITFORONE | MSG_PEEK));
	EXPECT_EQ(12, zt_recv_frames(pull, buf, sizeof(buf), &b, 64,
				     MSG_WAITFORONE));
	EXPECT_EQ(8, b.nr);
	EXPECT_EQ(-1, zt_recv_frames(pull, buf, sizeof(buf), &b, 64,
				     MSG_WAITFORONE | MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(zmq, a_malformed_table_is_einval_and_sends_nothing)
{
	static const struct {
		struct zmq_frame_desc desc[2];
		unsigned int nr;
		size_t len;
	} bad[] = {
		{ { { 1, 0 } }, 0, 0 },			/* no frame */
		{ { { 1, MORE } }, 1, 1 },		/* no end */
		{ { { 1, 0 }, { 1, MORE } }, 2, 2 },
		{ { { 1, 2 } }, 1, 1 },			/* an unknown flag */
		{ { { 2, 0 } }, 1, 1 },			/* too few bytes */
		{ { { 1, 0 } }, 1, 2 },			/* too many */
		{ { { 0xffffffff, MORE }, { 2, 0 } }, 2, 1 },
	};
	int pull = zt_listening(ZMQ_PULL, "inproc://a", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep), i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-1, zt_send_frames(push, "abcd", bad[i].len,
					     bad[i].desc, bad[i].nr, 0))
			TH_LOG("row %d", i);
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(-1, zt_send_frames(push, two_data, 6, two, 4, MSG_MORE));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_TRUE(zt_lacks(pull, POLLIN));
}

TEST_F(zmq, a_table_does_not_complete_what_was_begun_frame_by_frame)
{
	int pull = zt_listening(ZMQ_PULL, "inproc://a", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);

	ASSERT_EQ(0, zt_puts(push, "begun", MSG_MORE));
	EXPECT_EQ(-1, zt_send_frames(push, two_data, 6, two, 4, 0));
	EXPECT_EQ(EBADFD, errno);
	ASSERT_EQ(0, zt_puts(push, "done", 0));
	EXPECT_TRUE(zt_gets(pull, "begun", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "done", ZT_LAST));
	EXPECT_TRUE(zt_lacks(pull, POLLIN));
}

TEST_F(zmq, a_call_that_meets_the_high_water_mark_tells_what_was_sent)
{
	int pull = zt_socket(ZMQ_PULL), push = zt_socket(ZMQ_PUSH), i;
	struct zmq_frame_desc desc[20];

	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 5));
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 5));
	ASSERT_EQ(0, zt_bind(pull, "inproc://a"));
	ASSERT_EQ(0, zt_connect(push, "inproc://a"));
	for (i = 0; i < 20; i++) {
		desc[i].len = 1;
		desc[i].flags = i & 1 ? 0 : MORE;
	}
	EXPECT_EQ(20, zt_send_frames(push, "0123456789abcdefghij", 20, desc, 20,
				     MSG_DONTWAIT));
	EXPECT_EQ(-1, zt_send_frames(push, "xy", 2, desc, 2, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	/* The writer hears of every third message read, with these marks. */
	for (i = 0; i < 6; i++) {
		char first[] = { "0123456789ab"[2 * i], 0 };

		EXPECT_TRUE(zt_gets(pull, first, ZT_MORE));
		first[0]++;
		EXPECT_TRUE(zt_gets(pull, first, ZT_LAST));
	}
	EXPECT_EQ(12, zt_send_frames(push, "klmnopqrstuvwxyz!!!!", 20, desc, 20,
				     MSG_DONTWAIT));
}

/* So that the bytes sent always tell which messages were. */
TEST_F(zmq_over, a_call_ends_before_a_message_without_a_byte)
{
	static const struct zmq_frame_desc empty_second[] = {
		{ 1, 0 }, { 0, MORE }, { 0, 0 }, { 1, 0 },
	};
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);

	EXPECT_EQ(1, zt_send_frames(push, "ab", 2, empty_second, 4, 0));
	EXPECT_EQ(0, zt_send_frames(push, "b", 1, empty_second + 1, 3, 0));
	EXPECT_EQ(1, zt_send_frames(push, "b", 1, empty_second + 3, 1, 0));
	EXPECT_TRUE(zt_gets(pull, "a", ZT_LAST));
	EXPECT_TRUE(zt_gets(pull, "", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "", ZT_LAST));
	EXPECT_TRUE(zt_gets(pull, "b", ZT_LAST));
}

/* @len bytes that end where nothing is mapped. */
static char *before_a_hole(size_t len)
{
	const long page = sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p + page, page);
	return p + page - len;
}

TEST_F(zmq_over, a_fault_in_a_message_sends_nothing_of_it)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	static const struct zmq_frame_desc desc[] = {
		{ 1, 0 }, { 1, MORE }, { 5, 0 },
	};
	char *data = before_a_hole(3);

	memcpy(data, "abc", 3);
	EXPECT_EQ(1, zt_send_frames(push, data, 7, desc, 3, 0));
	EXPECT_EQ(-1, zt_send_frames(push, data, 6, desc + 1, 2, 0));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_EQ(0, zt_puts(push, "next", 0));
	EXPECT_TRUE(zt_gets(pull, "a", ZT_LAST));
	EXPECT_TRUE(zt_gets(pull, "next", ZT_LAST));
}

TEST_F(zmq_over, a_fault_in_a_message_receives_nothing_of_it)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	char *data = before_a_hole(5), buf[64];
	struct zt_batch b;

	ASSERT_EQ(0, frames_mode(pull));
	ASSERT_EQ(6, zt_send_frames(push, two_data, 6, two, 4, 0));
	ASSERT_TRUE(zt_wait_unread(2));
	EXPECT_EQ(4, zt_recv_frames(pull, data, 64, &b, 64, 0));
	EXPECT_TRUE(same_table(&b, two, 3));
	EXPECT_EQ(-1, zt_recv_frames(pull, data + 4, 64, &b, 64, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(2, zt_recv_frames(pull, buf, 64, &b, 64, 0));
	EXPECT_EQ(0, memcmp(buf, "ef", 2));
}

TEST_F(zmq, a_fault_in_the_control_buffer_receives_nothing)
{
	int pull = zt_listening(ZMQ_PULL, "inproc://a", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	char buf[64];
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = before_a_hole(32),
		.msg_controllen = 64,
	};

	ASSERT_EQ(0, frames_mode(pull));
	ASSERT_EQ(6, zt_send_frames(push, two_data, 6, two, 4, 0));
	EXPECT_EQ(-1, recvmsg(pull, &m, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_TRUE(zt_gets(pull, "a", ZT_MORE));
}

TEST_F(zmq_over, a_router_reads_and_writes_the_routing_id_as_a_frame)
{
	int router = zt_listening(ZMQ_ROUTER, variant->bind, self->ep);
	int dealer = zt_socket(ZMQ_DEALER);
	static const struct zmq_frame_desc out[] = { { 2, MORE }, { 1, 0 } };
	static const struct zmq_frame_desc in[] = {
		{ 2, MORE }, { 2, MORE }, { 1, 0 },
		{ 2, MORE }, { 1, 0 },
	};
	struct zt_batch b;
	char buf[64];

	ASSERT_EQ(0, setsockopt(dealer, SOL_ZMQ, ZMQ_ROUTING_ID, "me", 2));
	ASSERT_EQ(0, zt_connect(dealer, self->ep));
	ASSERT_EQ(0, frames_mode(router));
	ASSERT_EQ(3, zt_send_frames(dealer, "hi!", 3, out, 2, 0));
	ASSERT_EQ(0, zt_puts(dealer, "2", 0));
	ASSERT_TRUE(zt_wait_unread(2));
	EXPECT_EQ(8, zt_recv_frames(router, buf, sizeof(buf), &b, 64, 0));
	EXPECT_TRUE(same_table(&b, in, 5));
	EXPECT_EQ(0, memcmp(buf, "mehi!me2", 8));
	EXPECT_EQ(8, zt_send_frames(router, "meho.me3", 8, in, 5, 0));
	EXPECT_TRUE(zt_gets(dealer, "ho", ZT_MORE));
	EXPECT_TRUE(zt_gets(dealer, ".", ZT_LAST));
	EXPECT_TRUE(zt_gets(dealer, "3", ZT_LAST));
}

TEST_F(zmq_over, request_and_reply_keep_their_turns)
{
	int rep = zt_listening(ZMQ_REP, variant->bind, self->ep);
	int req = zt_connected(ZMQ_REQ, self->ep);
	struct zt_batch b;
	char buf[64];

	ASSERT_EQ(0, frames_mode(rep));
	ASSERT_EQ(0, frames_mode(req));
	EXPECT_EQ(4, zt_send_frames(req, "abcd", 4, two, 3, 0));
	EXPECT_EQ(-1, zt_send_frames(req, "abcd", 4, two, 3, 0));
	EXPECT_EQ(EBADFD, errno);
	EXPECT_EQ(4, zt_recv_frames(rep, buf, sizeof(buf), &b, 64, 0));
	EXPECT_TRUE(same_table(&b, two, 3));
	EXPECT_EQ(-1, zt_recv_frames(rep, buf, sizeof(buf), &b, 64, 0));
	EXPECT_EQ(EBADFD, errno);
	EXPECT_EQ(2, zt_send_frames(rep, "ef", 2, two + 3, 1, 0));
	EXPECT_EQ(2, zt_recv_frames(req, buf, sizeof(buf), &b, 64, 0));
	EXPECT_TRUE(same_table(&b, two + 3, 1));
}

TEST_F(zmq_over, subscriptions_and_messages_are_filtered_the_same)
{
	int pub = zt_listening(ZMQ_XPUB, variant->bind, self->ep);
	int sub = zt_socket(ZMQ_SUB);
	static const struct zmq_frame_desc note[] = { { 2, 0 } };
	static const struct zmq_frame_desc three[] = {
		{ 2, 0 }, { 2, MORE }, { 1, 0 }, { 1, 0 },
	};
	struct zt_batch b;
	char buf[64];

	ASSERT_EQ(0, setsockopt(sub, SOL_ZMQ, ZMQ_SUBSCRIBE, "b", 1));
	ASSERT_EQ(0, zt_connect(sub, self->ep));
	ASSERT_EQ(0, frames_mode(pub));
	ASSERT_EQ(0, frames_mode(sub));
	EXPECT_EQ(2, zt_recv_frames(pub, buf, sizeof(buf), &b, 64, 0));
	EXPECT_TRUE(same_table(&b, note, 1));
	EXPECT_EQ(0, memcmp(buf, "\1b", 2));
	EXPECT_EQ(6, zt_send_frames(pub, "a1b2!b", 6, three, 4, 0));
	ASSERT_TRUE(zt_wait_unread(2));
	EXPECT_EQ(4, zt_recv_frames(sub, buf, sizeof(buf), &b, 64, 0));
	EXPECT_TRUE(same_table(&b, three + 1, 3));
	EXPECT_EQ(0, memcmp(buf, "b2!b", 4));
}

/* ---- one large message ---- */

#define TINY	500000	/* frames of one byte */

static bool gone(void *arg)
{
	return zt_counter("ZmqRxDropPartial") == 1;
}

/* The peer dies in the next message, so where that begins has to be found. */
TEST_F_TIMEOUT(zmq, half_a_million_frames_outlive_their_peer, 300)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep), i;
	int peer;
	size_t size = TINY * sizeof(struct zmq_frame_desc);
	char *wire = malloc(3 * TINY), *body = malloc(TINY);
	struct iovec iov = { .iov_base = body, .iov_len = TINY };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	const struct zmq_frame_desc *desc;
	const int room = 256 << 20;

	/* More than a message may have by default, anywhere. */
	ASSERT_EQ(0, zt_sysctl_global("max_msg_frames", "1000000"));
	ASSERT_EQ(0, zt_sysctl("max_msg_frames", "1000000"));
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, frames_mode(pull));
	/* So that what is behind the message is read as well. */
	ASSERT_EQ(0, setsockopt(pull, SOL_SOCKET, SO_RCVBUFFORCE, &room,
				sizeof(room)));
	for (i = 0; i < TINY; i++) {
		wire[3 * i] = i + 1 < TINY ? ZP_MORE : 0;
		wire[3 * i + 1] = 1;
		wire[3 * i + 2] = i;
	}
	ASSERT_EQ(0, zp_write(peer, wire, 3 * TINY));
	ASSERT_TRUE(zt_wait_unread(1));
	ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "begun"));
	close(peer);
	ASSERT_TRUE(zt_eventually(gone, NULL));

	m.msg_controllen = CMSG_SPACE(size);
	m.msg_control = malloc(m.msg_controllen);
	ASSERT_EQ(TINY, recvmsg(pull, &m, 0));
	ASSERT_EQ(CMSG_LEN(size), CMSG_FIRSTHDR(&m)->cmsg_len);
	desc = (void *)CMSG_DATA(CMSG_FIRSTHDR(&m));
	for (i = 0; i < TINY; i++) {
		ASSERT_EQ(1, desc[i].len);
		ASSERT_EQ(i + 1 < TINY ? MORE : 0, desc[i].flags);
		ASSERT_EQ((char)i, body[i]);
	}
	EXPECT_TRUE(zt_lacks(pull, POLLIN));
	free(m.msg_control);
	free(body);
	free(wire);
}

/* ---- many tasks on one socket ---- */

#define TASKS		4
#define MESSAGES	500	/* of each task */
#define PARTS		5

struct task {
	int		fd;
	u32		me;
	bool		ok;
	u32		got;
	unsigned char	*seen;
};

static void *send_whole(void *arg)
{
	struct zmq_frame_desc desc[PARTS];
	struct task *t = arg;
	u32 body[PARTS], i, j;

	for (j = 0; j < PARTS; j++) {
		desc[j].len = sizeof(*body);
		desc[j].flags = j + 1 < PARTS ? MORE : 0;
	}
	for (i = 0; i < MESSAGES; i++) {
		for (j = 0; j < PARTS; j++)
			body[j] = (t->me * MESSAGES + i) * PARTS + j;
		if (zt_send_frames(t->fd, body, sizeof(body), desc, PARTS, 0) !=
		    sizeof(body))
			return NULL;
	}
	t->ok = true;
	return NULL;
}

static bool whole(const struct zt_batch *b, const u32 *body, struct task *t)
{
	u32 i, j;

	if (b->nr % PARTS)
		return false;
	for (i = 0; i < b->nr; i += PARTS, body += PARTS) {
		for (j = 0; j < PARTS; j++)
			if (body[j] != body[0] + j ||
			    b->desc[i + j].flags != (j + 1 < PARTS ? MORE : 0))
				return false;
		t->seen[body[0] / PARTS]++;
		__atomic_add_fetch(&t->got, 1, __ATOMIC_RELAXED);
	}
	return true;
}

static bool all_received(void *arg)
{
	struct task *rx = arg;
	u32 i, sum = 0;

	for (i = 0; i < TASKS; i++)
		sum += __atomic_load_n(&rx[i].got, __ATOMIC_RELAXED);
	return sum == TASKS * MESSAGES;
}

static u32 ended;

static bool some_ended(void *arg)
{
	return __atomic_load_n(&ended, __ATOMIC_RELAXED) > *(u32 *)arg;
}

static void *recv_whole(void *arg)
{
	struct task *t = arg;
	struct zt_batch b;
	u32 body[16 * PARTS];
	ssize_t n;

	for (;;) {
		n = zt_recv_frames(t->fd, body, sizeof(body), &b, 64, 0);
		if (n < 0 || !n)
			break;
		if (b.nr == 1)
			break;
		if (!whole(&b, body, t))
			return NULL;
	}
	t->ok = n > 0;
	__atomic_add_fetch(&ended, 1, __ATOMIC_RELAXED);
	return NULL;
}

TEST_F_TIMEOUT(zmq_over, tasks_that_share_a_socket_get_whole_messages, 600)
{
	unsigned char *seen = calloc(TASKS, MESSAGES);
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	struct task tx[TASKS], rx[TASKS];
	pthread_t txt[TASKS], rxt[TASKS];
	u32 i, sum = 0;

	ASSERT_EQ(0, frames_mode(pull));
	ASSERT_EQ(0, zt_wait_for_ever(pull));
	ASSERT_EQ(0, zt_wait_for_ever(push));
	for (i = 0; i < TASKS; i++) {
		tx[i] = (struct task){ .fd = push, .me = i };
		rx[i] = (struct task){ .fd = pull, .seen = seen };
		ASSERT_EQ(0, pthread_create(&rxt[i], NULL, recv_whole, &rx[i]));
		ASSERT_EQ(0, pthread_create(&txt[i], NULL, send_whole, &tx[i]));
	}
	for (i = 0; i < TASKS; i++) {
		pthread_join(txt[i], NULL);
		EXPECT_TRUE(tx[i].ok);
	}
	ASSERT_TRUE(zt_eventually(all_received, rx));
	/* A message of one frame ends a reader; each takes one of them. */
	for (i = 0; i < TASKS; i++) {
		ASSERT_EQ(0, zt_puts(push, "end.", 0));
		ASSERT_TRUE(zt_eventually(some_ended, &i));
	}
	for (i = 0; i < TASKS; i++) {
		pthread_join(rxt[i], NULL);
		EXPECT_TRUE(rx[i].ok);
		sum += rx[i].got;
	}
	EXPECT_EQ(TASKS * MESSAGES, sum);
	for (i = 0; i < TASKS * MESSAGES; i++)
		ASSERT_EQ(1, seen[i]);
	free(seen);
}

TEST_HARNESS_MAIN
