// SPDX-License-Identifier: GPL-2.0-only
/* /proc/net/zmq: lines of bounded length, read at any pace, and what of them is
 * not for everybody.
 */
#include <fcntl.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define PROC	"/proc/thread-self/net/zmq"
#define PEERS	200
#define TEXT	1048576

static char text[TEXT];

/* All of it, in reads of @piece bytes, with @between behind each of them. */
static long read_proc(size_t piece, void (*between)(void *arg), void *arg)
{
	int fd = open(PROC, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	while (len + piece < sizeof(text)) {
		n = read(fd, text + len, piece);
		if (n <= 0)
			break;
		len += n;
		if (between)
			between(arg);
	}
	text[len] = 0;
	close(fd);
	return len;
}

static int times(const char *what)
{
	const char *p = text;
	int n = 0;

	while ((p = strstr(p, what))) {
		p += strlen(what);
		n++;
	}
	return n;
}

static size_t longest_line(void)
{
	const char *line = text, *end;
	size_t longest = 0;

	while ((end = strchr(line, '\n'))) {
		if (end - line > (long)longest)
			longest = end - line;
		line = end + 1;
	}
	return longest;
}

TEST_F(zmq, each_endpoint_has_a_line_of_its_own)
{
	int fd = zt_socket(ZMQ_PULL), i;

	for (i = 0; i < 100; i++) {
		snprintf(self->ep, sizeof(self->ep), "ipc://@%d-of-many", i);
		ASSERT_EQ(0, zt_bind(fd, self->ep));
	}
	ASSERT_EQ(0, zt_bind(fd, "inproc://a name\nof \\two lines"));
	ASSERT_LT(0, read_proc(4096, NULL, NULL));
	EXPECT_EQ(101, times(" listen\n"));
	for (i = 0; i < 100; i++) {
		snprintf(self->ep, sizeof(self->ep),
			 "\n  ipc://@%d-of-many listen\n", i);
		EXPECT_EQ(1, times(self->ep));
	}
	EXPECT_EQ(1, times("\n  inproc://a\\040name\\012of\\040\\134two\\040lines listen\n"));
	EXPECT_GT(300, longest_line());

	/* What is unbound is gone. */
	ASSERT_EQ(0, zt_settext(fd, ZMQ_UNBIND, "ipc://@7-of-many"));
	ASSERT_LT(0, read_proc(4096, NULL, NULL));
	EXPECT_EQ(100, times(" listen\n"));
	EXPECT_EQ(0, times("ipc://@7-of-many"));
}

struct crowd {
	int fds[PEERS];
	int turn;
};

/* Every other peer goes and comes. */
static void come_and_go(void *arg)
{
	struct crowd *c = arg;
	char ep[64];
	int i = 1 + 2 * (c->turn++ * 7 % (PEERS / 2));

	if (c->fds[i] >= 0) {
		close(c->fds[i]);
		c->fds[i] = -1;
	} else {
		snprintf(ep, sizeof(ep), "inproc://peer.%d.", i);
		c->fds[i] = zt_connected(ZMQ_PUSH, ep);
	}
}

TEST_F(zmq, who_stays_is_told_of_once_whoever_comes_and_goes)
{
	int pull = zt_socket(ZMQ_PULL), i;
	struct crowd c = { };
	char line[64];

	for (i = 0; i < PEERS; i++) {
		snprintf(self->ep, sizeof(self->ep), "inproc://peer.%d.", i);
		ASSERT_EQ(0, zt_bind(pull, self->ep));
		c.fds[i] = zt_connected(ZMQ_PUSH, self->ep);
		ASSERT_LE(0, c.fds[i]);
	}
	/* Whole pages are kept; smaller reads are cut from them. */
	ASSERT_LT(4096 * 8, read_proc(1024, come_and_go, &c));
	for (i = 0; i < PEERS; i += 2) {
		snprintf(line, sizeof(line), "\n  inproc://peer.%d. bind", i);
		EXPECT_EQ(1, times(line));
		snprintf(line, sizeof(line), "\n  inproc://peer.%d. connect", i);
		EXPECT_EQ(1, times(line));
		snprintf(line, sizeof(line), "\n  inproc://peer.%d. listen", i);
		EXPECT_EQ(1, times(line));
	}
	ASSERT_LT(30, c.turn);
}

#define SECRET_ID	"secret"
#define SECRET_HEX	" id=736563726574"

/* ROUTER and DEALER that has an id, one pair of sockets with a private name. */
static int make_secrets(void)
{
	int router, dealer, a, b;
	char ep[ZMQ_ENDPOINT_MAX];

	router = zt_listening(ZMQ_ROUTER, "tcp://127.0.0.1:*", ep);
	dealer = zt_socket(ZMQ_DEALER);
	if (zt_settext(dealer, ZMQ_ROUTING_ID, SECRET_ID) ||
	    zt_connect(dealer, ep) || zt_puts(dealer, "hello", 0) ||
	    !zt_becomes(router, POLLIN))
		return -1;
	a = zt_socket(ZMQ_PAIR);
	b = zt_socket(ZMQ_PAIR);
	if (zt_setint(a, ZMQ_INPROC_NS, -1) || zt_setint(b, ZMQ_INPROC_NS, a) ||
	    zt_bind(a, "inproc://hidden") || zt_connect(b, "inproc://hidden") ||
	    zt_bind(a, "inproc://hidden.too") || zt_puts(b, "x", 0) ||
	    !zt_gets(a, "x", ZT_LAST))
		return -1;
	return 0;
}

static int look_from_outside(void *arg)
{
	return read_proc(4096, NULL, NULL) < 0 || times("ROUTER") != 2 ||
	       times("PAIR") != 4 || times("secret") || times(SECRET_HEX) ||
	       times(" id=?") != 4 || times("hidden");
}

static int own_secrets(void *arg)
{
	return make_secrets() || read_proc(4096, NULL, NULL) < 0 ||
	       times(SECRET_HEX) != 1 || times("inproc://hidden ") < 3 ||
	       times("inproc://hidden.too listen") != 1 ||
	       times(" id=?");
}

TEST_F(zmq, routing_ids_and_private_names_are_for_the_sockets_user)
{
	ASSERT_EQ(0, make_secrets());
	ASSERT_LT(0, read_proc(4096, NULL, NULL));
	/* CAP_NET_ADMIN, and the user, see them. */
	EXPECT_EQ(1, times(SECRET_HEX));
	EXPECT_LE(3, times("inproc://hidden"));
	EXPECT_EQ(0, times(" id=?"));
	EXPECT_TRUE(zt_as_nobody(look_from_outside, NULL));
}

TEST_F(zmq, a_user_sees_what_is_his)
{
	EXPECT_TRUE(zt_as_nobody(own_secrets, NULL));
}

TEST_F(zmq, references_are_not_told)
{
	ASSERT_LT(0, read_proc(4096, NULL, NULL));
	EXPECT_EQ(1, times("type "));
	EXPECT_EQ(0, times("refs"));
}

TEST_HARNESS_MAIN
