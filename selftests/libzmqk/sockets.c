// SPDX-License-Identifier: GPL-2.0-only
/* libzmqk and its examples on AF_ZMQ sockets. */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "kselftest_harness.h"
#include "ends.h"

/*
 * 192.0.2.1 is nobody's (RFC 5737), so it is not an address of this machine.
 * As IPv4 the resolver would offer 127.0.0.1 for ::1, but nothing for others.
 */
static const char hosts[] =
	"127.0.0.1 localhost four.test\n"
	"::1 six.test\n"
	"2001:db8::1 faraway.test\n"
	"192.0.2.1 elsewhere.test\n"
	"127.0.0.1 elsewhere.test\n";
static const char services[] = "zmqtest 40555/tcp\n";

static int replace(const char *path, const char *text)
{
	char name[] = "/tmp/zmqk-XXXXXX";
	int fd = mkstemp(name), ret;

	if (fd < 0)
		return -1;
	fchmod(fd, 0644);
	ret = write(fd, text, strlen(text)) < 0 || mount(name, path, NULL, MS_BIND, NULL);
	close(fd);
	unlink(name);
	return ret ? -1 : 0;
}

/* The resolver asks files that only this test sees. */
static int private_names(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    replace("/etc/hosts", hosts) || replace("/etc/services", services) ||
	    replace("/etc/nsswitch.conf", "hosts: files\nservices: files\n")) {
		perror("# names of our own");
		return -1;
	}
	return 0;
}

FIXTURE(zmqk) {
	char ep[ZMQ_ENDPOINT_MAX];
};

FIXTURE_SETUP(zmqk)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
	ASSERT_EQ(0, private_names());
}

FIXTURE_TEARDOWN(zmqk)
{
}

TEST_F(zmqk, the_socket_is_what_was_asked_for)
{
	int fd = zmqk_socket(ZMQ_ROUTER, SOCK_CLOEXEC | SOCK_NONBLOCK), value;
	socklen_t len = sizeof(value);

	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_TRUE(fcntl(fd, F_GETFL) & O_NONBLOCK);
	ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &len));
	EXPECT_EQ(value, zmqk_family());
	ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len));
	EXPECT_EQ(SOCK_SEQPACKET, value);
	ASSERT_EQ(0, zmqk_get_int(fd, ZMQ_TYPE, &value));
	EXPECT_EQ(ZMQ_ROUTER, value);
}

TEST_F(zmqk, an_unknown_pattern_is_explained)
{
	EXPECT_EQ(-1, zmqk_socket(99, 0));
	EXPECT_EQ(EPROTONOSUPPORT, errno);
	EXPECT_STREQ("Unknown socket type, or unknown transport in the endpoint",
		     zmqk_strerror(errno));
}

TEST_F(zmqk, request_and_reply_by_host_name)
{
	int rep = open_bound(ZMQ_REP, "tcp://localhost:*", self->ep), req;
	char endpoint[ZMQ_ENDPOINT_MAX];

	ASSERT_LE(0, rep);
	snprintf(endpoint, sizeof(endpoint), "tcp://localhost%s", strrchr(self->ep, ':'));
	req = open_connected(ZMQ_REQ, endpoint);
	ASSERT_LE(0, req);
	EXPECT_TRUE(carries(req, rep, "question"));
	EXPECT_TRUE(carries(rep, req, "answer"));
	EXPECT_EQ(-1, zmqk_send(rep, "again", 5, 0));
	EXPECT_EQ(EBADFD, errno);
}

TEST_F(zmqk, service_names)
{
	int pull = open_bound(ZMQ_PULL, "tcp://*:zmqtest", self->ep);
	int push = open_connected(ZMQ_PUSH, "tcp://four.test:zmqtest");

	ASSERT_LE(0, pull);
	ASSERT_LE(0, push);
	EXPECT_STREQ("tcp://0.0.0.0:40555", self->ep);
	EXPECT_TRUE(carries(push, pull, "x"));
}

TEST_F(zmqk, ipv6_names_when_the_socket_has_ipv6)
{
	int pull = open_socket(ZMQ_PULL), push = open_socket(ZMQ_PUSH);

	ASSERT_EQ(-1, zmqk_bind(pull, "tcp://faraway.test:*"));
	EXPECT_EQ(ENODEV, errno);
	ASSERT_EQ(0, zmqk_set_int(pull, ZMQ_IPV6, 1));
	ASSERT_EQ(0, zmqk_set_int(push, ZMQ_IPV6, 1));
	ASSERT_EQ(0, zmqk_bind(pull, "tcp://six.test:zmqtest"));
	ASSERT_EQ(0, zmqk_last_endpoint(pull, self->ep, sizeof(self->ep)));
	EXPECT_STREQ("tcp://[::1]:40555", self->ep);
	ASSERT_EQ(0, zmqk_connect(push, "tcp://six.test:40555"));
	EXPECT_TRUE(carries(push, pull, "x"));
}

TEST_F(zmqk, bind_takes_the_address_that_is_here)
{
	int pull = open_bound(ZMQ_PULL, "tcp://elsewhere.test:zmqtest", self->ep);

	ASSERT_LE(0, pull);
	EXPECT_STREQ("tcp://127.0.0.1:40555", self->ep);
	EXPECT_EQ(0, zmqk_unbind(pull, "tcp://elsewhere.test:zmqtest"));
	EXPECT_EQ(-1, zmqk_unbind(pull, "tcp://elsewhere.test:zmqtest"));
	EXPECT_EQ(ENOENT, errno);
}

TEST_F(zmqk, names_that_are_not_there)
{
	int fd = open_socket(ZMQ_PUSH);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, zmqk_connect(fd, "tcp://nowhere.test:1"));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_STREQ("No such host or interface", zmqk_strerror(errno));
	EXPECT_EQ(-1, zmqk_connect(fd, "tcp://localhost:no-such-service"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, zmqk_connect(fd, "nonsense"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, zmqk_connect(fd, "nosuch://x"));
	EXPECT_EQ(EPROTONOSUPPORT, errno);
	ASSERT_EQ(0, zmqk_last_endpoint(fd, self->ep, sizeof(self->ep)));
	EXPECT_STREQ("", self->ep);
}

TEST_F(zmqk, the_kernel_knows_interfaces)
{
	int pull = open_bound(ZMQ_PULL, "tcp://lo:zmqtest", self->ep);

	ASSERT_LE(0, pull);
	EXPECT_STREQ("tcp://127.0.0.1:40555", self->ep);
	EXPECT_EQ(0, zmqk_unbind(pull, "tcp://lo:40555"));
}

TEST_F(zmqk, disconnect_by_name)
{
	int pull = open_bound(ZMQ_PULL, "tcp://*:40555", self->ep);
	int push = open_connected(ZMQ_PUSH, "tcp://four.test:zmqtest");

	ASSERT_LE(0, pull);
	ASSERT_LE(0, push);
	EXPECT_TRUE(carries(push, pull, "x"));
	EXPECT_EQ(0, zmqk_disconnect(push, "tcp://localhost:40555"));
	EXPECT_EQ(-1, zmqk_disconnect(push, "tcp://localhost:40555"));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, zmqk_send(push, "y", 1, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(zmqk, endpoints_longer_than_an_address)
{
	char name[200] = "inproc://";
	int pull = open_socket(ZMQ_PULL), push = open_socket(ZMQ_PUSH);

	memset(name + 9, 'n', sizeof(name) - 10);
	ASSERT_EQ(0, zmqk_bind(pull, name));
	ASSERT_EQ(0, zmqk_connect(push, name));
	EXPECT_TRUE(carries(push, pull, "x"));
	EXPECT_EQ(0, zmqk_disconnect(push, name));
	EXPECT_EQ(0, zmqk_unbind(pull, name));
}

TEST_F(zmqk, recv_tells_the_length_of_a_cut_part)
{
	struct iovec parts[] = { part("0123456789", 10), part("end", 3) };
	int pull = open_bound(ZMQ_PULL, "inproc://cut", self->ep), push, more = -1;
	char buf[4];

	push = open_connected(ZMQ_PUSH, self->ep);
	ASSERT_EQ(2, zmqk_sendv(push, parts, 2, 0));
	EXPECT_EQ(10, zmqk_recv(pull, buf, sizeof(buf), MSG_PEEK, &more));
	EXPECT_EQ(1, more);
	EXPECT_EQ(10, zmqk_recv(pull, buf, sizeof(buf), 0, &more));
	EXPECT_EQ(1, more);
	EXPECT_EQ(0, memcmp(buf, "0123", 4));
	EXPECT_EQ(3, zmqk_recv(pull, buf, sizeof(buf), 0, &more));
	EXPECT_EQ(0, more);
}

TEST_F(zmqk, subscriptions)
{
	int xpub = open_bound(ZMQ_XPUB, "inproc://topics", self->ep);
	int sub = open_connected(ZMQ_SUB, self->ep);
	char buf[8];

	ASSERT_LE(0, sub);
	ASSERT_EQ(0, zmqk_subscribe(sub, "ab", 2));
	EXPECT_EQ(3, zmqk_recv(xpub, buf, sizeof(buf), 0, NULL));
	EXPECT_EQ(0, memcmp(buf, "\1ab", 3));
	EXPECT_EQ(1, zmqk_send(xpub, "b", 1, 0));
	EXPECT_TRUE(carries(xpub, sub, "abc"));
	ASSERT_EQ(0, zmqk_unsubscribe(sub, "ab", 2));
	EXPECT_EQ(3, zmqk_recv(xpub, buf, sizeof(buf), 0, NULL));
	EXPECT_EQ(0, memcmp(buf, "\0ab", 3));
	ASSERT_EQ(0, zmqk_subscribe(sub, "", 0));
	EXPECT_EQ(1, zmqk_recv(xpub, buf, sizeof(buf), 0, NULL));
	EXPECT_TRUE(carries(xpub, sub, "zzz"));
}

TEST_F(zmqk, options_that_are_ints)
{
	int fd = open_socket(ZMQ_PUSH), value;

	ASSERT_EQ(0, zmqk_set_int(fd, ZMQ_SNDHWM, 7));
	ASSERT_EQ(0, zmqk_get_int(fd, ZMQ_SNDHWM, &value));
	EXPECT_EQ(7, value);
	EXPECT_EQ(-1, zmqk_set_int(fd, ZMQ_SNDHWM, -1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, zmqk_set_int(fd, ZMQ_MAXMSGSIZE, 1));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(zmqk, options_of_other_types)
{
	int fd = open_socket(ZMQ_DEALER);
	int64_t number = 0;
	char id[8] = "";

	ASSERT_EQ(0, zmqk_set_int64(fd, ZMQ_MAXMSGSIZE, 1LL << 40));
	ASSERT_EQ(0, zmqk_get_int64(fd, ZMQ_MAXMSGSIZE, &number));
	EXPECT_EQ(1LL << 40, number);
	ASSERT_EQ(0, zmqk_set_bytes(fd, ZMQ_ROUTING_ID, "me", 2));
	EXPECT_EQ(2, zmqk_get_bytes(fd, ZMQ_ROUTING_ID, id, sizeof(id)));
	EXPECT_STREQ("me", id);
	EXPECT_EQ(-1, zmqk_get_bytes(fd, ZMQ_ROUTING_ID, id, 1));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(0, zmqk_set_option(fd, zmqk_option_by_name("maxmsgsize"), "0x100000000"));
	ASSERT_EQ(0, zmqk_get_int64(fd, ZMQ_MAXMSGSIZE, &number));
	EXPECT_EQ(1LL << 32, number);
	ASSERT_EQ(0, zmqk_set_option(fd, zmqk_option_by_name("ROUTING_ID"), "other"));
	EXPECT_EQ(5, zmqk_get_bytes(fd, ZMQ_ROUTING_ID, id, sizeof(id)));
}

/* Every number has the type that the library thinks it has. */
TEST_F(zmqk, the_table_of_options_is_true)
{
	int fd = open_socket(ZMQ_DEALER), i;
	const struct zmqk_option *option;
	char buf[512];
	ssize_t len;

	for (i = 0; (option = zmqk_option(i)); i++) {
		if (option->number == ZMQ_MONITOR_FD)
			continue;
		len = zmqk_get_bytes(fd, option->number, buf, sizeof(buf));
		if (len < 0) {
			EXPECT_EQ(EINVAL, errno) TH_LOG("%s", option->name);
			continue;
		}
		if (option->type == ZMQK_OPT_INT)
			EXPECT_EQ(4, len) TH_LOG("%s", option->name);
		if (option->type == ZMQK_OPT_INT64)
			EXPECT_EQ(8, len) TH_LOG("%s", option->name);
		if (option->type == ZMQK_OPT_TEXT)
			EXPECT_EQ(strlen(buf) + 1, len) TH_LOG("%s", option->name);
	}
	EXPECT_LE(60, i);
}

static pid_t run_example(const char *name, const char *ep, const char *arg, FILE **out)
{
	char path[PATH_MAX];
	int pipefd[2];
	pid_t pid;

	snprintf(path, sizeof(path), EXAMPLES "%s", name);
	if (pipe(pipefd))
		return -1;
	pid = fork();
	if (!pid) {
		dup2(pipefd[1], 1);
		close(pipefd[0]);
		close(pipefd[1]);
		execl(path, name, ep, arg, NULL);
		_exit(127);
	}
	close(pipefd[1]);
	*out = fdopen(pipefd[0], "r");
	return pid;
}

static int end_example(pid_t pid, int sig)
{
	int status;

	if (sig)
		kill(pid, sig);
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST_F(zmqk, example_reqrep)
{
	char line[100];
	FILE *in, *out;
	pid_t server = run_example("reqrep", "tcp://*:40555", NULL, &in), client;

	client = run_example("reqrep", "tcp://localhost:zmqtest", "how are you?", &out);
	ASSERT_LT(0, server);
	ASSERT_LT(0, client);
	ASSERT_NE(NULL, fgets(line, sizeof(line), out));
	EXPECT_STREQ("how are you?\n", line);
	EXPECT_EQ(0, end_example(client, 0));
	EXPECT_EQ(128 + SIGTERM, end_example(server, SIGTERM));
}

TEST_F(zmqk, example_sub)
{
	struct iovec parts[] = { part("weather", 7), part("sunny", 5) };
	int xpub = open_bound(ZMQ_XPUB, "tcp://localhost:*", self->ep);
	char line[100], subscription[100];
	pid_t pid;
	FILE *out;

	ASSERT_LE(0, xpub);
	pid = run_example("sub", self->ep, "wea", &out);
	ASSERT_LT(0, pid);
	ASSERT_EQ(4, zmqk_recv(xpub, subscription, sizeof(subscription), 0, NULL));
	EXPECT_EQ(0, memcmp(subscription, "\1wea", 4));
	ASSERT_EQ(1, zmqk_send(xpub, "?", 1, 0));
	ASSERT_EQ(2, zmqk_sendv(xpub, parts, 2, 0));
	ASSERT_NE(NULL, fgets(line, sizeof(line), out));
	EXPECT_STREQ("weather sunny\n", line);
	EXPECT_EQ(128 + SIGTERM, end_example(pid, SIGTERM));
}

TEST_HARNESS_MAIN
