// SPDX-License-Identifier: GPL-2.0-only
/* A ZMTP 3.x peer made of a plain socket: exact bytes, also wrong ones. */
#include <endian.h>
#include <stdlib.h>
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/vm_sockets.h>
#include <netinet/tcp.h>
#include <sys/time.h>
#include <sys/un.h>
#include "zmqtest.h"

static int bounded(int fd)
{
	const struct timeval tv = { .tv_sec = ZT_DEADLINE_MS / 1000 };
	const int one = 1;

	if (fd < 0) {
		printf("# raw socket: %m\n");
		return -1;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) ||
	    (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) &&
	     errno != EOPNOTSUPP && errno != ENOPROTOOPT)) {
		printf("# raw socket's options: %m\n");
		close(fd);
		return -1;
	}
	return fd;
}

/* The buffer has to be small before the handshake fixes the window's scale. */
static int tcp_socket(int rcvbuf)
{
	int fd = bounded(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));

	if (fd >= 0 && rcvbuf &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Listens on 127.0.0.1: on *@port, or on a free port if that is 0. */
int zp_listen(int rcvbuf, int *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	const int one = 1;
	int fd;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(*port);
	fd = tcp_socket(rcvbuf);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&sin, sizeof(sin)) ||
	    listen(fd, 1024) ||
	    getsockname(fd, (struct sockaddr *)&sin, &len)) {
		perror("# raw listener");
		close(fd);
		return -1;
	}
	*port = ntohs(sin.sin_port);
	return fd;
}

/* The same on a free port, whose endpoint it tells (ZMQ_ENDPOINT_MAX bytes). */
int zp_listen_any(int rcvbuf, char *ep)
{
	int port = 0, fd = zp_listen(rcvbuf, &port);

	snprintf(ep, ZMQ_ENDPOINT_MAX, "tcp://127.0.0.1:%d", port);
	return fd;
}

bool zp_pending(int listener, int ms)
{
	return zt_poll(listener, POLLIN, ms) & POLLIN;
}

int zp_accept(int listener)
{
	if (!zp_pending(listener, ZT_DEADLINE_MS)) {
		printf("# nobody connects\n");
		return -1;
	}
	return bounded(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
}

int zp_dial(int port, int rcvbuf)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd = tcp_socket(rcvbuf);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(port);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sin, sizeof(sin))) {
		perror("# raw connect");
		close(fd);
		return -1;
	}
	return fd;
}

static int unix_socket(const char *ep, struct sockaddr_un *sun, socklen_t *len)
{
	size_t n = strlen(ep + 6);

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (n >= sizeof(sun->sun_path))
		return -1;
	memcpy(sun->sun_path, ep + 6, n);
	*len = offsetof(struct sockaddr_un, sun_path) + n;
	if (ep[6] == '@')
		sun->sun_path[0] = 0;
	return bounded(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

/* Listens on an endpoint, tcp:// with a port or ipc:// with a name. */
int zp_listen_at(const char *ep)
{
	struct sockaddr_un sun;
	socklen_t len;
	int fd, port;

	if (strncmp(ep, "ipc:", 4)) {
		port = zt_port(ep);
		return zp_listen(0, &port);
	}
	fd = unix_socket(ep, &sun, &len);
	if (fd < 0)
		return -1;
	if (sun.sun_path[0])
		unlink(sun.sun_path);
	if (bind(fd, (struct sockaddr *)&sun, len) || listen(fd, 1024)) {
		perror("# raw listener");
		close(fd);
		return -1;
	}
	return fd;
}

static int dial_vsock(unsigned int port)
{
	struct sockaddr_vm vm = { .svm_family = AF_VSOCK, .svm_port = port,
				  .svm_cid = VMADDR_CID_LOCAL };
	int fd = bounded(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0));

	if (fd >= 0 && connect(fd, (struct sockaddr *)&vm, sizeof(vm))) {
		perror("# raw connect");
		close(fd);
		return -1;
	}
	return fd;
}

/* Whether the kernel has vsock and its loopback. */
bool zp_has_vsock(void)
{
	struct sockaddr_vm vm = { .svm_family = AF_VSOCK,
				  .svm_cid = VMADDR_CID_LOCAL,
				  .svm_port = VMADDR_PORT_ANY };
	socklen_t len = sizeof(vm);
	int a, b;
	bool has;

	a = socket(AF_VSOCK, SOCK_STREAM, 0);
	b = socket(AF_VSOCK, SOCK_STREAM, 0);
	has = a >= 0 && !bind(a, (struct sockaddr *)&vm, len) &&
	      !listen(a, 1) && !getsockname(a, (struct sockaddr *)&vm, &len) &&
	      !connect(b, (struct sockaddr *)&vm, len);
	close(a);
	close(b);
	return has;
}

/* Two ends of one stream, UNIX's or TCP's; the first is the raw peer's. */
int zp_pair(bool tcp, int ends[2])
{
	int port = 0, listener;

	if (!tcp) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
			return -1;
		ends[0] = bounded(ends[0]);
		return ends[0] < 0 ? -1 : 0;
	}
	listener = zp_listen(0, &port);
	ends[0] = zp_dial(port, 0);
	ends[1] = zp_accept(listener);
	close(listener);
	return ends[0] < 0 || ends[1] < 0 ? -1 : 0;
}

/* Connects to an endpoint of tcp, ipc or vsock. */
int zp_dial_at(const char *ep)
{
	struct sockaddr_un sun;
	socklen_t len;
	int fd;

	if (!strncmp(ep, "vsock:", 6))
		return dial_vsock(strtoul(strrchr(ep, ':') + 1, NULL, 10));
	if (strncmp(ep, "ipc:", 4))
		return zp_dial(zt_port(ep), 0);
	fd = unix_socket(ep, &sun, &len);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sun, len)) {
		perror("# raw connect");
		close(fd);
		return -1;
	}
	return fd;
}

int zp_write(int fd, const void *data, size_t len)
{
	ssize_t n;

	while (len) {
		n = send(fd, data, len, MSG_NOSIGNAL);
		if (n < 0)
			return -1;
		data = (const char *)data + n;
		len -= n;
	}
	return 0;
}

int zp_read(int fd, void *data, size_t len)
{
	ssize_t n;

	while (len) {
		n = recv(fd, data, len, 0);
		if (n <= 0) {
			printf("# raw read: %s\n",
			       n ? strerror(errno) : "end of stream");
			return -1;
		}
		data = (char *)data + n;
		len -= n;
	}
	return 0;
}

size_t zp_greeting(unsigned char *buf, int minor, const char *mechanism)
{
	memset(buf, 0, ZP_GREETING);
	buf[0] = 0xff;
	buf[8] = 1;
	buf[9] = 0x7f;
	buf[10] = 3;
	buf[11] = minor;
	memcpy(buf + 12, mechanism, strlen(mechanism));
	return ZP_GREETING;
}

/* The header of a frame, at most 9 bytes; short where it can be. */
size_t zp_header(unsigned char *buf, int flags, u64 len)
{
	u64 be = htobe64(len);

	if (len < 256 && !(flags & ZP_LONG)) {
		buf[0] = flags;
		buf[1] = len;
		return 2;
	}
	buf[0] = flags | ZP_LONG;
	memcpy(buf + 1, &be, sizeof(be));
	return 9;
}

static size_t property(unsigned char *buf, const char *name, const void *value,
		       size_t len)
{
	size_t namelen = strlen(name);
	u32 be = htobe32(len);

	buf[0] = namelen;
	memcpy(buf + 1, name, namelen);
	memcpy(buf + 1 + namelen, &be, sizeof(be));
	if (len)
		memcpy(buf + 5 + namelen, value, len);
	return 5 + namelen + len;
}

/* READY as libzmq sends it; no Identity if @id is NULL. */
size_t zp_ready_body(unsigned char *buf, const char *type, const void *id,
		     size_t idlen)
{
	size_t n = 6;

	memcpy(buf, "\5READY", 6);
	n += property(buf + n, "Socket-Type", type, strlen(type));
	if (id)
		n += property(buf + n, "Identity", id, idlen);
	return n;
}

/* Exchanges ZMTP 3.@minor greetings. */
int zp_greet(int fd, int minor)
{
	static const char null_mechanism[20] = "NULL";
	unsigned char buf[ZP_GREETING];

	zp_greeting(buf, minor, "NULL");
	if (zp_write(fd, buf, sizeof(buf)) || zp_read(fd, buf, sizeof(buf)))
		return -1;
	if (buf[0] != 0xff || !(buf[9] & 1) || buf[10] != 3 || buf[11] > 1 ||
	    memcmp(buf + 12, null_mechanism, sizeof(null_mechanism)) ||
	    buf[32]) {
		printf("# not a ZMTP 3 greeting with NULL\n");
		return -1;
	}
	return 0;
}

int zp_send(int fd, int flags, const void *data, size_t len)
{
	unsigned char *buf = malloc(len + 9);
	size_t n;
	int ret;

	if (!buf)
		return -1;
	n = zp_header(buf, flags, len);
	if (len)
		memcpy(buf + n, data, len);
	ret = zp_write(fd, buf, n + len);
	free(buf);
	return ret;
}

int zp_puts(int fd, int flags, const char *text)
{
	return zp_send(fd, flags, text, strlen(text));
}

int zp_command(int fd, const char *name, const void *data, size_t len)
{
	size_t namelen = strlen(name);
	unsigned char buf[1024];

	if (1 + namelen + len > sizeof(buf))
		return -1;
	buf[0] = namelen;
	memcpy(buf + 1, name, namelen);
	if (len)
		memcpy(buf + 1 + namelen, data, len);
	return zp_send(fd, ZP_COMMAND, buf, 1 + namelen + len);
}

int zp_recv(int fd, struct zp_frame *f)
{
	unsigned char head[9];
	u64 be;

	if (zp_read(fd, head, 2))
		return -1;
	f->flags = head[0] & ~ZP_LONG;
	f->len = head[1];
	if (head[0] & ZP_LONG) {
		if (zp_read(fd, head + 2, 7))
			return -1;
		memcpy(&be, head + 1, sizeof(be));
		f->len = be64toh(be);
		if (f->len < 256)
			printf("# long form for %zu bytes\n", f->len);
	}
	if (f->flags & ~(ZP_MORE | ZP_COMMAND) || f->len > sizeof(f->body)) {
		printf("# raw frame: flags %#x, %zu bytes\n", f->flags, f->len);
		return -1;
	}
	return zp_read(fd, f->body, f->len);
}

/* Reads one frame; true if it is exactly this one. */
bool zp_got(int fd, int flags, const void *data, size_t len)
{
	struct zp_frame f;

	if (zp_recv(fd, &f))
		return false;
	if (f.flags == flags && f.len == len && !memcmp(f.body, data, len))
		return true;
	printf("# raw frame: flags %d, %zu bytes '%.*s', not %d, %zu bytes\n",
	       f.flags, f.len, (int)(f.len < 40 ? f.len : 40), f.body, flags,
	       len);
	return false;
}

bool zp_gets(int fd, int flags, const char *text)
{
	return zp_got(fd, flags, text, strlen(text));
}

bool zp_is_command(const struct zp_frame *f, const char *name,
		   const void *data, size_t len)
{
	size_t namelen = strlen(name);

	return f->flags == ZP_COMMAND && f->len == 1 + namelen + len &&
	       f->body[0] == namelen && !memcmp(f->body + 1, name, namelen) &&
	       !memcmp(f->body + 1 + namelen, data, len);
}

/* Reads one command; true if it is this one with this text. */
bool zp_got_command(int fd, const char *name, const char *text)
{
	struct zp_frame f;

	if (zp_recv(fd, &f))
		return false;
	if (zp_is_command(&f, name, text, strlen(text)))
		return true;
	printf("# no %s '%s': flags %d '%.*s'\n", name, text, f.flags,
	       (int)(f.len & 127), f.body);
	return false;
}

/* Reads READY; true if its first property is this Socket-Type. */
bool zp_got_ready(int fd, const char *type)
{
	unsigned char want[64];
	struct zp_frame f;
	size_t len = zp_ready_body(want, type, NULL, 0);

	if (zp_recv(fd, &f))
		return false;
	if (f.flags == ZP_COMMAND && f.len >= len && !memcmp(f.body, want, len))
		return true;
	printf("# no READY of %s: '%.*s'\n", type, (int)(f.len & 127), f.body);
	return false;
}

int zp_handshake_id(int fd, int minor, const char *own, const char *theirs,
		    const void *id, size_t idlen)
{
	unsigned char buf[512];
	size_t len = zp_ready_body(buf, own, id, idlen);

	if (zp_greet(fd, minor) || zp_send(fd, ZP_COMMAND, buf, len))
		return -1;
	return zp_got_ready(fd, theirs) ? 0 : -1;
}

int zp_handshake(int fd, const char *own, const char *theirs)
{
	return zp_handshake_id(fd, 1, own, theirs, NULL, 0);
}

static int shake(int fd, const char *own, const char *theirs)
{
	if (fd < 0)
		return -1;
	if (zp_handshake(fd, own, theirs)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Connects to a bound AF_ZMQ socket and goes through the handshake. */
int zp_peer(int port, const char *own, const char *theirs)
{
	return shake(zp_dial(port, 0), own, theirs);
}

/* The same by an endpoint of either kind. */
int zp_peer_at(const char *ep, const char *own, const char *theirs)
{
	return shake(zp_dial_at(ep), own, theirs);
}

int zp_accept_peer(int listener, const char *own, const char *theirs)
{
	return shake(zp_accept(listener), own, theirs);
}

/* Sends PING and waits for its PONG: what was written before has been seen by
 * the other side by then, because commands are answered as they are scanned.
 */
bool zp_sync(int fd)
{
	static unsigned char context[3 + sizeof(unsigned int)];
	static unsigned int serial;
	struct zp_frame f;

	serial++;
	memcpy(context + 2, &serial, sizeof(serial));
	context[2 + sizeof(serial)] = 'x';
	if (zp_command(fd, "PING", context, sizeof(context)) || zp_recv(fd, &f))
		return false;
	if (zp_is_command(&f, "PONG", context + 2, sizeof(context) - 2))
		return true;
	printf("# no PONG: flags %d, %zu bytes\n", f.flags, f.len);
	return false;
}

/* True if the other side ends the connection; what it still sent is read. */
bool zp_closed(int fd)
{
	char buf[4096];
	ssize_t n;

	do {
		n = recv(fd, buf, sizeof(buf), 0);
	} while (n > 0);
	if (n < 0 && errno != ECONNRESET)
		printf("# the connection stays: %m\n");
	return !n || errno == ECONNRESET;
}

/* True if there is nothing to read now and the connection is still there. */
bool zp_silent(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       errno == EAGAIN;
}

/* A message of these frames goes to the peer and comes back, as it is. */
bool zp_reflects(int fd, int peer, const char * const *frames, int n)
{
	int i, last = n - 1;

	for (i = 0; i < n; i++)
		if (zt_puts(fd, frames[i], i < last ? MSG_MORE : 0))
			return false;
	for (i = 0; i < n; i++)
		if (!zp_gets(peer, i < last ? ZP_MORE : 0, frames[i]) ||
		    zp_puts(peer, i < last ? ZP_MORE : 0, frames[i]))
			return false;
	for (i = 0; i < n; i++)
		if (!zt_gets(fd, frames[i], i < last))
			return false;
	return true;
}

static int filter(int fd, struct sock_filter *code, int len)
{
	struct sock_fprog prog = { len, code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
			  sizeof(prog));
}

/* From now on nothing reaches @fd, a TCP socket: neither data nor ACKs. */
int zp_lose_all(int fd)
{
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, 0);

	return filter(fd, &code, 1);
}

/* As zp_lose_all(), except for ACKs without data. */
int zp_lose_data(int fd)
{
	struct sock_filter code[] = {
		/* The TCP header's length is in the upper half of octet 12. */
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 12),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 2),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x3c),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, -1),
	};

	return filter(fd, code, sizeof(code) / sizeof(*code));
}

int zp_lose_nothing(int fd)
{
	int unused = 0;

	return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused,
			  sizeof(unused));
}
