// SPDX-License-Identifier: GPL-2.0-only
/* ipc://: names, files, whose they are, and who may connect. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define NOBODY	65534

/* A directory of the test's own, which is where it works. */
FIXTURE(ipc) {
	char dir[32];
	char ep[ZMQ_ENDPOINT_MAX];
	int pull;
	int push;
};

FIXTURE_SETUP(ipc)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
	strcpy(self->dir, "/tmp/ipc-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_EQ(0, chmod(self->dir, 0755));
	ASSERT_EQ(0, chdir(self->dir));
	self->pull = zt_socket(ZMQ_PULL);
	self->push = zt_socket(ZMQ_PUSH);
	ASSERT_LE(0, self->pull);
	ASSERT_LE(0, self->push);
}

FIXTURE_TEARDOWN(ipc)
{
	char command[64];

	EXPECT_EQ(0, zt_teardown());
	snprintf(command, sizeof(command), "rm -rf %s", self->dir);
	EXPECT_EQ(0, system(command));
}

static bool carries(int push, int pull)
{
	return !zt_puts(push, "over a file", 0) &&
	       zt_gets(pull, "over a file", ZT_LAST);
}

/* An ordinary stream socket, bound; listening unless @backlog is negative. */
static int unix_bound(int type, const char *path, int backlog)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	strncpy(un.sun_path, path, sizeof(un.sun_path) - 1);
	if (fd < 0 || bind(fd, (struct sockaddr *)&un, sizeof(un)) ||
	    (backlog >= 0 && listen(fd, backlog))) {
		printf("# bind %s: %m\n", path);
		return -1;
	}
	return fd;
}

static int mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? -1 : (int)st.st_mode;
}

TEST_F(ipc, an_abstract_name_needs_no_file)
{
	ASSERT_EQ(0, zt_bind_any(self->pull, "ipc://@a name", self->ep));
	EXPECT_EQ(0, strcmp("ipc://@a name", self->ep));
	ASSERT_EQ(0, zt_connect(self->push, self->ep));
	EXPECT_TRUE(carries(self->push, self->pull));
	EXPECT_EQ(-1, mode_of("@a name"));
}

TEST_F(ipc, an_abstract_name_in_use_is_refused)
{
	ASSERT_EQ(0, zt_bind(self->pull, "ipc://@a name"));
	EXPECT_EQ(-1, zt_bind(self->push, "ipc://@a name"));
	EXPECT_EQ(EADDRINUSE, errno);
	close(self->pull);
	EXPECT_EQ(0, zt_bind(self->push, "ipc://@a name"));
}

TEST_F(ipc, a_path_is_a_socket_file_with_the_mode_of_the_umask)
{
	umask(027);
	ASSERT_EQ(0, zt_bind(self->pull, "ipc://s"));
	EXPECT_EQ(S_IFSOCK | 0750, mode_of("s"));
	ASSERT_EQ(0, zt_connect(self->push, "ipc://s"));
	EXPECT_TRUE(carries(self->push, self->pull));
}

/* It goes soon after close(), which waits for no file system. */
static bool is_gone(void *arg)
{
	return mode_of(arg) == -1;
}

TEST_F(ipc, the_file_goes_with_the_bind)
{
	ASSERT_EQ(0, zt_bind(self->pull, "ipc://s"));
	ASSERT_EQ(0, zt_bind(self->pull, "ipc://t"));
	ASSERT_EQ(0, zt_settext(self->pull, ZMQ_UNBIND, "ipc://s"));
	EXPECT_EQ(-1, mode_of("s"));
	EXPECT_NE(-1, mode_of("t"));
	close(self->pull);
	EXPECT_TRUE(zt_eventually(is_gone, "t"));
}

TEST_F(ipc, a_file_that_took_the_name_stays)
{
	ASSERT_EQ(0, zt_bind(self->pull, "ipc://s"));
	ASSERT_EQ(0, unlink("s"));
	ASSERT_LE(0, unix_bound(SOCK_STREAM, "s", 1));
	close(self->pull);
	EXPECT_NE(-1, mode_of("s"));
}

TEST_F(ipc, a_moved_file_goes_from_where_it_is)
{
	ASSERT_EQ(0, zt_bind(self->pull, "ipc://s"));
	ASSERT_EQ(0, mkdir("d", 0755));
	ASSERT_EQ(0, rename("s", "d/t"));
	close(self->pull);
	EXPECT_TRUE(zt_eventually(is_gone, "d/t"));
}

TEST_F(ipc, a_wildcard_is_a_name_for_the_user_alone)
{
	ASSERT_EQ(0, zt_bind_any(self->pull, "ipc://*", self->ep));
	ASSERT_EQ(0, strncmp("ipc:///tmp/", self->ep, 11));
	EXPECT_EQ(S_IFSOCK | 0700, mode_of(self->ep + 6) | 0500);
	ASSERT_EQ(0, zt_connect(self->push, self->ep));
	EXPECT_TRUE(carries(self->push, self->pull));
	close(self->pull);
	EXPECT_TRUE(zt_eventually(is_gone, self->ep + 6));
}

TEST_F(ipc, a_live_listener_is_not_robbed)
{
	ASSERT_EQ(0, zt_bind(self->pull, "ipc://s"));
	EXPECT_EQ(-1, zt_bind(zt_socket(ZMQ_PULL), "ipc://s"));
	EXPECT_EQ(EADDRINUSE, errno);
	ASSERT_EQ(0, zt_connect(self->push, "ipc://s"));
	EXPECT_TRUE(carries(self->push, self->pull));
}

TEST_F(ipc, a_foreign_listener_is_neither_robbed_nor_disturbed)
{
	int foreign = unix_bound(SOCK_STREAM, "s", 1);

	ASSERT_LE(0, foreign);
	EXPECT_EQ(-1, zt_bind(self->pull, "ipc://s"));
	EXPECT_EQ(EADDRINUSE, errno);
	EXPECT_FALSE(zp_pending(foreign, 0));
	ASSERT_LE(0, unix_bound(SOCK_STREAM, "t", -1));
	EXPECT_EQ(-1, zt_bind(self->pull, "ipc://t"));
	EXPECT_EQ(EADDRINUSE, errno);
	ASSERT_LE(0, unix_bound(SOCK_DGRAM, "u", -1));
	EXPECT_EQ(-1, zt_bind(self->pull, "ipc://u"));
	EXPECT_EQ(EADDRINUSE, errno);
}

TEST_F(ipc, a_stale_socket_file_is_replaced)
{
	close(unix_bound(SOCK_STREAM, "s", 1));
	ASSERT_NE(-1, mode_of("s"));
	ASSERT_EQ(0, zt_bind(self->pull, "ipc://s"));
	ASSERT_EQ(0, zt_connect(self->push, "ipc://s"));
	EXPECT_TRUE(carries(self->push, self->pull));
}

TEST_F(ipc, what_is_no_socket_is_never_replaced)
{
	close(open("s", O_CREAT | O_WRONLY, 0644));
	EXPECT_EQ(-1, zt_bind(self->pull, "ipc://s"));
	EXPECT_EQ(EADDRINUSE, errno);
	EXPECT_TRUE(S_ISREG(mode_of("s")));
	close(unix_bound(SOCK_STREAM, "t", 1));
	ASSERT_EQ(0, symlink("t", "l"));
	EXPECT_EQ(-1, zt_bind(self->pull, "ipc://l"));
	EXPECT_EQ(EADDRINUSE, errno);
	EXPECT_TRUE(S_ISLNK(mode_of("l")));
	EXPECT_NE(-1, mode_of("t"));
}

TEST_F(ipc, names_that_cannot_be_are_refused)
{
	char name[6 + 108 + 1] = "ipc://";

	memset(name + 6, 'n', 107);
	EXPECT_EQ(0, zt_bind(self->pull, name));
	name[6 + 107] = 'n';
	EXPECT_EQ(-1, zt_bind(self->pull, name));
	EXPECT_EQ(ENAMETOOLONG, errno);
	EXPECT_EQ(-1, zt_connect(self->push, name));
	EXPECT_EQ(ENAMETOOLONG, errno);
	EXPECT_EQ(-1, zt_bind(self->pull, "ipc://@"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, zt_connect(self->push, "ipc://*"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, zt_bind(self->pull, "ipc://none/s"));
	EXPECT_EQ(ENOENT, errno);
}

TEST_F(ipc, unix_addresses_are_taken_and_told)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "s" };
	struct sockaddr_un got;
	socklen_t len = sizeof(got);

	ASSERT_EQ(0, bind(self->pull, (struct sockaddr *)&un, sizeof(un)));
	ASSERT_EQ(0, connect(self->push, (struct sockaddr *)&un, sizeof(un)));
	EXPECT_TRUE(carries(self->push, self->pull));
	memset(&got, 'x', sizeof(got));
	ASSERT_EQ(0, getsockname(self->pull, (struct sockaddr *)&got, &len));
	EXPECT_EQ(AF_UNIX, got.sun_family);
	EXPECT_EQ(0, strcmp("s", got.sun_path));
	EXPECT_EQ(offsetof(struct sockaddr_un, sun_path) + 2, len);
	len = sizeof(got);
	ASSERT_EQ(0, getpeername(self->push, (struct sockaddr *)&got, &len));
	EXPECT_EQ(0, strcmp("s", got.sun_path));
}

TEST_F(ipc, large_messages_pass_both_ways)
{
	const size_t len = 3000001;
	char *data = malloc(len);
	int a = zt_socket(ZMQ_PAIR), b = zt_socket(ZMQ_PAIR), i, flags;

	ASSERT_EQ(0, zt_bind(a, "ipc://s"));
	ASSERT_EQ(0, zt_connect(b, "ipc://s"));
	for (i = 0; i < 4; i++) {
		zt_pattern(data, len, i);
		ASSERT_EQ(0, zt_send(i & 1 ? a : b, data, len, 0));
		memset(data, 0, len);
		ASSERT_EQ(len, zt_recv(i & 1 ? b : a, data, len, 0, &flags));
		EXPECT_TRUE(zt_pattern_ok(data, len, i));
	}
	free(data);
}

TEST_F(ipc, a_listener_that_comes_back_is_found)
{
	int i;

	ASSERT_EQ(0, zt_connect(self->push, "ipc://s"));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, zt_bind(self->pull, "ipc://s"));
		EXPECT_TRUE(carries(self->push, self->pull));
		close(self->pull);
		self->pull = zt_socket(ZMQ_PULL);
		ASSERT_LE(0, self->pull);
	}
}

TEST_F(ipc, a_relative_path_means_what_it_meant_at_connect)
{
	ASSERT_EQ(0, zt_connect(self->push, "ipc://s"));
	ASSERT_EQ(0, mkdir("d", 0755));
	ASSERT_EQ(0, zt_bind(self->pull, "ipc://s"));
	ASSERT_EQ(0, chdir("d"));
	EXPECT_TRUE(carries(self->push, self->pull));
	close(self->pull);
	EXPECT_TRUE(zt_eventually(is_gone, "../s"));

	self->pull = zt_socket(ZMQ_PULL);
	ASSERT_EQ(0, zt_bind(self->pull, "ipc://../s"));
	EXPECT_TRUE(carries(self->push, self->pull));
}

/* What a child does before it is told to go on: everything but connecting. */
struct outsider {
	const char *root;
	const char *endpoint;
	uid_t uid;
	int ready[2];
	int expect;
};

static int outside(void *arg)
{
	struct outsider *o = arg;
	int push = zt_socket(ZMQ_PUSH), err;

	if (push < 0 || (o->root && (chroot(o->root) || chdir("/"))) ||
	    (o->uid && (setgid(o->uid) || setuid(o->uid))))
		return 2;
	err = zt_connect(push, o->endpoint) ? errno : 0;
	if (err != o->expect) {
		printf("# connect %s: %d\n", o->endpoint, err);
		return 3;
	}
	if (write(o->ready[1], "r", 1) != 1)
		return 4;
	return err ? 0 : zt_puts(push, "over a file", 0);
}

static pid_t outsider_ready(struct outsider *o)
{
	pid_t pid;
	char c;

	if (pipe(o->ready))
		return -1;
	pid = zt_child(outside, o);
	close(o->ready[1]);
	return read(o->ready[0], &c, 1) == 1 ? pid : -1;
}

TEST_F(ipc, a_path_is_looked_up_in_the_callers_root)
{
	struct outsider o = { .root = self->dir, .endpoint = "ipc:///s" };
	pid_t pid;

	/* Nothing is there yet, so that a worker finds it later. */
	pid = outsider_ready(&o);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, zt_bind(self->pull, "ipc://s"));
	EXPECT_TRUE(zt_gets(self->pull, "over a file", ZT_LAST));
	EXPECT_TRUE(zt_reap(pid));
}

TEST_F(ipc, a_connect_that_the_mode_forbids_is_refused)
{
	struct outsider o = { .endpoint = "ipc://s", .uid = NOBODY,
			      .expect = EACCES };
	pid_t pid;

	umask(077);
	ASSERT_EQ(0, zt_bind(self->pull, "ipc://s"));
	pid = outsider_ready(&o);
	ASSERT_LT(0, pid);
	EXPECT_TRUE(zt_reap(pid));
}

static bool has_retried(void *arg)
{
	return zt_counter("ZmqConnectFail") >= *(long *)arg;
}

TEST_F(ipc, a_worker_connects_with_the_callers_rights)
{
	struct outsider o = { .endpoint = "ipc://s", .uid = NOBODY };
	long fails;
	pid_t pid;

	pid = outsider_ready(&o);
	ASSERT_LT(0, pid);
	umask(077);
	ASSERT_EQ(0, zt_bind(self->pull, "ipc://s"));
	fails = zt_counter("ZmqConnectFail") + 3;
	EXPECT_TRUE(zt_eventually(has_retried, &fails));
	EXPECT_EQ(0, zt_counter("ZmqAccepts"));
	ASSERT_EQ(0, chmod("s", 0777));
	EXPECT_TRUE(zt_gets(self->pull, "over a file", ZT_LAST));
	EXPECT_TRUE(zt_reap(pid));
}

TEST_F(ipc, a_peer_sees_the_caller_after_a_reconnection)
{
	struct outsider o = { .endpoint = "ipc://s", .uid = NOBODY };
	struct ucred cred = { };
	socklen_t len = sizeof(cred);
	int foreign, peer;
	pid_t pid;

	pid = outsider_ready(&o);
	ASSERT_LT(0, pid);
	umask(0);
	foreign = unix_bound(SOCK_STREAM, "s", 1);
	ASSERT_LE(0, foreign);
	peer = accept(foreign, NULL, NULL);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_handshake(peer, "PULL", "PUSH"));
	EXPECT_TRUE(zp_gets(peer, 0, "over a file"));
	ASSERT_EQ(0, getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &cred, &len));
	EXPECT_EQ(NOBODY, cred.uid);
	EXPECT_EQ(NOBODY, cred.gid);
	EXPECT_EQ(pid, cred.pid);
	EXPECT_TRUE(zt_reap(pid));
}

static bool was_denied(void *arg)
{
	return zt_counter("ZmqAcceptDenied") > 0;
}

static const int filters[] = {
	ZMQ_IPC_FILTER_PID, ZMQ_IPC_FILTER_UID, ZMQ_IPC_FILTER_GID,
};

TEST_F(ipc, a_filter_turns_others_away)
{
	int i;

	for (i = 1; i < 3; i++)
		ASSERT_EQ(0, zt_setint(self->pull, filters[i], NOBODY));
	ASSERT_EQ(0, zt_bind(self->pull, "ipc://s"));
	ASSERT_EQ(0, zt_connect(self->push, "ipc://s"));
	ASSERT_TRUE(zt_eventually(was_denied, NULL));
	EXPECT_EQ(0, zt_counter("ZmqAccepts"));

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, setsockopt(self->pull, SOL_ZMQ, filters[i], NULL, 0));
	EXPECT_TRUE(carries(self->push, self->pull));
}

TEST_F(ipc, a_filter_lets_in_by_any_of_its_lists)
{
	const int mine[] = { getpid(), getuid(), getgid() };
	char ep[ZMQ_ENDPOINT_MAX];
	int i, k, push;

	for (i = 0; i < 3; i++) {
		for (k = 0; k < 3; k++)
			ASSERT_EQ(0, setsockopt(self->pull, SOL_ZMQ, filters[k],
						NULL, 0));
		ASSERT_EQ(0, zt_setint(self->pull, ZMQ_IPC_FILTER_UID, NOBODY));
		ASSERT_EQ(0, zt_setint(self->pull, filters[i], mine[i]));
		snprintf(ep, sizeof(ep), "ipc://@%d", i);
		ASSERT_EQ(0, zt_bind(self->pull, ep));
		push = zt_connected(ZMQ_PUSH, ep);
		EXPECT_TRUE(carries(push, self->pull));
	}
}

TEST_F(ipc, a_filter_is_bounded_and_checked)
{
	int i;

	for (i = 0; i < 16; i++)
		ASSERT_EQ(0, zt_setint(self->pull, ZMQ_IPC_FILTER_UID, i));
	EXPECT_EQ(-1, zt_setint(self->pull, ZMQ_IPC_FILTER_UID, i));
	EXPECT_EQ(ENOSPC, errno);
	EXPECT_EQ(-1, zt_setint(self->pull, ZMQ_IPC_FILTER_GID, -1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, zt_setint(self->pull, ZMQ_IPC_FILTER_PID, 0x7ffffffe));
	EXPECT_EQ(ESRCH, errno);
	EXPECT_EQ(-1, setsockopt(self->pull, SOL_ZMQ, ZMQ_IPC_FILTER_UID, &i, 2));
	EXPECT_EQ(EINVAL, errno);
}

/* It speaks without waiting for an answer, as ZMTP 1.0 allows for. */
static int say_and_go(const char *ep)
{
	unsigned char buf[256];
	int peer = zp_dial_at(ep);

	if (peer < 0 ||
	    zp_write(peer, buf, zp_greeting(buf, 1, "NULL")) ||
	    zp_send(peer, ZP_COMMAND, buf,
		    zp_ready_body(buf, "PUSH", NULL, 0)) ||
	    zp_puts(peer, 0, "farewell"))
		return -1;
	return close(peer);
}

TEST_F(ipc, what_a_peer_sent_before_it_went_is_received)
{
	int i;

	ASSERT_EQ(0, zt_bind(self->pull, "ipc://@hasty"));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, say_and_go("ipc://@hasty"));
		ASSERT_TRUE(zt_gets(self->pull, "farewell", ZT_LAST));
	}
}

TEST_HARNESS_MAIN
