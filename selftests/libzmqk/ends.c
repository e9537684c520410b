// SPDX-License-Identifier: GPL-2.0-only
/* Who is at the other end, by libzmqk: senders, peers, events, names. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include "kselftest_harness.h"
#include "ends.h"

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

TEST_F(zmqk, the_sender_is_told_and_answered)
{
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	char text[ZMQK_ADDR_TEXT_MAX];
	int router = open_socket(ZMQ_ROUTER), a, b;
	struct iovec yes = part("yes", 3);
	struct zmqk_addr from;

	ASSERT_EQ(0, zmqk_set_int(router, ZMQ_NAME_FORM, 1));
	ASSERT_EQ(0, zmqk_bind(router, "tcp://127.0.0.1:*"));
	ASSERT_EQ(0, zmqk_last_endpoint(router, self->ep, sizeof(self->ep)));
	a = open_connected(ZMQ_DEALER, self->ep);
	b = open_connected(ZMQ_DEALER, self->ep);
	ASSERT_LE(0, b);
	ASSERT_EQ(1, put(a, "question", NULL));
	ASSERT_EQ(1, zmqk_recv_msg(router, &msg, 0));
	EXPECT_TRUE(part_is(msg.parts, "question"));
	ASSERT_EQ(ZMQK_HAS_FROM, msg.has);
	from = msg.from;
	ASSERT_TRUE(zmqk_addr_text(&from, text, sizeof(text)) == text);
	EXPECT_EQ(0, strncmp(text, "tcp://127.0.0.1:", 16));
	EXPECT_EQ(NULL, zmqk_addr_text(&from, text, 10));
	EXPECT_EQ(ENOSPC, errno);
	ASSERT_EQ(1, zmqk_sendv_to(router, &from, &yes, 1, 0));
	ASSERT_EQ(1, zmqk_recv_msg(a, &msg, 0));
	EXPECT_TRUE(part_is(msg.parts, "yes"));
	EXPECT_EQ(-1, zmqk_recv_msg(b, &msg, MSG_DONTWAIT));
	zmqk_msg_free(&msg);
}

TEST_F(zmqk, messages_of_a_call_have_one_sender)
{
	struct zmqk_msgs msgs = ZMQK_MSGS_INIT;
	int router = open_socket(ZMQ_ROUTER), ends[2], i, sum = 0;

	ASSERT_EQ(0, zmqk_set_int(router, ZMQ_NAME_FORM, 1));
	ASSERT_EQ(0, zmqk_bind(router, "inproc://senders"));
	for (i = 0; i < 2; i++) {
		ends[i] = open_connected(ZMQ_DEALER, "inproc://senders");
		ASSERT_EQ(1, put(ends[i], "1", NULL));
		ASSERT_EQ(1, put(ends[i], "2", NULL));
	}
	while (sum < 4) {
		int n = zmqk_recv_msgs(router, &msgs, 0);

		ASSERT_LT(0, n);
		EXPECT_EQ(ZMQK_HAS_FROM, msgs.has);
		EXPECT_EQ(n, zmqk_send_msgs(ends[0], msgs.msgs, n, 0));
		sum += n;
		if (sum >= 4)
			break;
	}
	zmqk_msgs_free(&msgs);
}

static int send_as_child(void *arg)
{
	int fd = zmqk_socket(ZMQ_PUSH, 0);

	return fd < 0 || zmqk_connect(fd, arg) || put(fd, "child", NULL) != 1;
}

TEST_F(zmqk, the_process_of_a_sender_is_told)
{
	int pull = open_bound(ZMQ_PULL, "ipc://@cred", self->ep), push;
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	struct zmqk_cred cred;
	pid_t pid;

	EXPECT_EQ(-1, zmqk_peer_cred(pull, &cred));
	EXPECT_EQ(ENODATA, errno);
	ASSERT_EQ(0, zmqk_pass_cred(pull, 1));
	push = open_connected(ZMQ_PUSH, self->ep);
	ASSERT_EQ(2, put(push, "me", "too"));
	ASSERT_EQ(2, zmqk_recv_msg(pull, &msg, 0));
	ASSERT_EQ(ZMQK_HAS_CRED, msg.has & ZMQK_HAS_CRED);
	EXPECT_EQ(getpid(), msg.cred.pid);
	EXPECT_EQ(geteuid(), msg.cred.uid);
	ASSERT_EQ(0, zmqk_peer_cred(pull, &cred));
	EXPECT_EQ(getpid(), cred.pid);
	pid = zt_child(send_as_child, self->ep);
	ASSERT_LT(0, pid);
	ASSERT_EQ(1, zmqk_recv_msg(pull, &msg, 0));
	EXPECT_EQ(pid, msg.cred.pid);
	EXPECT_TRUE(zt_reap(pid));
	zmqk_msg_free(&msg);
}

/* What a walk found. */
struct found {
	int nr;
	int up;
	char text[200];
	int stop;
};

static int see_peer(const struct zmqk_peer *peer, void *arg)
{
	struct found *found = arg;

	found->nr++;
	found->up += peer->info.state == ZMQ_DIAG_UP;
	snprintf(found->text, sizeof(found->text), "%s %s %.*s", peer->endpoint, peer->mechanism,
		 (int)peer->id_len, peer->id ? (const char *)peer->id : "");
	return found->stop;
}

static int see_endpoint(const char *endpoint, void *arg)
{
	struct found *found = arg;

	found->nr++;
	snprintf(found->text, sizeof(found->text), "%s", endpoint);
	return found->stop;
}

TEST_F(zmqk, peers_endpoints_and_sums)
{
	int router = open_bound(ZMQ_ROUTER, "tcp://127.0.0.1:*", self->ep), a, b;
	struct found found = {};
	struct zmq_diag_info info;
	char want[200];

	a = open_socket(ZMQ_DEALER);
	ASSERT_EQ(0, zmqk_set_bytes(a, ZMQ_ROUTING_ID, "anna", 4));
	ASSERT_EQ(0, zmqk_connect(a, self->ep));
	ASSERT_EQ(1, put(a, "x", NULL));
	ASSERT_TRUE(zt_wait_unread(1));
	ASSERT_EQ(0, zmqk_peers(router, see_peer, &found));
	EXPECT_EQ(1, found.nr);
	EXPECT_EQ(1, found.up);
	snprintf(want, sizeof(want), "%s NULL anna", self->ep);
	EXPECT_STREQ(want, found.text);
	ASSERT_EQ(0, zmqk_info(router, &info));
	EXPECT_EQ(1, info.peers);
	EXPECT_EQ(1, info.rx_msgs);

	b = open_connected(ZMQ_DEALER, self->ep);
	ASSERT_EQ(1, put(b, "y", NULL));
	ASSERT_TRUE(zt_wait_unread(2));
	found = (struct found){ .stop = 7 };
	EXPECT_EQ(7, zmqk_peers(router, see_peer, &found));
	EXPECT_EQ(1, found.nr);

	ASSERT_EQ(0, zmqk_bind(router, "inproc://second"));
	found = (struct found){};
	ASSERT_EQ(0, zmqk_endpoints(router, see_endpoint, &found));
	EXPECT_EQ(2, found.nr);
	found = (struct found){};
	ASSERT_EQ(0, zmqk_endpoints(a, see_endpoint, &found));
	EXPECT_EQ(0, found.nr);
	/* None that this network namespace knows of */
	EXPECT_EQ(-1, zmqk_info(0, &info));
	EXPECT_EQ(ENOENT, errno);
}

static bool next_is(struct zmqk_monitor *monitor, const char *name)
{
	struct zmq_event_record event = {};
	char text[ZMQK_EVENT_TEXT_MAX];

	if (zmqk_monitor_next(monitor, &event) != 1)
		return false;
	zmqk_event_text(&event, text, sizeof(text));
	if (event.event == zmqk_event_by_name(name) && strstr(text, name))
		return true;
	printf("# %s\n", text);
	return false;
}

TEST_F(zmqk, a_monitor_tells_events_by_name)
{
	int pull = open_socket(ZMQ_PULL), push;
	struct zmqk_monitor *monitor = zmqk_monitor_new(pull, ZMQ_EVENT_ALL);
	struct zmq_event_record event;

	ASSERT_NE(NULL, monitor);
	ASSERT_EQ(0, zmqk_bind(pull, "tcp://127.0.0.1:*"));
	ASSERT_EQ(0, zmqk_last_endpoint(pull, self->ep, sizeof(self->ep)));
	push = open_connected(ZMQ_PUSH, self->ep);
	EXPECT_TRUE(carries(push, pull, "x"));
	EXPECT_TRUE(next_is(monitor, "LISTENING"));
	EXPECT_EQ(2, zmqk_monitor_pending(monitor));
	EXPECT_TRUE(next_is(monitor, "ACCEPTED"));
	EXPECT_TRUE(next_is(monitor, "HANDSHAKE_SUCCEEDED"));
	EXPECT_EQ(0, zmqk_monitor_pending(monitor));
	fcntl(zmqk_monitor_fd(monitor), F_SETFL, O_NONBLOCK);
	EXPECT_EQ(-1, zmqk_monitor_next(monitor, &event));
	EXPECT_EQ(EAGAIN, errno);
	close(push);
	EXPECT_EQ(POLLIN, zt_poll(zmqk_monitor_fd(monitor), POLLIN, ZT_DEADLINE_MS));
	EXPECT_TRUE(next_is(monitor, "DISCONNECTED"));
	close(pull);
	EXPECT_TRUE(next_is(monitor, "CLOSED"));
	EXPECT_TRUE(next_is(monitor, "MONITOR_STOPPED"));
	EXPECT_EQ(0, zmqk_monitor_next(monitor, &event));
	zmqk_monitor_free(monitor);
}

TEST_F(zmqk, inproc_names_of_ones_own)
{
	int a = open_socket(ZMQ_PULL), b = open_socket(ZMQ_PUSH), c = open_socket(ZMQ_PULL);

	EXPECT_EQ(0, zmqk_inproc_number(a));
	ASSERT_EQ(0, zmqk_inproc_unshare(a));
	EXPECT_LT(0, zmqk_inproc_number(a));
	ASSERT_EQ(0, zmqk_inproc_join(b, a));
	EXPECT_EQ(zmqk_inproc_number(a), zmqk_inproc_number(b));
	ASSERT_EQ(0, zmqk_bind(a, "inproc://same"));
	ASSERT_EQ(0, zmqk_bind(c, "inproc://same"));
	ASSERT_EQ(0, zmqk_connect(b, "inproc://same"));
	EXPECT_TRUE(carries(b, a, "x"));
	EXPECT_EQ(-1, zmqk_inproc_join(b, -1));
	EXPECT_EQ(EBADF, errno);
}

TEST_F(zmqk, streams_of_others)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int pull = open_socket(ZMQ_PULL), push = open_socket(ZMQ_PUSH), pair[2];
	int other = open_socket(ZMQ_PUSH), listener, value;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(0, zmqk_attach(pull, pair[0]));
	ASSERT_EQ(0, zmqk_attach(push, pair[1]));
	close(pair[0]);
	close(pair[1]);
	EXPECT_TRUE(carries(push, pull, "x"));

	listener = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_EQ(0, bind(listener, (struct sockaddr *)&in, sizeof(in)));
	ASSERT_EQ(0, listen(listener, 5));
	ASSERT_EQ(0, zmqk_bind_fd(pull, listener));
	ASSERT_EQ(0, zmqk_get_int(pull, ZMQ_USE_FD, &value));
	EXPECT_EQ(-1, value);
	ASSERT_EQ(0, zmqk_last_endpoint(pull, self->ep, sizeof(self->ep)));
	ASSERT_EQ(0, zmqk_connect(other, self->ep));
	EXPECT_TRUE(carries(other, pull, "y"));
	EXPECT_EQ(-1, zmqk_bind_fd(pull, 0));
}

TEST_F(zmqk, what_is_there_is_probed)
{
	struct zmqk_probe *probe = zmqk_probe();
	int type;

	ASSERT_NE(NULL, probe);
	for (type = ZMQ_PAIR; type <= ZMQ_STREAM; type++)
		EXPECT_EQ(1, zmqk_probe_type(probe, type));
	EXPECT_EQ(0, zmqk_probe_type(probe, 31));
	EXPECT_EQ(0, zmqk_probe_type(probe, -1));
	EXPECT_EQ(1, zmqk_probe_option(probe, ZMQ_RCVFRAMES));
	EXPECT_EQ(1, zmqk_probe_option(probe, ZMQ_ATTACH_FD));
	EXPECT_EQ(1, zmqk_probe_option(probe, ZMQ_MONITOR_FD));
	EXPECT_EQ(1, zmqk_probe_option(probe, ZMQ_RESOLVE));
	EXPECT_EQ(1, zmqk_probe_option(probe, ZMQ_RESOLVED));
	EXPECT_EQ(0, zmqk_probe_option(probe, 999));
	EXPECT_EQ(1, zmqk_probe_transport(probe, "tcp"));
	EXPECT_EQ(1, zmqk_probe_transport(probe, "ipc"));
	EXPECT_EQ(1, zmqk_probe_transport(probe, "inproc"));
	EXPECT_EQ(0, zmqk_probe_transport(probe, "udp"));
	zmqk_probe_free(probe);
	EXPECT_EQ(ZMQK_VERSION, zmqk_version());
}

TEST_HARNESS_MAIN
