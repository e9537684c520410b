// SPDX-License-Identifier: GPL-2.0-only
/* PUB, SUB, XPUB, XSUB. */
#include "kselftest_harness.h"
#include "fixture.h"

#define PREFIXES	10000

/* An XPUB and a SUB on it, which has subscribed to @topic in both's view. */
static int subscribed(const char *bind, const char *topic, char *ep, int *xpub,
		      int *sub)
{
	*xpub = zt_listening(ZMQ_XPUB, bind, ep);
	*sub = zt_connected(ZMQ_SUB, ep);
	if (*xpub < 0 || *sub < 0 || zt_subscribe(*sub, topic))
		return -1;
	return zt_told(*xpub, 1, topic) ? 0 : -1;
}

TEST_F(zmq_over, a_subscription_matches_the_start_of_the_first_frame)
{
	static const struct {
		const char *topic;
		size_t len;
		bool matches;
	} sent[] = {
		{ "ab", 2, true }, { "a", 1, false }, { "", 0, false },
		{ "abc", 3, true }, { "b", 1, false }, { "Ab", 2, false },
		{ "ab\0c", 4, true }, { "xab", 3, false }, { "a\0b", 3, false },
		{ "ac", 2, false }, { "ab\xff", 3, true },
	};
	int xpub, sub, i;

	ASSERT_EQ(0, subscribed(variant->bind, "ab", self->ep, &xpub, &sub));
	for (i = 0; i < ARRAY_SIZE(sent); i++) {
		ASSERT_EQ(0, zt_send(xpub, sent[i].topic, sent[i].len,
				     MSG_MORE));
		ASSERT_EQ(0, zt_puts(xpub, "ab in the second frame", 0));
	}
	for (i = 0; i < ARRAY_SIZE(sent); i++) {
		if (!sent[i].matches)
			continue;
		EXPECT_TRUE(zt_got(sub, sent[i].topic, sent[i].len, ZT_MORE));
		EXPECT_TRUE(zt_gets(sub, "ab in the second frame", ZT_LAST));
	}
	EXPECT_EQ(0, zt_poll(sub, POLLIN, 0));
}

TEST_F(zmq_over, the_empty_subscription_matches_everything)
{
	int xpub, sub;

	ASSERT_EQ(0, subscribed(variant->bind, "", self->ep, &xpub, &sub));
	ASSERT_EQ(0, zt_puts(xpub, "", 0));
	ASSERT_EQ(0, zt_puts(xpub, "any", 0));
	EXPECT_TRUE(zt_gets(sub, "", ZT_LAST));
	EXPECT_TRUE(zt_gets(sub, "any", ZT_LAST));
}

TEST_F(zmq_over, a_topic_is_bytes)
{
	static const char topic[] = { 0, 1, 0, -1 };
	int xpub = zt_listening(ZMQ_XPUB, variant->bind, self->ep);
	int sub = zt_connected(ZMQ_SUB, self->ep);

	ASSERT_LE(0, xpub);
	ASSERT_EQ(0, setsockopt(sub, SOL_ZMQ, ZMQ_SUBSCRIBE, topic, 4));
	ASSERT_TRUE(zt_got(xpub, "\1\0\1\0\xff", 5, ZT_LAST));
	ASSERT_EQ(0, zt_send(xpub, "\0\1\0\xfe", 4, 0));
	ASSERT_EQ(0, zt_send(xpub, "\0\1\0", 3, 0));
	ASSERT_EQ(0, zt_send(xpub, "\0\1\0\xff!", 5, 0));
	EXPECT_TRUE(zt_got(sub, "\0\1\0\xff!", 5, ZT_LAST));
}

TEST_F(zmq_over, nothing_comes_without_or_after_a_subscription)
{
	int xpub, sub;

	ASSERT_EQ(0, subscribed(variant->bind, "a", self->ep, &xpub, &sub));
	ASSERT_EQ(0, zt_puts(xpub, "a1", 0));
	EXPECT_TRUE(zt_gets(sub, "a1", ZT_LAST));
	ASSERT_EQ(0, zt_subscribe(sub, "mark"));
	ASSERT_TRUE(zt_told(xpub, 1, "mark"));
	ASSERT_EQ(0, zt_unsubscribe(sub, "a"));
	ASSERT_TRUE(zt_told(xpub, 0, "a"));
	ASSERT_EQ(0, zt_puts(xpub, "a2", 0));
	ASSERT_EQ(0, zt_puts(xpub, "mark", 0));
	EXPECT_TRUE(zt_gets(sub, "mark", ZT_LAST));
}

TEST_F(zmq_over, subscriptions_are_counted_by_the_subscriber)
{
	int xpub, sub;

	ASSERT_EQ(0, subscribed(variant->bind, "a", self->ep, &xpub, &sub));
	ASSERT_EQ(0, zt_subscribe(sub, "a"));
	ASSERT_EQ(0, zt_unsubscribe(sub, "a"));
	ASSERT_EQ(0, zt_unsubscribe(sub, "never"));
	ASSERT_EQ(0, zt_subscribe(sub, "b"));
	ASSERT_TRUE(zt_told(xpub, 1, "b"));
	ASSERT_EQ(0, zt_puts(xpub, "a", 0));
	EXPECT_TRUE(zt_gets(sub, "a", ZT_LAST));
	ASSERT_EQ(0, zt_unsubscribe(sub, "a"));
	EXPECT_TRUE(zt_told(xpub, 0, "a"));
	ASSERT_EQ(0, zt_puts(xpub, "a", 0));
	ASSERT_EQ(0, zt_puts(xpub, "b", 0));
	EXPECT_TRUE(zt_gets(sub, "b", ZT_LAST));
}

TEST_F(zmq_over, xpub_hears_of_the_first_and_the_last_subscriber_only)
{
	int xpub, one, two;

	ASSERT_EQ(0, subscribed(variant->bind, "t", self->ep, &xpub, &one));
	two = zt_connected(ZMQ_SUB, self->ep);
	ASSERT_EQ(0, zt_subscribe(two, "t"));
	ASSERT_EQ(0, zt_subscribe(two, "u"));
	EXPECT_TRUE(zt_told(xpub, 1, "u"));
	ASSERT_EQ(0, zt_unsubscribe(one, "t"));
	ASSERT_EQ(0, zt_subscribe(one, "v"));
	EXPECT_TRUE(zt_told(xpub, 1, "v"));
	ASSERT_EQ(0, zt_unsubscribe(two, "t"));
	EXPECT_TRUE(zt_told(xpub, 0, "t"));
	EXPECT_EQ(0, zt_poll(xpub, POLLIN, 0));
}

TEST_F(zmq_over, verbose_xpub_hears_of_every_subscriber)
{
	int xpub, one, two;

	ASSERT_EQ(0, subscribed(variant->bind, "t", self->ep, &xpub, &one));
	ASSERT_EQ(0, zt_setint(xpub, ZMQ_XPUB_VERBOSE, 1));
	two = zt_connected(ZMQ_SUB, self->ep);
	ASSERT_EQ(0, zt_subscribe(two, "t"));
	EXPECT_TRUE(zt_told(xpub, 1, "t"));
}

static bool nobody_wants_it(void *arg)
{
	char got[3];

	return recv(*(int *)arg, got, 3, MSG_DONTWAIT) == 2 &&
	       !memcmp(got, "\0t", 2);
}

TEST_F(zmq_over, a_subscriber_that_leaves_has_unsubscribed)
{
	int xpub, sub;

	ASSERT_EQ(0, subscribed(variant->bind, "t", self->ep, &xpub, &sub));
	close(sub);
	EXPECT_TRUE(zt_eventually(nobody_wants_it, &xpub));
}

TEST_F(zmq_over, xsub_subscribes_by_messages)
{
	int xpub = zt_listening(ZMQ_XPUB, variant->bind, self->ep);
	int xsub = zt_connected(ZMQ_XSUB, self->ep);

	ASSERT_LE(0, xpub);
	ASSERT_EQ(0, zt_send(xsub, "\1ab", 3, 0));
	ASSERT_TRUE(zt_told(xpub, 1, "ab"));
	ASSERT_EQ(0, zt_puts(xpub, "abc", 0));
	EXPECT_TRUE(zt_gets(xsub, "abc", ZT_LAST));
	ASSERT_EQ(0, zt_send(xsub, "\0ab", 3, 0));
	ASSERT_TRUE(zt_told(xpub, 0, "ab"));
	ASSERT_EQ(0, zt_send(xsub, "\1", 1, 0));
	ASSERT_TRUE(zt_told(xpub, 1, ""));
	ASSERT_EQ(0, zt_puts(xsub, "to the publisher", MSG_MORE));
	ASSERT_EQ(0, zt_puts(xsub, "in parts", 0));
	EXPECT_TRUE(zt_gets(xpub, "to the publisher", ZT_MORE));
	EXPECT_TRUE(zt_gets(xpub, "in parts", ZT_LAST));
}

TEST_F_TIMEOUT(zmq_over, all_of_10000_prefixes_are_announced_and_match, 240)
{
	int pub = zt_listening(ZMQ_XPUB, variant->bind, self->ep);
	int sub = zt_socket(ZMQ_SUB), i, len;
	static bool seen[PREFIXES];
	char text[32];

	ASSERT_LE(0, pub);
	for (i = 0; i < PREFIXES / 2; i++) {
		snprintf(text, sizeof(text), "topic %05d.", i);
		ASSERT_EQ(0, zt_subscribe(sub, text));
	}
	ASSERT_EQ(0, zt_connect(sub, self->ep));
	for (; i < PREFIXES; i++) {
		snprintf(text, sizeof(text), "topic %05d.", i);
		ASSERT_EQ(0, zt_subscribe(sub, text));
	}
	for (i = 0; i < PREFIXES; i++) {
		len = recv(pub, text, sizeof(text) - 1, 0);
		ASSERT_EQ(13, len) TH_LOG("announcement %d: %m", i);
		text[len] = 0;
		ASSERT_EQ(0, memcmp(text, "\1topic ", 7));
		len = atoi(text + 7);
		ASSERT_TRUE(len < PREFIXES && !seen[len]);
		seen[len] = true;
	}
	for (i = 0; i < PREFIXES; i++) {
		snprintf(text, sizeof(text), "topic %05d", i);
		ASSERT_EQ(0, zt_puts(pub, text, 0));
		strcat(text, ".!");
		ASSERT_EQ(0, zt_puts(pub, text, 0));
		ASSERT_TRUE(zt_gets(sub, text, ZT_LAST));
	}
}

TEST_F_TIMEOUT(zmq, a_raw_publisher_counts_10000_of_them, 240)
{
	int sub = zt_socket(ZMQ_SUB), port = 0, listener, peer, i, n;
	static bool seen[PREFIXES];
	struct zp_frame f;
	char text[32];

	for (i = 0; i < PREFIXES; i++) {
		snprintf(text, sizeof(text), "%d", i);
		ASSERT_EQ(0, zt_subscribe(sub, text));
	}
	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(sub, self->ep));
	peer = zp_accept_peer(listener, "PUB", "SUB");
	ASSERT_LE(0, peer);
	for (i = 0; i < PREFIXES; i++) {
		ASSERT_EQ(0, zp_recv(peer, &f)) TH_LOG("after %d", i);
		ASSERT_EQ(ZP_COMMAND, f.flags);
		ASSERT_LT(10, f.len);
		ASSERT_EQ(0, memcmp(f.body, "\tSUBSCRIBE", 10));
		f.body[f.len] = 0;
		n = atoi((char *)f.body + 10);
		ASSERT_TRUE(n < PREFIXES && !seen[n]);
		seen[n] = true;
	}
	ASSERT_TRUE(zp_sync(peer));
	ASSERT_EQ(0, zt_subscribe(sub, "one more"));
	EXPECT_TRUE(zp_got_command(peer, "SUBSCRIBE", "one more"));
	ASSERT_EQ(0, zt_unsubscribe(sub, "77"));
	EXPECT_TRUE(zp_got_command(peer, "CANCEL", "77"));
}

TEST_F(zmq, topics_of_any_length_have_exact_bytes)
{
	int sub = zt_socket(ZMQ_SUB), port = 0, listener, peer, i;
	static const size_t sizes[] = { 0, 1, 244, 245, 246, 255, 256, 1000 };
	char topic[1001];
	struct zp_frame f;

	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(sub, self->ep));
	peer = zp_accept_peer(listener, "PUB", "SUB");
	ASSERT_LE(0, peer);
	memset(topic, 't', sizeof(topic));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, setsockopt(sub, SOL_ZMQ, ZMQ_SUBSCRIBE, topic,
					sizes[i]));
		ASSERT_EQ(0, zp_recv(peer, &f));
		EXPECT_TRUE(zp_is_command(&f, "SUBSCRIBE", topic, sizes[i]))
			TH_LOG("%zu bytes", sizes[i]);
	}
}

TEST_F(zmq, they_are_replayed_after_a_reconnect)
{
	int sub = zt_socket(ZMQ_SUB), port = 0, listener, peer, round;

	ASSERT_EQ(0, zt_setint(sub, ZMQ_RECONNECT_IVL, 10));
	ASSERT_EQ(0, zt_subscribe(sub, "kept"));
	ASSERT_EQ(0, zt_subscribe(sub, "kept"));
	ASSERT_EQ(0, zt_subscribe(sub, "gone"));
	ASSERT_EQ(0, zt_unsubscribe(sub, "gone"));
	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(sub, self->ep));
	for (round = 0; round < 3; round++) {
		peer = zp_accept_peer(listener, "PUB", "SUB");
		ASSERT_LE(0, peer);
		EXPECT_TRUE(zp_got_command(peer, "SUBSCRIBE", "kept"));
		ASSERT_TRUE(zp_sync(peer));
		ASSERT_EQ(0, zp_puts(peer, 0, "kept and read"));
		EXPECT_TRUE(zt_gets(sub, "kept and read", ZT_LAST));
		close(peer);
	}
	ASSERT_EQ(0, zt_unsubscribe(sub, "kept"));
	ASSERT_EQ(0, zt_unsubscribe(sub, "kept"));
	ASSERT_EQ(0, zt_subscribe(sub, "new"));
	peer = zp_accept_peer(listener, "PUB", "SUB");
	ASSERT_LE(0, peer);
	do {
		struct zp_frame f;

		ASSERT_EQ(0, zp_recv(peer, &f));
		if (zp_is_command(&f, "SUBSCRIBE", "new", 3))
			break;
		/* A connection made before the changes has seen them go by. */
		ASSERT_TRUE(zp_is_command(&f, "SUBSCRIBE", "kept", 4) ||
			    zp_is_command(&f, "CANCEL", "kept", 4));
	} while (1);
	EXPECT_TRUE(zp_sync(peer));
}

TEST_F(zmq, a_subscriber_filters_what_the_publisher_does_not)
{
	int sub = zt_socket(ZMQ_SUB), port = 0, listener, peer;

	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_subscribe(sub, "a"));
	ASSERT_EQ(0, zt_connect(sub, self->ep));
	peer = zp_accept_peer(listener, "XPUB", "SUB");
	ASSERT_TRUE(zp_got_command(peer, "SUBSCRIBE", "a"));
	ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "b"));
	ASSERT_EQ(0, zp_puts(peer, 0, "a"));
	ASSERT_TRUE(zp_sync(peer));
	EXPECT_EQ(0, zt_poll(sub, POLLIN, 0));
	EXPECT_EQ(0, zt_getint(sub, ZMQ_EVENTS));
	ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "a1"));
	ASSERT_EQ(0, zp_puts(peer, 0, "b"));
	EXPECT_TRUE(zt_gets(sub, "a1", ZT_MORE));
	EXPECT_TRUE(zt_gets(sub, "b", ZT_LAST));
}

TEST_F(zmq, the_publisher_sends_only_what_matches)
{
	int pub = zt_listening(ZMQ_PUB, "tcp://127.0.0.1:*", self->ep), i;
	int peer = zp_peer(zt_port(self->ep), "SUB", "PUB");

	ASSERT_LE(0, pub);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_command(peer, "SUBSCRIBE", "yes", 3));
	ASSERT_EQ(0, zp_command(peer, "SUBSCRIBE", "yes", 3));
	ASSERT_TRUE(zp_sync(peer));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, zt_puts(pub, "no", MSG_MORE));
		ASSERT_EQ(0, zt_puts(pub, "yes", 0));
		ASSERT_EQ(0, zt_puts(pub, "yes!", 0));
		EXPECT_TRUE(zp_gets(peer, 0, "yes!"));
	}
	ASSERT_EQ(0, zp_command(peer, "CANCEL", "yes", 3));
	ASSERT_EQ(0, zp_command(peer, "SUBSCRIBE", "other", 5));
	ASSERT_TRUE(zp_sync(peer));
	ASSERT_EQ(0, zt_puts(pub, "yes!", 0));
	ASSERT_EQ(0, zt_puts(pub, "other", 0));
	EXPECT_TRUE(zp_gets(peer, 0, "other"));
}

TEST_F(zmq, a_peer_with_two_matching_ones_gets_one_copy)
{
	int pub = zt_listening(ZMQ_PUB, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_peer(zt_port(self->ep), "SUB", "PUB");

	ASSERT_LE(0, pub);
	ASSERT_EQ(0, zp_command(peer, "SUBSCRIBE", "", 0));
	ASSERT_EQ(0, zp_command(peer, "SUBSCRIBE", "a", 1));
	ASSERT_EQ(0, zp_command(peer, "SUBSCRIBE", "ab", 2));
	ASSERT_TRUE(zp_sync(peer));
	ASSERT_EQ(0, zt_puts(pub, "abc", 0));
	ASSERT_EQ(0, zt_puts(pub, "x", 0));
	EXPECT_TRUE(zp_gets(peer, 0, "abc"));
	EXPECT_TRUE(zp_gets(peer, 0, "x"));
}

/* 3.0 peers subscribe by messages, 3.1 peers may; and 3.0 peers know no
 * SUBSCRIBE command.
 */
TEST_F(zmq, message_style_ones_are_understood)
{
	int xpub = zt_listening(ZMQ_XPUB, "tcp://127.0.0.1:*", self->ep);
	int minor, peer;

	ASSERT_LE(0, xpub);
	for (minor = 0; minor <= 1; minor++) {
		peer = zp_dial(zt_port(self->ep), 0);
		ASSERT_EQ(0, zp_handshake_id(peer, minor, "SUB", "XPUB", NULL,
					     0));
		ASSERT_EQ(0, zp_puts(peer, 0, "\1old"));
		EXPECT_TRUE(zt_told(xpub, 1, "old"));
		ASSERT_EQ(0, zt_puts(xpub, "older", 0));
		EXPECT_TRUE(zp_gets(peer, 0, "older"));
		ASSERT_EQ(0, zp_send(peer, 0, "\0old", 4));
		EXPECT_TRUE(zt_told(xpub, 0, "old"));
		close(peer);
	}
}

TEST_F(zmq, a_3_0_publisher_is_told_by_messages)
{
	int sub = zt_socket(ZMQ_SUB), port = 0, listener, peer;

	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_subscribe(sub, "a"));
	ASSERT_EQ(0, zt_connect(sub, self->ep));
	peer = zp_accept(listener);
	ASSERT_EQ(0, zp_handshake_id(peer, 0, "PUB", "SUB", NULL, 0));
	EXPECT_TRUE(zp_got(peer, 0, "\1a", 2));
	ASSERT_EQ(0, zt_subscribe(sub, "bc"));
	EXPECT_TRUE(zp_got(peer, 0, "\1bc", 3));
	ASSERT_EQ(0, zt_unsubscribe(sub, "a"));
	EXPECT_TRUE(zp_got(peer, 0, "\0a", 2));
}

TEST_F(zmq, a_bound_subscriber_tells_who_connects_at_once)
{
	int sub = zt_listening(ZMQ_SUB, "tcp://127.0.0.1:*", self->ep), peer;

	ASSERT_EQ(0, zt_subscribe(sub, "t"));
	peer = zp_peer(zt_port(self->ep), "PUB", "SUB");
	ASSERT_LE(0, peer);
	EXPECT_TRUE(zp_got_command(peer, "SUBSCRIBE", "t"));
}

TEST_HARNESS_MAIN
