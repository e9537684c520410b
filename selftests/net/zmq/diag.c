// SPDX-License-Identifier: GPL-2.0-only
/* What others can see of a socket: sock_diag, /proc/net/tcp, ioctl(). */
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/zmq_diag.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define MESSAGES_MAX	4096

/**
 * struct seen - one message of a dump
 * @msg: the socket
 * @info: of its first message
 * @peer: of a peer's message
 * @child: of a peer or listener
 * @endpoint: of a peer or listener
 * @mechanism: of a peer
 * @reason: of a peer
 * @id_len: bytes of a peer's routing id
 * @has: bits of the attributes that were there
 */
struct seen {
	struct zmq_diag_msg	msg;
	struct zmq_diag_info	info;
	struct zmq_diag_peer	peer;
	struct zmq_diag_child	child;
	char			endpoint[300];
	char			mechanism[24];
	char			reason[32];
	unsigned int		id_len;
	unsigned int		has;
};

struct dump {
	struct seen	seen[MESSAGES_MAX];
	int		nr;
	int		reads;
};

static struct dump dumped;

static struct zmq_diag_req request(unsigned int show)
{
	return (struct zmq_diag_req){
		.zdiag_family = zt_family(),
		.zdiag_show = show,
	};
}

static int ask(const void *req, size_t len, int flags)
{
	struct {
		struct nlmsghdr nlh;
		char data[sizeof(struct zmq_diag_req)];
	} msg = { };
	int nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	msg.nlh.nlmsg_len = NLMSG_LENGTH(len);
	msg.nlh.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	msg.nlh.nlmsg_flags = NLM_F_REQUEST | flags;
	memcpy(msg.data, req, len);
	if (nl < 0 || send(nl, &msg, msg.nlh.nlmsg_len, 0) < 0)
		return -1;
	return nl;
}

static void take(void *to, size_t size, const struct nlattr *a)
{
	size_t len = a->nla_len - NLA_HDRLEN;

	memset(to, 0, size);
	memcpy(to, (const char *)a + NLA_HDRLEN, len < size ? len : size);
}

static void take_nested(struct seen *s, const struct nlattr *nest, bool peer)
{
	const char *end = (const char *)nest + nest->nla_len;
	const struct nlattr *a = (const void *)((const char *)nest + NLA_HDRLEN);

	for (; (const char *)a < end;
	     a = (const void *)((const char *)a + NLA_ALIGN(a->nla_len))) {
		int type = a->nla_type & NLA_TYPE_MASK;

		if (type == (peer ? ZMQ_DIAG_P_ENDPOINT : ZMQ_DIAG_L_ENDPOINT) &&
		    a->nla_len < sizeof(s->endpoint))
			take(s->endpoint, sizeof(s->endpoint), a);
		if (type == (peer ? ZMQ_DIAG_P_CHILD : ZMQ_DIAG_L_CHILD))
			take(&s->child, sizeof(s->child), a);
		if (peer && type == ZMQ_DIAG_P_INFO)
			take(&s->peer, sizeof(s->peer), a);
		if (peer && type == ZMQ_DIAG_P_ID)
			s->id_len = a->nla_len - NLA_HDRLEN;
		if (peer && type == ZMQ_DIAG_P_MECHANISM)
			take(s->mechanism, sizeof(s->mechanism), a);
		if (peer && type == ZMQ_DIAG_P_REASON)
			take(s->reason, sizeof(s->reason), a);
	}
}

static void take_message(struct seen *s, const struct nlmsghdr *nlh)
{
	const char *end = (const char *)nlh + nlh->nlmsg_len;
	const struct nlattr *a = (const void *)((const char *)nlh +
						NLMSG_SPACE(sizeof(s->msg)));

	memset(s, 0, sizeof(*s));
	memcpy(&s->msg, NLMSG_DATA(nlh), sizeof(s->msg));
	for (; (const char *)a < end;
	     a = (const void *)((const char *)a + NLA_ALIGN(a->nla_len))) {
		int type = a->nla_type & NLA_TYPE_MASK;

		s->has |= 1 << type;
		if (type == ZMQ_DIAG_INFO)
			take(&s->info, sizeof(s->info), a);
		if (type == ZMQ_DIAG_PEER || type == ZMQ_DIAG_LISTENER)
			take_nested(s, a, type == ZMQ_DIAG_PEER);
	}
}

/* The answers; -1 with an errno if the kernel said no. */
static int collect(const struct zmq_diag_req *req, int room)
{
	int nl = ask(req, sizeof(*req), NLM_F_DUMP), len;
	static char buf[65536];
	struct nlmsghdr *nlh;

	dumped.nr = 0;
	dumped.reads = 0;
	while (nl >= 0) {
		len = recv(nl, buf, room, 0);
		if (len <= 0)
			break;
		dumped.reads++;
		for (nlh = (void *)buf; NLMSG_OK(nlh, (unsigned int)len);
		     nlh = NLMSG_NEXT(nlh, len)) {
			if (nlh->nlmsg_type == NLMSG_DONE) {
				close(nl);
				return dumped.nr;
			}
			if (nlh->nlmsg_type == NLMSG_ERROR) {
				errno = -((struct nlmsgerr *)NLMSG_DATA(nlh))->error;
				close(nl);
				return -1;
			}
			if (dumped.nr < MESSAGES_MAX)
				take_message(&dumped.seen[dumped.nr++], nlh);
		}
	}
	return -1;
}

static int dump(unsigned int show)
{
	struct zmq_diag_req req = request(show);

	return collect(&req, sizeof(struct seen) * 16);
}

static u64 inode(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

/* Of a socket's messages the @n-th with an attribute; NULL if it has fewer. */
static const struct seen *find(u64 ino, int attr, int n)
{
	int i;

	for (i = 0; i < dumped.nr; i++)
		if (dumped.seen[i].msg.zdiag_ino == ino &&
		    dumped.seen[i].has & 1 << attr && !n--)
			return &dumped.seen[i];
	return NULL;
}

TEST_F(zmq, a_socket_is_told_of)
{
	int fd = zt_socket(ZMQ_DEALER);
	socklen_t len = sizeof(u64);
	const struct seen *s;
	u64 cookie;

	ASSERT_EQ(0, zt_setint(fd, ZMQ_SNDHWM, 12));
	ASSERT_EQ(0, zt_setint(fd, ZMQ_RCVHWM, 34));
	ASSERT_EQ(1, dump(0));
	s = find(inode(fd), ZMQ_DIAG_INFO, 0);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(zt_family(), s->msg.zdiag_family);
	EXPECT_EQ(SOCK_SEQPACKET, s->msg.zdiag_type);
	EXPECT_EQ(ZMQ_DEALER, s->msg.zdiag_pattern);
	EXPECT_EQ(ZMQ_DIAG_OPEN, s->msg.zdiag_state);
	EXPECT_EQ(getuid(), s->msg.zdiag_uid);
	EXPECT_EQ(12, s->info.snd_hwm);
	EXPECT_EQ(34, s->info.rcv_hwm);
	ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len));
	EXPECT_EQ(cookie, s->msg.zdiag_cookie[0] |
			  (u64)s->msg.zdiag_cookie[1] << 32);
}

TEST_F(zmq, listeners_are_told_of_with_their_children)
{
	int fd = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep), i;
	const struct seen *s;

	ASSERT_EQ(0, zt_bind(fd, "inproc://here"));
	EXPECT_EQ(1, dump(0));
	ASSERT_EQ(3, dump(ZMQ_DIAG_SHOW_LISTENERS));
	for (i = 0; i < 2; i++) {
		s = find(inode(fd), ZMQ_DIAG_LISTENER, i);
		ASSERT_NE(NULL, s);
		if (!strcmp(s->endpoint, "inproc://here"))
			continue;
		EXPECT_STREQ(self->ep, s->endpoint);
		EXPECT_EQ(AF_INET, s->child.family);
		EXPECT_EQ(inode(fd), s->child.ino);
	}
}

struct queued {
	u64 ino;
	unsigned int rx, tx;
};

static bool queues_are(void *arg)
{
	const struct queued *q = arg;
	const struct seen *s;

	if (dump(ZMQ_DIAG_SHOW_PEERS) < 0)
		return false;
	s = find(q->ino, ZMQ_DIAG_PEER, 0);
	return s && s->peer.rx_msgs == q->rx && s->peer.tx_msgs == q->tx;
}

TEST_F(zmq, peers_have_queues_of_a_depth)
{
	int pull, push, peer;
	struct queued there, here;
	const struct seen *s;

	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	push = zt_connected(ZMQ_PUSH, self->ep);
	ASSERT_EQ(5, zt_put_numbers(push, 5, 0));
	there = (struct queued){ inode(pull), 5, 0 };
	ASSERT_TRUE(zt_eventually(queues_are, &there));
	s = find(inode(pull), ZMQ_DIAG_PEER, 0);
	EXPECT_EQ(5 * 6, s->peer.rx_bytes);
	EXPECT_EQ(5, s->peer.rx_total);
	EXPECT_EQ(ZMQ_PUSH, s->peer.type);
	EXPECT_EQ(ZMQ_DIAG_UP, s->peer.state);
	EXPECT_EQ(0, s->peer.flags);
	EXPECT_STREQ("NULL", s->mechanism);
	EXPECT_STREQ(self->ep, s->endpoint);
	EXPECT_EQ(5, find(inode(pull), ZMQ_DIAG_INFO, 0)->info.rx_msgs);

	here = (struct queued){ inode(push), 0, 0 };
	ASSERT_TRUE(zt_eventually(queues_are, &here));
	s = find(inode(push), ZMQ_DIAG_PEER, 0);
	EXPECT_EQ(5, s->peer.tx_total);
	EXPECT_EQ(ZMQ_DIAG_F_DIALED, s->peer.flags);

	ASSERT_EQ(5, zt_get_numbers(pull, 5));
	there.rx = 0;
	EXPECT_TRUE(zt_eventually(queues_are, &there));

	/* Who is not up yet is told of, too. */
	peer = zp_dial(zt_port(self->ep), 0);
	ASSERT_EQ(0, zp_greet(peer, 1));
	ASSERT_LT(0, dump(ZMQ_DIAG_SHOW_PEERS));
	EXPECT_EQ(1, find(inode(pull), ZMQ_DIAG_INFO, 0)->info.handshakes);
	s = find(inode(pull), ZMQ_DIAG_PEER, 1);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(ZMQ_DIAG_HANDSHAKE, s->peer.state);
	EXPECT_EQ(ZMQ_DIAG_TYPE_UNKNOWN, s->peer.type);
}

static bool has_failed(void *arg)
{
	const struct seen *s;

	dump(ZMQ_DIAG_SHOW_PEERS);
	s = find(*(u64 *)arg, ZMQ_DIAG_PEER, 0);
	return s && s->peer.reconnects >= 2 && s->peer.error == ECONNREFUSED &&
	       !strcmp(s->reason, "ConnectFail") && s->peer.tx_msgs == 1;
}

TEST_F(zmq, failures_and_reconnects_are_told_of_also_after_close)
{
	int fd = zt_socket(ZMQ_PUSH);
	u64 ino = inode(fd);
	const struct seen *s;

	ASSERT_EQ(0, zt_setint(fd, ZMQ_RECONNECT_IVL, 5));
	ASSERT_EQ(0, zt_setint(fd, ZMQ_LINGER, 1000));
	ASSERT_EQ(0, zt_connect(fd, "tcp://127.0.0.1:1"));
	ASSERT_EQ(0, zt_puts(fd, "unsent", 0));
	EXPECT_TRUE(zt_eventually(has_failed, &ino));
	close(fd);
	ASSERT_EQ(2, dump(ZMQ_DIAG_SHOW_PEERS));
	s = find(0, ZMQ_DIAG_PEER, 0);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(ZMQ_DIAG_DRAINING, s->msg.zdiag_state);
	EXPECT_EQ(1, s->peer.tx_msgs);
	EXPECT_EQ(ZMQ_DIAG_F_DIALED | ZMQ_DIAG_F_LINGERING, s->peer.flags);
}

#define SOCKETS	40
#define PEERS	10

/* A reader with little room gets every socket and every peer, once. */
TEST_F(zmq, a_long_dump_comes_in_pieces_and_is_complete)
{
	struct zmq_diag_req req = request(ZMQ_DIAG_SHOW_PEERS);
	int fds[SOCKETS], i, k;

	for (i = 0; i < SOCKETS; i++) {
		fds[i] = zt_socket(ZMQ_PUSH);
		for (k = 0; k < PEERS; k++) {
			snprintf(self->ep, sizeof(self->ep), "inproc://%d.%d",
				 i, k);
			ASSERT_EQ(0, zt_connect(fds[i], self->ep));
		}
	}
	ASSERT_EQ(SOCKETS * (1 + PEERS), collect(&req, 8192));
	EXPECT_LT(5, dumped.reads);
	for (i = 0; i < SOCKETS; i++) {
		EXPECT_NE(NULL, find(inode(fds[i]), ZMQ_DIAG_INFO, 0));
		EXPECT_EQ(NULL, find(inode(fds[i]), ZMQ_DIAG_INFO, 1));
		for (k = 0; k < PEERS; k++) {
			snprintf(self->ep, sizeof(self->ep), "inproc://%d.%d",
				 i, k);
			EXPECT_STREQ(self->ep, find(inode(fds[i]),
						    ZMQ_DIAG_PEER, k)->endpoint);
		}
		EXPECT_EQ(NULL, find(inode(fds[i]), ZMQ_DIAG_PEER, PEERS));
	}
}

TEST_F(zmq, requests_select_by_type_and_inode)
{
	struct zmq_diag_req req = request(0);
	int pull = zt_socket(ZMQ_PULL), other = zt_socket(ZMQ_PULL);

	ASSERT_LE(0, zt_socket(ZMQ_PUSH));
	req.zdiag_types = 1 << ZMQ_PULL;
	EXPECT_EQ(2, collect(&req, 8192));
	req.zdiag_ino = inode(pull);
	EXPECT_EQ(1, collect(&req, 8192));
	EXPECT_NE(NULL, find(inode(pull), ZMQ_DIAG_INFO, 0));
	EXPECT_EQ(NULL, find(inode(other), ZMQ_DIAG_INFO, 0));
	req.zdiag_types = 1 << ZMQ_PUSH;
	EXPECT_EQ(0, collect(&req, 8192));
}

TEST_F(zmq, requests_that_make_no_sense_are_refused)
{
	struct zmq_diag_req req = request(4);
	char buf[256];
	struct nlmsghdr *nlh = (void *)buf;
	int nl;

	EXPECT_EQ(-1, collect(&req, 8192));
	EXPECT_EQ(EINVAL, errno);
	req = request(0);
	req.zdiag_protocol = 1;
	EXPECT_EQ(-1, collect(&req, 8192));
	EXPECT_EQ(EINVAL, errno);
	req = request(0);
	nl = ask(&req, sizeof(req) - 4, NLM_F_DUMP);
	ASSERT_LT(0, recv(nl, buf, sizeof(buf), 0));
	EXPECT_EQ(NLMSG_ERROR, nlh->nlmsg_type);
	nl = ask(&req, sizeof(req), 0);
	ASSERT_LT(0, recv(nl, buf, sizeof(buf), 0));
	EXPECT_EQ(-EOPNOTSUPP, ((struct nlmsgerr *)NLMSG_DATA(nlh))->error);
}

TEST_F(zmq, other_namespaces_are_not_shown)
{
	int fd = zt_socket(ZMQ_PULL);

	ASSERT_EQ(1, dump(0));
	ASSERT_EQ(0, zt_netns());
	EXPECT_EQ(0, dump(0));
	close(fd);
}

static int dump_as_nobody(void *arg)
{
	return dump(0) != 1 || dumped.seen[0].has & 1 << ZMQ_DIAG_MARK;
}

TEST_F(zmq, marks_are_shown_to_cap_net_admin_alone)
{
	ASSERT_LE(0, zt_socket(ZMQ_PULL));
	ASSERT_EQ(1, dump(0));
	EXPECT_TRUE(dumped.seen[0].has & 1 << ZMQ_DIAG_MARK);
	EXPECT_TRUE(zt_as_nobody(dump_as_nobody, NULL));
}

/* What is told of a ROUTER's peer with an id, and of a private name and who is
 * connected to it: ids and names.
 */
static void count_secrets(int *ids, int *names)
{
	int i;

	*ids = 0;
	*names = 0;
	if (dump(ZMQ_DIAG_SHOW_LISTENERS | ZMQ_DIAG_SHOW_PEERS) < 0)
		*ids = -1;
	for (i = 0; i < dumped.nr; i++) {
		*ids += dumped.seen[i].id_len == 6;
		*names += !!strstr(dumped.seen[i].endpoint, "hidden");
	}
}

static int count_as_nobody(void *arg)
{
	int ids, names;

	count_secrets(&ids, &names);
	return ids || names || dumped.nr != *(int *)arg;
}

TEST_F(zmq, routing_ids_and_private_names_are_told_to_their_user_alone)
{
	int router = zt_listening(ZMQ_ROUTER, "tcp://127.0.0.1:*", self->ep);
	int dealer = zt_socket(ZMQ_DEALER), ids, names, all;
	int a = zt_socket(ZMQ_PAIR), b = zt_socket(ZMQ_PAIR);

	ASSERT_EQ(0, zt_settext(dealer, ZMQ_ROUTING_ID, "secret"));
	ASSERT_EQ(0, zt_connect(dealer, self->ep));
	ASSERT_EQ(0, zt_puts(dealer, "x", 0));
	ASSERT_TRUE(zt_becomes(router, POLLIN));
	ASSERT_EQ(0, zt_setint(a, ZMQ_INPROC_NS, -1));
	ASSERT_EQ(0, zt_setint(b, ZMQ_INPROC_NS, a));
	ASSERT_EQ(0, zt_bind(a, "inproc://hidden"));
	ASSERT_EQ(0, zt_connect(b, "inproc://hidden"));
	ASSERT_EQ(0, zt_puts(b, "x", 0));
	ASSERT_TRUE(zt_gets(a, "x", ZT_LAST));
	count_secrets(&ids, &names);
	EXPECT_EQ(1, ids);
	EXPECT_EQ(3, names);
	all = dumped.nr;
	EXPECT_TRUE(zt_as_nobody(count_as_nobody, &all));
}

#define STAYING	150

/* Peers that stay are told of once, whoever comes and goes between two pieces. */
TEST_F(zmq, a_dump_goes_on_where_it_was)
{
	struct zmq_diag_req req = request(ZMQ_DIAG_SHOW_PEERS);
	int push = zt_socket(ZMQ_PUSH), nl, i, len, told[STAYING] = { };
	static char buf[8192];
	struct nlmsghdr *nlh;
	bool done = false;
	struct seen s;

	for (i = 0; i < STAYING; i++) {
		/* Before each of them somebody who will go. */
		snprintf(self->ep, sizeof(self->ep), "inproc://go.%d", i);
		ASSERT_EQ(0, zt_connect(push, self->ep));
		snprintf(self->ep, sizeof(self->ep), "inproc://stay.%d", i);
		ASSERT_EQ(0, zt_connect(push, self->ep));
	}
	nl = ask(&req, sizeof(req), NLM_F_DUMP);
	for (i = 0; !done; i++) {
		len = recv(nl, buf, sizeof(buf), 0);
		ASSERT_LT(0, len);
		for (nlh = (void *)buf; NLMSG_OK(nlh, (unsigned int)len);
		     nlh = NLMSG_NEXT(nlh, len)) {
			int n;

			done = nlh->nlmsg_type == NLMSG_DONE;
			if (done)
				break;
			take_message(&s, nlh);
			if (sscanf(s.endpoint, "inproc://stay.%d", &n) == 1)
				told[n]++;
		}
		snprintf(self->ep, sizeof(self->ep), "inproc://go.%d", i);
		EXPECT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, self->ep));
	}
	EXPECT_LT(4, i);
	for (i = 0; i < STAYING; i++)
		EXPECT_EQ(1, told[i]);
	close(nl);
}

/* Established TCP sockets with this inode and uid in /proc/net/tcp. */
static int tcp_sockets_of(u64 ino, unsigned int uid)
{
	FILE *f = fopen("/proc/thread-self/net/tcp", "re");
	unsigned int state, owner;
	unsigned long number;
	char line[256];
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*s %*s %x %*s %*s %*s %u %*s %lu",
			   &state, &owner, &number) == 3 &&
		    state == 1 && owner == uid && number == ino)
			n++;
	if (f)
		fclose(f);
	return n;
}

static int own_children(void *arg)
{
	char ep[ZMQ_ENDPOINT_MAX];
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", ep);
	int push = zt_connected(ZMQ_PUSH, ep);

	return zt_puts(push, "x", 0) || !zt_gets(pull, "x", ZT_LAST) ||
	       tcp_sockets_of(inode(pull), getuid()) != 1 ||
	       tcp_sockets_of(inode(push), getuid()) != 1;
}

TEST_F(zmq, tcp_connections_show_the_socket_and_the_user)
{
	EXPECT_EQ(0, own_children(NULL));
	EXPECT_TRUE(zt_as_nobody(own_children, NULL));
}

struct outq {
	int fd;
	unsigned long cmd;
	int want;
};

static bool outq_is(void *arg)
{
	const struct outq *q = arg;
	int n;

	return !ioctl(q->fd, q->cmd, &n) && n == q->want;
}

TEST_F(zmq, siocinq_is_the_length_of_the_next_frame)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep), n = -1;

	ASSERT_EQ(0, ioctl(pull, SIOCINQ, &n));
	EXPECT_EQ(0, n);
	ASSERT_EQ(0, zt_puts(push, "three", MSG_MORE));
	ASSERT_EQ(0, zt_puts(push, "of", 0));
	ASSERT_TRUE(zt_becomes(pull, POLLIN));
	ASSERT_EQ(0, ioctl(pull, SIOCINQ, &n));
	EXPECT_EQ(5, n);
	EXPECT_TRUE(zt_gets(pull, "three", ZT_MORE));
	ASSERT_EQ(0, ioctl(pull, SIOCINQ, &n));
	EXPECT_EQ(2, n);
	EXPECT_TRUE(zt_gets(pull, "of", ZT_LAST));
	EXPECT_EQ(-1, ioctl(push, SIOCINQ, &n));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, ioctl(pull, SIOCINQ, NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(pull, SIOCATMARK, &n));
	EXPECT_EQ(ENOTTY, errno);
}

TEST_F(zmq, siocoutq_is_what_peers_have_not_acknowledged)
{
	int push = zt_socket(ZMQ_PUSH), port = 0, listener, peer;
	struct outq q = { push, SIOCOUTQ, 0 };

	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	EXPECT_TRUE(outq_is(&(struct outq){ push, SIOCOUTQNSD, 0 }));
	ASSERT_EQ(0, zt_puts(push, "hello", 0));
	/* Two bytes of header; nobody has accepted the connection. */
	EXPECT_TRUE(outq_is(&(struct outq){ push, SIOCOUTQNSD, 7 }));
	peer = zp_accept_peer(listener, "PULL", "PUSH");
	ASSERT_LE(0, peer);
	EXPECT_TRUE(zp_gets(peer, 0, "hello"));
	EXPECT_TRUE(zt_eventually(outq_is, &q));
	q.cmd = SIOCOUTQNSD;
	EXPECT_TRUE(outq_is(&q));
}

TEST_F(zmq, siocoutq_is_0_while_a_connection_is_refused)
{
	int push = zt_socket(ZMQ_PUSH), port = 0, i;
	struct outq q = { push, SIOCOUTQ, 0 };

	close(zp_listen(0, &port));
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	for (i = 0; i < 30; i++) {
		EXPECT_TRUE(outq_is(&q));
		usleep(10000);
	}
}

TEST_HARNESS_MAIN
