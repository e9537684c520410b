// SPDX-License-Identifier: GPL-2.0-only
/* What the programs of `make check-peers` share. */
#include <endian.h>
#include <stdlib.h>
#include <time.h>
#include "peers.h"

/* Why a test is not run, or NULL. $ZT_AT names one way. */
const char *peers_unwanted(const char *test, const struct peers_way *way)
{
	const char *at = getenv("ZT_AT");

	if (at && *at && strcmp(at, way->at))
		return "ZT_AT names another way";
	if (!zt_is_wanted(test))
		return "ZT_ONLY names another test";
	if (!strncmp(way->at, "vsock", 5) && !zp_has_vsock())
		return "the kernel has no vsock loopback";
	return NULL;
}

/* The two that are not to be disturbed. */
int peers_begin(struct peers *p, const struct peers_way *way)
{
	char ep[ZMQ_ENDPOINT_MAX];

	p->way = way;
	p->zmq = -1;
	p->listener = -1;
	p->other[0] = zt_listening(ZMQ_PAIR, "tcp://127.0.0.1:*", ep);
	p->other[1] = zt_connected(ZMQ_PAIR, ep);
	/* And both are up, so that what is counted from now on is of others. */
	return peers_undisturbed(p) ? 0 : -1;
}

/* The socket of a pattern to which streams come, instead of the last one. */
int peers_socket(struct peers *p, int pattern)
{
	if (p->zmq >= 0)
		close(p->zmq);
	if (p->listener >= 0)
		close(p->listener);
	if (p->way->how == DIALED)
		p->listener = zp_listen_at(p->way->at);
	p->zmq = zt_listening(pattern, "tcp://127.0.0.1:*", p->front);
	if (p->zmq < 0 || zt_setint(p->zmq, ZMQ_SNDBUF, 16384) ||
	    zt_setint(p->zmq, ZMQ_RECONNECT_IVL, 1) ||
	    zt_setint(p->zmq, ZMQ_RECONNECT_IVL_MAX, 10))
		return -1;
	if (p->way->how == BOUND)
		return zt_bind_any(p->zmq, p->way->at, p->ep);
	return p->way->how == DIALED ? zt_connect(p->zmq, p->way->at) : 0;
}

/* A stream to the socket on which nothing has been said yet. */
int peers_stream(struct peers *p)
{
	const int small = 16384;
	int ends[2], err;

	if (p->way->how == BOUND)
		return zp_dial_at(p->ep);
	if (p->way->how == DIALED)
		return zp_accept(p->listener);
	if (zp_pair(*p->way->at == 't', ends))
		return -1;
	setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	err = zt_setint(p->zmq, ZMQ_ATTACH_FD, ends[1]);
	close(ends[1]);
	return err ? -1 : ends[0];
}

/* Two sockets with which nothing was done still talk. */
bool peers_undisturbed(struct peers *p)
{
	return !zt_puts(p->other[0], "ping", 0) &&
	       zt_gets(p->other[1], "ping", ZT_LAST) &&
	       !zt_puts(p->other[1], "pong", 0) &&
	       zt_gets(p->other[0], "pong", ZT_LAST);
}

static bool only_the_others(void *arg)
{
	int up;

	zt_proc_sum("rx_msgs", &up);
	return up == 2;
}

/* Waits until no peer of the socket is up any more. */
bool peers_all_gone(struct peers *p)
{
	if (zt_eventually(only_the_others, p))
		return true;
	zt_tell();
	return false;
}

/* What was written is looked at: workers run while this one does not. */
void peers_seen(void)
{
	const struct timespec ts = { .tv_nsec = 100000 };

	nanosleep(&ts, NULL);
}

/* Ends a stream by RST, where there is such a thing. */
void peers_reset(int fd)
{
	const struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

size_t peers_frame(unsigned char *buf, enum peers_version v, int flags,
		   const void *data, size_t len)
{
	u64 be = htobe64(len + 1);
	size_t n;

	if (v > ZMTP_1_LONG) {
		n = zp_header(buf, flags, len);
	} else if (len < 254 && v == ZMTP_1) {
		buf[0] = len + 1;
		buf[1] = flags;
		n = 2;
	} else {
		buf[0] = 0xff;
		memcpy(buf + 1, &be, sizeof(be));
		buf[9] = flags;
		n = 10;
	}
	memcpy(buf + n, data, len);
	return n + len;
}

/* All that a peer of a type, PUSH if it is an old one, says before its first
 * message.
 */
size_t peers_hello(unsigned char *buf, enum peers_version v, const char *type)
{
	unsigned char body[64];
	size_t n;

	if (v < ZMTP_2)
		return peers_frame(buf, v, 0, "me", 2);
	if (v == ZMTP_2) {
		memcpy(buf, SIGNATURE "\1\10\0\2me", 16);
		return 16;
	}
	n = zp_greeting(buf, v == ZMTP_3_1, "NULL");
	return n + peers_frame(buf + n, v, ZP_COMMAND, body,
			       zp_ready_body(body, type, NULL, 0));
}

/* Reads what the socket, a PULL if the peer is an old one, says to that. */
bool peers_welcome(int fd, enum peers_version v, const char *type)
{
	static const unsigned char null[ZP_GREETING - 10] = "\3\1NULL";
	static const unsigned char old[] = SIGNATURE "\3\7\0";
	size_t len = v < ZMTP_2 ? 10 : v == ZMTP_2 ? 14 : ZP_GREETING;
	unsigned char got[ZP_GREETING];

	if (zp_read(fd, got, len))
		return false;
	if (v > ZMTP_2)
		return !memcmp(got, SIGNATURE, 10) &&
		       !memcmp(got + 10, null, sizeof(null)) &&
		       zp_got_ready(fd, type);
	return !memcmp(got, old, len);
}
