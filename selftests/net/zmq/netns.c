// SPDX-License-Identifier: GPL-2.0-only
/* A network namespace goes when its last process does, whatever AF_ZMQ
 * sockets were doing in it.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define NAMESPACES	1000

struct life {
	int scene;
	int ready;		/* write end */
	int go;			/* read end */
};

/* A way to leave sockets behind. */
static int scene(int number, char *ep)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", ep);
	int push = zt_connected(ZMQ_PUSH, ep), fd;

	/* What cannot be delivered must not keep the namespace for longer. */
	if (pull < 0 || push < 0 || zt_setint(push, ZMQ_LINGER, 200))
		return -1;
	switch (number % 5) {
	case 0:		/* an established connection, idle */
		if (zt_puts(push, "x", 0) || !zt_gets(pull, "x", ZT_LAST))
			return -1;
		break;
	case 1:		/* messages under way */
		return zt_fill(push, ep, 100, 50) == -1 ? 0 : -1;
	case 2:		/* in the middle of connecting */
		break;
	case 3:		/* reconnecting, with messages that linger */
		fd = zt_socket(ZMQ_PUSH);
		if (zt_setint(fd, ZMQ_LINGER, 200) ||
		    zt_setint(fd, ZMQ_RECONNECT_IVL, 1) ||
		    zt_connect(fd, "tcp://127.0.0.1:1") || zt_puts(fd, "x", 0))
			return -1;
		break;
	case 4:		/* inproc, met and unmet */
		fd = zt_listening(ZMQ_PAIR, "inproc://p", ep);
		if (fd < 0 || zt_connected(ZMQ_PAIR, ep) < 0 ||
		    zt_puts(fd, "x", 0) ||
		    zt_connected(ZMQ_DEALER, "inproc://unmet") < 0)
			return -1;
		break;
	}
	return 0;
}

static int live_and_die(void *arg)
{
	struct life *l = arg;
	char ep[ZMQ_ENDPOINT_MAX], byte;

	if (zt_netns() || scene(l->scene, ep))
		return 1;
	if (write(l->ready, "r", 1) != 1 || read(l->go, &byte, 1) != 1)
		return 2;
	return 0;
}

static bool unused(void *arg)
{
	return zt_module_refs() <= *(long *)arg;
}

TEST_F_TIMEOUT(zmq, a_thousand_namespaces_with_live_sockets_go, 3600)
{
	int nl = zt_nsid_watch(), ready[2], go[2], i, n, gone = 0;
	long refs = zt_module_refs();
	struct life l;
	pid_t child;
	char byte;

	ASSERT_LE(0, nl);
	ASSERT_LE(0, refs);
	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	l.ready = ready[1];
	l.go = go[0];
	for (i = 0; i < NAMESPACES; i++) {
		l.scene = i;
		child = zt_child(live_and_die, &l);
		ASSERT_TRUE(zt_becomes(ready[0], POLLIN)) TH_LOG("child %d", i);
		ASSERT_EQ(1, read(ready[0], &byte, 1));
		n = zt_nsid_assign(nl, child);
		ASSERT_LE(0, n) TH_LOG("%m");
		gone += n;
		ASSERT_EQ(1, write(go[1], "g", 1));
		ASSERT_TRUE(zt_reap(child));
	}
	gone += zt_nsid_wait_gone(nl, NAMESPACES - gone);
	EXPECT_EQ(NAMESPACES, gone);
	EXPECT_TRUE(zt_eventually(unused, &refs));
}

TEST_F(zmq, a_passed_socket_keeps_its_namespace_until_it_is_closed)
{
	int nl = zt_nsid_watch(), ready[2], go[2], pull, push;
	char byte;
	struct life l = { };
	pid_t child;

	/* This process leaves the namespace of its sockets; a child that
	 * joined it earlier names it, and goes.
	 */
	ASSERT_LE(0, nl);
	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, zt_netns());
	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	push = zt_connected(ZMQ_PUSH, self->ep);
	ASSERT_LE(0, push);
	l.scene = 2;
	l.ready = ready[1];
	l.go = go[0];
	child = fork();
	if (!child)
		_exit(write(l.ready, "r", 1) != 1 || read(l.go, &byte, 1) != 1);
	ASSERT_TRUE(zt_becomes(ready[0], POLLIN));
	ASSERT_EQ(0, zt_nsid_assign(nl, child));
	ASSERT_EQ(0, zt_netns());
	ASSERT_EQ(1, write(go[1], "g", 1));
	ASSERT_TRUE(zt_reap(child));
	ASSERT_EQ(0, zt_puts(push, "alive", 0));
	EXPECT_TRUE(zt_gets(pull, "alive", ZT_LAST));
	EXPECT_EQ(0, zt_poll(nl, POLLIN, 100));
	close(push);
	close(pull);
	EXPECT_EQ(1, zt_nsid_wait_gone(nl, 1));
}

/* Sockets in two namespaces at once: this process is in that of @near, and has
 * left that of @far.
 */
static int left_behind(int *far, int *near, char *far_ep)
{
	*far = zt_listening(ZMQ_PULL, "inproc://name", far_ep);
	if (*far < 0 || zt_netns())
		return -1;
	*near = zt_socket(ZMQ_PUSH);
	return *near;
}

TEST_F(zmq, a_socket_stays_in_the_namespace_where_it_was_made)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int far, near, push;

	ASSERT_LE(0, left_behind(&far, &near, self->ep));
	/* It binds there, where only sockets of that namespace find it. */
	ASSERT_EQ(0, zt_bind_any(far, "tcp://127.0.0.1:*", self->ep));
	ASSERT_EQ(0, zt_connect(near, self->ep));
	ASSERT_EQ(0, zt_connect(near, "inproc://name"));
	ASSERT_EQ(0, zt_setint(near, ZMQ_LINGER, 0));
	ASSERT_EQ(0, zt_puts(near, "astray", 0));
	EXPECT_EQ(0, zt_poll(far, POLLIN, 200));
	EXPECT_LE(1, zt_mib("ConnectFail"));
	EXPECT_LE(1, zt_mib("Connects"));
	EXPECT_EQ(0, zt_mib("Accepts"));

	ASSERT_EQ(0, setns(home, CLONE_NEWNET));
	EXPECT_EQ(0, zt_mib("Connects"));
	push = zt_connected(ZMQ_PUSH, self->ep);
	ASSERT_LE(0, push);
	ASSERT_EQ(0, zt_puts(push, "found", 0));
	EXPECT_TRUE(zt_gets(far, "found", ZT_LAST));
	EXPECT_EQ(1, zt_mib("Accepts"));
}

/* Becomes a process with another root, which has nothing in it. */
static int enter_empty_root(bool pivot)
{
	char dir[] = "/tmp/zmq-root-XXXXXX";

	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    !mkdtemp(dir) || mount("none", dir, "tmpfs", 0, NULL) ||
	    chdir(dir))
		return -1;
	if (!pivot)
		return chroot(".");
	return syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) ||
	       chdir("/");
}

struct moved {
	bool pivot;
	int pull;
	int push;
	int late;		/* its peer does not listen yet */
	char ep[ZMQ_ENDPOINT_MAX];
	char late_ep[ZMQ_ENDPOINT_MAX];
};

static int work_elsewhere(void *arg)
{
	struct moved *m = arg;
	char ep[ZMQ_ENDPOINT_MAX];
	int late, push;

	if (enter_empty_root(m->pivot)) {
		perror("# another root");
		return 1;
	}
	if (access("/proc", F_OK) != -1)
		return 2;
	if (zt_puts(m->push, "held", 0) || !zt_gets(m->pull, "held", ZT_LAST))
		return 3;
	push = zt_connected(ZMQ_PUSH, m->ep);
	if (push < 0 || zt_puts(push, "new", 0) ||
	    !zt_gets(m->pull, "new", ZT_LAST))
		return 4;
	late = zt_listening(ZMQ_PULL, m->late_ep, ep);
	if (late < 0 || !zt_gets(late, "late", ZT_LAST))
		return 5;
	return 0;
}

static int sockets_to_move(struct moved *m)
{
	int port = zt_free_port();

	m->pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", m->ep);
	m->push = zt_connected(ZMQ_PUSH, m->ep);
	m->late = zt_socket(ZMQ_PUSH);
	snprintf(m->late_ep, sizeof(m->late_ep), "tcp://127.0.0.1:%d", port);
	if (m->pull < 0 || m->push < 0 || m->late < 0 || port < 0 ||
	    zt_setint(m->late, ZMQ_RECONNECT_IVL, 10) ||
	    zt_connect(m->late, m->late_ep))
		return -1;
	return zt_puts(m->late, "late", 0);
}

TEST_F(zmq, sockets_work_on_in_another_root)
{
	struct moved m = { };

	ASSERT_EQ(0, sockets_to_move(&m));
	EXPECT_TRUE(zt_reap(zt_child(work_elsewhere, &m)));
}

TEST_F(zmq, sockets_work_on_after_pivot_root)
{
	struct moved m = { .pivot = true };

	ASSERT_EQ(0, sockets_to_move(&m));
	EXPECT_TRUE(zt_reap(zt_child(work_elsewhere, &m)));
}

TEST_HARNESS_MAIN
