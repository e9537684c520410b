// SPDX-License-Identifier: GPL-2.0-only
/* What one may have, and what is left to the others. */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include "kselftest_harness.h"
#include "fixture.h"

/* Limits that only those of the first namespace lower for everybody. */
static const char * const global[] = {
	"mem", "linger_max_ms", "orphans_max", "hwm_max", "create_group_range",
	"user_sockets_max", "user_inproc_names_max", "user_parked_max",
	"user_lanes_max",
};

FIXTURE(limits) {
	char ep[ZMQ_ENDPOINT_MAX];
	char saved[ARRAY_SIZE(global)][128];
};

FIXTURE_SETUP(limits)
{
	int i;

	ASSERT_EQ(0, zt_setup(_metadata->name));
	for (i = 0; i < ARRAY_SIZE(global); i++)
		ASSERT_EQ(0, zt_sysctl_global_get(global[i], self->saved[i],
						  sizeof(self->saved[i])))
			TH_LOG("%d: %m", i);
}

FIXTURE_TEARDOWN(limits)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(global); i++)
		EXPECT_EQ(0, zt_sysctl_global(global[i], self->saved[i]));
	EXPECT_EQ(0, zt_teardown());
}

/* Sends until the family's memory is full. */
static bool fill_memory(int *hog)
{
	static char body[16000];
	int i;

	*hog = zt_socket(ZMQ_PUSH);
	if (zt_setint(*hog, ZMQ_SNDHWM, 0) ||
	    zt_connect(*hog, "tcp://127.0.0.1:1"))
		return false;
	for (i = 0; i < 10000; i++)
		if (zt_send(*hog, body, sizeof(body), MSG_DONTWAIT))
			break;
	if (errno != ENOBUFS)
		return false;
	while (!zt_send(*hog, body, 1000, MSG_DONTWAIT))
		;
	return errno == ENOBUFS;
}

static int send_and_receive(void *arg)
{
	const char *bind = arg;
	char ep[ZMQ_ENDPOINT_MAX], body[1000] = { };
	int pull = zt_listening(ZMQ_PULL, bind, ep), push, i;

	if (pull < 0)
		return 1;
	push = zt_connected(ZMQ_PUSH, ep);
	for (i = 0; i < 20; i++) {
		body[0] = i;
		if (zt_send(push, body, sizeof(body), 0)) {
			printf("# send %d: %m\n", i);
			return 2;
		}
		if (!zt_got(pull, body, sizeof(body), ZT_LAST)) {
			printf("# recv %d: %m\n", i);
			return 3;
		}
	}
	return 0;
}

TEST_F(limits, a_full_family_silences_nobody)
{
	char tcp[] = "tcp://127.0.0.1:*", ipc[] = "ipc://*";
	char inproc[] = "inproc://small";
	int hog;

	ASSERT_EQ(0, zt_sysctl_global("mem", "64 96 128"));
	ASSERT_TRUE(fill_memory(&hog)) TH_LOG("%m");
	EXPECT_LT(0, zt_counter("ZmqNoMem"));
	EXPECT_TRUE(zt_as_nobody(send_and_receive, tcp));
	EXPECT_TRUE(zt_as_nobody(send_and_receive, ipc));
	EXPECT_TRUE(zt_as_nobody(send_and_receive, inproc));
	/* They lived on what is everybody's: it is still full. */
	EXPECT_EQ(-1, zt_send(hog, inproc, 1000, MSG_DONTWAIT));
	EXPECT_EQ(ENOBUFS, errno);
}

/* Its own root sets what it likes, leaves a message behind, and goes. */
static int die_with_much_unsent(void *arg)
{
	static char body[16000];
	int fd, i;

	/* /proc shows the sysctls of whoever opens them. */
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return 1;
	if (zt_sysctl("linger_max_ms", "2147483647") ||
	    zt_sysctl("orphans_max", "2147483647"))
		return 2;
	fd = zt_socket(ZMQ_PUSH);
	if (fd < 0 || zt_setint(fd, ZMQ_LINGER, -1) ||
	    zt_setint(fd, ZMQ_SNDHWM, 0) || zt_connect(fd, "tcp://127.0.0.1:1"))
		return 3;
	for (i = 0; i < 50; i++)
		if (zt_send(fd, body, sizeof(body), MSG_DONTWAIT))
			return 4;
	return 0;
}

static bool few_pages(void *arg)
{
	return zt_counter("ZmqMemPages") <= *(long *)arg;
}

TEST_F(limits, a_namespace_of_ones_own_lets_nobody_linger_longer)
{
	long pages = zt_counter("ZmqMemPages") + 64;

	ASSERT_EQ(0, zt_sysctl_global("linger_max_ms", "1000"));
	ASSERT_TRUE(zt_reap(zt_child(die_with_much_unsent, NULL)));
	EXPECT_FALSE(few_pages(&pages));
	EXPECT_TRUE(zt_eventually(few_pages, &pages));
}

TEST_F(limits, the_dead_make_room_for_the_living)
{
	static char body[16000];
	long pages = zt_counter("ZmqMemPages") + 64;
	int fd, i;

	ASSERT_EQ(0, zt_sysctl_global("linger_max_ms", "300000"));
	ASSERT_TRUE(zt_reap(zt_child(die_with_much_unsent, NULL)));
	ASSERT_FALSE(few_pages(&pages));
	/* What it holds is nearly all there is. */
	ASSERT_EQ(0, zt_sysctl_global("mem", "64 96 200"));
	fd = zt_socket(ZMQ_PUSH);
	ASSERT_EQ(0, zt_setint(fd, ZMQ_SNDHWM, 0));
	ASSERT_EQ(0, zt_connect(fd, "tcp://127.0.0.1:1"));
	/* Refused at first, and the refusal makes room. */
	for (i = 0; i < 2000 && !few_pages(&pages); i++)
		if (zt_send(fd, body, sizeof(body), MSG_DONTWAIT))
			usleep(10000);
	EXPECT_LT(i, 2000);
}

static int linger_in_child(void *arg)
{
	if (zt_netns() || zt_sysctl("linger_max_ms", "2147483647"))
		return 1;
	return die_with_much_unsent(arg);
}

static bool no_more_than(void *arg)
{
	return zt_counter("ZmqOrphans") <= *(long *)arg;
}

TEST_F(limits, orphans_are_counted_in_all_namespaces_together)
{
	const int fds[] = { zt_connected(ZMQ_PUSH, "tcp://127.0.0.1:1"),
			    zt_connected(ZMQ_PUSH, "tcp://127.0.0.1:1") };
	long none = 0;
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, zt_setint(fds[i], ZMQ_LINGER, 2000));
		ASSERT_EQ(0, zt_puts(fds[i], "x", 0));
	}
	/* Others of this machine may drain as well: none is sure to be refused. */
	ASSERT_EQ(0, zt_sysctl("orphans_max", "4096"));
	ASSERT_EQ(0, zt_sysctl_global("orphans_max", "0"));
	close(fds[0]);
	EXPECT_EQ(1, zt_counter("ZmqOrphanLimit"));
	EXPECT_TRUE(zt_eventually(no_more_than, &none));
	ASSERT_EQ(0, zt_sysctl_global("orphans_max", "1"));
	ASSERT_EQ(0, zt_sysctl_global("linger_max_ms", "3000"));
	ASSERT_TRUE(zt_reap(zt_child(linger_in_child, NULL)));
	close(fds[1]);
	EXPECT_EQ(2, zt_counter("ZmqOrphanLimit"));
}

TEST_F(limits, marks_of_a_namespace_are_within_those_of_the_first)
{
	int fd;

	ASSERT_EQ(0, zt_sysctl_global("hwm_max", "10"));
	fd = zt_socket(ZMQ_PUSH);
	EXPECT_EQ(10, zt_getint(fd, ZMQ_SNDHWM));
	ASSERT_EQ(0, zt_sysctl("hwm_max", "20"));
	EXPECT_EQ(-1, zt_setint(fd, ZMQ_SNDHWM, 11));
	EXPECT_EQ(EPERM, errno);
	ASSERT_EQ(0, zt_sysctl("hwm_max", "5"));
	EXPECT_EQ(-1, zt_setint(fd, ZMQ_SNDHWM, 6));
}

static int create_in_own_namespace(void *arg)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return 1;
	return !(socket(zt_family(), SOCK_SEQPACKET, ZMQ_PUSH) == -1 &&
		 errno == EACCES);
}

TEST_F(limits, who_may_not_create_may_not_in_a_namespace_of_its_own)
{
	ASSERT_EQ(0, zt_sysctl_global("create_group_range", "1 0"));
	EXPECT_TRUE(zt_as_nobody(create_in_own_namespace, NULL));
}

TEST_F(limits, a_user_has_so_many_sockets_in_all_namespaces)
{
	ASSERT_EQ(0, zt_sysctl_global("user_sockets_max", "0"));
	EXPECT_EQ(-1, zt_socket(ZMQ_PUSH));
	EXPECT_EQ(ENOBUFS, errno);
	EXPECT_EQ(1, zt_counter("ZmqUserLimit"));
	EXPECT_EQ(0, zt_counter("ZmqSocketsInUse"));
}

static int two_sockets(void *arg)
{
	int a, b;

	if (zt_netns())
		return 1;
	a = socket(zt_family(), SOCK_SEQPACKET, ZMQ_PUSH);
	b = socket(zt_family(), SOCK_SEQPACKET, ZMQ_PUSH);
	return a < 0 || b != -1 || errno != ENOBUFS;
}

static int one_here_and_one_there(void *arg)
{
	int here = socket(zt_family(), SOCK_SEQPACKET, ZMQ_PUSH);

	if (here < 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return 1;
	if (two_sockets(NULL))
		return 2;
	close(here);
	return 0;
}

TEST_F(limits, sockets_of_users_do_not_add_up)
{
	int fd = zt_socket(ZMQ_PUSH);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, zt_sysctl_global("user_sockets_max", "2"));
	EXPECT_TRUE(zt_as_nobody(one_here_and_one_there, NULL));
	/* What it had is given back. */
	EXPECT_TRUE(zt_as_nobody(one_here_and_one_there, NULL));
}

static bool no_room(int ret)
{
	return ret == -1 && errno == ENOBUFS;
}

TEST_F(limits, a_user_has_so_many_inproc_names)
{
	int fd = zt_socket(ZMQ_PULL), other = zt_socket(ZMQ_PULL);

	ASSERT_EQ(0, zt_sysctl_global("user_inproc_names_max", "2"));
	ASSERT_EQ(0, zt_bind(fd, "inproc://a"));
	EXPECT_EQ(-1, zt_bind(other, "inproc://a"));
	EXPECT_EQ(EADDRINUSE, errno);
	ASSERT_EQ(0, zt_bind(other, "inproc://b"));
	EXPECT_TRUE(no_room(zt_bind(other, "inproc://c")));
	ASSERT_EQ(0, zt_settext(fd, ZMQ_UNBIND, "inproc://a"));
	EXPECT_EQ(0, zt_bind(other, "inproc://c"));
	close(other);
	EXPECT_EQ(0, zt_bind(fd, "inproc://a"));
}

TEST_F(limits, a_user_has_so_many_connections_that_wait)
{
	int fd = zt_socket(ZMQ_DEALER), pull = zt_socket(ZMQ_DEALER);

	ASSERT_EQ(0, zt_sysctl_global("user_parked_max", "2"));
	ASSERT_EQ(0, zt_connect(fd, "inproc://a"));
	ASSERT_EQ(0, zt_connect(fd, "inproc://b"));
	EXPECT_TRUE(no_room(zt_connect(fd, "inproc://c")));
	EXPECT_EQ(1, zt_counter("ZmqUserLimit"));
	/* Joined, it waits no more, nor disconnected. */
	ASSERT_EQ(0, zt_bind(pull, "inproc://a"));
	ASSERT_EQ(0, zt_connect(fd, "inproc://c"));
	EXPECT_EQ(-1, zt_connect(fd, "inproc://d"));
	ASSERT_EQ(0, zt_settext(fd, ZMQ_DISCONNECT, "inproc://c"));
	EXPECT_EQ(0, zt_connect(fd, "inproc://d"));
}

TEST_F(limits, what_waits_counts_though_its_sender_has_gone)
{
	int left = zt_connected(ZMQ_PUSH, "inproc://a");
	int closed = zt_connected(ZMQ_PUSH, "inproc://a");
	int fd = zt_socket(ZMQ_PULL);

	ASSERT_LE(0, left);
	ASSERT_LE(0, closed);
	ASSERT_EQ(0, zt_sysctl_global("user_parked_max", "2"));
	ASSERT_EQ(0, zt_puts(left, "x", 0));
	ASSERT_EQ(0, zt_settext(left, ZMQ_DISCONNECT, "inproc://a"));
	ASSERT_EQ(0, zt_puts(closed, "x", 0));
	close(closed);
	EXPECT_TRUE(no_room(zt_connect(fd, "inproc://b")));
	ASSERT_EQ(0, zt_setint(left, ZMQ_LINGER, 0));
	close(left);
	EXPECT_EQ(0, zt_connect(fd, "inproc://b"));
	EXPECT_EQ(-1, zt_connect(fd, "inproc://c"));
	ASSERT_EQ(0, zt_bind(fd, "inproc://a"));
	EXPECT_TRUE(zt_gets(fd, "x", ZT_LAST));
	EXPECT_EQ(0, zt_connect(fd, "inproc://c"));
}

TEST_F(limits, what_waits_for_a_name_is_not_lost_for_want_of_memory)
{
	int push = zt_connected(ZMQ_PUSH, "inproc://later");
	int pull = zt_socket(ZMQ_PULL);

	ASSERT_EQ(1000, zt_put_numbers(push, 1000, 0));
	ASSERT_EQ(0, zt_sysctl_global("mem", "0 0 0"));
	ASSERT_EQ(0, zt_bind(pull, "inproc://later"));
	EXPECT_EQ(1000, zt_get_numbers(pull, 1000));
}

#define SENDERS		8
#define EACH		500
#define BODY		4096

/* Messages that a socket may leave for a name that nobody has. */
static int leave(const char *name, int max)
{
	int push = zt_connected(ZMQ_PUSH, name), n = 0;
	static const char body[BODY];

	while (n < max && !zt_send(push, body, sizeof(body), MSG_DONTWAIT))
		n++;
	close(push);
	return n;
}

TEST_F(limits, what_waited_for_a_name_is_in_the_books_of_who_binds_it)
{
	int pull = zt_socket(ZMQ_PULL), i;
	char body[BODY];

	for (i = 0; i < SENDERS; i++)
		ASSERT_EQ(EACH, leave("inproc://later", EACH));
	ASSERT_EQ(0, zt_sysctl_global("mem", "0 0 0"));
	ASSERT_EQ(0, zt_bind(pull, "inproc://later"));
	/* Half as much as there is. */
	ASSERT_EQ(0, zt_sysctl_global("mem", "2000 2000 2000"));
	EXPECT_GT(10, leave("inproc://nobody", EACH));
	for (i = 0; i < SENDERS * EACH; i++)
		ASSERT_EQ(BODY, recv(pull, body, sizeof(body), MSG_DONTWAIT));
	EXPECT_EQ(EACH, leave("inproc://nobody", EACH));
	ASSERT_EQ(0, zt_bind(pull, "inproc://nobody"));
}

static int bind_crowd(void *arg)
{
	return zt_bind(zt_socket(ZMQ_PULL), "inproc://crowd") ? 1 : 0;
}

/* Limits of those who still wait tell how far the binder has come. */
TEST_F(limits, others_get_at_their_names_while_one_is_joined_by_many)
{
	int push = zt_socket(ZMQ_PUSH), i, n = 0;
	pid_t pid;

	for (i = 0; i < 5000; i++)
		ASSERT_EQ(0, zt_connect(push, "inproc://crowd"));
	ASSERT_EQ(0, zt_sysctl_global("user_parked_max", "5000"));
	pid = zt_child(bind_crowd, NULL);
	ASSERT_LT(0, pid);
	while (zt_connect(push, "inproc://mine"))
		ASSERT_EQ(ENOBUFS, errno);
	ASSERT_EQ(0, zt_sysctl_global("user_parked_max", "1000"));
	while (zt_connect(push, "inproc://mine")) {
		ASSERT_EQ(ENOBUFS, errno);
		n++;
	}
	EXPECT_LT(10, n);
	EXPECT_TRUE(zt_reap(pid));
}

/* A stream of its own for a socket, or -1. */
static int attached(void)
{
	int fd = zt_socket(ZMQ_PULL), pair[2], error;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return -1;
	error = zt_setint(fd, ZMQ_ATTACH_FD, pair[0]) ? errno : 0;
	close(pair[0]);
	close(pair[1]);
	if (!error)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

static bool can_attach(void *arg)
{
	return attached() >= 0;
}

/* Each can keep a thread of the kernel waiting. */
TEST_F(limits, a_user_has_so_many_sockets_that_were_given_streams)
{
	int port, given = zp_listen(0, &port), pull = zt_socket(ZMQ_PULL), fd;

	ASSERT_EQ(0, zt_sysctl_global("user_lanes_max", "2"));
	fd = attached();
	ASSERT_LE(0, fd);
	ASSERT_LE(0, attached());
	EXPECT_EQ(-1, attached());
	EXPECT_EQ(ENOBUFS, errno);
	EXPECT_EQ(1, zt_counter("ZmqUserLimit"));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_USE_FD, given));
	EXPECT_EQ(-1, zt_bind(pull, "tcp://127.0.0.1:*"));
	EXPECT_EQ(ENOBUFS, errno);
	close(fd);
	EXPECT_TRUE(zt_eventually(can_attach, NULL));
}

TEST_F(limits, a_socket_has_so_many_listeners)
{
	int fd = zt_socket(ZMQ_PULL);
	char ep[ZMQ_ENDPOINT_MAX];

	ASSERT_EQ(0, zt_sysctl("listeners_max", "2"));
	ASSERT_EQ(0, zt_bind_any(fd, "tcp://127.0.0.1:*", ep));
	ASSERT_EQ(0, zt_bind(fd, "ipc://@zmq-limits"));
	EXPECT_TRUE(no_room(zt_bind(fd, "ipc://@zmq-more")));
	EXPECT_EQ(1, zt_counter("ZmqListenerLimit"));
	ASSERT_EQ(0, zt_settext(fd, ZMQ_UNBIND, ep));
	EXPECT_EQ(0, zt_bind(fd, "ipc://@zmq-more"));
}

TEST_F(limits, a_socket_has_so_many_peers_that_it_dialed)
{
	int fd = zt_socket(ZMQ_DEALER), other = zt_socket(ZMQ_DEALER);

	ASSERT_EQ(0, zt_sysctl("peers_max", "2"));
	ASSERT_EQ(0, zt_connect(fd, "tcp://127.0.0.1:1"));
	ASSERT_EQ(0, zt_connect(fd, "inproc://a"));
	EXPECT_TRUE(no_room(zt_connect(fd, "tcp://127.0.0.1:2")));
	EXPECT_TRUE(no_room(zt_connect(fd, "inproc://b")));
	ASSERT_EQ(0, zt_settext(fd, ZMQ_DISCONNECT, "inproc://a"));
	ASSERT_EQ(0, zt_connect(fd, "tcp://127.0.0.1:2"));
	ASSERT_EQ(0, zt_settext(fd, ZMQ_DISCONNECT, "tcp://127.0.0.1:1"));
	ASSERT_EQ(0, zt_bind(fd, "inproc://c"));
	ASSERT_EQ(0, zt_connect(other, "inproc://c"));
	/* The other one has room, but not for this. */
	EXPECT_TRUE(no_room(zt_connect(other, "inproc://c")));
	EXPECT_EQ(3, zt_counter("ZmqPeerLimit"));
}

static bool one_accepted(void *arg)
{
	return zt_counter("ZmqAccepts") > *(long *)arg;
}

TEST_F(limits, a_socket_has_so_many_peers_that_came)
{
	int pull, peers[3], i;
	long accepts = 2;

	ASSERT_EQ(0, zt_sysctl("peers_max", "2"));
	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	ASSERT_LE(0, pull);
	for (i = 0; i < 2; i++) {
		peers[i] = zp_peer(zt_port(self->ep), "PUSH", "PULL");
		ASSERT_LE(0, peers[i]);
	}
	peers[2] = zp_dial(zt_port(self->ep), 0);
	EXPECT_TRUE(zp_closed(peers[2]));
	EXPECT_EQ(1, zt_counter("ZmqPeerLimit"));
	close(peers[0]);
	ASSERT_TRUE(zt_counts("ZmqDisconnects", 0));
	ASSERT_LE(0, zp_peer(zt_port(self->ep), "PUSH", "PULL"));
	EXPECT_TRUE(zt_eventually(one_accepted, &accepts));
}

/* Each leaves two notes to be read: it came, and it went. */
TEST_F(limits, who_went_unread_is_a_peer_still)
{
	int stream, peers[3], flags, i;
	char buf[8];

	ASSERT_EQ(0, zt_sysctl("peers_max", "2"));
	stream = zt_listening(ZMQ_STREAM, "tcp://127.0.0.1:*", self->ep);
	ASSERT_LE(0, stream);
	for (i = 0; i < 2; i++) {
		peers[i] = zp_dial(zt_port(self->ep), 0);
		ASSERT_LE(0, peers[i]);
		close(peers[i]);
		ASSERT_TRUE(zt_counts("ZmqDisconnects", i));
	}
	peers[2] = zp_dial(zt_port(self->ep), 0);
	EXPECT_TRUE(zp_closed(peers[2]));
	EXPECT_EQ(1, zt_counter("ZmqPeerLimit"));
	for (i = 0; i < 4; i++) {
		ASSERT_LT(0, zt_recv(stream, buf, sizeof(buf), 0, &flags));
		ASSERT_EQ(0, zt_recv(stream, buf, sizeof(buf), 0, &flags));
	}
	peers[2] = zp_dial(zt_port(self->ep), 0);
	ASSERT_TRUE(zt_becomes(stream, POLLIN));
	EXPECT_EQ(1, zt_counter("ZmqPeerLimit"));
}

TEST_HARNESS_MAIN
