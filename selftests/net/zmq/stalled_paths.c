// SPDX-License-Identifier: GPL-2.0-only
/*
 * File systems that a user can stall, he stalls for himself: paths that are
 * looked up, and paths that are removed.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <linux/fs.h>
#include <linux/fuse.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include "kselftest_harness.h"
#include "fixture.h"
#include "stalled.h"

#define STALLED_DIALS	600
/* So many dials of a user wait at once, on each CPU. */
#define WAITING_MAX	8
#define LONG_S		600

static int fds[STALLED_MAX];

/* Paths: each attempt but the first hangs in a file system. */

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

static void fuse_serve(int fd, struct stall *stall)
{
	static char buf[1 << 16];
	struct fuse_in_header *in = (void *)buf;
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
		.flags = FUSE_PARALLEL_DIROPS,
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
			if (stall_step(stall) < STALL_RELEASED)
				fuse_reply(fd, in->unique, -ENOENT, NULL, 0);
			else
				__atomic_add_fetch(&stall->waiting, 1,
						   __ATOMIC_RELAXED);
			break;
		case FUSE_FORGET:
		case FUSE_INTERRUPT:
			break;
		default:
			fuse_reply(fd, in->unique, -EOPNOTSUPP, NULL, 0);
		}
	}
}

static int dial_paths(const struct stall *stall, int count)
{
	char ep[ZMQ_ENDPOINT_MAX];
	int i;

	for (i = 0; i < count; i++) {
		snprintf(ep, sizeof(ep), "ipc://%s/%d", stall->dir, i);
		fds[i] = zt_socket(ZMQ_PUSH);
		zt_setint(fds[i], ZMQ_RECONNECT_IVL, 2000);
		if (zt_connect(fds[i], ep))
			return -1;
	}
	return 0;
}

static int stall_in_paths(void *arg)
{
	struct stall *stall = arg;

	stall_become_nobody();
	if (dial_paths(stall, stall->count))
		return 1;
	stall_set_step(stall, STALL_RELEASED);
	sleep(3);
	stall_set_step(stall, STALL_DONE);
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

static pid_t start_fuse(struct stall *stall)
{
	struct fuse fuse = { .stall = stall, .fd = mount_fuse(stall) };
	pid_t daemon;

	if (fuse.fd < 0)
		return -1;
	daemon = zt_child(serve, &fuse);
	close(fuse.fd);
	return daemon;
}

static void stop_fuse(struct stall *stall, pid_t daemon)
{
	umount2(stall->dir, MNT_DETACH);
	kill(daemon, SIGKILL);
	waitpid(daemon, NULL, 0);
	rmdir(stall->dir);
}

TEST_F_TIMEOUT(zmq, paths_stall_the_dials_of_their_own_user, LONG_S)
{
	struct stall *stall = stall_new(STALLED_DIALS);
	pid_t daemon = start_fuse(stall);

	if (daemon < 0)
		SKIP(return, "no FUSE");
	EXPECT_TRUE(stall_begin(stall, stall_in_paths));
	EXPECT_TRUE(stall_spares_others(stall, STALL_DONE));
	stall_end(stall);
	stop_fuse(stall, daemon);
}

/* Of so many namespaces, each with more dials than may wait at once. */
#define NAMESPACES	8
#define DIALS		16

static int dial_in_namespace(void *arg)
{
	struct stall *stall = arg;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return 1;
	return dial_paths(stall, DIALS) ? 1 : pause();
}

static int dial_in_namespaces(void *arg)
{
	struct stall *stall = arg;
	int i;

	stall_become_nobody();
	for (i = 0; i < NAMESPACES; i++)
		zt_child(dial_in_namespace, stall);
	sleep(1);
	stall_set_step(stall, STALL_RELEASED);
	sleep(4);
	stall_set_step(stall, STALL_DONE);
	pause();
	return 0;
}

/* A thread of the kernel waits for each. */
TEST_F(zmq, namespaces_of_a_user_stall_no_more_threads)
{
	struct stall *stall = stall_new(NAMESPACES * DIALS);
	pid_t daemon = start_fuse(stall);

	if (daemon < 0)
		SKIP(return, "no FUSE");
	EXPECT_TRUE(stall_begin(stall, dial_in_namespaces));
	EXPECT_TRUE(stall_spares_others(stall, STALL_DONE));
	EXPECT_LT(0, stall->waiting);
	EXPECT_GE(WAITING_MAX * sysconf(_SC_NPROCESSORS_CONF), stall->waiting);
	TH_LOG("%d wait of %d", stall->waiting, stall->count);
	stall_end(stall);
	stop_fuse(stall, daemon);
}

/* A file system that is frozen keeps whoever removes a name waiting. */

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

	stall_become_nobody();
	for (i = 0; i < stall->count; i++) {
		snprintf(ep, sizeof(ep), "ipc://%s/%d", stall->dir, i);
		fds[i] = zt_socket(ZMQ_PULL);
		if (zt_bind(fds[i], ep))
			return 1;
	}
	stall_set_step(stall, STALL_STALLING);
	if (!stall_comes_to(stall, STALL_RELEASED))
		return 1;
	for (i = 0; i < stall->count; i++)
		stall_timed_close(stall, fds[i]);
	stall_set_step(stall, STALL_DONE);
	return 0;
}

static bool is_empty(void *arg)
{
	const struct stall *stall = arg;

	return !zt_sh("! ls %s | grep -q '^[0-9]'", stall->dir);
}

/* Each name is removed by itself. */
static bool becomes_empty(struct stall *stall)
{
	return zt_eventually(is_empty, stall) ||
	       zt_eventually(is_empty, stall) || zt_eventually(is_empty, stall);
}

TEST_F_TIMEOUT(zmq, a_frozen_file_system_stalls_no_close, LONG_S)
{
	struct stall *stall = stall_new(STALLED);
	int dir;

	if (!mount_ext4(stall))
		SKIP(return, "no ext4 that could be frozen");
	dir = open(stall->dir, O_RDONLY | O_CLOEXEC);
	EXPECT_TRUE(stall_begin(stall, stall_in_frozen));
	EXPECT_TRUE(stall_comes_to(stall, STALL_STALLING));
	EXPECT_EQ(0, ioctl(dir, FIFREEZE, 0));
	stall_set_step(stall, STALL_RELEASED);
	EXPECT_TRUE(stall_spares_others(stall, STALL_DONE));
	EXPECT_EQ(0, ioctl(dir, FITHAW, 0));
	EXPECT_TRUE(zt_reap(stall->pid));
	EXPECT_GT(MORE_MS, stall->took);
	EXPECT_TRUE(becomes_empty(stall));
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

TEST_HARNESS_MAIN
