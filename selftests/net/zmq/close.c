// SPDX-License-Identifier: GPL-2.0-only
/* close() returns at once, delivers or drops, and leaves nothing behind. */
#include <sys/un.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define CYCLES		1000
#define QUEUED		100
#define KIB		1024

/* A PUSH connected to a raw peer that does not read, with 100 messages of
 * 10 KiB accepted.
 */
static int loaded_one(int pattern, char *ep, int ms, int *listener, int *push)
{
	static char body[10 * KIB];
	int port = 0, i;

	*listener = zp_listen(4 * KIB, &port);
	*push = zt_socket(pattern);
	snprintf(ep, ZMQ_ENDPOINT_MAX, "tcp://127.0.0.1:%d", port);
	if (*listener < 0 || *push < 0 || zt_setint(*push, ZMQ_LINGER, ms) ||
	    zt_setint(*push, ZMQ_SNDBUF, 8 * KIB) || zt_connect(*push, ep))
		return -1;
	for (i = 0; i < QUEUED; i++) {
		zt_pattern(body, sizeof(body), i);
		if (zt_send(*push, body, sizeof(body), 0))
			return -1;
	}
	return 0;
}

static int loaded(char *ep, int ms, int *listener, int *push)
{
	return loaded_one(ZMQ_PUSH, ep, ms, listener, push);
}

/* How many of the messages a peer reads before the end. */
static int whole_messages(int peer)
{
	struct zp_frame f;
	int i;

	for (i = 0; i < QUEUED; i++) {
		if (zp_recv(peer, &f) || f.flags || f.len != 10 * KIB ||
		    !zt_pattern_ok(f.body, f.len, i))
			break;
	}
	return i;
}

TEST_F(zmq, messages_are_delivered_after_close)
{
	int listener, push, peer;
	u64 start;

	ASSERT_EQ(0, loaded(self->ep, ZT_DEADLINE_MS, &listener, &push));
	start = zt_now_ms();
	close(push);
	EXPECT_GT(ZT_DEADLINE_MS / 4, zt_now_ms() - start);
	peer = zp_accept_peer(listener, "PULL", "PUSH");
	ASSERT_LE(0, peer);
	EXPECT_EQ(QUEUED, whole_messages(peer));
	EXPECT_TRUE(zp_closed(peer));
}

TEST_F(zmq_over, what_is_sent_right_before_close_arrives)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep), push, i;

	ASSERT_LE(0, pull);
	for (i = 0; i < 200; i++) {
		push = zt_connected(ZMQ_PUSH, self->ep);
		ASSERT_LE(0, push);
		ASSERT_EQ(0, zt_send(push, &i, sizeof(i), 0));
		close(push);
		ASSERT_TRUE(zt_got(pull, &i, sizeof(i), ZT_LAST))
			TH_LOG("round %d", i);
	}
}

TEST_F(zmq, messages_are_delivered_after_close_by_default)
{
	int listener, push, peer;

	ASSERT_EQ(0, loaded(self->ep, -1, &listener, &push));
	peer = zp_accept_peer(listener, "PULL", "PUSH");
	ASSERT_LE(0, peer);
	close(push);
	EXPECT_EQ(QUEUED, whole_messages(peer));
	EXPECT_TRUE(zp_closed(peer));
}

TEST_F(zmq, messages_reach_a_peer_that_comes_after_close)
{
	int push = zt_socket(ZMQ_PUSH), port = zt_free_port(), pull;

	ASSERT_EQ(0, zt_setint(push, ZMQ_LINGER, ZT_DEADLINE_MS));
	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 10));
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	ASSERT_EQ(0, zt_puts(push, "testament", 0));
	close(push);
	pull = zt_listening(ZMQ_PULL, self->ep, self->ep);
	ASSERT_LE(0, pull);
	EXPECT_TRUE(zt_gets(pull, "testament", ZT_LAST));
}

TEST_F(zmq, linger_0_drops_what_is_queued)
{
	int listener, push, peer, whole;

	ASSERT_EQ(0, loaded(self->ep, 0, &listener, &push));
	peer = zp_accept_peer(listener, "PULL", "PUSH");
	ASSERT_LE(0, peer);
	close(push);
	whole = whole_messages(peer);
	EXPECT_GT(QUEUED, whole);
	EXPECT_TRUE(zp_closed(peer));
}

static bool module_unused(void *arg)
{
	return zt_module_refs() <= *(long *)arg;
}

TEST_F(zmq, linger_ends_although_the_peer_never_reads)
{
	int listener, push, peer;
	long refs = zt_module_refs();

	ASSERT_LE(0, refs);
	ASSERT_EQ(0, loaded(self->ep, 300, &listener, &push));
	peer = zp_accept_peer(listener, "PULL", "PUSH");
	ASSERT_LE(0, peer);
	close(push);
	EXPECT_TRUE(zt_eventually(module_unused, &refs));
	EXPECT_GT(QUEUED, whole_messages(peer));
	EXPECT_TRUE(zp_closed(peer));
}

TEST_F(zmq, what_was_sent_arrives_although_the_peer_goes_on_sending)
{
	int listener, dealer, peer, i;
	long refs = zt_module_refs();
	struct zp_frame f;

	ASSERT_EQ(0, loaded_one(ZMQ_DEALER, self->ep, ZT_DEADLINE_MS, &listener,
				&dealer));
	peer = zp_accept_peer(listener, "ROUTER", "DEALER");
	ASSERT_LE(0, peer);
	close(dealer);
	for (i = 0; i < QUEUED; i++) {
		ASSERT_EQ(0, zp_puts(peer, 0, "are you there"))
			TH_LOG("message %d", i);
		/* What has been said is on its way for a moment. */
		if (i > QUEUED - 5)
			poll(NULL, 0, 20);
		ASSERT_EQ(0, zp_recv(peer, &f)) TH_LOG("message %d", i);
		ASSERT_TRUE(zt_pattern_ok(f.body, f.len, i));
	}
	EXPECT_TRUE(zp_closed(peer));
	EXPECT_EQ(0, zp_puts(peer, 0, "and still"));
	close(peer);
	EXPECT_TRUE(zt_eventually(module_unused, &refs));
}

enum farewell {
	CLOSE,
	DISCONNECT,
	EXIT,
};

static int listen_unix(const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(un.sun_path + 1, name);
	if (fd < 0 || bind(fd, (struct sockaddr *)&un,
			   offsetof(struct sockaddr_un, sun_path) + 1 +
			   strlen(name)) || listen(fd, 8))
		return -1;
	return fd;
}

static int pushing(void)
{
	int push = zt_socket(ZMQ_PUSH), i;

	if (push < 0 || zt_setint(push, ZMQ_LINGER, ZT_DEADLINE_MS) ||
	    zt_connect(push, "ipc://@farewell"))
		return -1;
	for (i = 0; i < 20; i++)
		if (zt_send(push, &i, sizeof(i), 0))
			return -1;
	return push;
}

static int pushes_and_goes(void *arg)
{
	return pushing() < 0;
}

/* One that polls must not see a hang-up while there is something to read: it may
 * throw that away, as libzmq at its high-water mark does.
 */
TEST_F(zmq, a_peer_of_ipc_sees_no_hangup_before_it_has_read_everything)
{
	int listener = listen_unix("farewell"), push, peer, how, i;
	long refs = zt_module_refs();
	pid_t pid = -1;

	ASSERT_LE(0, listener);
	for (how = CLOSE; how <= EXIT; how++) {
		push = -1;
		if (how == EXIT)
			pid = zt_child(pushes_and_goes, NULL);
		else
			push = pushing();
		ASSERT_TRUE(zp_pending(listener, ZT_DEADLINE_MS));
		peer = accept(listener, NULL, NULL);
		ASSERT_LE(0, peer);
		ASSERT_EQ(0, zp_handshake(peer, "PULL", "PUSH"));
		if (how == DISCONNECT) {
			ASSERT_EQ(0, zt_settext(push, ZMQ_DISCONNECT,
						"ipc://@farewell"));
		} else if (how == EXIT) {
			ASSERT_TRUE(zt_reap(pid));
		} else {
			close(push);
		}
		poll(NULL, 0, 300);
		EXPECT_EQ(POLLIN, zt_poll(peer, POLLIN, 0)) TH_LOG("%d", how);
		for (i = 0; i < 20; i++)
			ASSERT_TRUE(zp_got(peer, 0, &i, sizeof(i)));
		EXPECT_TRUE(zp_closed(peer));
		EXPECT_EQ(POLLIN, zt_poll(peer, POLLIN, 0)) TH_LOG("%d", how);
		close(peer);
		if (how == DISCONNECT)
			close(push);
	}
	close(listener);
	EXPECT_TRUE(zt_eventually(module_unused, &refs));
}

TEST_F(zmq, linger_ends_although_the_peer_never_goes)
{
	int listener, push, peer;
	long refs = zt_module_refs();

	ASSERT_EQ(0, loaded(self->ep, 5000, &listener, &push));
	peer = zp_accept_peer(listener, "PULL", "PUSH");
	ASSERT_LE(0, peer);
	close(push);
	EXPECT_EQ(QUEUED, whole_messages(peer));
	EXPECT_TRUE(zp_closed(peer));
	EXPECT_TRUE(zt_eventually(module_unused, &refs));
	close(peer);
}

TEST_F(zmq, a_peer_that_sends_without_end_is_not_read_without_end)
{
	static const struct linger reset = { .l_onoff = 1 };
	static unsigned char block[1024 * KIB];
	int listener, push, peer;
	u64 sent = 0;
	size_t off;
	ssize_t n;

	ASSERT_EQ(0, loaded(self->ep, 5 * ZT_DEADLINE_MS, &listener, &push));
	peer = zp_accept_peer(listener, "PULL", "PUSH");
	ASSERT_LE(0, peer);
	close(push);
	ASSERT_EQ(9, zp_header(block, ZP_LONG, sizeof(block) - 9));
	while (sent < 1 << 28) {
		off = sent % sizeof(block);
		n = send(peer, block + off, sizeof(block) - off, MSG_DONTWAIT);
		if (n > 0)
			sent += n;
		else if (!(zt_poll(peer, POLLOUT, 1500) & POLLOUT))
			break;
	}
	EXPECT_LE(32 * KIB * KIB, sent);
	EXPECT_GE(128 * KIB * KIB, sent);
	/* And is given what is its own, and missed when it dies. */
	EXPECT_EQ(QUEUED, whole_messages(peer));
	ASSERT_EQ(0, setsockopt(peer, SOL_SOCKET, SO_LINGER, &reset,
				sizeof(reset)));
	close(peer);
}

TEST_F(zmq, a_message_without_its_end_is_never_sent)
{
	int push = zt_listening(ZMQ_PUSH, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_peer(zt_port(self->ep), "PULL", "PUSH");

	ASSERT_LE(0, push);
	ASSERT_LE(0, peer);
	ASSERT_TRUE(zt_becomes(push, POLLOUT));
	ASSERT_EQ(0, zt_puts(push, "whole", 0));
	ASSERT_EQ(0, zt_puts(push, "first part", MSG_MORE));
	close(push);
	EXPECT_TRUE(zp_gets(peer, 0, "whole"));
	EXPECT_EQ(0, recv(peer, self->ep, 1, 0));
}

struct before {
	long inuse;
	long orphan;
	long refs;
};

static bool all_gone(void *arg)
{
	struct before *b = arg;
	struct zt_sockstat st;

	return !zt_sockstat(&st) && st.inuse <= b->inuse &&
	       st.orphan <= b->orphan && zt_proc_rows() == 0 &&
	       zt_module_refs() <= b->refs;
}

static bool take_stock(struct before *b)
{
	struct zt_sockstat st;

	if (zt_sockstat(&st) || zt_proc_rows())
		return false;
	b->inuse = st.inuse;
	b->orphan = st.orphan;
	b->refs = zt_module_refs();
	return b->refs >= 0;
}

static void tell_what_stays(void)
{
	struct zt_sockstat st = { };

	zt_sockstat(&st);
	printf("# tcp inuse %ld orphan %ld tw %ld, zmq rows %d, refs %ld\n",
	       st.inuse, st.orphan, st.tw, zt_proc_rows(), zt_module_refs());
}

TEST_F_TIMEOUT(zmq, a_thousand_connects_and_closes_leave_nothing, 240)
{
	struct before b;
	int pull, push, i;

	ASSERT_TRUE(take_stock(&b));
	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	ASSERT_LE(0, pull);
	EXPECT_LT(0, zt_proc_rows());
	for (i = 0; i < CYCLES; i++) {
		push = zt_connected(ZMQ_PUSH, self->ep);
		ASSERT_LE(0, push);
		ASSERT_EQ(0, zt_send(push, &i, sizeof(i), 0));
		close(push);
		ASSERT_TRUE(zt_got(pull, &i, sizeof(i), ZT_LAST));
	}
	close(pull);
	EXPECT_TRUE(zt_eventually(all_gone, &b))
		tell_what_stays();
}

TEST_F_TIMEOUT(zmq, peers_that_leave_at_any_stage_leave_nothing, 240)
{
	unsigned char ready[64];
	size_t len = zp_ready_body(ready, "PUSH", NULL, 0);
	struct before b;
	int pull, peer, i;

	ASSERT_TRUE(take_stock(&b));
	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	ASSERT_LE(0, pull);
	for (i = 0; i < 200; i++) {
		peer = zp_dial(zt_port(self->ep), 0);
		ASSERT_LE(0, peer);
		if (i % 4 > 0)
			ASSERT_EQ(0, zp_greet(peer, 1));
		if (i % 4 > 1)
			ASSERT_EQ(0, zp_send(peer, ZP_COMMAND, ready, len));
		if (i % 4 > 2)
			ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "unfinished"));
		close(peer);
	}
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_puts(peer, 0, "alive"));
	EXPECT_TRUE(zt_gets(pull, "alive", ZT_LAST));
	close(peer);
	close(pull);
	EXPECT_TRUE(zt_eventually(all_gone, &b))
		tell_what_stays();
}

TEST_F(zmq, closing_while_connecting_leaves_nothing)
{
	struct before b;
	int i, fd;

	ASSERT_TRUE(take_stock(&b));
	for (i = 0; i < 200; i++) {
		fd = zt_socket(i % 2 ? ZMQ_DEALER : ZMQ_SUB);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, zt_setint(fd, ZMQ_RECONNECT_IVL, 1));
		ASSERT_EQ(0, zt_setint(fd, ZMQ_LINGER, 0));
		ASSERT_EQ(0, zt_connect(fd, "tcp://127.0.0.1:1"));
		/* There is no route to this one. */
		ASSERT_EQ(0, zt_connect(fd, "tcp://192.0.2.1:1"));
		ASSERT_EQ(0, zt_bind(fd, "tcp://127.0.0.1:*"));
		close(fd);
	}
	EXPECT_TRUE(zt_eventually(all_gone, &b))
		tell_what_stays();
}

TEST_F(zmq, a_closed_sockets_port_is_free_at_once)
{
	int i, pull;

	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	for (i = 0; i < 50; i++) {
		ASSERT_LE(0, pull);
		close(pull);
		pull = zt_listening(ZMQ_PULL, self->ep, self->ep);
	}
}

TEST_HARNESS_MAIN
