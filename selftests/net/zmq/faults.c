// SPDX-License-Identifier: GPL-2.0-only
/* Every allocation and every user copy of a system call fails once: the call
 * says so, and nothing else has happened. Needs a kernel with fault injection, as
 * the debug lane has.
 */
#include "kselftest_harness.h"
#include "fixture.h"
#include "fault.h"

TEST_F(zmq, socket_without_memory)
{
	bool failed;
	int n, fd;

	if (!zt_can_inject())
		SKIP(return, ZT_NO_INJECTION);
	for (n = 1; n < ZT_FAULTS_MAX; n++) {
		bool more = ZT_FAULT(n, failed, fd = zt_socket(n % 2 ? ZMQ_ROUTER : ZMQ_XPUB));

		if (!failed)
			close(fd);
		if (!more)
			break;
	}
	EXPECT_LT(n, ZT_FAULTS_MAX);
}

static void bind_and_connect(struct __test_metadata *_metadata, const char *where)
{
	char ep[ZMQ_ENDPOINT_MAX];
	int n, pull, push;
	bool failed, more;

	for (n = 1; n < ZT_FAULTS_MAX; n++) {
		pull = zt_socket(ZMQ_PULL);
		ASSERT_LE(0, pull);
		more = ZT_FAULT(n, failed, zt_bind(pull, where));
		if (failed)
			ASSERT_EQ(0, zt_bind(pull, where));
		close(pull);
		if (!more)
			break;
	}
	EXPECT_LT(n, ZT_FAULTS_MAX);

	pull = zt_listening(ZMQ_PULL, where, ep);
	ASSERT_LE(0, pull);
	for (n = 1; n < ZT_FAULTS_MAX; n++) {
		push = zt_socket(ZMQ_PUSH);
		ASSERT_LE(0, push);
		more = ZT_FAULT(n, failed, zt_connect(push, ep));
		if (failed)
			ASSERT_EQ(0, zt_connect(push, ep));
		ASSERT_EQ(0, zt_puts(push, "x", 0));
		ASSERT_TRUE(zt_gets(pull, "x", ZT_LAST)) TH_LOG("fault %d", n);
		close(push);
		if (!more)
			break;
	}
	EXPECT_LT(n, ZT_FAULTS_MAX);
	close(pull);
}

TEST_F(zmq, tcp_bind_and_connect_without_memory)
{
	if (!zt_can_inject())
		SKIP(return, ZT_NO_INJECTION);
	bind_and_connect(_metadata, "tcp://127.0.0.1:*");
}

TEST_F(zmq, inproc_bind_and_connect_without_memory)
{
	if (!zt_can_inject())
		SKIP(return, ZT_NO_INJECTION);
	bind_and_connect(_metadata, "inproc://faults");
}

TEST_F(zmq, a_raw_connection_without_memory)
{
	char ep[ZMQ_ENDPOINT_MAX], id[5];
	int listening, fd, n, flags;
	bool failed, more;

	if (!zt_can_inject())
		SKIP(return, ZT_NO_INJECTION);
	listening = zt_listening(ZMQ_STREAM, "tcp://127.0.0.1:*", ep);
	ASSERT_LE(0, listening);
	for (n = 1; n < ZT_FAULTS_MAX; n++) {
		fd = zt_socket(ZMQ_STREAM);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, zt_setint(fd, ZMQ_RECONNECT_IVL, 1));
		more = ZT_FAULT(n, failed, zt_connect(fd, ep));
		if (failed)
			ASSERT_EQ(0, zt_connect(fd, ep));
		/* the first of them is told, however often it was tried */
		ASSERT_EQ(5, zt_recv(fd, id, 5, 0, &flags)) TH_LOG("fault %d", n);
		ASSERT_TRUE(zt_got(fd, "", 0, ZT_LAST));
		ASSERT_EQ(0, zt_send(fd, id, 5, MSG_MORE));
		ASSERT_EQ(0, zt_puts(fd, "x", 0));
		close(fd);
		if (!more)
			break;
	}
	EXPECT_LT(n, ZT_FAULTS_MAX);
	close(listening);
}

TEST_F(zmq, subscribe_without_memory)
{
	int pub, sub, n, count;
	bool failed, more;
	char topic[300];

	if (!zt_can_inject())
		SKIP(return, ZT_NO_INJECTION);
	pub = zt_listening(ZMQ_XPUB, "inproc://faults", self->ep);
	ASSERT_LE(0, pub);
	sub = zt_connected(ZMQ_SUB, self->ep);
	ASSERT_LE(0, sub);
	for (n = 1; n < ZT_FAULTS_MAX; n++) {
		count = snprintf(topic, sizeof(topic), "%250d", n);
		more = ZT_FAULT(n, failed, setsockopt(sub, SOL_ZMQ, ZMQ_SUBSCRIBE, topic, count));
		if (failed)
			ASSERT_EQ(0, setsockopt(sub, SOL_ZMQ, ZMQ_SUBSCRIBE, topic, count));
		if (!more)
			break;
	}
	EXPECT_LT(n, ZT_FAULTS_MAX);
	EXPECT_EQ(n, zt_getint(sub, ZMQ_TOPICS_COUNT));
	close(sub);
	close(pub);
}

#define MEETINGS	400

/* TCP may have no memory for a FIN, so that nobody hears of the end. */
static int soon_anew(int fd)
{
	return zt_setint(fd, ZMQ_RECONNECT_IVL, 1) ||
	       zt_setint(fd, ZMQ_HANDSHAKE_IVL, 500) ||
	       zt_setint(fd, ZMQ_HEARTBEAT_IVL, 200) ||
	       zt_setint(fd, ZMQ_HEARTBEAT_TIMEOUT, 1000);
}

static bool both_are_up(void *arg)
{
	int up;

	zt_proc_sum("rx", &up);
	return up == 2;
}

static bool converse(int a, int b)
{
	int i;

	for (i = 0; i < 10; i++)
		if (zt_puts(a, "there", 0) || !zt_gets(b, "there", ZT_LAST) ||
		    zt_puts(b, "back", 0) || !zt_gets(a, "back", ZT_LAST))
			return false;
	return true;
}

/* Children, offers and handshakes are the work of workers. */
TEST_F(zmq, ends_that_have_no_memory_to_meet_go_on_by_tcp)
{
	int a, b, n, err, direct = 0, stayed = 0;

	if (!zt_can_inject() || !zt_starve_workers("0"))
		SKIP(return, ZT_NO_INJECTION);
	a = zt_direct_socket(ZMQ_PAIR);
	ASSERT_EQ(0, soon_anew(a));
	ASSERT_EQ(0, zt_bind(a, "tcp://127.0.0.1:5577"));
	for (n = 0; n < MEETINGS && (direct < 5 || stayed < 5); n++) {
		b = zt_direct_socket(ZMQ_PAIR);
		ASSERT_EQ(0, soon_anew(b));
		zt_starve_workers("5");
		err = zt_connect(b, "tcp://127.0.0.1:5577");
		/* They get so far, or at least into trouble. */
		zt_never(both_are_up, NULL, 300);
		zt_starve_workers("0");
		ASSERT_EQ(0, err);
		ASSERT_TRUE(zt_eventually(both_are_up, NULL)) TH_LOG("meeting %d", n);
		ASSERT_TRUE(converse(a, b)) TH_LOG("meeting %d", n);
		if (zt_direct_peers())
			direct++;
		else
			stayed++;
		close(b);
	}
	EXPECT_LE(5, direct);
	EXPECT_LE(5, stayed);
}

TEST_F(zmq_over, a_message_without_memory_is_sent_whole_or_not_at_all)
{
	static unsigned char data[200000];
	int push, pull, n;
	bool failed, more;

	if (!zt_can_inject())
		SKIP(return, ZT_NO_INJECTION);
	pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	ASSERT_LE(0, pull);
	push = zt_connected(ZMQ_PUSH, self->ep);
	ASSERT_LE(0, push);
	zt_pattern(data, sizeof(data), 7);
	for (n = 1; n < ZT_FAULTS_MAX; n++) {
		ASSERT_EQ(0, zt_puts(push, "head", MSG_MORE));
		more = ZT_FAULT(n, failed, zt_send(push, data, sizeof(data), 0));
		if (failed)
			ASSERT_EQ(0, zt_send(push, data, sizeof(data), 0));
		ASSERT_TRUE(zt_gets(pull, "head", ZT_MORE)) TH_LOG("fault %d", n);
		ASSERT_TRUE(zt_got(pull, data, sizeof(data), ZT_LAST)) TH_LOG("fault %d", n);
		if (!more)
			break;
	}
	EXPECT_LT(n, ZT_FAULTS_MAX);
	close(push);
	close(pull);
}

TEST_F(zmq, a_subscription_without_memory_is_told_or_counted)
{
	long dropped = 0;
	char topic[16];
	int pub, sub, n;
	bool failed, more;

	if (!zt_can_inject())
		SKIP(return, ZT_NO_INJECTION);
	pub = zt_listening(ZMQ_XPUB, "tcp://127.0.0.1:*", self->ep);
	ASSERT_LE(0, pub);
	sub = zt_connected(ZMQ_SUB, self->ep);
	ASSERT_EQ(0, zt_subscribe(sub, "first"));
	ASSERT_TRUE(zt_told(pub, 1, "first"));
	for (n = 1; n < ZT_FAULTS_MAX; n++) {
		snprintf(topic, sizeof(topic), "%d", n);
		/* Behind others it would be sent by a timer. */
		usleep(5000);
		more = ZT_FAULT(n, failed, zt_subscribe(sub, topic));
		if (failed)
			ASSERT_EQ(0, zt_subscribe(sub, topic));
		if (zt_counter("ZmqSubDrop") > dropped)
			dropped++;
		else
			ASSERT_TRUE(zt_told(pub, 1, topic)) TH_LOG("fault %d", n);
		if (!more)
			break;
	}
	EXPECT_LT(n, ZT_FAULTS_MAX);
}

TEST_F(zmq_over, a_frame_received_without_memory_stays)
{
	int req, rep, n;
	bool failed, more;
	char got[8];

	if (!zt_can_inject())
		SKIP(return, ZT_NO_INJECTION);
	rep = zt_listening(ZMQ_REP, variant->bind, self->ep);
	ASSERT_LE(0, rep);
	req = zt_connected(ZMQ_REQ, self->ep);
	ASSERT_LE(0, req);
	for (n = 1; n < ZT_FAULTS_MAX; n++) {
		ASSERT_EQ(0, zt_puts(req, "ask", 0));
		ASSERT_TRUE(zt_becomes(rep, POLLIN));
		more = ZT_FAULT(n, failed, recv(rep, got, sizeof(got), 0));
		if (failed)
			ASSERT_EQ(3, recv(rep, got, sizeof(got), 0));
		ASSERT_EQ(0, zt_puts(rep, "answer", 0));
		ASSERT_TRUE(zt_gets(req, "answer", ZT_LAST));
		if (!more)
			break;
	}
	EXPECT_LT(n, ZT_FAULTS_MAX);
	close(req);
	close(rep);
}

TEST_HARNESS_MAIN
