// SPDX-License-Identifier: GPL-2.0-only
/* Whose process a peer is: SO_PASSCRED and SO_PEERCRED. */
#include <sched.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define NOBODY	65534

/* Over what peers are on the same machine. */
FIXTURE(cred) {
	int pull;
};

FIXTURE_VARIANT(cred) {
	const char *ep;
};

FIXTURE_VARIANT_ADD(cred, ipc) {
	.ep = "ipc://@cred",
};

FIXTURE_VARIANT_ADD(cred, inproc) {
	.ep = "inproc://cred",
};

static int pass_cred(int fd, int on)
{
	return setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
}

FIXTURE_SETUP(cred)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
	self->pull = zt_socket(ZMQ_PULL);
	ASSERT_EQ(0, pass_cred(self->pull, 1));
}

FIXTURE_TEARDOWN(cred)
{
	EXPECT_EQ(0, zt_teardown());
}

/* What one recvmsg() tells. */
struct told {
	char text[64];
	struct zmq_frame_desc desc[16];
	int frames;
	struct ucred cred;
	int creds;
	int flags;
};

static bool tells_in(int fd, struct told *t, size_t room)
{
	struct iovec iov = { .iov_base = t->text, .iov_len = sizeof(t->text) };
	union {
		char room[512];
		struct cmsghdr align;
	} control = { };
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = room ? control.room : NULL,
		.msg_controllen = room,
	};
	struct cmsghdr *cmsg;

	memset(t, 0, sizeof(*t));
	if (recvmsg(fd, &m, 0) < 0)
		return false;
	t->flags = m.msg_flags;
	for (cmsg = CMSG_FIRSTHDR(&m); cmsg; cmsg = CMSG_NXTHDR(&m, cmsg)) {
		size_t size = cmsg->cmsg_len - CMSG_LEN(0);

		if (cmsg->cmsg_level == SOL_SOCKET &&
		    cmsg->cmsg_type == SCM_CREDENTIALS &&
		    size == sizeof(t->cred)) {
			memcpy(&t->cred, CMSG_DATA(cmsg), size);
			t->creds++;
		}
		if (cmsg->cmsg_level == SOL_ZMQ &&
		    cmsg->cmsg_type == ZMQ_FRAMES) {
			memcpy(t->desc, CMSG_DATA(cmsg), size);
			t->frames = size / sizeof(t->desc[0]);
		}
	}
	return true;
}

static bool tells(int fd, struct told *t)
{
	return tells_in(fd, t, 512);
}

static bool tells_of(int fd, const char *text, pid_t pid, uid_t id)
{
	struct told t;

	if (!tells(fd, &t))
		return false;
	if (!strcmp(t.text, text) && t.creds == 1 && t.cred.pid == pid &&
	    t.cred.uid == id && t.cred.gid == id && !(t.flags & MSG_CTRUNC))
		return true;
	printf("# \"%s\", %d times process %d of %u:%u, not %d of %u\n", t.text,
	       t.creds, t.cred.pid, t.cred.uid, t.cred.gid, pid, id);
	return false;
}

/* A process that binds or connects, sends and stays until it is dismissed. */
struct sender {
	const char *ep;
	bool binds;
	uid_t uid;
	int count;
	bool is_pair;
	int stay[2];
	int ready[2];
};

static int send_and_stay(void *arg)
{
	struct sender *s = arg;
	int fd, i, err;
	char c;

	close(s->stay[1]);
	if (s->uid && (setgid(s->uid) || setuid(s->uid)))
		return 1;
	fd = zt_socket(s->is_pair ? ZMQ_PAIR : ZMQ_PUSH);
	err = s->binds ? zt_bind(fd, s->ep) : zt_connect(fd, s->ep);
	if (err || write(s->ready[1], "r", 1) != 1)
		return 2;
	for (i = 0; i < s->count; i++)
		if (zt_puts(fd, "a message", 0))
			return 3;
	return read(s->stay[0], &c, 1) == 0 ? 0 : 4;
}

static pid_t sent_by(struct sender *s)
{
	pid_t pid;
	char c;

	if (pipe(s->stay) || pipe(s->ready))
		return -1;
	pid = zt_child(send_and_stay, s);
	close(s->ready[1]);
	close(s->stay[0]);
	if (read(s->ready[0], &c, 1) != 1)
		return -1;
	close(s->ready[0]);
	return pid;
}

static bool dismissed(struct sender *s, pid_t pid)
{
	close(s->stay[1]);
	return zt_reap(pid);
}

TEST_F(cred, a_message_tells_the_process_that_connected)
{
	struct sender s = { .ep = variant->ep, .count = 2 };
	pid_t pid;

	ASSERT_EQ(0, zt_bind(self->pull, variant->ep));
	pid = sent_by(&s);
	ASSERT_LT(0, pid);
	EXPECT_TRUE(tells_of(self->pull, "a message", pid, 0));
	EXPECT_TRUE(tells_of(self->pull, "a message", pid, 0));
	EXPECT_TRUE(dismissed(&s, pid));
}

TEST_F(cred, a_message_tells_the_process_that_bound)
{
	struct sender s = { .ep = variant->ep, .binds = true, .count = 1 };
	pid_t pid = sent_by(&s);

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, zt_connect(self->pull, variant->ep));
	EXPECT_TRUE(tells_of(self->pull, "a message", pid, 0));
	EXPECT_TRUE(dismissed(&s, pid));
}

TEST_F(cred, it_is_the_user_at_the_time_of_connecting)
{
	struct sender s = { .ep = variant->ep, .uid = NOBODY, .count = 1 };
	pid_t pid;

	ASSERT_EQ(0, zt_bind(self->pull, variant->ep));
	pid = sent_by(&s);
	ASSERT_LT(0, pid);
	EXPECT_TRUE(tells_of(self->pull, "a message", pid, NOBODY));
	EXPECT_TRUE(dismissed(&s, pid));
}

TEST_F(cred, who_inherits_a_socket_is_not_its_process)
{
	int push = zt_socket(ZMQ_PUSH);
	pid_t pid;

	ASSERT_EQ(0, zt_bind(self->pull, variant->ep));
	ASSERT_EQ(0, zt_connect(push, variant->ep));
	pid = fork();
	if (!pid)
		_exit(setuid(NOBODY) || zt_puts(push, "a message", 0));
	EXPECT_TRUE(tells_of(self->pull, "a message", getpid(), 0));
	EXPECT_TRUE(zt_reap(pid));
}

TEST_F(cred, every_frame_tells_it_also_the_routing_id)
{
	int router = zt_socket(ZMQ_ROUTER), dealer = zt_socket(ZMQ_DEALER);
	int i;

	ASSERT_EQ(0, pass_cred(router, 1));
	ASSERT_EQ(0, zt_bind(router, variant->ep));
	ASSERT_EQ(0, zt_settext(dealer, ZMQ_ROUTING_ID, "me"));
	ASSERT_EQ(0, zt_connect(dealer, variant->ep));
	ASSERT_EQ(0, zt_puts(dealer, "one", MSG_MORE));
	ASSERT_EQ(0, zt_puts(dealer, "two", 0));
	for (i = 0; i < 3; i++)
		EXPECT_TRUE(tells_of(router, i ? i == 1 ? "one" : "two" : "me",
				     getpid(), 0));
}

TEST_F(cred, nobody_is_told_who_did_not_ask)
{
	int push = zt_socket(ZMQ_PUSH);
	struct told t;

	ASSERT_EQ(0, pass_cred(self->pull, 0));
	ASSERT_EQ(0, zt_bind(self->pull, variant->ep));
	ASSERT_EQ(0, zt_connect(push, variant->ep));
	ASSERT_EQ(0, zt_puts(push, "1", 0));
	ASSERT_TRUE(tells(self->pull, &t));
	EXPECT_EQ(0, t.creds);
	EXPECT_EQ(0, t.flags & MSG_CTRUNC);
	ASSERT_EQ(0, pass_cred(self->pull, 1));
	ASSERT_EQ(0, zt_puts(push, "2", 0));
	EXPECT_TRUE(tells_of(self->pull, "2", getpid(), 0));
}

TEST_F(cred, a_short_control_buffer_costs_only_what_it_cuts_off)
{
	static const size_t rooms[] = {
		0, 1, CMSG_LEN(0), CMSG_LEN(sizeof(struct ucred)) - 1,
	};
	int push = zt_socket(ZMQ_PUSH), i;
	struct told t;

	ASSERT_EQ(0, zt_bind(self->pull, variant->ep));
	ASSERT_EQ(0, zt_connect(push, variant->ep));
	for (i = 0; i < ARRAY_SIZE(rooms); i++) {
		ASSERT_EQ(0, zt_puts(push, "all of it", 0));
		ASSERT_TRUE(tells_in(self->pull, &t, rooms[i]));
		EXPECT_EQ(0, strcmp(t.text, "all of it"));
		EXPECT_EQ(0, t.creds);
		EXPECT_EQ(MSG_CTRUNC | MSG_EOR, t.flags);
	}
	ASSERT_EQ(0, zt_puts(push, "all of it", 0));
	EXPECT_TRUE(zt_gets(self->pull, "all of it", ZT_LAST));
	ASSERT_EQ(0, zt_puts(push, "and that", 0));
	EXPECT_TRUE(tells_of(self->pull, "and that", getpid(), 0));
}

TEST_F(cred, a_control_buffer_that_faults_leaves_the_message)
{
	struct iovec iov = { .iov_base = (char[8]) { }, .iov_len = 8 };
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = (void *)8,
		.msg_controllen = 64,
	};
	int push = zt_socket(ZMQ_PUSH);

	ASSERT_EQ(0, zt_bind(self->pull, variant->ep));
	ASSERT_EQ(0, zt_connect(push, variant->ep));
	ASSERT_EQ(0, zt_puts(push, "x", 0));
	EXPECT_EQ(-1, recvmsg(self->pull, &m, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_TRUE(tells_of(self->pull, "x", getpid(), 0));
}

static bool has_messages(void *arg)
{
	int up;

	return zt_proc_sum("rx_msgs", &up) >= *(long *)arg;
}

TEST_F(cred, a_call_receives_messages_of_one_sender)
{
	struct sender s = { .ep = variant->ep, .count = 3 };
	int push = zt_socket(ZMQ_PUSH), i, got[2] = { };
	struct told t;
	long all = 6;
	pid_t pid;

	ASSERT_EQ(0, zt_setint(self->pull, ZMQ_RCVFRAMES, 1));
	ASSERT_EQ(0, zt_bind(self->pull, variant->ep));
	ASSERT_EQ(0, zt_connect(push, variant->ep));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, zt_puts(push, "a message", 0));
	pid = sent_by(&s);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(zt_eventually(has_messages, &all));

	while (got[0] + got[1] < 6) {
		ASSERT_TRUE(tells(self->pull, &t));
		ASSERT_EQ(1, t.creds);
		ASSERT_LT(0, t.frames);
		ASSERT_TRUE(t.cred.pid == pid || t.cred.pid == getpid());
		got[t.cred.pid == pid] += t.frames;
	}
	EXPECT_EQ(3, got[0]);
	EXPECT_EQ(3, got[1]);
	EXPECT_TRUE(dismissed(&s, pid));
}

TEST_F(cred, frames_come_before_what_is_said_of_their_sender)
{
	struct zmq_frame_desc desc = { .len = 1 };
	size_t table = CMSG_SPACE(sizeof(desc));
	int push = zt_socket(ZMQ_PUSH);
	struct told t;

	ASSERT_EQ(0, zt_setint(self->pull, ZMQ_RCVFRAMES, 1));
	ASSERT_EQ(0, zt_bind(self->pull, variant->ep));
	ASSERT_EQ(0, zt_connect(push, variant->ep));
	ASSERT_EQ(0, zt_puts(push, "1", 0));
	ASSERT_EQ(0, zt_puts(push, "2", 0));
	ASSERT_EQ(0, zt_puts(push, "3", 0));
	/* Room for one or the other, then for both with one message. */
	ASSERT_TRUE(tells_in(self->pull, &t, table));
	EXPECT_EQ(1, t.frames);
	EXPECT_EQ(0, t.creds);
	EXPECT_EQ(MSG_CTRUNC, t.flags & MSG_CTRUNC);
	ASSERT_TRUE(tells_in(self->pull, &t,
			     table + CMSG_SPACE(sizeof(struct ucred))));
	EXPECT_EQ(1, t.frames);
	EXPECT_EQ(1, t.creds);
	EXPECT_EQ(getpid(), t.cred.pid);
	EXPECT_EQ(0, t.flags & MSG_CTRUNC);
	ASSERT_TRUE(tells(self->pull, &t));
	EXPECT_EQ(0, strcmp("3", t.text));
}

/* Reads as another process would that is in other namespaces. */
static int reads_from_afar(int fd, int namespaces, struct ucred *cred)
{
	struct told *t = zt_shared(sizeof(*t));
	pid_t pid = fork();

	if (!pid) {
		if (unshare(namespaces))
			_exit(0);
		pid = fork();
		if (!pid)
			_exit(!tells(fd, t));
		_exit(!zt_reap(pid));
	}
	if (!zt_reap(pid))
		return -1;
	*cred = t->cred;
	return t->creds;
}

TEST_F(cred, ids_are_those_of_the_readers_namespaces)
{
	int push = zt_socket(ZMQ_PUSH);
	struct ucred cred;

	ASSERT_EQ(0, zt_bind(self->pull, variant->ep));
	ASSERT_EQ(0, zt_connect(push, variant->ep));
	ASSERT_EQ(0, zt_puts(push, "1", 0));
	if (access("/proc/self/ns/user", F_OK) ||
	    access("/proc/self/ns/pid", F_OK))
		SKIP(return, "no namespaces of users or processes");
	ASSERT_EQ(1, reads_from_afar(self->pull, CLONE_NEWUSER, &cred));
	EXPECT_EQ(getpid(), cred.pid);
	EXPECT_EQ(NOBODY, cred.uid);
	EXPECT_EQ(NOBODY, cred.gid);
	ASSERT_EQ(0, zt_puts(push, "2", 0));
	ASSERT_EQ(1, reads_from_afar(self->pull, CLONE_NEWPID, &cred));
	EXPECT_EQ(0, cred.pid);
	EXPECT_EQ(0, cred.uid);
}

static bool peer_is(int fd, pid_t pid, uid_t id)
{
	struct ucred cred = { };
	socklen_t len = sizeof(cred);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) &&
	       len == sizeof(cred) && cred.pid == pid && cred.uid == id &&
	       cred.gid == id;
}

static bool peer_is_unknown(void *arg)
{
	gid_t groups[64];
	socklen_t len = sizeof(groups);
	int fd = *(int *)arg;

	return peer_is(fd, 0, -1) &&
	       getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == -1 &&
	       errno == ENODATA;
}

TEST_F(cred, the_only_peer_is_that_of_so_peercred)
{
	struct sender s = { .ep = variant->ep, .uid = NOBODY, .count = 1,
			    .is_pair = true };
	int pair = zt_socket(ZMQ_PAIR);
	gid_t groups[64];
	socklen_t len;
	pid_t pid;

	EXPECT_TRUE(peer_is_unknown(&pair));
	ASSERT_EQ(0, zt_bind(pair, variant->ep));
	pid = sent_by(&s);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(zt_gets(pair, "a message", ZT_LAST));
	EXPECT_TRUE(peer_is(pair, pid, NOBODY));
	len = sizeof(groups);
	EXPECT_EQ(0, getsockopt(pair, SOL_SOCKET, SO_PEERGROUPS, groups, &len));
	EXPECT_TRUE(dismissed(&s, pid));
	EXPECT_TRUE(zt_eventually(peer_is_unknown, &pair));
}

static bool peer_is_me(void *arg)
{
	return peer_is(*(int *)arg, getpid(), 0);
}

TEST_F(cred, of_several_peers_so_peercred_tells_none)
{
	struct sender s = { .ep = variant->ep, .count = 1 };
	int push = zt_socket(ZMQ_PUSH), tcp;
	char ep[ZMQ_ENDPOINT_MAX];
	pid_t pid;

	ASSERT_EQ(0, zt_bind(self->pull, variant->ep));
	ASSERT_EQ(0, zt_connect(push, variant->ep));
	EXPECT_TRUE(zt_eventually(peer_is_me, &self->pull));
	EXPECT_TRUE(zt_eventually(peer_is_me, &push));
	pid = sent_by(&s);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(zt_gets(self->pull, "a message", ZT_LAST));
	EXPECT_TRUE(zt_eventually(peer_is_unknown, &self->pull));
	EXPECT_TRUE(dismissed(&s, pid));
	EXPECT_TRUE(zt_eventually(peer_is_me, &self->pull));

	/* Nothing is known of the second one. */
	ASSERT_EQ(0, zt_bind_any(self->pull, "tcp://127.0.0.1:*", ep));
	tcp = zt_connected(ZMQ_PUSH, ep);
	EXPECT_TRUE(zt_eventually(peer_is_unknown, &self->pull));
	close(tcp);
	EXPECT_TRUE(zt_eventually(peer_is_me, &self->pull));
}

TEST_F(cred, a_message_from_far_away_tells_nothing)
{
	char ep[ZMQ_ENDPOINT_MAX];
	struct told t;
	int push;

	ASSERT_EQ(0, zt_bind_any(self->pull, "tcp://127.0.0.1:*", ep));
	push = zt_connected(ZMQ_PUSH, ep);
	ASSERT_EQ(0, zt_puts(push, "a message", 0));
	ASSERT_TRUE(tells(self->pull, &t));
	EXPECT_EQ(0, t.creds);
	EXPECT_EQ(MSG_EOR, t.flags);
	EXPECT_TRUE(peer_is_unknown(&self->pull));
	ASSERT_EQ(0, zt_bind(self->pull, variant->ep));
	ASSERT_EQ(0, zt_connect(push, variant->ep));
}

/* Another process behind the same connection, with unread messages of both. */
TEST_F(zmq, a_message_tells_who_sent_it_also_after_a_reconnection)
{
	struct sender first = { .ep = "ipc://@cred", .binds = true, .count = 2 };
	struct sender second = first;
	int pull = zt_socket(ZMQ_PULL), i;
	pid_t pids[2];
	long sum = 2;

	ASSERT_EQ(0, pass_cred(pull, 1));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_RECONNECT_IVL, 10));
	ASSERT_EQ(0, zt_connect(pull, "ipc://@cred"));
	pids[0] = sent_by(&first);
	ASSERT_LT(0, pids[0]);
	ASSERT_TRUE(zt_eventually(has_messages, &sum));
	ASSERT_TRUE(dismissed(&first, pids[0]));

	second.uid = NOBODY;
	pids[1] = sent_by(&second);
	ASSERT_LT(0, pids[1]);
	sum = 4;
	ASSERT_TRUE(zt_eventually(has_messages, &sum));
	for (i = 0; i < 4; i++)
		EXPECT_TRUE(tells_of(pull, "a message", pids[i / 2],
				     i / 2 ? NOBODY : 0));
	EXPECT_TRUE(peer_is(pull, pids[1], NOBODY));
	EXPECT_TRUE(dismissed(&second, pids[1]));
}

TEST_F(zmq, who_connects_again_is_still_the_same_process)
{
	struct sender s = { .ep = "ipc://@cred", .uid = NOBODY, .count = 1 };
	int pull = zt_socket(ZMQ_PULL);
	pid_t pid;

	/* Nobody is there yet, so that a worker connects. */
	pid = sent_by(&s);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, pass_cred(pull, 1));
	ASSERT_EQ(0, zt_bind(pull, "ipc://@cred"));
	EXPECT_TRUE(tells_of(pull, "a message", pid, NOBODY));
	EXPECT_TRUE(peer_is(pull, pid, NOBODY));
	EXPECT_TRUE(dismissed(&s, pid));
}

TEST_F(zmq, nobody_says_on_his_own_who_he_is)
{
	union {
		char room[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control = { };
	struct iovec iov = { .iov_base = "x", .iov_len = 1 };
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	struct ucred cred = { .pid = getpid() };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&m);
	int push = zt_socket(ZMQ_PUSH);
	int pull = zt_listening(ZMQ_PULL, "inproc://cred", self->ep);

	ASSERT_EQ(0, zt_connect(push, "inproc://cred"));
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_CREDENTIALS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(cred));
	memcpy(CMSG_DATA(cmsg), &cred, sizeof(cred));
	EXPECT_EQ(-1, sendmsg(push, &m, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
}

TEST_HARNESS_MAIN
