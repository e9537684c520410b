// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <linux/errno.h>
#include "wire/wire_v1.h"

TEST(v1_header, "wire_v1: headers, both ways")
{
	static const struct {
		u64		len;
		const char	*hex;
	} cases[] = {
		{ 0, "01 01" }, { 1, "02 01" }, { 252, "fd 01" }, { 253, "fe 01" },
		{ 254, "ff 00000000000000ff 01" }, { 255, "ff 0000000000000100 01" },
		{ 70000, "ff 0000000000011171 01" },
		{ (1ULL << 63) - 2, "ff 7fffffffffffffff 01" },
	};
	u8 got[ZMQ_V1_HDR_MAX], want[ZMQ_V1_HDR_MAX];
	struct zmq_hdr h;
	size_t i, n, k;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		n = test_hex(want, cases[i].hex);
		CHECK_EQ(zmq_v1_hdr_put(got, cases[i].len, ZMTP_MORE), n);
		CHECK(!memcmp(got, want, n));
		for (k = 0; k < n; k++)
			CHECK_EQ(zmq_v1_hdr_get(want, k, &h), 0);
		CHECK_EQ(zmq_v1_hdr_get(want, n, &h), n);
		CHECK_EQ(h.len, cases[i].len);
		CHECK_EQ(h.flags, ZMTP_MORE);
		CHECK_EQ(h.size, n);
	}
}

TEST(v1_header_bad, "wire_v1: headers that are none, reserved flags that mean nothing")
{
	struct zmq_hdr h;
	u8 p[16];

	test_hex(p, "00 00");
	CHECK_EQ(zmq_v1_hdr_get(p, 1, &h), -EPROTO);
	test_hex(p, "ff 00*8 00");
	CHECK_EQ(zmq_v1_hdr_get(p, 9, &h), -EPROTO);
	test_hex(p, "ff 80 00*7 00");
	CHECK_EQ(zmq_v1_hdr_get(p, 9, &h), -EPROTO);
	test_hex(p, "ff ff*8 00");
	CHECK_EQ(zmq_v1_hdr_get(p, 10, &h), -EPROTO);

	test_hex(p, "03 fe");
	CHECK_EQ(zmq_v1_hdr_get(p, 2, &h), 2);
	CHECK_EQ(h.flags, 0);
	test_hex(p, "ff 00*7 05 ff");
	CHECK_EQ(zmq_v1_hdr_get(p, 10, &h), 10);
	CHECK(h.len == 4 && h.flags == ZMTP_MORE);
}

TEST(v1_sub, "wire_v1: subscriptions, byte by byte as libzmq's")
{
	u8 got[ZMQ_V1_SUB_MAX], want[ZMQ_V1_SUB_MAX];

	test_hex(want, "04 00 01");
	CHECK_EQ(zmq_v1_put_sub(got, true, 2), 3);
	CHECK(!memcmp(got, want, 3));
	test_hex(want, "ff 000000000000012e 00 00");
	CHECK_EQ(zmq_v1_put_sub(got, false, 300), 11);
	CHECK(!memcmp(got, want, 11));
}

struct sink {
	u8	data[200000];
	size_t	len;
	u32	frames;
	u32	msgs;
};

/* Feed in pieces of @step bytes, in memory just as large, at most @msgs
 * messages at a time.
 */
static int scan(struct zmq_scan *s, const u8 *p, size_t n, size_t step, u32 msgs,
		struct sink *to)
{
	struct zmq_scan_result r;
	size_t take, used;
	u8 *in, *out;

	while (n) {
		take = min(step, n);
		in = malloc(take);
		out = malloc(take + ZMQ_HDR_MAX);
		memcpy(in, p, take);
		used = zmq_v1_scan(s, in, take, out, msgs, &r);
		memcpy(to->data + to->len, out, r.data_len);
		if (r.msgs)
			CHECK(r.msg_end && r.msg_end <= r.data_len);
		CHECK(used <= take && r.data_len <= take + ZMQ_HDR_MAX);
		CHECK_EQ(r.event == ZMQ_SCAN_FRAME_LIMIT, r.msgs == msgs);
		free(in);
		free(out);
		to->len += r.data_len;
		to->frames += r.frames;
		to->msgs += r.msgs;
		if (r.event == ZMQ_SCAN_ERROR)
			return r.error;
		p += used;
		n -= used;
	}
	return 0;
}

/* A message of frames of these sizes, in both framings. */
static const u32 sizes[] = { 0, 1, 5, 252, 253, 254, 255, 256, 300, 70000, 0 };

static size_t make(u8 *v1, u8 *v2, size_t *v2_len)
{
	size_t n = 0, m = 0, i;
	u8 flags;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		flags = i == 4 || i == ARRAY_SIZE(sizes) - 1 ? 0 : ZMTP_MORE;
		n += zmq_v1_hdr_put(v1 + n, sizes[i], flags);
		m += zmq_hdr_put(v2 + m, sizes[i], flags);
		memset(v1 + n, 'a' + i, sizes[i]);
		memset(v2 + m, 'a' + i, sizes[i]);
		n += sizes[i];
		m += sizes[i];
	}
	*v2_len = m;
	return n;
}

TEST(v1_scan_pieces, "wire_v1: frames of every size become those of ZMTP 2.0, in any pieces")
{
	static const size_t steps[] = { 1, 2, 3, 7, 9, 10, 11, 255, 4096, 200000 };
	static u8 v1[80000], v2[80000];
	static struct sink to;
	struct zmq_scan s;
	size_t n, m, i;
	u32 msgs;

	n = make(v1, v2, &m);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		for (msgs = 1; msgs <= 3; msgs++) {
			memset(&to, 0, sizeof(to));
			zmq_scan_init(&s, 70000, 0);
			CHECK_EQ(scan(&s, v1, n, steps[i], msgs, &to), 0);
			CHECK_EQ(to.len, m);
			CHECK(!memcmp(to.data, v2, m));
			CHECK_EQ(to.frames, ARRAY_SIZE(sizes));
			CHECK_EQ(to.msgs, 2);
			CHECK(zmq_scan_at_boundary(&s));
		}
	}
}

TEST(v1_scan_splits, "wire_v1: a stream cut at every place")
{
	static struct sink to;
	struct zmq_scan s;
	u8 p[64], want[64];
	size_t n, m, i;

	n = test_hex(p, "01 01  ff 00*7 04 00 616263  03 01 7879  01 00");
	m = test_hex(want, "01 00  00 03 616263  01 02 7879  00 00");
	for (i = 1; i < n; i++) {
		memset(&to, 0, sizeof(to));
		zmq_scan_init(&s, 3, 0);
		CHECK_EQ(scan(&s, p, i, i, 9, &to), 0);
		CHECK_EQ(scan(&s, p + i, n - i, n - i, 9, &to), 0);
		CHECK(to.len == m && !memcmp(to.data, want, m));
		CHECK(to.msgs == 2 && to.frames == 4);
	}
}

TEST(v1_scan_limits, "wire_v1: a frame beyond the limit and a broken header end the stream")
{
	static const struct {
		const char	*hex;
		int		error;
	} cases[] = {
		{ "00", -EPROTO },
		{ "02 00 61 00", -EPROTO },
		{ "ff 00*8 00", -EPROTO },
		{ "ff 80 00*7 00", -EPROTO },
		{ "06 00 61*5", -EMSGSIZE },
		{ "ff 00*7 06 00", -EMSGSIZE },
		{ "ff 7fffffffffffffff 01", -EMSGSIZE },
	};
	static struct sink to;
	struct zmq_scan s;
	size_t i, n, step;
	u8 p[64];

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		n = test_hex(p, cases[i].hex);
		for (step = 1; step <= n; step++) {
			memset(&to, 0, sizeof(to));
			zmq_scan_init(&s, 4, 0);
			CHECK_EQ(scan(&s, p, n, step, 9, &to), cases[i].error);
			/* every later call says the same */
			CHECK_EQ(scan(&s, p, n, step, 9, &to), cases[i].error);
		}
	}
}

TEST(v1_scan_before_error, "wire_v1: what is whole before a broken header is there")
{
	static struct sink to;
	struct zmq_scan s;
	u8 p[64], want[64];
	size_t n, m, step;

	n = test_hex(p, "03 00 6162  02 01 63  01 00  00");
	m = test_hex(want, "00 02 6162  01 01 63  00 00");
	for (step = 1; step <= n; step++) {
		memset(&to, 0, sizeof(to));
		zmq_scan_init(&s, 4, 0);
		CHECK_EQ(scan(&s, p, n, step, 9, &to), -EPROTO);
		CHECK(to.len == m && !memcmp(to.data, want, m));
		CHECK(to.msgs == 2 && to.frames == 3);
	}
}

TEST(v1_scan_msg_limits, "wire_v1: a message of too many bytes or frames is refused")
{
	static struct sink to;
	struct zmq_scan s;
	size_t n, step;
	u8 p[64];

	for (step = 1; step <= 8; step++) {
		n = test_hex(p, "03 01 6161  03 01 6161  01 00  06 00 61*5  01 01");
		memset(&to, 0, sizeof(to));
		zmq_scan_init(&s, 9, 0);
		zmq_scan_limit_msgs(&s, 5, 3);
		CHECK_EQ(scan(&s, p, n, step, 9, &to), 0);
		CHECK_EQ(to.msgs, 2);
		n = test_hex(p, "06 01 61*5");
		CHECK_EQ(scan(&s, p, n, step, 9, &to), 0);
		n = test_hex(p, "02 00");
		CHECK_EQ(scan(&s, p, n, step, 9, &to), -EMSGSIZE);

		n = test_hex(p, "01 01  01 01  01 01  01 00");
		memset(&to, 0, sizeof(to));
		zmq_scan_init(&s, 9, 0);
		zmq_scan_limit_msgs(&s, 5, 3);
		CHECK_EQ(scan(&s, p, n, step, 9, &to), -EMSGSIZE);
		CHECK_EQ(to.frames, 3);
	}
}
