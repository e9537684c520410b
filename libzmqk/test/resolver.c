// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Names that are looked up for sockets, with stand-ins for monitors and
 * getaddrinfo(): what nobody waits for, what is told, and what goes wrong.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

#define NAME		"tcp://example.org:5555"
#define THREADS_MAX	16

static int kernel_end, gate;
static bool removes;

/* A socket whose questions are written to kernel_end, and a resolver of it. */
static struct zmqk_resolver *begin(int (*lookup)(void *arg, const char *host, int family,
						 struct sockaddr_storage *addr))
{
	struct zmqk_resolver *resolver;
	int questions[2], tokens[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, questions) || pipe(tokens))
		return NULL;
	fake = (struct fake){
		.want_family = AF_INET,
		.want_host = "example.org",
		.addresses = { "192.0.2.1", "192.0.2.2" },
		.gate = tokens[0],
		.monitor = questions[0],
	};
	kernel_end = questions[1];
	gate = tokens[1];
	resolver = zmqk_resolver_new(lookup, &fake);
	if (resolver && !zmqk_resolver_add(resolver, FD))
		fake.loglen = 0;
	close(questions[0]);
	fake.monitor = -1;
	return resolver;
}

static void end(struct zmqk_resolver *resolver)
{
	zmqk_resolver_free(resolver);
	close(kernel_end);
	close(gate);
	close(fake.gate);
}

static void ask(const char *endpoint)
{
	struct zmq_event_record record = { .event = ZMQ_EVENT_RESOLVE, .value = 30000 };

	snprintf(record.remote, sizeof(record.remote), "%s", endpoint);
	if (write(kernel_end, &record, sizeof(record)) != sizeof(record))
		perror("# write");
}

static void let_go(int n)
{
	while (n--)
		if (write(gate, "", 1) != 1)
			perror("# write");
}

static bool readable(const struct zmqk_resolver *resolver, int ms)
{
	struct pollfd p = { .fd = zmqk_resolver_fd(resolver), .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

/* Until @n answers were given or nothing happens any more */
static int run_for(struct zmqk_resolver *resolver, int n)
{
	int answers = 0, ret;

	while (answers < n && readable(resolver, 5000)) {
		ret = zmqk_resolver_run(resolver);
		if (ret < 0)
			return -1;
		answers += ret;
	}
	return answers;
}

static bool logged(const char *text)
{
	bool same = fake.loglen == strlen(text) && !strncmp(fake.log, text, fake.loglen);

	fake.loglen = 0;
	return same;
}

static void test_add(void)
{
	struct zmqk_resolver *resolver = begin(NULL);
	char want[200];

	snprintf(want, sizeof(want), "set %d %d\nset %d %d\nset %d 1\n", ZMQ_MONITOR,
		 ZMQ_EVENT_RESOLVE, ZMQ_MONITOR, ZMQ_EVENT_ALL, ZMQ_RESOLVE);
	ok(resolver && !strcmp(fake.log, want), "resolver: others are told what they want to be");
	ok(zmqk_resolver_add(resolver, FD) == -1 && errno == EEXIST, "resolver: twice");
	ok(zmqk_resolver_remove(resolver, FD + 1) == -1 && errno == ENOENT &&
	   !zmqk_resolver_remove(resolver, FD) &&
	   zmqk_resolver_remove(resolver, FD) == -1 && errno == ENOENT, "resolver: remove");
	fake.monitor = -1;
	ok(zmqk_resolver_add(resolver, FD) == -1 && errno == EMFILE, "resolver: too many monitors");
	fake.resolve = -1;
	ok(zmqk_resolver_add(resolver, FD) == -1 && errno == ENOPROTOOPT,
	   "resolver: an old kernel");
	end(resolver);
	zmqk_resolver_free(NULL);
}

static void test_same_number(void)
{
	struct zmqk_resolver *resolver = begin(NULL);

	close(kernel_end);
	fake.monitor = dup(fake.gate);
	ok(!zmqk_resolver_add(resolver, FD), "resolver: a number that is a new socket's");
	close(fake.monitor);
	kernel_end = -1;
	end(resolver);
}

static void test_closed(void)
{
	struct zmqk_resolver *resolver = begin(NULL);

	close(kernel_end);
	ok(readable(resolver, 5000) && !zmqk_resolver_run(resolver) && !readable(resolver, 0) &&
	   zmqk_resolver_remove(resolver, FD) == -1 && errno == ENOENT,
	   "resolver: a socket that is closed is forgotten");
	kernel_end = -1;
	end(resolver);
}

static void test_threads(void)
{
	struct zmqk_resolver *resolver = begin(NULL);

	ok(!readable(resolver, 0) && !zmqk_resolver_run(resolver), "resolver: nothing to do");
	ask(NAME);
	ok(readable(resolver, 5000) && !zmqk_resolver_run(resolver) && !readable(resolver, 50) &&
	   logged(""), "resolver: nobody waits for getaddrinfo()");
	let_go(1);
	ok(run_for(resolver, 1) == 1 && logged("resolved " NAME " = tcp://192.0.2.1:5555\n"),
	   "resolver: the first address");
	let_go(2);
	ask(NAME);
	ok(run_for(resolver, 1) == 1 && logged("resolved " NAME " = tcp://192.0.2.2:5555\n"),
	   "resolver: the next attempt has the next address");
	ask(NAME);
	ok(run_for(resolver, 1) == 1 && logged("resolved " NAME " = tcp://192.0.2.1:5555\n"),
	   "resolver: and then the first one again");
	fake.eai = EAI_NONAME;
	let_go(1);
	ask(NAME);
	ok(run_for(resolver, 1) == 1 && logged("resolved " NAME " = -\n"),
	   "resolver: a name that does not exist has no address");
	fake.eai = 0;
	fake.ipv6 = 1;
	fake.want_family = AF_UNSPEC;
	fake.addresses[0] = "2001:db8::1";
	fake.addresses[1] = NULL;
	let_go(1);
	ask(NAME);
	ok(run_for(resolver, 1) == 1 && logged("resolved " NAME " = tcp://[2001:db8::1]:5555\n"),
	   "resolver: IPv6 when ZMQ_IPV6 is set");
	fake.errors[fake.ncalls < 4 ? fake.ncalls : 0] = EALREADY;
	fake.ncalls = fake.ncalls < 4 ? fake.ncalls : 0;
	let_go(1);
	ask(NAME);
	ok(readable(resolver, 5000) && !zmqk_resolver_run(resolver) && readable(resolver, 5000) &&
	   !zmqk_resolver_run(resolver), "resolver: an answer that comes late is no failure");
	end(resolver);
}

static void test_many(void)
{
	struct zmqk_resolver *resolver = begin(NULL);
	int i;

	for (i = 0; i < THREADS_MAX + 4; i++)
		ask(NAME);
	while (readable(resolver, 100))
		zmqk_resolver_run(resolver);
	ok(fake.threads == THREADS_MAX, "resolver: no more than %d threads", THREADS_MAX);
	let_go(THREADS_MAX + 4);
	ok(run_for(resolver, THREADS_MAX + 4) == THREADS_MAX + 4,
	   "resolver: what had to wait is looked up, too");
	end(resolver);
}

static void test_no_thread(void)
{
	struct zmqk_resolver *resolver = begin(NULL);

	fake.thread_error = EAGAIN;
	ask(NAME);
	ok(run_for(resolver, 1) == 1 && logged("resolved " NAME " = -\n"),
	   "resolver: without a thread the attempt fails at once");
	fake.thread_error = 0;
	fake.allocation_fails = 1;
	ask(NAME);
	ok(run_for(resolver, 1) == 1 && logged("resolved " NAME " = -\n"),
	   "resolver: without memory the attempt fails at once");
	let_go(1);
	ask(NAME);
	ok(run_for(resolver, 1) == 1, "resolver: the next one does not");
	end(resolver);
}

static void test_mid_question(void)
{
	struct zmqk_resolver *resolver = begin(NULL);

	ask(NAME);
	zmqk_resolver_run(resolver);
	zmqk_resolver_remove(resolver, FD);
	let_go(1);
	ok(readable(resolver, 5000) && !zmqk_resolver_run(resolver) && logged(""),
	   "resolver: a socket that was removed is told nothing");
	end(resolver);

	resolver = begin(NULL);
	ask(NAME);
	zmqk_resolver_run(resolver);
	zmqk_resolver_free(resolver);
	let_go(1);
	/* What the thread does then is for the sanitizers to see. */
	fake_threads_end();
	ok(logged(""), "resolver: freed while a thread is busy");
	end(NULL);
}

static int lookup(void *arg, const char *host, int family, struct sockaddr_storage *addr)
{
	struct sockaddr_in *in = (struct sockaddr_in *)addr;

	if (arg != &fake || strcmp(host, "example.org") || family != AF_INET)
		return -1;
	in->sin_family = AF_INET;
	in->sin_port = htons(9);
	in->sin_addr.s_addr = htonl(0xc0000205);
	return 0;
}

static struct zmqk_resolver *removing;

static int remover(void *arg, const char *host, int family, struct sockaddr_storage *addr)
{
	if (removes)
		zmqk_resolver_remove(removing, FD);
	return lookup(arg, host, family, addr);
}

static void test_function(void)
{
	struct zmqk_resolver *resolver = begin(lookup);

	ask(NAME);
	ok(readable(resolver, 5000) && zmqk_resolver_run(resolver) == 1 && !fake.threads &&
	   logged("resolved " NAME " = tcp://192.0.2.5:5555\n"),
	   "resolver: the caller's function is called in the caller's thread");
	ask("tcp://other:1");
	ok(run_for(resolver, 1) == 1 && logged("resolved tcp://other:1 = -\n"),
	   "resolver: the caller's function finds nothing");
	end(resolver);

	resolver = begin(remover);
	removing = resolver;
	removes = true;
	ask(NAME);
	ok(zmqk_resolver_run(resolver) == 1 && zmqk_resolver_remove(resolver, FD) == -1,
	   "resolver: the caller's function removes the socket");
	end(resolver);
}

static void test_answers(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(1),
				  .sin_addr.s_addr = htonl(0x0a000001) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr unix_ = { .sa_family = AF_UNIX };
	char endpoint[600] = "tcp://";

	end(begin(NULL));
	fake.loglen = 0;
	ok(!zmqk_resolved(FD, NAME, (struct sockaddr *)&in) &&
	   logged("resolved " NAME " = tcp://10.0.0.1:5555\n"), "resolved: IPv4");
	ok(!zmqk_resolved(FD, NAME, (struct sockaddr *)&in6) &&
	   logged("resolved " NAME " = tcp://[::1]:5555\n"), "resolved: IPv6");
	ok(!zmqk_resolved(FD, NAME, NULL) && logged("resolved " NAME " = -\n"), "resolved: none");
	ok(zmqk_resolved(FD, NAME, &unix_) == -1 && errno == EAFNOSUPPORT && logged(""),
	   "resolved: no address of a host");
	ok(zmqk_resolved(FD, "tcp://10.0.0.1:5", (struct sockaddr *)&in) == -1 && errno == EINVAL &&
	   zmqk_resolved(FD, "nonsense", (struct sockaddr *)&in) == -1 && errno == EINVAL &&
	   logged(""), "resolved: no name");
	memset(endpoint + 6, 'x', 590);
	ok(zmqk_resolved(FD, endpoint, NULL) == -1 && errno == EINVAL && logged(""),
	   "resolved: a text that is too long");
	fake.ncalls = 0;
	fake.errors[0] = EALREADY;
	ok(zmqk_resolved(FD, NAME, NULL) == -1 && errno == EALREADY,
	   "resolved: nobody waits for it");
}

static void test_memory(void)
{
	int i;

	for (i = 1; i <= 2; i++) {
		fake.allocation_fails = i;
		ok(!zmqk_resolver_new(NULL, NULL) && errno == ENOMEM, "resolver: no memory, %d", i);
	}
	fake.allocation_fails = 0;
}

void test_resolver(void)
{
	test_add();
	test_same_number();
	test_closed();
	test_threads();
	test_many();
	test_no_thread();
	test_mid_question();
	test_function();
	test_answers();
	test_memory();
}
