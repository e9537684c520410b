// SPDX-License-Identifier: GPL-2.0-only
/*
 * One libFuzzer program for each parser; FUZZ names the function
 * and FUZZ_ENTRY what libFuzzer calls.
 */
#include "test.h"

#include <linux/slab.h>
#include <linux/zmq.h>
#include "conn/session.h"
#include "wire/endpoint.h"
#include "wire/meta.h"
#include "wire/trie.h"
#include "wire/wire.h"
#include "wire/wire_v1.h"

long shim_alloc_budget = -1;
unsigned long shim_visits;
unsigned long shim_rescheds;
unsigned long shim_list_ops;

#define REQUIRE(cond) do { if (!(cond)) abort(); } while (0)

/* The first byte decides into which pieces the rest is cut. */
__attribute__((unused))
static void fuzz_wire(const u8 *p, size_t n)
{
	struct zmq_scan_result r;
	struct zmq_scan sc;
	struct zmq_cmd cmd;
	size_t step, used;
	u8 buf[64];

	if (!n)
		return;
	step = *p++ + 1;
	n--;
	zmq_scan_init(&sc, 1000, sizeof(buf));
	zmq_scan_limit_msgs(&sc, 2000, 20);
	zmq_scan_buffer(&sc, buf, sizeof(buf));
	while (n) {
		used = zmq_scan(&sc, p, min(step, n), 3, &r);
		REQUIRE(used <= n && r.data_len <= used && r.msgs <= 3);
		if (r.event == ZMQ_SCAN_COMMAND)
			zmq_cmd_parse(r.cmd, r.cmd_len, &cmd);
		if (r.event == ZMQ_SCAN_ERROR)
			return;
		REQUIRE(used || r.event == ZMQ_SCAN_COMMAND);
		p += used;
		n -= used;
	}
}

/* What comes out of it is what zmq_scan() finds to be right. */
__attribute__((unused))
static void fuzz_wire_v1(const u8 *p, size_t n)
{
	struct zmq_scan_result r, back;
	struct zmq_scan from, to;
	u8 out[256 + ZMQ_HDR_MAX];
	size_t step, used;

	if (!n)
		return;
	step = *p++ + 1;
	n--;
	zmq_scan_init(&from, 1000, 0);
	zmq_scan_limit_msgs(&from, 2000, 20);
	zmq_scan_init(&to, 1000, 0);
	while (n) {
		used = zmq_v1_scan(&from, p, min(step, n), out, 3, &r);
		REQUIRE(used <= n && r.data_len <= used + ZMQ_HDR_MAX);
		REQUIRE(used || r.event == ZMQ_SCAN_ERROR);
		if (r.data_len) {
			REQUIRE(zmq_scan(&to, out, r.data_len, U32_MAX, &back) ==
				r.data_len);
			REQUIRE(back.msgs == r.msgs && back.frames == r.frames);
			REQUIRE(back.msg_end == r.msg_end);
			REQUIRE(back.msg_begin == r.msg_begin);
		}
		if (r.event == ZMQ_SCAN_ERROR)
			return;
		p += used;
		n -= used;
	}
}

__attribute__((unused))
static void fuzz_meta(const u8 *p, size_t n)
{
	struct zmq_prop prop;
	static u8 copy[65536];
	size_t pos = 0;

	while (zmq_meta_next(p, n, &pos, &prop) > 0) {
		memcpy(copy, prop.value, min_t(u32, prop.value_len, sizeof(copy)));
		zmq_meta_is(&prop, "Socket-Type");
		REQUIRE(pos <= n);
	}
}

__attribute__((unused))
static void fuzz_endpoint(const u8 *p, size_t n)
{
	struct zmq_endpoint ep, again;
	char text[ZMQ_EP_TEXT];
	unsigned int flags;
	int len;

	if (!n)
		return;
	flags = *p & ZMQ_EP_IPV6 ? ZMQ_EP_IPV6 : 0;
	flags |= *p & ZMQ_EP_NAMES;
	flags |= *p & 1 ? ZMQ_EP_BIND : ZMQ_EP_CONNECT;
	if (zmq_endpoint_parse(&ep, (const char *)p + 1, n - 1, flags))
		return;
	len = zmq_endpoint_format(&ep, text, sizeof(text));
	REQUIRE(len > 0);
	REQUIRE(!zmq_endpoint_parse(&again, text, len, flags));
	REQUIRE(zmq_endpoint_equal(&ep, &again));
}

__attribute__((unused))
static void fuzz_session(const u8 *p, size_t n)
{
	struct zmq_session_conf conf = { .type = ZMQ_ROUTER };
	static struct zmq_handshake hs;
	u8 out[ZMQ_SESSION_OUT_MAX];
	struct zmq_session s;
	size_t step, outlen;
	ssize_t used;

	if (!n)
		return;
	step = *p++ + 1;
	n--;
	zmq_session_init(&s, &hs, &conf);
	while (n && !zmq_session_done(&s)) {
		used = zmq_session_input(&s, p, min(step, n), out, sizeof(out),
					 &outlen);
		REQUIRE(used < 0 ? !!s.error_reason : (size_t)used <= n);
		if (used < 0)
			return;
		p += used;
		n -= used;
	}
}

/* Operations of an opcode, a length and a key each. */
__attribute__((unused))
static void fuzz_trie(const u8 *p, size_t n)
{
	static bool ready;
	struct zmq_trie_owner owners[4] = { 0 }, *owner;
	struct zmq_trie t;
	size_t len;

	if (!ready)
		ready = !zmq_trie_cache_init();
	zmq_trie_init(&t, n & 1);
	while (n >= 2) {
		owner = t.owned ? &owners[p[0] >> 2 & 3] : NULL;
		len = min_t(size_t, p[1] & 31, n - 2);
		switch (p[0] & 3) {
		case 0:
			zmq_trie_add(&t, p + 2, len, owner, 0, NULL);
			REQUIRE(zmq_trie_match(&t, p + 2, len));
			break;
		case 1:
			zmq_trie_del(&t, p + 2, len, owner);
			break;
		case 2:
			zmq_trie_match(&t, p + 2, len);
			break;
		default:
			if (owner)
				zmq_trie_del_owner(&t, owner, p[1], NULL, NULL);
		}
		p += 2 + len;
		n -= 2 + len;
	}
	zmq_trie_destroy(&t);
}

int FUZZ_ENTRY(const u8 *p, size_t n);

int FUZZ_ENTRY(const u8 *p, size_t n)
{
	FUZZ(p, n);
	return 0;
}
