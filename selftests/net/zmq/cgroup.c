// SPDX-License-Identifier: GPL-2.0-only
/* Control groups: their memory limits and their BPF programs. */
#include <stdlib.h>
#include <sys/syscall.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define GROUP	"zmq-selftest"
#define LIMIT	(16 << 20)

FIXTURE(cgroup) {
	char ep[ZMQ_ENDPOINT_MAX];
	int dir;
};

FIXTURE_SETUP(cgroup)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
	zt_cgroup_set("", "cgroup.subtree_control", "+memory");
	self->dir = zt_cgroup_make(GROUP);
	if (self->dir < 0)
		SKIP(return, "no cgroup2: %m");
}

FIXTURE_TEARDOWN(cgroup)
{
	EXPECT_EQ(0, zt_cgroup_enter(""));
	EXPECT_EQ(0, zt_teardown());
	EXPECT_TRUE(zt_cgroup_remove(GROUP));
}

/* return 0 */
static const struct bpf_insn deny[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

/* return ctx->sk->mark != 7 */
static const struct bpf_insn deny_mark_7[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1 },
	{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = 2, .src_reg = 1,
	  .off = offsetof(struct bpf_sock_addr, sk) },
	{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 2, .off = 3, .imm = 0 },
	{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 2, .src_reg = 2,
	  .off = offsetof(struct bpf_sock, mark) },
	{ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = 2, .off = 1, .imm = 7 },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

TEST_F(cgroup, a_program_can_refuse_to_connect)
{
	int outside = zt_socket(ZMQ_PUSH), inside;

	if (zt_cgroup_attach(self->dir, BPF_CGROUP_INET4_CONNECT, deny,
			     ARRAY_SIZE(deny)))
		SKIP(return, "bpf: %m");
	ASSERT_EQ(0, zt_connect(outside, "tcp://127.0.0.1:1"));
	ASSERT_EQ(0, zt_cgroup_enter(GROUP));
	inside = zt_socket(ZMQ_PUSH);
	EXPECT_EQ(-1, zt_connect(inside, "tcp://127.0.0.1:1"));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(0, zt_connect(inside, "inproc://other"));
}

TEST_F(cgroup, a_program_can_refuse_to_bind)
{
	int fd;

	if (zt_cgroup_attach(self->dir, BPF_CGROUP_INET4_BIND, deny,
			     ARRAY_SIZE(deny)))
		SKIP(return, "bpf: %m");
	ASSERT_EQ(0, zt_cgroup_enter(GROUP));
	fd = zt_socket(ZMQ_PULL);
	EXPECT_EQ(-1, zt_bind(fd, "tcp://127.0.0.1:*"));
	EXPECT_EQ(EPERM, errno);
}

TEST_F(cgroup, a_program_sees_the_mark_of_the_socket)
{
	const int mark = 7;
	int plain, marked;

	if (zt_cgroup_attach(self->dir, BPF_CGROUP_INET4_CONNECT, deny_mark_7,
			     ARRAY_SIZE(deny_mark_7)))
		SKIP(return, "bpf: %m");
	ASSERT_EQ(0, zt_cgroup_enter(GROUP));
	plain = zt_socket(ZMQ_PUSH);
	marked = zt_socket(ZMQ_PUSH);
	ASSERT_EQ(0, setsockopt(marked, SOL_SOCKET, SO_MARK, &mark,
				sizeof(mark)));
	EXPECT_EQ(0, zt_connect(plain, "tcp://127.0.0.1:1"));
	EXPECT_EQ(-1, zt_connect(marked, "tcp://127.0.0.1:1"));
	EXPECT_EQ(EPERM, errno);
}

#define ARG(_n)	.dst_reg = BPF_REG_##_n

/* Puts what is accepted into @map. */
static int collect_accepted(int dir, int map)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_W, ARG(2), .src_reg = BPF_REG_1,
		  .off = offsetof(struct bpf_sock_ops, op) },
		{ .code = BPF_JMP | BPF_JNE | BPF_K, ARG(2), .off = 7,
		  .imm = BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB },
		{ .code = BPF_ST | BPF_MEM | BPF_W, ARG(10), .off = -4 },
		{ .code = BPF_LD | BPF_IMM | BPF_DW, ARG(2),
		  .src_reg = BPF_PSEUDO_MAP_FD, .imm = map },
		{ },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, ARG(3), .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, ARG(3), .imm = -4 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, ARG(4), .imm = BPF_ANY },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_sock_map_update },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, ARG(0), .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return zt_cgroup_attach(dir, BPF_CGROUP_SOCK_OPS, insns,
				ARRAY_SIZE(insns));
}

static bool is_in(int map)
{
	__u64 cookie = 0;
	__u32 key = 0;
	union bpf_attr look = {
		.map_fd = map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&cookie,
	};

	return !syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &look, sizeof(look));
}

TEST_F(cgroup, what_is_accepted_into_a_sockmap_stays_there)
{
	union bpf_attr make = {
		.map_type = BPF_MAP_TYPE_SOCKMAP,
		.key_size = 4,
		.value_size = 8,
		.max_entries = 1,
	};
	int map = syscall(SYS_bpf, BPF_MAP_CREATE, &make, sizeof(make));
	int pull, push;

	if (map < 0 || collect_accepted(self->dir, map))
		SKIP(return, "bpf: %m");
	ASSERT_EQ(0, zt_cgroup_enter(GROUP));
	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	ASSERT_EQ(0, zt_cgroup_enter(""));
	push = zt_connected(ZMQ_PUSH, self->ep);
	ASSERT_LE(0, push);
	ASSERT_TRUE(is_in(map));
	EXPECT_EQ(100, zt_put_numbers(push, 100, 0));
	EXPECT_EQ(100, zt_get_numbers(pull, 100));
	close(pull);
	EXPECT_TRUE(zt_counts("ZmqDisconnects", 0));
	EXPECT_FALSE(is_in(map));
}

/* A cgroup's limit holds no data back that is in TCP's buffer, so it is small. */
static int subscriber(const char *ep)
{
	const int room = 256 << 20;
	int fd = zt_socket(ZMQ_SUB);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    zt_setint(fd, ZMQ_RCVHWM, 0) || zt_setint(fd, ZMQ_RCVBUF, 100000) ||
	    zt_settext(fd, ZMQ_SUBSCRIBE, "") || zt_connect(fd, ep))
		return -1;
	return fd;
}

struct slow {
	const char *ep;
	int ready;		/* write end */
	int go;			/* read end */
};

/* Subscribes inside of the cgroup and never reads. */
static int be_slow(void *arg)
{
	struct slow *s = arg;
	char byte;

	if (zt_cgroup_enter(GROUP) || subscriber(s->ep) < 0 ||
	    write(s->ready, "r", 1) != 1)
		return 1;
	return read(s->go, &byte, 1) != 1;
}

static bool all_subscribed(void *arg)
{
	return zt_counter("ZmqEstablished") >= *(int *)arg;
}

/* The limited one gets no more than fits into its cgroup; the other one gets
 * everything.
 */
TEST_F_TIMEOUT(cgroup, a_slow_subscriber_fills_its_own_cgroup, 240)
{
	static char body[32768], got[32768];
	int ready[2], go[2], pub, fast, i, four = 4;
	long used, sock, before;
	char limit[32], byte;
	struct slow s;
	pid_t child;

	snprintf(limit, sizeof(limit), "%d", LIMIT);
	if (zt_cgroup_set(GROUP, "memory.max", limit))
		SKIP(return, "no memory controller: %m");
	pub = zt_socket(ZMQ_XPUB);
	ASSERT_EQ(0, zt_setint(pub, ZMQ_SNDHWM, 64));
	ASSERT_EQ(0, zt_bind_any(pub, "tcp://127.0.0.1:*", self->ep));
	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	s = (struct slow){ self->ep, ready[1], go[0] };
	before = zt_cgroup_get(GROUP, "memory.stat", "sock");
	child = zt_child(be_slow, &s);
	ASSERT_TRUE(zt_becomes(ready[0], POLLIN));
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	fast = subscriber(self->ep);
	ASSERT_LE(0, fast);
	ASSERT_TRUE(zt_eventually(all_subscribed, &four));
	/* Subscriptions of both, the second is no news to XPUB. */
	ASSERT_TRUE(zt_got(pub, "\1", 1, ZT_LAST));

	for (i = 0; i < 2000; i++) {
		memcpy(body, &i, sizeof(i));
		ASSERT_EQ(0, zt_send(pub, body, sizeof(body), 0));
		ASSERT_TRUE(zt_got(fast, body, sizeof(got), ZT_LAST))
			TH_LOG("number %d", i);
	}
	used = zt_cgroup_get(GROUP, "memory.current", NULL);
	sock = zt_cgroup_get(GROUP, "memory.stat", "sock");
	printf("# %ld bytes in the cgroup, %ld of sockets\n", used, sock);
	EXPECT_LT(before + LIMIT / 4, sock);
	EXPECT_GE(LIMIT + LIMIT / 4, used);
	EXPECT_LT(0, zt_counter("ZmqTxDropFull"));
	ASSERT_EQ(1, write(go[1], "g", 1));
	EXPECT_TRUE(zt_reap(child));
}

struct listener {
	int port_pipe;		/* write end */
	int go;			/* read end */
};

/* Listens inside of the cgroup and does not read. */
static int listen_inside(void *arg)
{
	struct listener *l = arg;
	char ep[ZMQ_ENDPOINT_MAX], byte;
	int port, fd;

	if (zt_cgroup_enter(GROUP))
		return 1;
	fd = zt_socket(ZMQ_PULL);
	if (zt_setint(fd, ZMQ_RCVHWM, 1) ||
	    zt_bind_any(fd, "tcp://127.0.0.1:*", ep))
		return 1;
	port = zt_port(ep);
	if (write(l->port_pipe, &port, sizeof(port)) != sizeof(port))
		return 1;
	return read(l->go, &byte, 1) != 1;
}

static bool sockets_take(void *arg)
{
	return zt_cgroup_get(GROUP, "memory.stat", "sock") >= *(long *)arg;
}

/* What peers fill TCP's buffers with is charged to who listens. */
TEST_F(cgroup, accepted_connections_are_charged_to_the_listener)
{
	static const char body[262144];
	int port, ports[2], go[2], peer, i;
	long want = 1 << 20;
	struct listener l;
	pid_t child;

	if (zt_cgroup_get(GROUP, "memory.stat", "sock") < 0)
		SKIP(return, "no memory controller");
	ASSERT_EQ(0, pipe(ports));
	ASSERT_EQ(0, pipe(go));
	l = (struct listener){ ports[1], go[0] };
	child = zt_child(listen_inside, &l);
	ASSERT_TRUE(zt_becomes(ports[0], POLLIN));
	ASSERT_EQ(sizeof(port), read(ports[0], &port, sizeof(port)));
	for (i = 0; i < 16; i++) {
		peer = zp_peer(port, "PUSH", "PULL");
		ASSERT_LE(0, peer);
		ASSERT_EQ(0, zp_puts(peer, 0, "fills the queue"));
		ASSERT_LT(0, send(peer, body, sizeof(body), MSG_DONTWAIT));
	}
	EXPECT_TRUE(zt_eventually(sockets_take, &want))
		TH_LOG("%ld", zt_cgroup_get(GROUP, "memory.stat", "sock"));
	ASSERT_EQ(1, write(go[1], "g", 1));
	EXPECT_TRUE(zt_reap(child));
}

static int reserve_inside(void *arg)
{
	int bytes = 1 << 20, fd;

	if (zt_cgroup_enter(GROUP))
		return 1;
	fd = zt_socket(ZMQ_PUSH);
	return !(setsockopt(fd, SOL_SOCKET, SO_RESERVE_MEM, &bytes,
			    sizeof(bytes)) == -1 && errno == EOPNOTSUPP);
}

/* Only a socket of a cgroup could. */
TEST_F(cgroup, memory_is_not_reserved)
{
	if (zt_cgroup_get(GROUP, "memory.stat", "sock") < 0)
		SKIP(return, "no memory controller");
	EXPECT_TRUE(zt_reap(zt_child(reserve_inside, NULL)));
}

#define PEERS	400

/* What the slabs of these names hold, in bytes. */
static long slabs(const char * const *prefixes)
{
	char line[512], name[64];
	long active, size, sum = 0;
	FILE *f = fopen("/proc/slabinfo", "re");
	int i;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %ld %*d %ld", name, &active, &size) != 3)
			continue;
		for (i = 0; prefixes[i]; i++)
			if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
				sum += active * size;
	}
	fclose(f);
	return sum;
}

/* KASAN keeps what is freed in the slabs, where it looks like in use. */
static bool slabs_keep_the_dead(void)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	bool found = false;
	char line[512];

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, " kasan_quarantine_put");
	if (f)
		fclose(f);
	return found;
}

/* A worker accepts, and what it allocates is the listener's. Objects for which
 * there is a size of their own are in the module's caches; all other memory of
 * its that is to be charged comes from kmalloc-cg.
 */
TEST_F_TIMEOUT(cgroup, what_accepted_connections_take_is_charged, 240)
{
	static const char * const ours[] = { "zmq", "kmalloc-cg-", NULL };
	long took, charged, used, before;
	int port, ports[2], go[2], i;
	struct listener l;
	pid_t child;

	if (zt_cgroup_get(GROUP, "memory.stat", "slab_unreclaimable") < 0 ||
	    slabs(ours) <= 0)
		SKIP(return, "no memory controller or no slabinfo");
	if (slabs_keep_the_dead())
		SKIP(return, "slabinfo counts what is free");
	ASSERT_EQ(0, pipe(ports));
	ASSERT_EQ(0, pipe(go));
	l = (struct listener){ ports[1], go[0] };
	child = zt_child(listen_inside, &l);
	ASSERT_TRUE(zt_becomes(ports[0], POLLIN));
	ASSERT_EQ(sizeof(port), read(ports[0], &port, sizeof(port)));
	before = zt_cgroup_get(GROUP, "memory.stat", "slab_unreclaimable");
	used = slabs(ours);
	for (i = 0; i < PEERS; i++)
		ASSERT_LE(0, zp_peer(port, "PUSH", "PULL")) TH_LOG("peer %d", i);
	ASSERT_TRUE(zt_counts("ZmqEstablished", PEERS - 1));
	took = slabs(ours) - used;
	charged = zt_cgroup_get(GROUP, "memory.stat", "slab_unreclaimable") -
		  before;
	printf("# the machine's slabs %+ld bytes, %+ld charged to the cgroup\n",
	       took, charged);
	EXPECT_LT(PEERS * 1024, took);
	EXPECT_LE(took / 100 * 95, charged);
	ASSERT_EQ(1, write(go[1], "g", 1));
	EXPECT_TRUE(zt_reap(child));
}

TEST_HARNESS_MAIN
