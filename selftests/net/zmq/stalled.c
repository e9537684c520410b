// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a user can stall, he stalls for himself: page faults, paths, locks of
 * sockets that he made, SO_LINGER, file systems. ZMQ_STALLED=2000 has so many
 * stalled at once; what stands here is more than a work queue's default.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <arpa/inet.h>
#include <linux/fs.h>
#include <linux/fuse.h>
#include <linux/userfaultfd.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define STALLED		300
#define STALLED_DIALS	600
#define STALLED_MAX	2000
#define NOBODY		65534

/* What an innocent may need more than without them, emulated. */
#define MORE_MS		8000

enum step {
	BEGUN,
	STALLING,
	RELEASED,
	DONE,
};

/**
 * struct stall - what the one who stalls and the test tell each other
 * @step: enum step
 * @count: how many
 * @dir: his files
 * @took: milliseconds of the slowest call of his that must not wait
 */
struct stall {
	int		step;
	int		count;
	char		dir[64];
	long		took;
};

static int fds[2 * STALLED_MAX];
static char *page;

static int how_many(int count)
{
	const char *more = getenv("ZMQ_STALLED");

	return more ? atoi(more) : count;
}

static int step_of(const struct stall *stall)
{
	return __atomic_load_n(&stall->step, __ATOMIC_ACQUIRE);
}

static void set_step(struct stall *stall, int step)
{
	__atomic_store_n(&stall->step, step, __ATOMIC_RELEASE);
}

static bool stalling(void *arg)
{
	return step_of(arg) >= STALLING;
}

static bool released(void *arg)
{
	return step_of(arg) >= RELEASED;
}

static bool is_done(void *arg)
{
	return step_of(arg) >= DONE;
}

/* Hundreds of anything take their time in an emulated machine. */
static bool comes_to(bool (*holds)(void *arg), struct stall *stall)
{
	return zt_eventually(holds, stall) || zt_eventually(holds, stall) ||
	       zt_eventually(holds, stall);
}

static struct stall *stall_new(int count)
{
	struct rlimit lim = { 3 * STALLED_MAX, 3 * STALLED_MAX };
	struct stall *stall = zt_shared(sizeof(*stall));

	setrlimit(RLIMIT_NOFILE, &lim);
	stall->count = how_many(count);
	return stall;
}

/* The first touch of it sleeps for as long as the process lives. */
static bool make_page(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC);

	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (unsigned long)page;
	reg.range.len = 4096;
	return fd >= 0 && !ioctl(fd, UFFDIO_API, &api) &&
	       !ioctl(fd, UFFDIO_REGISTER, &reg);
}

static bool can_fault(void)
{
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void *send_page(void *arg)
{
	send(*(int *)arg, page, 16, 0);
	return NULL;
}

static void fault_in_send(int count, int step)
{
	pthread_attr_t attr;
	pthread_t thread;
	int i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	for (i = 0; i < count; i++)
		pthread_create(&thread, &attr, send_page, &fds[i * step]);
	sleep(2);
}

/* A handshake, an accept, a dial by a worker and a flush of somebody else. */
static bool somebody_goes_on(int *nr)
{
	char ep[ZMQ_ENDPOINT_MAX], late[64];
	int pull, push, early, i;
	bool ok;

	snprintf(late, sizeof(late), "ipc://@late-%d-%d", getpid(), ++*nr);
	early = zt_connected(ZMQ_PUSH, late);
	ok = !zt_puts(early, "early", 0);
	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", ep);
	push = zt_connected(ZMQ_PUSH, ep);
	ok = ok && !zt_puts(push, "hello", 0) && zt_gets(pull, "hello", ZT_LAST);
	for (i = 0; ok && i < 20; i++)
		ok = !zt_puts(push, "held", MSG_BATCH);
	for (i = 0; ok && i < 20; i++)
		ok = zt_gets(pull, "held", ZT_LAST);
	close(pull);
	pull = zt_listening(ZMQ_PULL, late, ep);
	ok = ok && zt_gets(pull, "early", ZT_LAST);
	close(pull);
	close(push);
	close(early);
	return ok;
}

/* Milliseconds, or -1. */
static long time_somebody(void)
{
	static int nr;
	u64 begin = zt_now_ms();

	return somebody_goes_on(&nr) ? (long)(zt_now_ms() - begin) : -1;
}

static long timed_close(int fd)
{
	u64 begin = zt_now_ms();

	close(fd);
	return zt_now_ms() - begin;
}

static void become_nobody(void)
{
	if (setgid(NOBODY) || setuid(NOBODY))
		_exit(1);
}

static int tcp_pair(int listener, int sv[2])
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	getsockname(listener, (struct sockaddr *)&sin, &len);
	sv[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(sv[0], (struct sockaddr *)&sin, len))
		return -1;
	sv[1] = accept(listener, NULL, NULL);
	return sv[1] < 0 ? -1 : 0;
}

#define RUN_STALLED(stall, fn)						\
	pid_t pid;							\
	long before, with;						\
	before = time_somebody();					\
	ASSERT_LE(0, before);						\
	pid = zt_child(fn, stall);					\
	ASSERT_TRUE(comes_to(stalling, stall));			\
	with = time_somebody();						\
	TH_LOG("%d stalled: %ld ms before, %ld ms with them",		\
	       (stall)->count, before, with);				\
	EXPECT_LE(0, with);						\
	EXPECT_GE(before + MORE_MS, with)

/* 1. Page faults: the lock of each socket is held in one. */

static int stall_in_faults(void *arg)
{
	struct stall *stall = arg;
	char ep[ZMQ_ENDPOINT_MAX];
	int i, port;

	if (!make_page())
		return 1;
	become_nobody();
	for (i = 0; i < stall->count; i++) {
		fds[i] = zt_listening(ZMQ_PAIR, "tcp://127.0.0.1:*", ep);
		port = zt_port(ep);
		if (fds[i] < 0)
			return 1;
		fds[stall->count + i] = port;
	}
	fault_in_send(stall->count, 1);
	for (i = 0; i < stall->count; i++)
		zp_dial(fds[stall->count + i], 0);
	set_step(stall, STALLING);
	pause();
	return 0;
}

TEST_F(zmq, page_faults_stall_their_own_socket)
{
	struct stall *stall = stall_new(STALLED);

	if (!can_fault())
		SKIP(return, "no userfaultfd");
	RUN_STALLED(stall, stall_in_faults);
	kill(pid, SIGKILL);
	zt_reap(pid);
}

/* 2. Paths: each attempt but the first hangs in a file system. */

static void fuse_reply(int fd, u64 unique, int error, const void *data,
		       size_t len)
{
	char buf[256];
	struct fuse_out_header *out = (void *)buf;

	out->len = sizeof(*out) + len;
	out->error = error;
	out->unique = unique;
	memcpy(buf + sizeof(*out), data, len);
	if (write(fd, buf, out->len) < 0)
		return;
}

static void fuse_serve(int fd, const struct stall *stall)
{
	static char buf[1 << 16];
	struct fuse_in_header *in = (void *)buf;
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
	};
	struct fuse_attr_out attr = {
		.attr = { .ino = 1, .mode = S_IFDIR | 0777, .nlink = 2 },
		.attr_valid = 1000000,
	};

	while (read(fd, buf, sizeof(buf)) > 0) {
		switch (in->opcode) {
		case FUSE_INIT:
			fuse_reply(fd, in->unique, 0, &init, sizeof(init));
			break;
		case FUSE_GETATTR:
			fuse_reply(fd, in->unique, 0, &attr, sizeof(attr));
			break;
		case FUSE_LOOKUP:
			if (step_of(stall) < RELEASED)
				fuse_reply(fd, in->unique, -ENOENT, NULL, 0);
			break;
		case FUSE_FORGET:
		case FUSE_INTERRUPT:
			break;
		default:
			fuse_reply(fd, in->unique, -EOPNOTSUPP, NULL, 0);
		}
	}
}

static int stall_in_paths(void *arg)
{
	struct stall *stall = arg;
	char ep[ZMQ_ENDPOINT_MAX];
	int i;

	become_nobody();
	for (i = 0; i < stall->count; i++) {
		snprintf(ep, sizeof(ep), "ipc://%s/%d", stall->dir, i);
		fds[i] = zt_socket(ZMQ_PUSH);
		zt_setint(fds[i], ZMQ_RECONNECT_IVL, 2000);
		if (zt_connect(fds[i], ep))
			return 1;
	}
	set_step(stall, RELEASED);
	sleep(3);
	set_step(stall, DONE);
	pause();
	return 0;
}

struct fuse {
	struct stall *stall;
	int fd;
};

static int serve(void *arg)
{
	struct fuse *fuse = arg;

	fuse_serve(fuse->fd, fuse->stall);
	return 0;
}

static int mount_fuse(struct stall *stall)
{
	char opts[64];
	int fd;

	zt_sh("modprobe -q fuse 2>/dev/null || true");
	fd = open("/dev/fuse", O_RDWR);
	if (fd < 0)
		return -1;
	strcpy(stall->dir, "/tmp/zmq-stalled-XXXXXX");
	if (!mkdtemp(stall->dir))
		return -1;
	snprintf(opts, sizeof(opts),
		 "fd=%d,rootmode=40777,user_id=0,group_id=0,allow_other", fd);
	if (mount("fuse", stall->dir, "fuse", MS_NOSUID | MS_NODEV, opts)) {
		rmdir(stall->dir);
		close(fd);
		return -1;
	}
	return fd;
}

TEST_F(zmq, paths_stall_the_dials_of_their_own_user)
{
	struct stall *stall = stall_new(STALLED_DIALS);
	struct fuse fuse = { .stall = stall, .fd = mount_fuse(stall) };
	long before, with = -1;
	pid_t daemon, pid;

	if (fuse.fd < 0)
		SKIP(return, "no FUSE");
	daemon = zt_child(serve, &fuse);
	close(fuse.fd);
	before = time_somebody();
	EXPECT_LE(0, before);
	pid = zt_child(stall_in_paths, stall);
	EXPECT_TRUE(comes_to(is_done, stall));
	with = time_somebody();
	TH_LOG("%d dials: %ld ms before, %ld ms with them", stall->count,
	       before, with);
	EXPECT_LE(0, with);
	EXPECT_GE(before + MORE_MS, with);
	kill(pid, SIGKILL);
	zt_reap(pid);
	umount2(stall->dir, MNT_DETACH);
	kill(daemon, SIGKILL);
	zt_reap(daemon);
	rmdir(stall->dir);
}

/* 3. Locks: a send() in a fault has that of each attached stream. */

static int attach(int stream)
{
	int z = zt_socket(ZMQ_STREAM);

	return zt_setint(z, ZMQ_ATTACH_FD, stream) ? -1 : z;
}

static int stall_in_locks(void *arg)
{
	struct stall *stall = arg;
	int i, z[STALLED_MAX], sv[2], port, more;
	int listener = zp_listen(0, &port);
	char id[STALLED_MAX][8];

	if (!make_page())
		return 1;
	become_nobody();
	for (i = 0; i < stall->count; i++) {
		if (tcp_pair(listener, sv))
			return 1;
		fds[i] = sv[0];
		z[i] = attach(sv[0]);
		if (zt_recv(z[i], id[i], 8, 0, &more) < 0 ||
		    zt_recv(z[i], sv, 0, 0, &more) < 0)
			return 1;
	}
	fault_in_send(stall->count, 1);
	for (i = 0; i < stall->count; i++)
		if (zt_send(z[i], id[i], 5, MSG_MORE) < 0 ||
		    zt_send(z[i], "for it", 6, MSG_BATCH) < 0)
			return 1;
	sleep(1);
	set_step(stall, STALLING);
	comes_to(released, stall);
	/* Neither poll() nor close() waits for the stream. */
	for (i = 0; i < stall->count; i++) {
		u64 begin = zt_now_ms();

		zt_poll(z[i], POLLIN, 0);
		close(z[i]);
		if (zt_now_ms() - begin > stall->took)
			stall->took = zt_now_ms() - begin;
	}
	set_step(stall, DONE);
	pause();
	return 0;
}

TEST_F(zmq, locks_of_attached_streams_stall_their_own_socket)
{
	struct stall *stall = stall_new(STALLED);

	if (!can_fault())
		SKIP(return, "no userfaultfd");
	RUN_STALLED(stall, stall_in_locks);
	set_step(stall, RELEASED);
	EXPECT_TRUE(comes_to(is_done, stall));
	EXPECT_GT(MORE_MS, stall->took);
	EXPECT_LE(0, time_somebody());
	kill(pid, SIGKILL);
	zt_reap(pid);
}

/* 4. SO_LINGER: what is attached or accepted would wait for its peer. */

static int stall_in_linger(void *arg)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 60 };
	static char much[1 << 14];
	struct stall *stall = arg;
	int listener, port, i, sv[2], z, small = 4096;

	become_nobody();
	listener = zp_listen(0, &port);
	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (i = 0; i < stall->count; i++) {
		if (tcp_pair(listener, sv))
			return 1;
		setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
		setsockopt(sv[0], SOL_SOCKET, SO_LINGER, &linger,
			   sizeof(linger));
		z = attach(sv[0]);
		/* The peer does not read it. */
		while (send(sv[0], much, sizeof(much), MSG_DONTWAIT) > 0)
			;
		close(sv[0]);
		fds[i] = z;
		fds[stall->count + i] = sv[1];
	}
	for (i = 0; i < stall->count; i++) {
		long took = timed_close(fds[i]);

		if (took > stall->took)
			stall->took = took;
	}
	set_step(stall, STALLING);
	pause();
	return 0;
}

TEST_F(zmq, so_linger_stalls_nobody)
{
	struct stall *stall = stall_new(STALLED);

	RUN_STALLED(stall, stall_in_linger);
	EXPECT_GT(MORE_MS, stall->took);
	kill(pid, SIGKILL);
	zt_reap(pid);
}

static bool is_over(void *arg)
{
	return zt_counter("ZmqProtoError") + zt_counter("ZmqRxTooBig") >=
	       *(long *)arg;
}

/* A child inherits it from a listener that was given. */
TEST_F(zmq, so_linger_of_a_listener_is_not_inherited)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 60 };
	int push = zt_socket(ZMQ_PUSH), port, fd = zp_listen(0, &port);
	static const char bad[] = "\x02\xff\xff\xff\xff\xff\xff\xff\xff";
	static char much[1 << 20];
	long one = 1;
	u64 begin;
	int peer;

	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger,
				sizeof(linger)));
	ASSERT_EQ(0, zt_setint(push, ZMQ_USE_FD, fd));
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 0));
	ASSERT_EQ(0, zt_bind_any(push, "tcp://127.0.0.1:*", self->ep));
	peer = zp_peer(zt_port(self->ep), "PULL", "PUSH");
	ASSERT_LE(0, peer);
	ASSERT_TRUE(zt_becomes(push, POLLOUT));
	ASSERT_EQ(0, zt_send(push, much, sizeof(much), 0));
	ASSERT_EQ(0, zt_send(push, much, sizeof(much), 0));
	ASSERT_LT(0, send(peer, bad, sizeof(bad), 0));
	ASSERT_TRUE(zt_eventually(is_over, &one));
	begin = zt_now_ms();
	EXPECT_EQ(0, zt_setint(push, ZMQ_LINGER, 0));
	close(push);
	EXPECT_GT(MORE_MS, zt_now_ms() - begin);
	close(peer);
	close(fd);
}

/* 5. A file system that is frozen keeps whoever removes a name waiting. */

static bool mount_ext4(struct stall *stall)
{
	strcpy(stall->dir, "/tmp/zmq-stalled-XXXXXX");
	if (!mkdtemp(stall->dir))
		return false;
	zt_sh("{ modprobe -q loop; modprobe -q ext4; } 2>/dev/null || true");
	if (zt_sh("{ truncate -s 32M %s.img && mkfs.ext4 -q -N 4096 %s.img; } >/dev/null 2>&1",
		  stall->dir, stall->dir) ||
	    zt_sh("mount -o loop %s.img %s 2>/dev/null && chmod 777 %s",
		  stall->dir, stall->dir, stall->dir)) {
		zt_sh("rm -f %s.img; rmdir %s", stall->dir, stall->dir);
		return false;
	}
	return true;
}

static int stall_in_frozen(void *arg)
{
	struct stall *stall = arg;
	char ep[ZMQ_ENDPOINT_MAX];
	int i;

	become_nobody();
	for (i = 0; i < stall->count; i++) {
		snprintf(ep, sizeof(ep), "ipc://%s/%d", stall->dir, i);
		fds[i] = zt_socket(ZMQ_PULL);
		if (zt_bind(fds[i], ep))
			return 1;
	}
	set_step(stall, STALLING);
	if (!comes_to(released, stall))
		return 1;
	for (i = 0; i < stall->count; i++) {
		long took = timed_close(fds[i]);

		if (took > stall->took)
			stall->took = took;
	}
	set_step(stall, DONE);
	return 0;
}

static bool is_empty(void *arg)
{
	const struct stall *stall = arg;

	return !zt_sh("! ls %s | grep -q '^[0-9]'", stall->dir);
}

TEST_F(zmq, a_frozen_file_system_stalls_no_close)
{
	struct stall *stall = stall_new(STALLED);
	long before, with = -1;
	int dir = -1;
	pid_t pid;

	if (!mount_ext4(stall))
		SKIP(return, "no ext4 that could be frozen");
	dir = open(stall->dir, O_RDONLY | O_CLOEXEC);
	before = time_somebody();
	EXPECT_LE(0, before);
	pid = zt_child(stall_in_frozen, stall);
	EXPECT_TRUE(comes_to(stalling, stall));
	EXPECT_EQ(0, ioctl(dir, FIFREEZE, 0));
	set_step(stall, RELEASED);
	EXPECT_TRUE(comes_to(is_done, stall));
	with = time_somebody();
	TH_LOG("%d names: %ld ms before, %ld ms with them; close() took %ld",
	       stall->count, before, with, stall->took);
	EXPECT_LE(0, with);
	EXPECT_GE(before + MORE_MS, with);
	EXPECT_EQ(0, ioctl(dir, FITHAW, 0));
	EXPECT_TRUE(zt_reap(pid));
	EXPECT_GT(MORE_MS, stall->took);
	EXPECT_TRUE(comes_to(is_empty, stall));
	close(dir);
	EXPECT_EQ(0, zt_sh("umount %s && rm %s.img && rmdir %s", stall->dir,
			   stall->dir, stall->dir));
}

/* The name goes behind close()'s back, but it is nobody's from then on. */
TEST_F(zmq, a_path_can_be_bound_again_at_once)
{
	char name[64], ep[ZMQ_ENDPOINT_MAX];
	int pull, push, i;

	snprintf(name, sizeof(name), "/tmp/zmq-again-%d", getpid());
	snprintf(ep, sizeof(ep), "ipc://%s", name);
	push = zt_connected(ZMQ_PUSH, ep);
	ASSERT_LE(0, push);
	for (i = 0; i < 50; i++) {
		pull = zt_socket(ZMQ_PULL);
		ASSERT_EQ(0, zt_bind(pull, ep));
		ASSERT_EQ(0, close(pull));
	}
	pull = zt_socket(ZMQ_PULL);
	ASSERT_EQ(0, zt_bind(pull, ep));
	ASSERT_EQ(0, zt_puts(push, "still there", 0));
	EXPECT_TRUE(zt_gets(pull, "still there", ZT_LAST));
	EXPECT_EQ(0, access(name, F_OK));
	EXPECT_EQ(0, zt_settext(pull, ZMQ_UNBIND, ep));
	EXPECT_EQ(-1, access(name, F_OK));
}

static void *recv_page(void *arg)
{
	recv(*(int *)arg, page, 16, 0);
	return NULL;
}

/* A process that is killed, since its other thread does not end. */
static int poll_beside_fault(void *arg)
{
	int *sub = arg;
	pthread_t thread;
	u64 begin;

	if (!make_page() || pthread_create(&thread, NULL, recv_page, sub))
		return 1;
	sleep(1);
	begin = zt_now_ms();
	if (!zt_poll(*sub, POLLIN, 0))
		return 1;
	return zt_now_ms() - begin > MORE_MS;
}

TEST_F(zmq, poll_waits_for_no_caller)
{
	int sub, pub;

	if (!can_fault())
		SKIP(return, "no userfaultfd");
	sub = zt_listening(ZMQ_SUB, "tcp://127.0.0.1:*", self->ep);
	ASSERT_EQ(0, zt_settext(sub, ZMQ_SUBSCRIBE, ""));
	pub = zt_connected(ZMQ_XPUB, self->ep);
	ASSERT_TRUE(zt_becomes(pub, POLLIN));
	ASSERT_EQ(0, zt_puts(pub, "one", 0));
	ASSERT_TRUE(zt_wait_unread(1));
	EXPECT_TRUE(zt_reap(zt_child(poll_beside_fault, &sub)));
}

static void *write_on(void *arg)
{
	static char much[1 << 20];

	while (send(*(int *)arg, much, sizeof(much), MSG_NOSIGNAL) > 0)
		;
	return NULL;
}

static bool is_refused(void *arg)
{
	return zt_counter("ZmqHandshakeProtocol") > 0;
}

/* What is read of it before its stream is closed has an end. */
TEST_F(zmq, a_peer_that_goes_on_writing_is_let_go)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "\0on" };
	int pull = zt_listening(ZMQ_PULL, "ipc://@on", self->ep);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), room = 64 << 20, i;
	pthread_t threads[6];
	u64 begin;

	ASSERT_LE(0, pull);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&un,
			     offsetof(struct sockaddr_un, sun_path) + 3));
	for (i = 0; i < 6; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, write_on, &fd));
	EXPECT_TRUE(zt_eventually(is_refused, NULL));
	begin = zt_now_ms();
	EXPECT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 10));
	EXPECT_GT(MORE_MS, zt_now_ms() - begin);
	for (i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	close(fd);
}

TEST_HARNESS_MAIN
