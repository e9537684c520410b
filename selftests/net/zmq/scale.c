// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ten thousand peers: what each costs, and that each is served. Not among the
 * tests that run by default: `make check-scale`.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include "kselftest_harness.h"
#include "fixture.h"
#include "scale.h"

#define PEERS		10000
#define ROUNDS		4
/* Kernel memory of an idle connection beyond its TCP socket. */
#define CONN_BYTES_MAX	2048
/* An AF_ZMQ socket with a connection, files and TCP sockets of both ends. */
#define SOCK_BYTES_MAX	16384

static int peers[PEERS];

FIXTURE(scale) {
	char ep[ZMQ_ENDPOINT_MAX];
	int router;
};

FIXTURE_SETUP(scale)
{
	const struct rlimit files = { 3 * PEERS, 3 * PEERS };

	ASSERT_EQ(0, zt_setup(_metadata->name));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	/* TCP must not be the one who refuses. */
	ASSERT_EQ(0, zs_sysctl("core/somaxconn", 2 * PEERS));
	ASSERT_EQ(0, zs_sysctl("ipv4/tcp_max_syn_backlog", 2 * PEERS));
	self->router = zt_socket(ZMQ_ROUTER);
	ASSERT_LE(0, self->router);
	ASSERT_EQ(0, zt_setint(self->router, ZMQ_BACKLOG, 2 * PEERS));
	/* All connect before the first says hello. */
	ASSERT_EQ(0, zt_sysctl_global("handshakes_max", "20000"));
	ASSERT_EQ(0, zt_sysctl("handshakes_max", "20000"));
	ASSERT_EQ(0, zt_setint(self->router, ZMQ_HANDSHAKE_IVL, 0));
	ASSERT_EQ(0, zt_bind_any(self->router, "tcp://127.0.0.1:*", self->ep));
}

FIXTURE_TEARDOWN(scale)
{
	zs_close(peers, PEERS);
	EXPECT_EQ(0, zt_teardown());
}

static bool up_is(void *arg)
{
	return zt_mib("Established") - zt_mib("Disconnects") == *(long *)arg;
}

static bool received(void *arg)
{
	return zt_mib("RxMsgs") >= *(long *)arg;
}

/* Waits for a counter that ten thousand peers move. */
static bool patiently(bool (*holds)(void *arg), long value)
{
	int i;

	for (i = 0; i < 10; i++)
		if (zt_eventually(holds, &value))
			return true;
	return false;
}

static bool all_connect(int port)
{
	if (zs_dial(peers, PEERS, port) && zs_handshake(peers, PEERS) &&
	    patiently(up_is, PEERS))
		return true;
	printf("# %ld accepted, %ld not, %ld established, %ld closed; "
	       "TCP: %ld drops, %ld cookies\n",
	       zt_mib("Accepts"), zt_mib("AcceptFail"), zt_mib("Established"),
	       zt_mib("HandshakeClosed"),
	       zt_netstat("TcpExt:", "ListenDrops"),
	       zt_netstat("TcpExt:", "SyncookiesSent"));
	return false;
}

/* Bytes for each of ten thousand plain TCP connections, both ends in here. */
static long plain_bytes(void)
{
	static int accepted[PEERS];
	long before, bytes;
	int port = 0, i, listener = zp_listen(0, &port);
	bool ok;

	before = zs_kernel_bytes();
	ok = listener >= 0 && zs_dial_accept(peers, accepted, PEERS, listener,
					     port);
	bytes = zs_kernel_bytes() - before;
	zs_close(peers, PEERS);
	for (i = 0; i < PEERS; i++)
		close(accepted[i]);
	close(listener);
	return ok ? bytes / PEERS : -1;
}

TEST_F_TIMEOUT(scale, an_idle_connection_is_small, 900)
{
	static struct zs_slab slabs[ZS_SLABS], now[ZS_SLABS];
	long plain, before, user, bytes, extra;

	plain = plain_bytes();
	ASSERT_LT(0, plain);
	/* What the kernel keeps of the plain ones must not be had for nothing. */
	ASSERT_TRUE(zs_settles());
	before = zs_kernel_bytes();
	user = zs_user_bytes();
	zs_slabs(slabs, NULL, 0);
	ASSERT_TRUE(all_connect(zt_port(self->ep)));
	bytes = (zs_kernel_bytes() - before) / PEERS;
	user = zs_user_bytes() - user;
	zs_slabs(now, slabs, 8l * PEERS);
	extra = bytes - plain;
	TH_LOG("%d into a ROUTER: %ld bytes each, both ends; %ld beyond plain TCP's %ld",
	       PEERS, bytes, extra, plain);
	EXPECT_GE(CONN_BYTES_MAX, extra);
	EXPECT_GE(PEERS * 16l, user) TH_LOG("%ld bytes in user space", user);
}

/* Each of @ROUNDS requests of every peer is answered, and no peer is served
 * twice before all others were once.
 */
TEST_F_TIMEOUT(scale, every_peer_is_served_in_its_turn, 900)
{
	static unsigned char served[PEERS];
	char id[16], request;
	int i, peer, round;
	u64 start;

	ASSERT_TRUE(all_connect(zt_port(self->ep)));
	start = zt_now_ms();
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < PEERS; i++)
			ASSERT_EQ(0, zp_puts(peers[i], 0, "?"));
	ASSERT_TRUE(patiently(received, (long)PEERS * ROUNDS));
	for (i = 0; i < PEERS * ROUNDS; i++) {
		ASSERT_EQ(ZS_ID_LEN, recv(self->router, id, sizeof(id), 0));
		ASSERT_EQ(1, recv(self->router, &request, 1, 0));
		peer = zs_peer(id);
		ASSERT_LE(0, peer);
		ASSERT_EQ(i / PEERS, served[peer])
			TH_LOG("peer %d is served out of turn", peer);
		served[peer]++;
		ASSERT_EQ(0, zt_send(self->router, id, ZS_ID_LEN, MSG_MORE));
		ASSERT_EQ(0, zt_puts(self->router, "!", 0));
	}
	for (i = 0; i < PEERS; i++)
		for (round = 0; round < ROUNDS; round++)
			ASSERT_TRUE(zp_gets(peers[i], 0, "!")) TH_LOG("peer %d", i);
	TH_LOG("%d requests of %d peers answered in %llu ms", PEERS * ROUNDS,
	       PEERS, (unsigned long long)(zt_now_ms() - start));
}

/* A peer that was there before; how long the longest of its pings took. */
struct pinger {
	int port;
	int stop;
	u64 worst;
	long pings;
};

static int ping(void *arg)
{
	struct pinger *p = arg;
	int peer = zp_peer(p->port, "DEALER", "ROUTER");
	u64 start;

	while (peer >= 0 && !__atomic_load_n(&p->stop, __ATOMIC_ACQUIRE)) {
		start = zt_now_ms();
		if (!zp_sync(peer))
			return 1;
		if (zt_now_ms() - start > p->worst)
			p->worst = zt_now_ms() - start;
		p->pings++;
	}
	return peer < 0;
}

TEST_F_TIMEOUT(scale, storms_leave_others_alone, 900)
{
	struct pinger *p = zt_shared(sizeof(*p));
	u64 start, up, down;
	pid_t child;

	ASSERT_NE(NULL, p);
	p->port = zt_port(self->ep);
	child = zt_child(ping, p);
	ASSERT_TRUE(patiently(up_is, 1));
	start = zt_now_ms();
	ASSERT_TRUE(zs_dial(peers, PEERS, p->port));
	ASSERT_TRUE(zs_handshake(peers, PEERS));
	ASSERT_TRUE(patiently(up_is, PEERS + 1));
	up = zt_now_ms() - start;
	start = zt_now_ms();
	zs_close(peers, PEERS);
	ASSERT_TRUE(patiently(up_is, 1));
	down = zt_now_ms() - start;
	__atomic_store_n(&p->stop, 1, __ATOMIC_RELEASE);
	EXPECT_TRUE(zt_reap(child));
	TH_LOG("%d came in %llu ms, went in %llu; %ld pings, at most %llu ms; %ld TCP timeouts",
	       PEERS, (unsigned long long)up, (unsigned long long)down,
	       p->pings, (unsigned long long)p->worst,
	       zt_netstat("TcpExt:", "TCPTimeouts"));
	EXPECT_LT(0, p->pings);
	EXPECT_GT(ZT_DEADLINE_MS / 2, p->worst);
	EXPECT_EQ(0, zt_mib("AcceptFail"));
}

TEST_F_TIMEOUT(scale, ten_thousand_sockets_in_one_process, 900)
{
	static struct zs_slab slabs[ZS_SLABS], now[ZS_SLABS];
	u64 start = zt_now_ms();
	char id[16], request;
	long before, bytes;
	int i;

	/* What the kernel keeps of other tests must not be had for nothing. */
	ASSERT_TRUE(zs_settles());
	before = zs_kernel_bytes();
	zs_slabs(slabs, NULL, 0);
	for (i = 0; i < PEERS; i++) {
		peers[i] = zt_connected(ZMQ_DEALER, self->ep);
		ASSERT_LE(0, peers[i]);
	}
	/* Each end counts. */
	ASSERT_TRUE(patiently(up_is, 2l * PEERS));
	bytes = (zs_kernel_bytes() - before) / PEERS;
	zs_slabs(now, slabs, 64l * PEERS);
	for (i = 0; i < PEERS; i++)
		ASSERT_EQ(0, zt_puts(peers[i], "?", 0));
	for (i = 0; i < PEERS; i++) {
		ASSERT_EQ(5, recv(self->router, id, sizeof(id), 0));
		ASSERT_EQ(1, recv(self->router, &request, 1, 0));
		ASSERT_EQ(0, zt_send(self->router, id, 5, MSG_MORE));
		ASSERT_EQ(0, zt_puts(self->router, "!", 0));
	}
	for (i = 0; i < PEERS; i++)
		ASSERT_TRUE(zt_gets(peers[i], "!", ZT_LAST)) TH_LOG("socket %d", i);
	TH_LOG("%d DEALERs: %ld bytes of kernel memory a socket, both ends; %llu ms in all",
	       PEERS, bytes, (unsigned long long)(zt_now_ms() - start));
	EXPECT_GE(SOCK_BYTES_MAX, bytes);
}

TEST_HARNESS_MAIN
