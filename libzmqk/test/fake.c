// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Stand-ins for what libzmqk calls.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"

struct fake fake;

int __real_socket(int domain, int type, int protocol);
int __real_open(const char *path, int flags, ...);
int __real_getaddrinfo(const char *host, const char *service,
		       const struct addrinfo *hints, struct addrinfo **list);
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);

int __wrap_socket(int domain, int type, int protocol);
int __wrap_open(const char *path, int flags, ...);
int __wrap_bind(int fd, const struct sockaddr *addr, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *addr, socklen_t len);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t len);
int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *len);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags);
int __wrap_getaddrinfo(const char *host, const char *service,
		       const struct addrinfo *hints, struct addrinfo **list);
void __wrap_freeaddrinfo(struct addrinfo *list);
unsigned int __wrap_if_nametoindex(const char *name);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
			  void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
			  void *arg);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static int fail(int err)
{
	errno = err;
	return -1;
}

static __attribute__((format(printf, 1, 2))) void record(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fake.loglen += vsnprintf(fake.log + fake.loglen, sizeof(fake.log) - fake.loglen,
				 format, ap);
	va_end(ap);
}

static int next_answer(void)
{
	int err = fake.ncalls < 4 ? fake.errors[fake.ncalls] : 0;

	fake.ncalls++;
	return err ? fail(err) : 0;
}

int __wrap_socket(int domain, int type, int protocol)
{
	if (!fake.family)
		return __real_socket(domain, type, protocol);
	fake.nsockets++;
	record("socket %d %d %d\n", domain, type, protocol);
	if (domain == fake.family)
		return FD;
	if (fake.loads_family)
		fake.sysfs = "27\n";
	return fail(EAFNOSUPPORT);
}

int __wrap_open(const char *path, int flags, ...)
{
	int pipefd[2];

	if (strcmp(path, "/sys/module/zmq/parameters/family"))
		return __real_open(path, flags, 0);
	if (!fake.sysfs)
		return fail(ENOENT);
	if (pipe(pipefd))
		return -1;
	if (write(pipefd[1], fake.sysfs, strlen(fake.sysfs)) < 0)
		abort();
	close(pipefd[1]);
	return pipefd[0];
}

static int address_call(const char *name, int fd, const struct sockaddr *addr, socklen_t len)
{
	const struct sockaddr_zmq *sz = (const struct sockaddr_zmq *)addr;
	size_t head = offsetof(struct sockaddr_zmq, szmq_endpoint);

	if (fd != FD || len < head || len > sizeof(*sz) || sz->szmq_family != zmqk_family())
		return fail(EFAULT);
	record("%s %.*s\n", name, (int)(len - head), sz->szmq_endpoint);
	return next_answer();
}

int __wrap_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return address_call("bind", fd, addr, len);
}

int __wrap_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return address_call("connect", fd, addr, len);
}

/* The texts of the tests are shorter or longer. */
static bool is_number(socklen_t len)
{
	return len == sizeof(int64_t) || len == sizeof(int);
}

int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	if (fd != FD || level != SOL_ZMQ)
		return fail(EFAULT);
	if (option == ZMQ_RCVFRAMES || option == ZMQ_ZEROCOPY) {
		fake.rcvframes += option == ZMQ_RCVFRAMES;
		return 0;
	}
	if (option == ZMQ_RESOLVED) {
		const char *address = memchr(value, 0, len);

		int left = (const char *)value + len - address - 1;

		record("resolved %s = %.*s\n", (const char *)value, left ? left : 1,
		       left ? address + 1 : "-");
		return next_answer();
	}
	if (option == ZMQ_RESOLVE || option == ZMQ_MONITOR) {
		record("set %d %d\n", option, *(const int *)value);
		return next_answer();
	}
	if (!fake.numbers)
		record("set %d %.*s\n", option, (int)len, (const char *)value);
	else if (!is_number(len))
		record("set %d bytes %.*s\n", option, (int)len, (const char *)value);
	else if (len == sizeof(int))
		record("set %d int %d\n", option, *(const int *)value);
	else
		record("set %d int64 %lld\n", option, *(const long long *)value);
	return next_answer();
}

static int number(void *value, int n)
{
	memcpy(value, &n, sizeof(n));
	return 0;
}

int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	if (fd != FD || level != SOL_ZMQ)
		return fail(ENOPROTOOPT);
	if (*len != sizeof(int))
		return fail(EINVAL);
	switch (option) {
	case ZMQ_IPV6:
		return number(value, fake.ipv6);
	case ZMQ_ZEROCOPY:
		return number(value, fake.zerocopy);
	case ZMQ_RESOLVE:
		return fake.resolve < 0 ? fail(ENOPROTOOPT) : number(value, fake.resolve);
	case ZMQ_MONITOR:
		return number(value, ZMQ_EVENT_ALL);
	case ZMQ_MONITOR_FD:
		return fake.monitor < 0 ? fail(EMFILE) : number(value, dup(fake.monitor));
	default:
		return fail(EINVAL);
	}
}

ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
	if (fd != FD)
		return fail(EBADF);
	record("%.*s%s%s\n", (int)len, (const char *)buf, flags & MSG_MORE ? " more" : "",
	       flags & ~MSG_MORE ? " flags" : "");
	return len;
}

static struct addrinfo *make_address(const char *text, const struct addrinfo *hints)
{
	struct addrinfo ask = *hints;
	struct addrinfo *ai;
	char port[8];

	ask.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	ask.ai_family = AF_UNSPEC;
	snprintf(port, sizeof(port), "%d", fake.port);
	if (__real_getaddrinfo(text, port, &ask, &ai))
		abort();
	return ai;
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

int __wrap_getaddrinfo(const char *host, const char *service,
		       const struct addrinfo *hints, struct addrinfo **list)
{
	struct addrinfo **tail = list;
	sigset_t mask;
	char token;
	int i;

	if (fake.gate >= 0) {
		pthread_sigmask(SIG_SETMASK, NULL, &mask);
		if (!sigismember(&mask, SIGTERM) || read(fake.gate, &token, 1) != 1)
			return EAI_FAIL;
	}
	if (!same(host, fake.want_host) || !same(service, fake.want_service) ||
	    hints->ai_family != fake.want_family || hints->ai_socktype != SOCK_STREAM) {
		record("getaddrinfo %s %s %d\n", host ? host : "-", service ? service : "-",
		       hints->ai_family);
		return EAI_FAIL;
	}
	if (fake.eai)
		return fake.eai;
	for (i = 0; i < 4 && fake.addresses[i]; i++) {
		*tail = make_address(fake.addresses[i], hints);
		tail = &(*tail)->ai_next;
	}
	return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
	struct addrinfo *next;

	for (; list; list = next) {
		next = list->ai_next;
		/* glibc makes one block of an address; errno is fair game. */
		free(list);
		errno = ENOTTY;
	}
}

unsigned int __wrap_if_nametoindex(const char *name)
{
	if (same(name, fake.interface))
		return 1;
	errno = ENODEV;
	return 0;
}

static pthread_mutex_t threads_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t no_threads = PTHREAD_COND_INITIALIZER;
static int running;

struct thread {
	void *(*fn)(void *arg);
	void *arg;
};

static void *run(void *arg)
{
	struct thread thread = *(struct thread *)arg;
	void *ret;

	free(arg);
	ret = thread.fn(thread.arg);
	pthread_mutex_lock(&threads_lock);
	if (!--running)
		pthread_cond_signal(&no_threads);
	pthread_mutex_unlock(&threads_lock);
	return ret;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
			  void *arg)
{
	struct thread *start;
	int err;

	fake.threads++;
	if (fake.thread_error)
		return fake.thread_error;
	start = __real_malloc(sizeof(*start));
	if (!start)
		abort();
	*start = (struct thread){ .fn = fn, .arg = arg };
	pthread_mutex_lock(&threads_lock);
	err = __real_pthread_create(thread, attr, run, start);
	running += !err;
	pthread_mutex_unlock(&threads_lock);
	if (err)
		free(start);
	return err;
}

void fake_threads_end(void)
{
	pthread_mutex_lock(&threads_lock);
	while (running)
		pthread_cond_wait(&no_threads, &threads_lock);
	pthread_mutex_unlock(&threads_lock);
}

static bool allocation_fails(void)
{
	if (!fake.allocation_fails || --fake.allocation_fails)
		return false;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return allocation_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return allocation_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return allocation_fails() ? NULL : __real_realloc(p, size);
}
