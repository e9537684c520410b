// SPDX-License-Identifier: GPL-2.0-only
/* In whose name bytes leave, whoever sends them off. */
#include <sched.h>
#include <sys/un.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define SOMEBODY	1000

/* The process that makes the connection. */
struct maker {
	int z;			/* AF_ZMQ socket, of who started it, or -1 */
	int stream;		/* to be attached, or -1 */
	int count;		/* messages that it sends, the last one "end" */
	int go[2];		/* it leaves when this is closed */
	int done[2];
	pid_t pid;
};

static int pass_cred(int fd)
{
	int on = 1;
	struct timeval wait = { .tv_sec = 30 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	return setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
}

static int send_raw(int z, const char *text, int flags)
{
	char id[255];
	int len;

	/* The only peer's hello is at the head of the queue. */
	len = recv(z, id, sizeof(id), MSG_PEEK | MSG_DONTWAIT);
	if (len < 0)
		return -1;
	return zt_send(z, id, len, MSG_MORE) || zt_puts(z, text, flags) ? -1 : 0;
}

static int send_some(int z, bool raw, int count)
{
	const char *text;

	while (count--) {
		text = count ? "some" : "end";
		if (raw ? send_raw(z, text, MSG_BATCH) :
			  zt_puts(z, text, MSG_BATCH))
			return 1;
		if (count % 4 == 0)
			usleep(3000);
	}
	return 0;
}

static int make(void *arg)
{
	struct maker *m = arg;
	bool raw = m->stream >= 0;
	char c;

	close(m->go[1]);
	if (setgid(SOMEBODY) || setuid(SOMEBODY))
		return 1;
	if (m->z < 0)
		m->z = zt_socket(raw ? ZMQ_STREAM : ZMQ_PUSH);
	if (raw ? zt_setint(m->z, ZMQ_ATTACH_FD, m->stream) :
		  zt_connect(m->z, "ipc://@named"))
		return 2;
	if (send_some(m->z, raw, m->count) || write(m->done[1], "d", 1) != 1)
		return 3;
	return read(m->go[0], &c, 1) == 0 ? 0 : 4;
}

static bool begins(struct maker *m)
{
	if (pipe(m->go) || pipe(m->done))
		return false;
	m->pid = zt_child(make, m);
	close(m->go[0]);
	close(m->done[1]);
	return m->pid > 0;
}

static bool has_sent(struct maker *m)
{
	char c;

	return read(m->done[0], &c, 1) == 1;
}

static bool ends(struct maker *m)
{
	pid_t pid = m->pid;

	close(m->go[1]);
	m->pid = 0;
	return zt_reap(pid);
}

/* Whether all that comes, until @last, is of @pid and SOMEBODY. */
static bool all_of(int fd, pid_t pid, const char *last)
{
	static char text[65536];
	struct ucred cred;
	size_t len = 0;

	while (len < sizeof(text)) {
		struct iovec iov = { text + len, sizeof(text) - len };
		union {
			char room[256];
			struct cmsghdr align;
		} control = { };
		struct msghdr m = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control),
		};
		struct cmsghdr *cmsg;
		ssize_t n = recvmsg(fd, &m, 0);

		cmsg = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
		if (!cmsg || cmsg->cmsg_type != SCM_CREDENTIALS) {
			printf("# %zd bytes of nobody behind %zu\n", n, len);
			return false;
		}
		memcpy(&cred, CMSG_DATA(cmsg), sizeof(cred));
		if (cred.pid != pid || cred.uid != SOMEBODY ||
		    cred.gid != SOMEBODY) {
			printf("# %zd bytes behind %zu of process %d of %u:%u, not %d\n",
			       n, len, cred.pid, cred.uid, cred.gid, pid);
			return false;
		}
		len += n;
		if (memmem(text, len, last, strlen(last)))
			return true;
	}
	return false;
}

/* Greeting and READY of a PULL. */
static bool speaks(int fd)
{
	unsigned char greeting[64], ready[64];
	size_t len = zp_greeting(greeting, 1, "NULL");
	int n;

	n = zp_ready_body(ready, "PULL", NULL, 0);
	return !zp_write(fd, greeting, len) && !zp_send(fd, ZP_COMMAND, ready, n);
}

TEST_F(zmq, an_ipc_listener_is_told_who_connected)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "\0named" };
	struct maker m = { .z = -1, .stream = -1, .count = 40 };
	int l, fd;

	l = socket(AF_UNIX, SOCK_STREAM, 0);
	ASSERT_EQ(0, bind(l, (struct sockaddr *)&un,
			  offsetof(struct sockaddr_un, sun_path) + 6));
	ASSERT_EQ(0, listen(l, 8));
	ASSERT_TRUE(begins(&m));
	fd = accept(l, NULL, NULL);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pass_cred(fd));
	ASSERT_TRUE(speaks(fd));
	EXPECT_TRUE(all_of(fd, m.pid, "\3end"));
	EXPECT_TRUE(ends(&m));
}

TEST_F(zmq, an_ipc_dialer_is_told_who_bound)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "\0bound" };
	int z = zt_socket(ZMQ_PUSH), fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct ucred cred = { };
	char text[64];
	struct iovec iov = { text, sizeof(text) };
	union {
		char room[256];
		struct cmsghdr align;
	} control = { };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	ASSERT_EQ(0, zt_bind(z, "ipc://@bound"));
	ASSERT_EQ(0, pass_cred(fd));
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&un,
			     offsetof(struct sockaddr_un, sun_path) + 6));
	/* The greeting, which a worker sends. */
	ASSERT_LT(0, recvmsg(fd, &m, 0));
	ASSERT_NE(NULL, CMSG_FIRSTHDR(&m));
	memcpy(&cred, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(cred));
	EXPECT_EQ(getpid(), cred.pid);
}

FIXTURE(attached) {
	int there;
	struct maker m;
};

FIXTURE_SETUP(attached)
{
	int pair[2];

	ASSERT_EQ(0, zt_setup(_metadata->name));
	ASSERT_EQ(0, zt_sysctl("coalesce_us", "1000000"));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	self->there = pair[1];
	self->m = (struct maker){
		.z = zt_socket(ZMQ_STREAM), .stream = pair[0], .count = 5,
	};
	ASSERT_LE(0, self->m.z);
}

FIXTURE_TEARDOWN(attached)
{
	if (self->m.pid)
		EXPECT_TRUE(ends(&self->m));
	close(self->m.z);
	close(self->there);
	EXPECT_EQ(0, zt_teardown());
}

TEST_F(attached, a_worker_sends_in_the_name_of_who_attached)
{
	ASSERT_EQ(0, pass_cred(self->there));
	ASSERT_TRUE(begins(&self->m));
	EXPECT_TRUE(all_of(self->there, self->m.pid, "end"));
}

TEST_F(attached, who_polls_lends_nobody_his_name)
{
	int i;

	ASSERT_EQ(0, pass_cred(self->there));
	ASSERT_TRUE(begins(&self->m));
	ASSERT_TRUE(has_sent(&self->m));
	for (i = 0; i < 20; i++)
		zt_poll(self->m.z, POLLIN | POLLOUT, 1);
	EXPECT_TRUE(all_of(self->there, self->m.pid, "end"));
}

TEST_F(attached, who_shares_the_socket_sends_in_the_name_of_who_attached)
{
	ASSERT_EQ(0, pass_cred(self->there));
	ASSERT_TRUE(begins(&self->m));
	ASSERT_TRUE(has_sent(&self->m));
	ASSERT_EQ(0, send_raw(self->m.z, "another", 0));
	EXPECT_TRUE(all_of(self->there, self->m.pid, "another"));
}

/* Its number may be somebody else's. */
TEST_F(attached, nobody_is_told_of_a_process_that_is_no_more)
{
	char text[64];

	ASSERT_EQ(0, pass_cred(self->there));
	self->m.count = 0;
	ASSERT_TRUE(begins(&self->m));
	ASSERT_TRUE(has_sent(&self->m));
	ASSERT_TRUE(ends(&self->m));
	ASSERT_EQ(0, send_raw(self->m.z, "nameless", 0));
	EXPECT_GE(0, recv(self->there, text, sizeof(text), 0));
}

TEST_F(attached, who_does_not_ask_gets_what_a_gone_process_left)
{
	char text[64] = { };

	self->m.count = 0;
	ASSERT_TRUE(begins(&self->m));
	ASSERT_TRUE(has_sent(&self->m));
	ASSERT_TRUE(ends(&self->m));
	ASSERT_EQ(0, send_raw(self->m.z, "nameless", 0));
	EXPECT_EQ(8, recv(self->there, text, sizeof(text), 0));
}

/* The end of ss(8)'s line about a connection that was accepted at @port. */
static bool accepted_has(int port, const char *what)
{
	return !zt_sh("ss --tos -tnHe state established sport = :%d | grep -q '%s'", port,
		      what);
}

static int listen_marked(int mark, int *port)
{
	int fd = zp_listen(0, port);

	return setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) ? -1 :
	       fd;
}

TEST_F(zmq, who_comes_by_an_adopted_listener_has_its_mark)
{
	const int mark = 0x4d;
	int pull = zt_socket(ZMQ_PULL), port, fd, push;

	fd = listen_marked(0x4e, &port);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, setsockopt(pull, SOL_SOCKET, SO_MARK, &mark,
				sizeof(mark)));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_USE_FD, fd));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	push = zt_connected(ZMQ_PUSH, self->ep);
	ASSERT_LE(0, push);
	EXPECT_TRUE(accepted_has(port, "fwmark:0x4e"));
}

static int in_another_namespace(void *arg)
{
	int *fds = arg;
	int z;

	if (zt_netns())
		return 1;
	z = zt_socket(ZMQ_PAIR);
	if (zt_setint(z, ZMQ_USE_FD, fds[0]) != -1 || errno != EXDEV)
		return 2;
	if (zt_setint(z, ZMQ_ATTACH_FD, fds[1]) != -1 || errno != EXDEV)
		return 3;
	if (zt_setint(z, ZMQ_ATTACH_FD, fds[2]) != -1 || errno != EXDEV)
		return 4;
	return 0;
}

TEST_F(zmq, streams_of_another_network_namespace_are_refused)
{
	int fds[3], port, pair[2];

	fds[0] = zp_listen(0, &port);
	fds[1] = zp_dial(port, 0);
	ASSERT_LE(0, fds[1]);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	fds[2] = pair[0];
	EXPECT_TRUE(zt_reap(zt_child(in_another_namespace, fds)));
}

TEST_F(zmq, what_use_fd_was_given_is_used_whoever_has_its_number)
{
	int pull = zt_socket(ZMQ_PULL), port, other, fd, push;

	fd = zp_listen(0, &port);
	ASSERT_EQ(0, zt_setint(pull, ZMQ_USE_FD, fd));
	ASSERT_EQ(fd, dup2(zp_listen(0, &other), fd));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	EXPECT_EQ(port, zt_port(self->ep));
	push = zt_connected(ZMQ_PUSH, self->ep);
	EXPECT_TRUE(!zt_puts(push, "by its file", 0) &&
		    zt_gets(pull, "by its file", ZT_LAST));
}

static int unix_listener(const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(un.sun_path + 1, name);
	return bind(fd, (struct sockaddr *)&un, len) || listen(fd, 8) ? -1 : fd;
}

static int unix_dial(const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(un.sun_path + 1, name);
	return connect(fd, (struct sockaddr *)&un, len) ? -1 : fd;
}

TEST_F(zmq, a_unix_listener_that_went_is_not_used)
{
	int pull = zt_socket(ZMQ_PULL), fd = unix_listener("first");

	ASSERT_EQ(0, zt_setint(pull, ZMQ_USE_FD, fd));
	ASSERT_EQ(fd, dup2(unix_listener("second"), fd));
	EXPECT_EQ(-1, zt_bind(pull, "ipc://@x"));
	EXPECT_EQ(EBADF, errno);
	ASSERT_EQ(0, zt_setint(pull, ZMQ_USE_FD, fd));
	EXPECT_EQ(0, zt_bind_any(pull, "ipc://@x", self->ep));
}

static int send_fd(int by, int fd)
{
	struct iovec iov = { "x", 1 };
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr hdr;
	} control = {
		.hdr = {
			.cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		},
	};
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	memcpy(CMSG_DATA(&control.hdr), &fd, sizeof(fd));
	return sendmsg(by, &m, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/* A peer that sends until nobody reads any more, then the socket itself. All
 * descriptors are closed by the fixture, which waits until nothing is left.
 */
static bool sends_it_itself(int fd, int pull)
{
	int i;

	if (zp_handshake(fd, "PUSH", "PULL"))
		return false;
	for (i = 0; i < 20; i++)
		if (zp_puts(fd, 0, "unread"))
			return false;
	/* Kernels whose sockets may refuse descriptors say so. */
	return !send_fd(fd, pull) || errno == EPERM;
}

TEST_F(zmq, an_ipc_peer_that_is_sent_the_socket_does_not_keep_it)
{
	int pull = zt_socket(ZMQ_PULL), fd;

	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 1));
	ASSERT_EQ(0, zt_bind(pull, "ipc://@cycle"));
	fd = unix_dial("cycle");
	EXPECT_TRUE(sends_it_itself(fd, pull));
}

TEST_F(zmq, an_attached_stream_that_is_sent_the_socket_does_not_keep_it)
{
	int pull = zt_socket(ZMQ_PULL), pair[2];

	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 1));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_ATTACH_FD, pair[0]));
	EXPECT_TRUE(sends_it_itself(pair[1], pull));
}

TEST_F(zmq, a_stream_that_was_sent_the_socket_before_does_not_keep_it)
{
	int pull = zt_socket(ZMQ_PULL), pair[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(0, send_fd(pair[1], pull));
	EXPECT_EQ(0, zt_setint(pull, ZMQ_ATTACH_FD, pair[0]));
}

TEST_F(zmq, a_unix_listener_with_the_socket_in_its_queue_does_not_keep_it)
{
	int pull = zt_socket(ZMQ_PULL), l = unix_listener("cycle");

	ASSERT_EQ(0, zt_setint(pull, ZMQ_USE_FD, l));
	EXPECT_EQ(0, send_fd(unix_dial("cycle"), pull));
}

TEST_F(zmq, who_sends_descriptors_is_dropped)
{
	int pull = zt_socket(ZMQ_PULL), fd;

	ASSERT_EQ(0, zt_bind(pull, "ipc://@x"));
	fd = unix_dial("x");
	ASSERT_EQ(0, zp_handshake(fd, "PUSH", "PULL"));
	if (send_fd(fd, STDERR_FILENO))
		SKIP(return, "they cannot be sent: %m");
	EXPECT_TRUE(zp_closed(fd));
	EXPECT_TRUE(zt_counts("ZmqProtoError", 0));
}

static bool has_tos(const char *bind, const char *what)
{
	int pull = zt_socket(ZMQ_PULL), push;
	char ep[ZMQ_ENDPOINT_MAX];

	if (zt_setint(pull, ZMQ_IPV6, 1) || zt_setint(pull, ZMQ_TOS, 0xb8) ||
	    zt_bind_any(pull, bind, ep))
		return false;
	push = zt_socket(ZMQ_PUSH);
	if (zt_setint(push, ZMQ_IPV6, 1) || zt_connect(push, ep) ||
	    !zt_becomes(push, POLLOUT))
		return false;
	return accepted_has(zt_port(ep), what);
}

TEST_F(zmq, tos_is_that_of_ipv4_and_ipv6)
{
	EXPECT_TRUE(has_tos("tcp://127.0.0.1:*", "tos:0xb8"));
	EXPECT_TRUE(has_tos("tcp://[::1]:*", "tclass:0xb8"));
}

TEST_F(zmq, tos_leaves_the_priority_that_was_set)
{
	const int priority = 3;
	int pull = zt_socket(ZMQ_PULL), push;

	ASSERT_EQ(0, setsockopt(pull, SOL_SOCKET, SO_PRIORITY, &priority,
				sizeof(priority)));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_TOS, 0xb8));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	push = zt_connected(ZMQ_PUSH, self->ep);
	ASSERT_LE(0, push);
	EXPECT_TRUE(accepted_has(zt_port(self->ep), "class_id:0x3"));
}

/* A socket that can be written to once it has a peer. */
static int dial_immediate(const char *ep)
{
	int z = zt_socket(ZMQ_PUSH);

	return zt_setint(z, ZMQ_IMMEDIATE, 1) || zt_connect(z, ep) ? -1 : z;
}

static int is_stopped(void *arg)
{
	int z;

	if (setgid(SOMEBODY) || setuid(SOMEBODY))
		return 1;
	z = dial_immediate(arg);
	if (z < 0)
		return 2;
	/* Others get through, so it is no matter of time. */
	return zt_poll(z, POLLOUT, 500) & POLLOUT ? 3 : 0;
}

static int is_let_through(void *arg)
{
	return !zt_becomes(dial_immediate(arg), POLLOUT);
}

/* A chain for what goes out, if there is nft(8) and nf_tables. */
static bool has_no_nft(void)
{
	return zt_sh("exec >&2; nft add table inet t") ||
	       zt_sh("exec >&2; nft add chain inet t o '{ type filter hook output priority 0; }'");
}

TEST_F(zmq, a_firewall_sees_whose_socket_it_is)
{
	int pull = zt_socket(ZMQ_PULL);

	if (has_no_nft() || zt_sh("nft add rule inet t o meta skuid %d drop", SOMEBODY))
		SKIP(return, "no nft(8), or no nf_tables");
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	EXPECT_TRUE(zt_reap(zt_child(is_let_through, self->ep)));
	EXPECT_TRUE(zt_reap(zt_child(is_stopped, self->ep)));
}

TEST_F(zmq, a_firewall_sees_who_accepts)
{
	int pull, push;

	if (has_no_nft())
		SKIP(return, "no nft(8), or no nf_tables");
	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	/* All that the accepted side sends is root's. */
	ASSERT_EQ(0, zt_sh("nft add rule inet t o tcp sport %d meta skuid 0 accept",
			   zt_port(self->ep)));
	ASSERT_EQ(0, zt_sh("nft add rule inet t o tcp sport %d tcp flags '!=' 'syn|ack' drop",
			   zt_port(self->ep)));
	ASSERT_LE(0, pull);
	push = zt_connected(ZMQ_PUSH, self->ep);
	EXPECT_LE(0, push);
	EXPECT_TRUE(!zt_puts(push, "seen", 0) && zt_gets(pull, "seen", ZT_LAST));
}

TEST_HARNESS_MAIN
