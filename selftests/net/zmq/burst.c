// SPDX-License-Identifier: GPL-2.0-only
/* ZMQ_FRAMES: messages of any mix of sizes, in calls of any size. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define FRAMES		3000
#define FRAME_MAX	20000
#define SEND_MAX	200	/* frames a call */
#define ROOM_MAX	(1 << 18)

/* Where the kernel changes its ways, and a few ordinary sizes. */
static const u32 sizes[] = {
	1, 2, 7, 14, 30, 64, 64, 64, 100, 200, 254, 255, 256, 300, 1000, 1023,
	1024, 1025, 2047, 2048, 2049, 4096, 8191, 8192, 8193, FRAME_MAX,
};

/**
 * struct script - what both ends know
 * @desc: the frames of all messages
 * @data: their bodies
 */
struct script {
	struct zmq_frame_desc desc[FRAMES];
	unsigned char *data;
};

static u32 draw(u32 *seed, u32 below)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 8) % below;
}

/* Mostly short ones: one in sixteen may be of any size. */
static u32 some_size(u32 *seed)
{
	u32 n = draw(seed, 16) ? 10 : sizeof(sizes) / sizeof(*sizes);

	return sizes[draw(seed, n)];
}

static bool write_script(struct script *s, u32 seed)
{
	size_t bytes = 0, i;

	for (i = 0; i < FRAMES; i++) {
		s->desc[i].len = some_size(&seed);
		s->desc[i].flags = i + 1 < FRAMES && !draw(&seed, 4) ?
				   ZMQ_FRAME_MORE : 0;
		bytes += s->desc[i].len;
	}
	s->data = malloc(bytes);
	if (!s->data)
		return false;
	for (i = 0; i < bytes; i++)
		s->data[i] = (i * 2654435761u) >> 24;
	return true;
}

struct task {
	int fd;
	const struct script *script;
	bool ok;
};

/* Frames of whole messages, at least those of one. */
static u32 some_messages(const struct zmq_frame_desc *desc, u32 left, u32 want)
{
	u32 n = want < left ? want : left;

	while (desc[n - 1].flags)
		n++;
	return n;
}

/* Frames in the first @bytes; messages without a byte there are none. */
static u32 frames_in(const struct zmq_frame_desc *desc, size_t bytes)
{
	u32 n = 0;

	while (bytes)
		bytes -= desc[n++].len;
	return n;
}

static size_t bytes_of(const struct zmq_frame_desc *desc, u32 nr)
{
	size_t bytes = 0;

	while (nr--)
		bytes += desc++->len;
	return bytes;
}

static void *send_script(void *arg)
{
	struct task *t = arg;
	const struct zmq_frame_desc *desc = t->script->desc;
	const unsigned char *data = t->script->data;
	u32 left = FRAMES, seed = 7, n;
	ssize_t sent;

	while (left) {
		n = some_messages(desc, left, 1 + draw(&seed, SEND_MAX));
		sent = zt_send_frames(t->fd, data, bytes_of(desc, n), desc, n,
				      0);
		if (sent <= 0) {
			printf("# %u frames not sent: %s\n", left,
			       strerror(errno));
			return NULL;
		}
		n = frames_in(desc, sent);
		desc += n;
		left -= n;
		data += sent;
	}
	t->ok = true;
	return NULL;
}

/* Return: frames that came as they should, or -1. */
static int check(const struct script *s, u32 frame, size_t off,
		 const struct zt_batch *b, const unsigned char *data, ssize_t n)
{
	if (frame + b->nr > FRAMES ||
	    memcmp(b->desc, s->desc + frame, b->nr * sizeof(*b->desc)) ||
	    n != (ssize_t)bytes_of(b->desc, b->nr) ||
	    memcmp(data, s->data + off, n))
		return -1;
	return b->nr;
}

static bool receive_script(int fd, const struct script *s)
{
	unsigned char *data = malloc(ROOM_MAX);
	u32 frame = 0, seed = 3;
	struct zt_batch b;
	size_t off = 0;
	ssize_t n;
	int nr;

	while (frame < FRAMES) {
		u32 room = 1 + draw(&seed, 8 * FRAME_MAX);
		/* Too little room for one must leave room to say so. */
		u32 max = 2 + draw(&seed, ZT_BATCH_MAX - 1);

		n = zt_recv_frames(fd, data, room, &b, max, 0);
		if (!n && b.flags & MSG_TRUNC)
			n = zt_recv_frames(fd, data, ROOM_MAX, &b,
					   ZT_BATCH_MAX, 0);
		if (n <= 0)
			break;
		nr = check(s, frame, off, &b, data, n);
		if (nr < 0)
			break;
		frame += nr;
		off += n;
	}
	free(data);
	if (frame < FRAMES)
		printf("# frame %u of %d: call returned %zd, %s\n", frame,
		       FRAMES, n, n < 0 ? strerror(errno) : "wrong data");
	return frame == FRAMES;
}

static bool goes_through(const char *bind, int hwm, char *ep)
{
	int pull = zt_listening(ZMQ_PULL, bind, ep);
	struct script *s = calloc(1, sizeof(*s));
	struct task tx = { .script = s };
	pthread_t thread;
	bool ok;

	tx.fd = zt_socket(ZMQ_PUSH);
	if (!s || !write_script(s, hwm) || zt_setint(pull, ZMQ_RCVFRAMES, 1) ||
	    zt_setint(pull, ZMQ_RCVTIMEO, 60000) ||
	    zt_setint(tx.fd, ZMQ_SNDTIMEO, 60000) ||
	    zt_setint(tx.fd, ZMQ_SNDHWM, hwm) || zt_connect(tx.fd, ep) ||
	    pthread_create(&thread, NULL, send_script, &tx))
		return false;
	ok = receive_script(pull, s);
	pthread_join(thread, NULL);
	free(s->data);
	free(s);
	return ok && tx.ok;
}

TEST_F_TIMEOUT(zmq_over, any_mix_arrives_as_it_was_sent, 240)
{
	EXPECT_TRUE(goes_through(variant->bind, 1000, self->ep));
}

TEST_F_TIMEOUT(zmq_over, any_mix_arrives_with_little_credit, 240)
{
	EXPECT_TRUE(goes_through(variant->bind, 3, self->ep));
}

TEST_F_TIMEOUT(zmq_over, any_mix_arrives_without_a_limit, 240)
{
	EXPECT_TRUE(goes_through(variant->bind, 0, self->ep));
}

/* As if each had been sent by a call of its own. */
TEST_F(zmq_over, messages_of_one_call_go_round_the_peers)
{
	static const struct zmq_frame_desc desc[] = {
		{ 1, 0 }, { 1, 0 }, { 1, 0 }, { 1, 0 }, { 1, 0 }, { 1, 0 },
	};
	int push = zt_listening(ZMQ_PUSH, variant->bind, self->ep);
	int a = zt_connected(ZMQ_PULL, self->ep);
	int b = zt_connected(ZMQ_PULL, self->ep);
	char first[2] = "", second[2] = "";

	/* Both are there once each has got something. */
	ASSERT_EQ(0, zt_setint(a, ZMQ_RCVTIMEO, 20));
	ASSERT_EQ(0, zt_setint(b, ZMQ_RCVTIMEO, 20));
	while (*first != 'x' || *second != 'x') {
		ASSERT_EQ(0, zt_puts(push, "x", 0));
		recv(a, first, 1, 0);
		recv(b, second, 1, 0);
	}
	while (recv(a, first, 1, 0) == 1 || recv(b, second, 1, 0) == 1)
		;
	ASSERT_EQ(6, zt_send_frames(push, "abcdef", 6, desc, 6, 0));
	ASSERT_EQ(1, recv(a, first, 1, 0));
	ASSERT_EQ(1, recv(b, second, 1, 0));
	EXPECT_EQ(1, abs(*first - *second));
	for (int i = 1; i < 3; i++) {
		char next[2] = "";

		ASSERT_EQ(1, recv(a, next, 1, 0));
		EXPECT_EQ(*first + 2 * i, *next);
		ASSERT_EQ(1, recv(b, next, 1, 0));
		EXPECT_EQ(*second + 2 * i, *next);
	}
}

TEST_HARNESS_MAIN
