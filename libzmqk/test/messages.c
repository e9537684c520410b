// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Messages: that they stay whole, in how many calls, and what becomes of failures.
 */
#include <pthread.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"

#define THREADS	4
#define EACH	500

static struct iovec abc[] = {
	{ .iov_base = (char *)"a", .iov_len = 1 },
	{ .iov_base = (char *)"", .iov_len = 0 },
	{ .iov_base = (char *)"ccc", .iov_len = 3 },
};

static bool is(const struct iovec *part, const char *text)
{
	return part->iov_len == strlen(text) && !memcmp(part->iov_base, text, part->iov_len);
}

static void put(const char *text)
{
	struct iovec part = { (char *)text, strlen(text) };

	if (zmqk_sendv(FD, &part, 1, 0) != 1)
		abort();
}

static void test_send(void)
{
	struct zmqk_addr to = { .len = 16 };
	struct iovec huge[] = { { abc, 0x7ffff000 }, { abc, 1 } };

	fake = (struct fake){};
	ok(zmqk_send(FD, "xy", 2, MSG_MORE) == 2 && !strcmp(fake.log, "xy more\n"), "send a part");

	kernel_reset();
	ok(zmqk_sendv(FD, abc, 3, MSG_DONTWAIT) == 3 && kernel.sendmsgs == 1 &&
	   kernel.flags == MSG_DONTWAIT && !kernel.namelen, "sendv is one sendmsg");
	ok(zmqk_sendv_to(FD, &to, abc, 3, 0) == 3 && kernel.namelen == 16, "sendv_to");
	ok(zmqk_sendv(FD, abc, 0, 0) == -1 && errno == EINVAL, "sendv of no parts");
	ok(zmqk_sendv(FD, abc, 3, MSG_MORE) == -1 && errno == EINVAL, "sendv of half a message");
	ok(zmqk_sendv(FD, huge, 2, 0) == -1 && errno == EMSGSIZE, "sendv of 2 GiB");
	huge[0].iov_len = SIZE_MAX;
	ok(zmqk_sendv(FD, huge, 2, 0) == -1 && errno == EMSGSIZE && kernel.sendmsgs == 2,
	   "sendv of more than there is");
	kernel.send_errno = EAGAIN;
	ok(zmqk_sendv(FD, abc, 3, 0) == -1 && errno == EAGAIN, "sendv: the kernel's errno");
}

static void test_recv(void)
{
	struct iovec two[] = { { (char *)"abcde", 5 }, { (char *)"world", 5 } };
	char buf[8] = "";
	int more = -1;

	kernel_reset();
	zmqk_sendv(FD, two, 2, 0);
	ok(zmqk_recv(FD, buf, 3, 0, &more) == 5 && more == 1 && !strcmp(buf, "abc"),
	   "recv of a cut part tells its length");
	ok(zmqk_recv(FD, buf, sizeof(buf), 0, &more) == 5 && more == 0 && !strcmp(buf, "world"),
	   "recv of the last part");
	more = 7;
	ok(zmqk_recv(FD, buf, sizeof(buf), 0, &more) == -1 && errno == EAGAIN && more == 7,
	   "recv of nothing leaves more alone");
	zmqk_sendv(FD, two, 1, 0);
	ok(zmqk_recv(FD, buf, sizeof(buf), 0, NULL) == 5, "recv without more");
}

static void test_recv_msg(void)
{
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	const void *data;

	kernel_reset();
	zmqk_sendv(FD, abc, 3, 0);
	put("next");
	put("");
	ok(zmqk_recv_msg(FD, &msg, 0) == 3 && msg.nparts == 3 && is(&msg.parts[0], "a") &&
	   is(&msg.parts[1], "") && is(&msg.parts[2], "ccc") && kernel.recvmsgs == 1 && !msg.has,
	   "recv_msg takes one message in one recvmsg");
	ok(!((char *)msg.parts[2].iov_base)[3] &&
	   !((uintptr_t)msg.parts[0].iov_base % alignof(max_align_t)),
	   "the first part is aligned, a NUL follows the last");
	data = msg.room.data;
	kernel.passcred = true;
	kernel.from_len = 16;
	ok(zmqk_recv_msg(FD, &msg, 0) == 1 && is(msg.parts, "next") && msg.room.data == data,
	   "recv_msg reuses memory");
	ok(msg.has == (ZMQK_HAS_CRED | ZMQK_HAS_FROM) && msg.cred.pid == 11 && msg.cred.gid == 33 &&
	   msg.from.len == 16, "recv_msg tells the sender");
	ok(zmqk_recv_msg(FD, &msg, 0) == 1 && is(msg.parts, ""), "recv_msg of an empty part");
	ok(zmqk_recv_msg(FD, &msg, 0) == -1 && errno == EAGAIN && !msg.nparts && !msg.has,
	   "recv_msg of nothing");
	ok(zmqk_sendv(FD, msg.parts, msg.nparts, 0) == -1 && errno == EINVAL,
	   "no old message is sent again");
	zmqk_msg_free(&msg);
	zmqk_msg_free(&msg);
	ok(!msg.parts && !msg.room.data, "free, twice");
}

static void test_sizes(void)
{
	enum { N = 2000 };
	static char data[N * 30];
	static struct iovec parts[N];
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	bool good;
	int i;

	for (i = 0; i < (int)sizeof(data); i++)
		data[i] = i % 251;
	for (i = 0; i < N; i++)
		parts[i] = (struct iovec){ data + i, i * 29 };
	kernel_reset();
	good = zmqk_sendv(FD, parts, N, 0) == N && kernel.sendmsgs == 1 &&
	       zmqk_recv_msg(FD, &msg, 0) == N && kernel.recvmsgs == 2;
	for (i = 0; good && i < N; i++)
		good = msg.parts[i].iov_len == parts[i].iov_len &&
		       !memcmp(msg.parts[i].iov_base, parts[i].iov_base, parts[i].iov_len);
	ok(good, "a message of 2000 parts, 58 MB: one call to send, two to receive");
	zmqk_msg_free(&msg);

	/* Every length around the size that the buffer starts with, every number of parts */
	for (i = 4080, good = true; good && i < 4110; i++) {
		parts[0].iov_len = i;
		good = zmqk_sendv(FD, parts, 1, 0) == 1 && zmqk_recv_msg(FD, &msg, 0) == 1 &&
		       msg.parts[0].iov_len == (size_t)i;
		zmqk_msg_free(&msg);
	}
	ok(good, "recv_msg at the buffer's edge");
	for (i = 1, good = true; good && i < 80; i++) {
		good = zmqk_sendv(FD, parts, i, 0) == i && zmqk_recv_msg(FD, &msg, 0) == i;
		zmqk_msg_free(&msg);
	}
	ok(good, "recv_msg at the table's edge");
}

static void test_recv_into(void)
{
	struct zmq_frames_need need = {};
	struct iovec parts[100];
	char buf[8];

	kernel_reset();
	zmqk_sendv(FD, abc, 3, 0);
	ok(zmqk_recv_into(FD, buf, 3, parts, 3, &need, 0) == -1 && errno == EMSGSIZE &&
	   need.bytes == 4 && need.frames == 3, "recv_into: too few bytes");
	ok(zmqk_recv_into(FD, buf, 8, parts, 2, NULL, 0) == -1 && errno == EMSGSIZE,
	   "recv_into: too few parts");
	ok(zmqk_recv_into(FD, buf, 8, parts, 1, NULL, 0) == -1 && errno == EINVAL,
	   "recv_into: no room to say so");
	ok(zmqk_recv_into(FD, buf, 4, parts, 3, NULL, 0) == 3 && is(&parts[0], "a") &&
	   is(&parts[2], "ccc") && parts[0].iov_base == buf, "recv_into: just enough");
	put("x");
	put("y");
	ok(zmqk_recv_into(FD, buf, 8, parts, 100, NULL, 0) == 1 && is(parts, "x") &&
	   zmqk_recv_into(FD, buf, 8, parts, 100, NULL, 0) == 1 && is(parts, "y"),
	   "recv_into takes one of two");
	ok(zmqk_recv_into(FD, buf, 8, parts, 100, NULL, 0) == -1 && errno == EAGAIN,
	   "recv_into: nothing there");
}

static void test_many(void)
{
	struct zmqk_vec out[] = { { abc, 2 }, { abc + 1, 1 }, { abc, 3 } };
	static struct iovec big[ZMQK_PARTS_MAX + 1];
	struct zmqk_vec more[] = { { abc, 3 }, { big, ZMQK_PARTS_MAX } };
	struct zmqk_vec large = { big, ZMQK_PARTS_MAX + 1 };
	struct zmqk_msgs msgs = ZMQK_MSGS_INIT;

	kernel_reset();
	ok(zmqk_send_msgs(FD, out, 3, 0) == 1 && zmqk_send_msgs(FD, out + 1, 2, 0) == 1 &&
	   zmqk_send_msgs(FD, out + 2, 1, 0) == 1 && kernel.sendmsgs == 3,
	   "send_msgs ends before and behind a message without a byte");
	ok(zmqk_recv_msgs(FD, &msgs, 0) == 3 && kernel.recvmsgs == 1 && msgs.msgs[0].nparts == 2 &&
	   msgs.msgs[1].nparts == 1 && is(&msgs.msgs[1].parts[0], "") && msgs.msgs[2].nparts == 3 &&
	   is(&msgs.msgs[2].parts[2], "ccc"), "recv_msgs takes all in one recvmsg");
	out[1] = out[0];
	kernel.takes = 2;
	ok(zmqk_send_msgs(FD, out, 3, 0) == 2, "send_msgs tells how many");
	kernel.takes = 0;
	ok(zmqk_recv_msgs(FD, &msgs, 0) == 2 && zmqk_send_msgs(FD, msgs.msgs, 2, 0) == 2 &&
	   zmqk_recv_msgs(FD, &msgs, 0) == 2 && is(&msgs.msgs[1].parts[0], "a"), "and on");
	ok(zmqk_send_msgs(FD, more, 2, 0) == 1 && zmqk_send_msgs(FD, more + 1, 1, 0) == 1 &&
	   zmqk_send_msgs(FD, &large, 1, 0) == 1, "send_msgs of more parts than a call has");
	out[0].nparts = 0;
	ok(zmqk_send_msgs(FD, out, 3, 0) == -1 && errno == EINVAL, "send_msgs of no parts");
	ok(zmqk_send_msgs(FD, more, 0, 0) == -1 && errno == EINVAL, "send_msgs of no messages");
	ok(zmqk_recv_msgs(FD, &msgs, 0) == 2 && msgs.msgs[1].nparts == ZMQK_PARTS_MAX &&
	   zmqk_recv_msgs(FD, &msgs, 0) == 1 && msgs.msgs[0].nparts == ZMQK_PARTS_MAX + 1,
	   "recv_msgs of as many parts as there is room for");
	zmqk_msgs_free(&msgs);
	zmqk_msgs_free(&msgs);
}

static void test_reader(void)
{
	struct zmqk_reader *reader = zmqk_reader_new(FD, 0, 0);
	struct zmqk_vec msg;

	kernel_reset();
	put("a");
	put("b");
	ok(zmqk_reader_next(reader, &msg, 0) == 1 && is(msg.parts, "a") &&
	   zmqk_reader_pending(reader) == 1 && zmqk_reader_next(reader, &msg, 0) == 1 &&
	   is(msg.parts, "b") && kernel.recvmsgs == 1, "reader: two messages, one call");
	ok(zmqk_reader_next(reader, &msg, 0) == -1 && errno == EAGAIN &&
	   zmqk_reader_pending(reader) == 0, "reader: nothing there");
	put("c");
	ok(zmqk_reader_next(reader, &msg, 0) == 1 && is(msg.parts, "c"), "reader goes on");
	zmqk_reader_free(reader);
	zmqk_reader_free(NULL);
}

static void test_single(void)
{
	struct zmqk_msgs msgs = ZMQK_MSGS_INIT;
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	struct iovec parts[2];
	char buf[8];

	kernel_reset();
	kernel.single = true;
	put("whole");
	zmqk_sendv(FD, abc, 3, 0);
	put("one");
	put("two");
	put("into");
	ok(zmqk_recv_msg(FD, &msg, 0) == 1 && is(msg.parts, "whole") &&
	   zmqk_recv_msg(FD, &msg, 0) == 3 && is(&msg.parts[2], "ccc"),
	   "a socket of single frames: recv_msg takes whole messages");
	ok(zmqk_recv_into(FD, buf, sizeof(buf), parts, 2, NULL, 0) == 1 && is(parts, "one"),
	   "a socket of single frames: recv_into takes one message");
	ok(zmqk_recv_msgs(FD, &msgs, 0) == 2 && is(msgs.msgs[1].parts, "into"),
	   "a socket of single frames: recv_msgs takes all");
	kernel.foreign = true;
	put("datagram");
	ok(zmqk_recv_msg(FD, &msg, 0) == -1 && errno == ENOMSG && !msg.nparts,
	   "a socket that is not AF_ZMQ's");
	zmqk_msg_free(&msg);
	zmqk_msgs_free(&msgs);
}

static void test_flags(void)
{
	struct zmqk_msgs msgs = ZMQK_MSGS_INIT;
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	struct zmqk_vec vec = { abc, 3 };
	struct zmqk_addr none = {};
	struct iovec parts[2];
	char buf[8];

	kernel_reset();
	kernel.nnotes = 1;
	ok(zmqk_recv_msg(FD, &msg, MSG_ERRQUEUE) == -1 && errno == EINVAL &&
	   zmqk_recv_msgs(FD, &msgs, MSG_ERRQUEUE) == -1 && errno == EINVAL &&
	   zmqk_recv(FD, buf, 8, MSG_ERRQUEUE, NULL) == -1 && errno == EINVAL &&
	   zmqk_recv_into(FD, buf, 8, parts, 2, NULL, MSG_ERRQUEUE) == -1 && errno == EINVAL &&
	   !kernel.note, "the error queue's notifications are no messages");
	fake = (struct fake){};
	ok(zmqk_send(FD, "xy", 2, MSG_ZEROCOPY) == -1 && errno == EINVAL && !*fake.log &&
	   zmqk_sendv(FD, abc, 3, MSG_ZEROCOPY) == -1 && errno == EINVAL &&
	   zmqk_send_msgs(FD, &vec, 1, MSG_ZEROCOPY) == -1 && errno == EINVAL &&
	   !kernel.sendmsgs, "only a lender takes numbers of the error queue");
	ok(zmqk_sendv_to(FD, &none, abc, 3, 0) == -1 && errno == EDESTADDRREQ &&
	   !kernel.sendmsgs, "sendv_to of nobody");
	zmqk_msg_free(&msg);
	zmqk_msgs_free(&msgs);
}

static void test_need(void)
{
	struct zmqk_msg msg = ZMQK_MSG_INIT;

	kernel_reset();
	put("small");
	kernel.need_bytes = 1ULL << 31;
	ok(zmqk_recv_msg(FD, &msg, 0) == -1 && errno == EMSGSIZE && kernel.recvmsgs == 1,
	   "recv_msg of more than a call carries");
	kernel.need_bytes = 100000;
	ok(zmqk_recv_msg(FD, &msg, 0) == -1 && errno == EMSGSIZE && kernel.recvmsgs == 3,
	   "recv_msg does not ask for ever");
	kernel.need_bytes = 0;
	ok(zmqk_recv_msg(FD, &msg, 0) == 1 && is(msg.parts, "small"), "and the message is there");
	zmqk_msg_free(&msg);
}

static void test_no_memory(void)
{
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	static char large[10000];
	struct iovec part = { large, sizeof(large) };
	int i, failed = 0;

	kernel_reset();
	zmqk_sendv(FD, &part, 1, 0);
	for (i = 1; i < 20; i++) {
		fake.allocation_fails = i;
		if (zmqk_recv_msg(FD, &msg, 0) == 1)
			break;
		failed += errno == ENOMEM;
	}
	fake.allocation_fails = 0;
	ok(failed == i - 1 && failed > 1 && msg.nparts == 1 &&
	   msg.parts[0].iov_len == sizeof(large),
	   "no memory: the message stays");
	zmqk_msg_free(&msg);
}

static int got[THREADS];
static bool torn;

static void *write_many(void *arg)
{
	int i;

	for (i = 0; i < EACH; i++) {
		int numbers[] = { (int)(intptr_t)arg, i };
		struct iovec parts[] = { { numbers, 8 }, { numbers, 8 } };

		if (zmqk_sendv(FD, parts, 2, 0) != 2)
			torn = true;
	}
	return NULL;
}

static void *read_many(void *arg)
{
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	int *count = arg;

	while (*count < EACH) {
		if (zmqk_recv_msg(FD, &msg, 0) < 0) {
			usleep(100);
			continue;
		}
		++*count;
		if (msg.nparts != 2 || memcmp(msg.parts[0].iov_base, msg.parts[1].iov_base, 8))
			torn = true;
	}
	zmqk_msg_free(&msg);
	return NULL;
}

static void test_threads(void)
{
	pthread_t writers[THREADS], readers[THREADS];
	int i;

	kernel_reset();
	for (i = 0; i < THREADS; i++) {
		pthread_create(&writers[i], NULL, write_many, (void *)(intptr_t)i);
		pthread_create(&readers[i], NULL, read_many, &got[i]);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(writers[i], NULL);
		pthread_join(readers[i], NULL);
	}
	ok(!torn && kernel.sendmsgs == THREADS * EACH, "threads tear no message apart");
}

void test_messages(void)
{
	test_send();
	test_recv();
	test_recv_msg();
	test_sizes();
	test_recv_into();
	test_many();
	test_reader();
	test_single();
	test_flags();
	test_need();
	test_no_memory();
	test_threads();
}
