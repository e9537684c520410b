// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Multi-part messages: order, flags, and what becomes of a failure in the middle.
 */
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#include "test.h"

#define FRAME(text, ...) { .data = (text), .len = sizeof(text) - 1, __VA_ARGS__ }

static struct iovec abc[] = {
	{ .iov_base = (char *)"a", .iov_len = 1 },
	{ .iov_base = (char *)"", .iov_len = 0 },
	{ .iov_base = (char *)"ccc", .iov_len = 3 },
};

static void with_frames(const struct fake_frame *frames, int n)
{
	fake = (struct fake){ .frames = frames, .nframes = n };
	errno = 0;
}

static bool part_is(const struct zmqk_msg *msg, int i, const char *data, size_t len)
{
	const struct iovec *part = &msg->parts[i];

	return i < msg->nparts && part->iov_len == len && !memcmp(part->iov_base, data, len) &&
	       !((char *)part->iov_base)[len] &&
	       !((uintptr_t)part->iov_base % alignof(max_align_t));
}

static void test_send(void)
{
	fake = (struct fake){};
	ok(zmqk_send(FD, "xy", 2, MSG_MORE) == 2 && !strcmp(fake.log, "xy more\n"), "send a part");

	fake = (struct fake){};
	ok(zmqk_sendv(FD, abc, 3, 0) == 3 && !strcmp(fake.log, "a more\n more\nccc\n"),
	   "sendv marks all parts but the last");

	fake = (struct fake){};
	ok(zmqk_sendv(FD, abc, 1, MSG_MORE | MSG_DONTWAIT) == 1 &&
	   !strcmp(fake.log, "a more flags\n"), "sendv passes flags on");

	fake = (struct fake){ .send_errno = EAGAIN };
	ok(zmqk_sendv(FD, abc, 3, 0) == -1 && errno == EAGAIN, "sendv: first part refused");

	fake = (struct fake){ .send_errno = EINTR };
	ok(zmqk_sendv(FD, abc, 3, 0) == -1 && errno == EINTR, "sendv: first part interrupted");

	fake = (struct fake){ .send_errno = ENOMEM, .send_after = 2 };
	ok(zmqk_sendv(FD, abc, 3, 0) == 2 && !strcmp(fake.log, "a more\n more\n"),
	   "sendv: third part refused");
	ok(zmqk_sendv(FD, abc + 2, 1, 0) == 1 && !strcmp(fake.log, "a more\n more\nccc\n"),
	   "sendv goes on with the rest");

	fake = (struct fake){ .send_errno = EINTR, .send_after = 1 };
	ok(zmqk_sendv(FD, abc, 3, 0) == 3 && !strcmp(fake.log, "a more\n more\nccc\n"),
	   "sendv: second part interrupted");

	ok(zmqk_sendv(FD, abc, 0, 0) == -1 && errno == EINVAL, "sendv of no parts");
}

static void test_recv(void)
{
	static const struct fake_frame two[] = { FRAME("abcde"), FRAME("world", .end = true) };
	char buf[8] = "";
	int more = -1;

	with_frames(two, 2);
	ok(zmqk_recv(FD, buf, 3, 0, &more) == 5 && more == 1 && !strcmp(buf, "abc"),
	   "recv of a cut part tells its length");
	ok(zmqk_recv(FD, buf, sizeof(buf), 0, &more) == 5 && more == 0 && !strcmp(buf, "world"),
	   "recv of the last part");
	more = 7;
	ok(zmqk_recv(FD, buf, sizeof(buf), 0, &more) == -1 && errno == EAGAIN && more == 7,
	   "recv of nothing leaves more alone");
	with_frames(two, 2);
	ok(zmqk_recv(FD, buf, sizeof(buf), 0, NULL) == 5, "recv without more");
}

static void test_recv_msg(void)
{
	static const struct fake_frame frames[] = {
		FRAME("id"), FRAME(""), FRAME("0123456789abcdef", .end = true),
		FRAME("next", .end = true), FRAME("", .end = true),
	};
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	const struct iovec *parts;

	with_frames(frames, 5);
	ok(zmqk_recv_msg(FD, &msg, 0) == 3 && msg.nparts == 3 && part_is(&msg, 0, "id", 2) &&
	   part_is(&msg, 1, "", 0) && part_is(&msg, 2, "0123456789abcdef", 16),
	   "recv_msg takes one message");
	parts = msg.parts;
	ok(zmqk_recv_msg(FD, &msg, 0) == 1 && part_is(&msg, 0, "next", 4) && msg.parts == parts,
	   "recv_msg reuses memory");
	ok(zmqk_recv_msg(FD, &msg, 0) == 1 && part_is(&msg, 0, "", 0), "recv_msg of an empty part");
	ok(zmqk_recv_msg(FD, &msg, 0) == -1 && errno == EAGAIN && !msg.nparts,
	   "recv_msg of nothing");
	ok(zmqk_sendv(FD, msg.parts, msg.nparts, 0) == -1 && errno == EINVAL,
	   "no old message is sent again");
	zmqk_msg_free(&msg);
	zmqk_msg_free(&msg);
	ok(!msg.parts && !msg.data, "free, twice");
}

static void test_recv_msg_large(void)
{
	enum { N = 1000 };
	static struct fake_frame frames[N];
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	static char data[N * 100];
	bool good = true;
	int i;

	for (i = 0; i < (int)sizeof(data); i++)
		data[i] = i % 251;
	for (i = 0; i < N; i++)
		frames[i] = (struct fake_frame){ data + i, i * 99, i == N - 1, 0 };
	with_frames(frames, N);
	good = zmqk_recv_msg(FD, &msg, 0) == N;
	for (i = 0; good && i < N; i++)
		good = part_is(&msg, i, data + i, i * 99);
	ok(good, "recv_msg of 1000 parts, 50 MB");
	zmqk_msg_free(&msg);

	/* Every length around the size that the buffer starts with */
	for (i = 4000, good = true; good && i < 4200; i++) {
		frames[0] = (struct fake_frame){ data, i, false, 0 };
		frames[1] = (struct fake_frame){ data, 1, true, 0 };
		with_frames(frames, 2);
		good = zmqk_recv_msg(FD, &msg, 0) == 2 && part_is(&msg, 0, data, i) &&
		       part_is(&msg, 1, data, 1);
		zmqk_msg_free(&msg);
	}
	ok(good, "recv_msg at the buffer's edge");
}

static void test_recv_msg_failures(void)
{
	static const struct fake_frame frames[] = {
		FRAME("one"), FRAME("", .err = EINTR), FRAME("two"),
		FRAME("", .err = EAGAIN), FRAME("three", .end = true),
	};
	static const struct fake_frame late[] = {
		FRAME("", .err = EINTR), FRAME("x", .end = true),
	};
	static const struct fake_frame stolen[] = {
		FRAME("a"), FRAME("b", .end = true), FRAME("long"), FRAME("d", .end = true),
	};
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	int i;

	with_frames(frames, 5);
	ok(zmqk_recv_msg(FD, &msg, 0) == -1 && errno == EAGAIN && !msg.nparts,
	   "recv_msg stops in a message");
	ok(zmqk_recv_msg(FD, &msg, 0) == 3 && part_is(&msg, 0, "one", 3) &&
	   part_is(&msg, 1, "two", 3) && part_is(&msg, 2, "three", 5), "and goes on");
	zmqk_msg_free(&msg);

	with_frames(late, 2);
	ok(zmqk_recv_msg(FD, &msg, 0) == -1 && errno == EINTR, "recv_msg interrupted at first");
	ok(zmqk_recv_msg(FD, &msg, 0) == 1 && part_is(&msg, 0, "x", 1), "and asked again");
	zmqk_msg_free(&msg);

	for (i = 1; i <= 2; i++) {
		with_frames(stolen, 2);
		fake.realloc_fails = i;
		ok(zmqk_recv_msg(FD, &msg, 0) == -1 && errno == ENOMEM && !fake.frame,
		   "recv_msg without memory (%d) takes nothing", i);
		ok(zmqk_recv_msg(FD, &msg, 0) == 2 && part_is(&msg, 1, "b", 1), "and goes on");
		zmqk_msg_free(&msg);
	}

	with_frames(stolen, 4);
	fake.frame = 1;
	fake.steal_after_peek = 1;
	ok(zmqk_recv_msg(FD, &msg, 0) == -1 && errno == EMSGSIZE, "another reader came between");
	ok(zmqk_recv_msg(FD, &msg, 0) == 1 && part_is(&msg, 0, "d", 1), "and what follows is new");
	zmqk_msg_free(&msg);
}

void test_messages(void)
{
	test_send();
	test_recv();
	test_recv_msg();
	test_recv_msg_large();
	test_recv_msg_failures();
}
