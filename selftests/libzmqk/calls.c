// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which system calls a function of libzmqk makes, and that its description in
 * the header names them. A traced child calls; what malloc() asks for does not count.
 */
#include <arpa/inet.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include "kselftest_harness.h"
#include "ends.h"

/* An answer, and its end. */
#define RECEIVED	"recvfrom "
#define DUMP		"fstat socket sendto " RECEIVED RECEIVED "close"

/* To a resolver: is there ZMQ_RESOLVE, a monitor, to be polled, ZMQ_RESOLVE. */
#define MONITOR		"getsockopt setsockopt getsockopt setsockopt "
#define ADDED		"getsockopt " MONITOR "fcntl epoll_ctl setsockopt"

#define CASES_MAX	80
#define LIST_MAX	200
#define LONG		(64 << 10)

static const struct {
	long nr;
	const char *name;
	const char *documented;
} names[] = {
	{ SYS_bind, "bind", NULL },
	{ SYS_close, "close", NULL },
	{ SYS_clone, "clone", NULL },
#ifdef SYS_clone3
	{ SYS_clone3, "clone", NULL },
#endif
	{ SYS_connect, "connect", NULL },
	{ SYS_epoll_create1, "epoll_create1", NULL },
	{ SYS_epoll_ctl, "epoll_ctl", NULL },
#ifdef SYS_epoll_wait
	{ SYS_epoll_wait, "epoll_wait", NULL },
#endif
	{ SYS_epoll_pwait, "epoll_wait", NULL },
	{ SYS_eventfd2, "eventfd2", NULL },
	{ SYS_fcntl, "fcntl", NULL },
	{ SYS_getsockname, "getsockname", NULL },
	{ SYS_getsockopt, "getsockopt", NULL },
	{ SYS_read, "read", NULL },
	{ SYS_recvfrom, "recvfrom", NULL },
	{ SYS_recvmsg, "recvmsg", NULL },
	{ SYS_sendmsg, "sendmsg", NULL },
	{ SYS_sendto, "sendto", "send" },
	{ SYS_setsockopt, "setsockopt", NULL },
	{ SYS_socket, "socket", NULL },
#ifdef SYS_newfstatat
	{ SYS_newfstatat, "fstat", NULL },
#endif
	{ SYS_fstat, "fstat", NULL },
	/* of malloc() */
	{ SYS_brk, "", NULL },
	{ SYS_madvise, "", NULL },
	{ SYS_mmap, "", NULL },
	{ SYS_mprotect, "", NULL },
	{ SYS_mremap, "", NULL },
	{ SYS_munmap, "", NULL },
};

/* What the child is about to do; shared. */
struct report {
	int nr;
	struct {
		char function[32];
		char want[LIST_MAX];
		char got[LIST_MAX];
	} cases[CASES_MAX];
};

static struct report *report;

/* Everything between two marks is the work of @call. */
#define CASE(function_, want_, call) do {					\
	snprintf(report->cases[report->nr].function, 32, "%s", function_);	\
	snprintf(report->cases[report->nr].want, LIST_MAX, "%s", want_);	\
	syscall(SYS_sched_yield);						\
	(void)(call);								\
	syscall(SYS_sched_yield);						\
	report->nr++;								\
} while (0)

static int none(const struct zmqk_peer *peer, void *arg)
{
	return 0;
}

static int none_bound(const char *endpoint, void *arg)
{
	return 0;
}

static void done(void *arg)
{
}

static void call_of_messages(int push, int pull)
{
	struct iovec parts[] = { part("a", 1), part("b", 1) };
	struct zmqk_vec vec[] = { { parts, 2 }, { parts, 1 } };
	struct zmqk_reader *reader = zmqk_reader_new(pull, 0, 0);
	struct zmqk_msgs msgs = ZMQK_MSGS_INIT;
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	static char large[LONG];
	struct iovec in[2];
	struct zmqk_vec out;
	char buf[8];

	CASE("zmqk_send", "sendto", zmqk_send(push, "x", 1, 0));
	CASE("zmqk_recv", "recvmsg", zmqk_recv(pull, buf, 8, 0, NULL));
	CASE("zmqk_sendv", "sendmsg", zmqk_sendv(push, parts, 2, 0));
	CASE("zmqk_recv_into", "recvmsg", zmqk_recv_into(pull, buf, 8, in, 2, NULL, 0));
	CASE("zmqk_sendv_to", "sendmsg", zmqk_sendv_to(push, NULL, parts, 2, 0));
	CASE("zmqk_recv_msg", "recvmsg", zmqk_recv_msg(pull, &msg, 0));
	CASE("zmqk_msg_free", "", zmqk_msg_free(&msg));
	parts[1] = part(large, sizeof(large));
	zmqk_sendv(push, parts, 2, 0);
	CASE("zmqk_recv_msg", "recvmsg recvmsg", zmqk_recv_msg(pull, &msg, 0));
	zmqk_sendv(push, parts, 2, 0);
	CASE("zmqk_recv_msg", "recvmsg", zmqk_recv_msg(pull, &msg, 0));
	parts[1] = part("b", 1);
	CASE("zmqk_msg_reserve", "", zmqk_msg_reserve(&msg, 10 * LONG, 100));
	CASE("zmqk_msgs_reserve", "", zmqk_msgs_reserve(&msgs, 4096, 100));
	CASE("zmqk_send_msgs", "sendmsg", zmqk_send_msgs(push, vec, 2, 0));
	CASE("zmqk_recv_msgs", "recvmsg", zmqk_recv_msgs(pull, &msgs, 0));
	zmqk_send_msgs(push, vec, 2, 0);
	CASE("zmqk_reader_next", "recvmsg", zmqk_reader_next(reader, &out, 0));
	CASE("zmqk_reader_pending", "", zmqk_reader_pending(reader));
	CASE("zmqk_reader_next", "", zmqk_reader_next(reader, &out, 0));
	CASE("zmqk_reader_free", "", zmqk_reader_free(reader));
	CASE("zmqk_abort", "setsockopt", zmqk_abort(push));
	zmqk_msg_free(&msg);
	zmqk_msgs_free(&msgs);
}

static void call_of_sockets(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd, other, listener, pair[2];
	char text[200];

	CASE("zmqk_socket", "socket setsockopt", fd = zmqk_socket(ZMQ_ROUTER, 0));
	other = zmqk_socket(ZMQ_DEALER, 0);
	CASE("zmqk_adopt", "getsockopt setsockopt", zmqk_adopt(fd));
	CASE("zmqk_bind", "bind", zmqk_bind(fd, "tcp://127.0.0.1:*"));
	CASE("zmqk_last_endpoint", "getsockopt", zmqk_last_endpoint(fd, text, sizeof(text)));
	CASE("zmqk_connect", "connect", zmqk_connect(other, text));
	CASE("zmqk_disconnect", "setsockopt", zmqk_disconnect(other, text));
	CASE("zmqk_unbind", "setsockopt", zmqk_unbind(fd, text));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return;
	CASE("zmqk_attach", "setsockopt", zmqk_attach(fd, pair[0]));
	listener = socket(AF_INET, SOCK_STREAM, 0);
	bind(listener, (struct sockaddr *)&in, sizeof(in));
	listen(listener, 1);
	CASE("zmqk_bind_fd", "getsockname setsockopt bind setsockopt", zmqk_bind_fd(fd, listener));
	CASE("zmqk_inproc_unshare", "setsockopt", zmqk_inproc_unshare(fd));
	CASE("zmqk_inproc_join", "setsockopt", zmqk_inproc_join(other, fd));
	CASE("zmqk_inproc_number", "getsockopt", zmqk_inproc_number(other));
	CASE("zmqk_pass_cred", "setsockopt", zmqk_pass_cred(fd, 1));
	CASE("zmqk_set_int", "setsockopt", zmqk_set_int(fd, ZMQ_SNDHWM, 5));
	CASE("zmqk_get_int", "getsockopt", zmqk_get_int(fd, ZMQ_SNDHWM, &pair[0]));
	CASE("zmqk_set_option", "setsockopt",
	     zmqk_set_option(fd, zmqk_option_by_name("sndhwm"), "7"));
	CASE("zmqk_set_bytes", "setsockopt", zmqk_set_bytes(other, ZMQ_ROUTING_ID, "x", 1));
	CASE("zmqk_get_bytes", "getsockopt",
	     zmqk_get_bytes(other, ZMQ_ROUTING_ID, text, sizeof(text)));
}

static void call_of_others(int push, int pull)
{
	struct zmq_event_record event;
	struct zmqk_monitor *monitor;
	struct zmqk_lender *lender;
	struct zmq_diag_info info;
	struct zmqk_cred cred;
	static char large[LONG];
	struct iovec lent = part(large, LONG);

	CASE("zmqk_monitor_new", "setsockopt getsockopt",
	     monitor = zmqk_monitor_new(pull, ZMQ_EVENT_ALL));
	zmqk_bind(pull, "inproc://one");
	zmqk_bind(pull, "tcp://127.0.0.1:*");
	zmqk_bind(pull, "tcp://127.0.0.1:*");
	CASE("zmqk_monitor_next", "read", zmqk_monitor_next(monitor, &event));
	CASE("zmqk_monitor_next", "", zmqk_monitor_next(monitor, &event));
	CASE("zmqk_monitor_free", "close", zmqk_monitor_free(monitor));
	CASE("zmqk_lender_new", "getsockopt setsockopt", lender = zmqk_lender_new(push));
	CASE("zmqk_lender_reap", "", zmqk_lender_reap(lender));
	CASE("zmqk_lend", "sendmsg", zmqk_lend(lender, &lent, 1, 0, done, NULL));
	CASE("zmqk_peer_cred", "getsockopt", zmqk_peer_cred(pull, &cred));
	CASE("zmqk_info", DUMP, zmqk_info(pull, &info));
	CASE("zmqk_peers", DUMP, zmqk_peers(pull, none, NULL));
	CASE("zmqk_endpoints", DUMP, zmqk_endpoints(pull, none_bound, NULL));
	CASE("zmqk_strerror", "", zmqk_strerror(EAGAIN));
	CASE("zmqk_version", "", zmqk_version());
	CASE("zmqk_event_name", "", zmqk_event_name(ZMQ_EVENT_CLOSED));
}

static int lookup(void *arg, const char *host, int family, struct sockaddr_storage *addr)
{
	struct sockaddr_in *in = (struct sockaddr_in *)addr;

	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return 0;
}

static void call_of_names(void)
{
	struct zmqk_resolver *resolver;
	int fd = open_socket(ZMQ_PUSH);

	CASE("zmqk_resolver_new", "epoll_create1 eventfd2 epoll_ctl",
	     resolver = zmqk_resolver_new(NULL, NULL));
	CASE("zmqk_resolver_free", "close close", zmqk_resolver_free(resolver));
	CASE("zmqk_resolver_new", "epoll_create1", resolver = zmqk_resolver_new(lookup, NULL));
	CASE("zmqk_resolver_add", ADDED, zmqk_resolver_add(resolver, fd));
	CASE("zmqk_resolver_fd", "", zmqk_resolver_fd(resolver));
	CASE("zmqk_resolver_run", "epoll_wait", zmqk_resolver_run(resolver));
	CASE("zmqk_connect", "getsockopt connect", zmqk_connect(fd, "tcp://calls.test:1"));
	CASE("zmqk_resolver_run", "epoll_wait read getsockopt setsockopt",
	     zmqk_resolver_run(resolver));
	CASE("zmqk_resolved", "setsockopt", zmqk_resolved(fd, "tcp://calls.test:1", NULL));
	CASE("zmqk_disconnect", "getsockopt setsockopt",
	     zmqk_disconnect(fd, "tcp://calls.test:1"));
	CASE("zmqk_resolver_remove", "close", zmqk_resolver_remove(resolver, fd));
	zmqk_resolver_free(resolver);
}

static int traced(void *arg)
{
	int pull, push;

	/* The family is read once. */
	pull = open_socket(ZMQ_PULL);
	push = open_socket(ZMQ_PUSH);
	if (zmqk_bind(pull, "inproc://calls") || zmqk_connect(push, "inproc://calls"))
		return 1;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		return 1;
	raise(SIGSTOP);
	call_of_messages(push, pull);
	call_of_sockets();
	call_of_others(push, pull);
	call_of_names();
	return 0;
}

static long entered(pid_t pid)
{
	struct __ptrace_syscall_info info = {};

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
	    info.op == PTRACE_SYSCALL_INFO_ENTRY)
		return info.entry.nr;
#ifdef __x86_64__
	/* User Mode Linux does not know the other way. */
	return ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user_regs_struct, orig_rax), 0);
#else
	return -1;
#endif
}

static void note(char *list, long nr)
{
	char number[16];
	const char *name = number;
	size_t len = strlen(list), i;

	snprintf(number, sizeof(number), "%ld", nr);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].nr == nr)
			name = names[i].name;
	if (*name)
		snprintf(list + len, LIST_MAX - len, "%s%s", len ? " " : "", name);
}

/* Returns the child's status. */
static int watch(pid_t pid)
{
	bool entry = true, counts = false;
	int status, sig = 0;

	waitpid(pid, &status, 0);
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	while (!ptrace(PTRACE_SYSCALL, pid, NULL, sig) && waitpid(pid, &status, 0) == pid &&
	       WIFSTOPPED(status)) {
		sig = WSTOPSIG(status);
		if (sig != (SIGTRAP | 0x80))
			continue;
		sig = 0;
		if (entry) {
			long nr = entered(pid);

			if (nr == SYS_sched_yield)
				counts = !counts;
			else if (counts)
				note(report->cases[report->nr].got, nr);
		}
		entry = !entry;
	}
	return status;
}

/* The paragraph that says what @function calls, from the headers */
static bool described(const char *headers, const char *function, char *text, size_t size)
{
	char begin[64];
	const char *p, *end;

	snprintf(begin, sizeof(begin), "/**\n * %s - ", function);
	p = strstr(headers, begin);
	p = p ? strstr(p, "\n * Calls: ") : NULL;
	end = p ? strstr(p, "\n *\n") : NULL;
	if (p && (!end || strstr(p, "\n */") < end))
		end = strstr(p, "\n */");
	if (!end)
		return false;
	snprintf(text, size, "%.*s", (int)(end - p), p);
	return true;
}

static char *read_headers(void)
{
	static char all[1 << 18];
	FILE *f = popen("cat " HEADERS "/*.h", "r");
	size_t len = fread(all, 1, sizeof(all) - 1, f);

	all[len] = 0;
	pclose(f);
	return all;
}

static bool names_calls(const char *text, char *list)
{
	char *word, what[32];
	size_t i;

	if (strstr(text, " as zmqk_"))
		return true;
	for (word = strtok(list, " "); word; word = strtok(NULL, " ")) {
		bool found;

		snprintf(what, sizeof(what), "%s(2)", word);
		found = strstr(text, what);
		for (i = 0; !found && i < ARRAY_SIZE(names); i++) {
			if (!names[i].documented || strcmp(names[i].name, word))
				continue;
			snprintf(what, sizeof(what), "%s(2)", names[i].documented);
			found = strstr(text, what);
		}
		if (!found)
			return false;
	}
	return true;
}

TEST(functions_make_the_calls_that_they_say)
{
	const char *headers = read_headers();
	char text[1000];
	pid_t pid;
	int i;

	ASSERT_EQ(0, zt_setup("calls"));
	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	ASSERT_NE(MAP_FAILED, report);
	pid = fork();
	if (!pid)
		_exit(traced(NULL));
	ASSERT_EQ(0, watch(pid));
	EXPECT_LE(50, report->nr);
	for (i = 0; i < report->nr; i++) {
		const char *function = report->cases[i].function;

		EXPECT_STREQ(report->cases[i].want, report->cases[i].got)
			TH_LOG("%s", function);
		ASSERT_TRUE(described(headers, function, text, sizeof(text)))
			TH_LOG("%s", function);
		EXPECT_TRUE(names_calls(text, report->cases[i].got))
			TH_LOG("%s: %s", function, text);
	}
}

TEST_HARNESS_MAIN
