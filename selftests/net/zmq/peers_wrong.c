// SPDX-License-Identifier: GPL-2.0-only
/*
 * What no peer may say, after everything that it may have said before, whole and
 * cut at every byte: it is sent away or put up with, as documented, counted by
 * its reason, and nobody else notices. By `make check-peers`.
 */
#include <stdlib.h>
#include "kselftest_harness.h"
#include "fixture.h"
#include "peers.h"

PEERS_FIXTURE(wrong);

enum after {
	CONNECT,	/* nothing */
	GREETING,	/* the greeting of 3.1 */
	READY,		/* the handshake of 3.1 */
	READY_3_0,	/* the handshake of 3.0 */
	HELLO_2,	/* the handshake of 2.0 */
	HELLO_1,	/* the identity of 1.0 */
};

/**
 * struct wrong - what a peer says
 * @name: what is wrong with it
 * @after: what was said before
 * @counter: what counts it, or NULL
 * @stays: the connection does
 * @bytes: the bytes
 * @len: how many
 * @pattern: of the socket, PULL if 0
 * @type: what the peer says that it is, PUSH if NULL
 */
struct wrong {
	const char *name;
	enum after after;
	const char *counter;
	bool stays;
	const char *bytes;
	size_t len;
	int pattern;
	const char *type;
};

#define BYTES(text) .bytes = text, .len = sizeof(text) - 1
#define TYPE	"\13Socket-Type\0\0\0"
#define PROTO	"ZmqHandshakeProtocol"
#define STAYS	true
#define GOES	false

static const struct wrong wrongs[] = {
	/* no greeting */
	{ "a length of 0", CONNECT, PROTO, GOES, BYTES("\0") },
	{ "HTTP", CONNECT, PROTO, GOES, BYTES("GET / HTTP/1.1\r\n\r\n") },
	{ "TLS", CONNECT, PROTO, GOES, BYTES("\x16\3\1\2\0\1\0\1\xfc\3\3") },
	{ "SSH", CONNECT, PROTO, GOES, BYTES("SSH-2.0-OpenSSH_9.2\r\n") },
	{ "an identity of 1.0 of 256 bytes", CONNECT, PROTO, GOES,
	  BYTES("\xff\0\0\0\0\0\0\1\1\0") },
	{ "an identity of 1.0 of 2^63 bytes", CONNECT, PROTO, GOES,
	  BYTES("\xff\x80\0\0\0\0\0\0\1\0") },
	{ "a versioned identity of 1.0 without a length", CONNECT, PROTO, GOES,
	  BYTES(SIGNATURE "\0\10\0") },
	{ "an identity of 2.0 of 256 bytes", CONNECT, PROTO, GOES,
	  BYTES(SIGNATURE "\1\10\2\0\0\0\0\0\0\1\0") },
	{ "an identity of 2.0 of 2^63 bytes", CONNECT, PROTO, GOES,
	  BYTES(SIGNATURE "\1\10\2\x80\0\0\0\0\0\0\0") },
	{ "an identity of 2.0 that is a command with more", CONNECT, PROTO, GOES,
	  BYTES(SIGNATURE "\1\10\5\0") },
	{ "a type of 2.0 that does not fit", CONNECT, "ZmqHandshakeType", GOES,
	  BYTES(SIGNATURE "\1\1\0\0") },
	{ "a type of 2.0 that does not exist", CONNECT, "ZmqHandshakeType", GOES,
	  BYTES(SIGNATURE "\1\x63\0\0") },
	{ "a mechanism that begins with NULL", CONNECT, "ZmqHandshakeMechanism", GOES,
	  BYTES(SIGNATURE "\3\1NULLX\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") },
	{ "no mechanism", CONNECT, "ZmqHandshakeMechanism", GOES,
	  BYTES(SIGNATURE "\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") },
	{ "CURVE", CONNECT, "ZmqHandshakeMechanism", GOES,
	  BYTES(SIGNATURE "\3\1CURVE\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") },

	/* no handshake */
	{ "an empty command", GREETING, PROTO, GOES, BYTES("\4\0") },
	{ "an empty message", GREETING, PROTO, GOES, BYTES("\0\0") },
	{ "a message", GREETING, PROTO, GOES, BYTES("\0\5hello") },
	{ "a READY with more", GREETING, PROTO, GOES,
	  BYTES("\5\32\5READY" TYPE "\4PUSH") },
	{ "a strange command", GREETING, PROTO, GOES, BYTES("\4\6\5STEDY") },
	{ "PING", GREETING, PROTO, GOES, BYTES("\4\7\4PING\0\0") },
	{ "SUBSCRIBE", GREETING, PROTO, GOES, BYTES("\4\13\11SUBSCRIBEx") },
	{ "INITIATE", GREETING, PROTO, GOES, BYTES("\4\11\10INITIATE") },
	{ "a name longer than its frame", GREETING, PROTO, GOES,
	  BYTES("\4\2\5R") },
	{ "a command of 4097 bytes", GREETING, PROTO, GOES,
	  BYTES("\6\0\0\0\0\0\0\x10\1") },
	{ "a command of 2^63 bytes", GREETING, PROTO, GOES,
	  BYTES("\6\x80\0\0\0\0\0\0\0") },
	{ "a property longer than READY", GREETING, PROTO, GOES,
	  BYTES("\4\26\5READY\13Socket-Type\0\0\1\0") },
	{ "a property of 4 GiB", GREETING, PROTO, GOES,
	  BYTES("\4\30\5READY\13Socket-Type\xff\xff\xff\xffPU") },
	{ "a property that ends in its name", GREETING, PROTO, GOES,
	  BYTES("\4\14\5READY\13Socke") },
	{ "a byte too many in READY", GREETING, PROTO, GOES,
	  BYTES("\4\33\5READY" TYPE "\4PUSHx") },
	{ "a type that does not fit", GREETING, "ZmqHandshakeType", GOES,
	  BYTES("\4\31\5READY" TYPE "\3PUB") },
	{ "a type in small letters", GREETING, "ZmqHandshakeType", GOES,
	  BYTES("\4\32\5READY" TYPE "\4push") },
	{ "a second type that does not fit", GREETING, "ZmqHandshakeType", GOES,
	  BYTES("\4\55\5READY" TYPE "\4PUSH" TYPE "\3PUB") },
	{ "ERROR", GREETING, "ZmqHandshakeError", GOES,
	  BYTES("\4\13\5ERROR\4oops") },
	{ "an ERROR longer than its frame", GREETING, PROTO, GOES,
	  BYTES("\4\13\5ERROR\5oops") },
	{ "an ERROR without a reason", GREETING, PROTO, GOES,
	  BYTES("\4\6\5ERROR") },

	/* the end of a connection */
	{ "a command with more", READY, "ZmqProtoError", GOES,
	  BYTES("\5\7\4PING\0\0") },
	{ "a command of 2^63 bytes", READY, "ZmqProtoError", GOES,
	  BYTES("\6\x80\0\0\0\0\0\0\0") },
	{ "a command of 2^40 bytes", READY, "ZmqRxTooBig", GOES,
	  BYTES("\6\0\0\1\0\0\0\0\0") },
	{ "a command of 8209 bytes", READY, "ZmqRxTooBig", GOES,
	  BYTES("\6\0\0\0\0\0\0\x20\x11") },
	{ "a frame of 2^63 bytes", READY, "ZmqProtoError", GOES,
	  BYTES("\2\x80\0\0\0\0\0\0\0") },
	{ "a frame of 2^63 - 1 bytes", READY, "ZmqRxTooBig", GOES,
	  BYTES("\2\x7f\xff\xff\xff\xff\xff\xff\xff") },
	{ "a frame beyond the limit within a message", READY, "ZmqRxTooBig", GOES,
	  BYTES("\1\1x\3\0\0\0\0\0\x10\0\0") },
	{ "a message beyond the limit of small frames", READY, "ZmqRxTooBig", GOES,
	  BYTES("\1\1a\1\1b\1\1c\1\1d\1\1e") },
	{ "another of 3.0", READY_3_0, "ZmqRxTooBig", GOES,
	  BYTES("\1\1a\1\1b\1\1c\1\1d\0\1e") },
	{ "a command with more of 2.0", HELLO_2, "ZmqProtoError", GOES,
	  BYTES("\5\1x") },
	{ "a frame of 2.0 of 2^63 bytes", HELLO_2, "ZmqProtoError", GOES,
	  BYTES("\2\x80\0\0\0\0\0\0\0") },
	{ "a message of 2.0 beyond the limit", HELLO_2, "ZmqRxTooBig", GOES,
	  BYTES("\1\1a\1\1b\1\1c\1\1d\0\1e") },
	{ "a frame of 1.0 of no length", HELLO_1, "ZmqProtoError", GOES,
	  BYTES("\0") },
	{ "a long frame of 1.0 of no length", HELLO_1, "ZmqProtoError", GOES,
	  BYTES("\xff\0\0\0\0\0\0\0\0") },
	{ "a frame of 1.0 of 2^63 bytes", HELLO_1, "ZmqProtoError", GOES,
	  BYTES("\xff\x80\0\0\0\0\0\0\0") },
	{ "a frame of 1.0 of 2^63 - 1 bytes", HELLO_1, "ZmqRxTooBig", GOES,
	  BYTES("\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0") },
	{ "a message of 1.0 beyond the limit", HELLO_1, "ZmqRxTooBig", GOES,
	  BYTES("\2\1a\2\1b\2\1c\2\1d\2\0e") },

	/* what is put up with: libzmq looks no more than this at the flags of READY */
	{ "a READY that is a message", GREETING, NULL, STAYS,
	  BYTES("\0\32\5READY" TYPE "\4PUSH") },
	{ "a READY that is a part of a message", GREETING, NULL, STAYS,
	  BYTES("\1\32\5READY" TYPE "\4PUSH") },
	{ "a READY with flags that nobody knows", GREETING, NULL, STAYS,
	  BYTES("\xfc\32\5READY" TYPE "\4PUSH") },
	{ "a second READY", READY, NULL, STAYS,
	  BYTES("\4\32\5READY" TYPE "\4PULL") },
	{ "a late ERROR", READY, NULL, STAYS, BYTES("\4\13\5ERROR\4oops") },
	{ "a strange command", READY, NULL, STAYS, BYTES("\4\7\5NOVELx") },
	{ "PONG without a PING", READY, NULL, STAYS, BYTES("\4\6\4PONGx") },
	{ "PONG to 3.0", READY_3_0, NULL, STAYS, BYTES("\4\6\4PONGx") },
	{ "SUBSCRIBE to a PULL", READY, NULL, STAYS, BYTES("\4\13\11SUBSCRIBEx") },
	{ "JOIN to a PULL", READY, NULL, STAYS, BYTES("\4\6\4JOINx") },
	{ "a name longer than its frame", READY, "ZmqProtoError", STAYS,
	  BYTES("\4\3\xffXY") },
	{ "an empty command", READY, "ZmqProtoError", STAYS, BYTES("\4\0") },
	{ "PING without all of its ttl", READY, "ZmqProtoError", STAYS,
	  BYTES("\4\6\4PING\0") },
	{ "no command of 2.0", HELLO_2, "ZmqProtoError", STAYS, BYTES("\4\3abc") },
	{ "a message to PUSH", READY, "ZmqRxDropMalformed", STAYS,
	  BYTES("\0\1x"), .pattern = ZMQ_PUSH, .type = "PULL" },
	{ "a request without an envelope", READY, "ZmqRxDropMalformed", STAYS,
	  BYTES("\0\1x"), .pattern = ZMQ_REP, .type = "REQ" },
	{ "an envelope without its end", READY, "ZmqRxDropMalformed", STAYS,
	  BYTES("\1\1x\0\1y"), .pattern = ZMQ_REP, .type = "DEALER" },
	{ "a reply that nobody waits for", READY, "ZmqRxDropStale", STAYS,
	  BYTES("\1\0\0\1x"), .pattern = ZMQ_REQ, .type = "REP" },
	{ "a message that is not subscribed to", READY, "ZmqRxDropFilter", STAYS,
	  BYTES("\0\1x"), .pattern = ZMQ_SUB, .type = "PUB" },
	{ "SUBSCRIBE to a SUB", READY, NULL, STAYS,
	  BYTES("\4\13\11SUBSCRIBEx"), .pattern = ZMQ_SUB, .type = "PUB" },
	{ "a message to PUB", READY, "ZmqRxDropMalformed", STAYS,
	  BYTES("\0\1x"), .pattern = ZMQ_PUB, .type = "SUB" },
	{ "CANCEL of what was never there", READY, NULL, STAYS,
	  BYTES("\4\10\6CANCELx"), .pattern = ZMQ_PUB, .type = "SUB" },
};

/* The limits that the table means. */
static int set_limits(void)
{
	return zt_sysctl("max_msg_bytes", "1000000") ||
	       zt_sysctl("max_msg_frames", "4");
}

static const enum peers_version versions[] = {
	[GREETING] = ZMTP_3_1,
	[READY] = ZMTP_3_1,
	[READY_3_0] = ZMTP_3_0,
	[HELLO_2] = ZMTP_2,
	[HELLO_1] = ZMTP_1,
};

/* Rows of the table that went otherwise. */
static int failed;

static const char *name_of(int pattern)
{
	static const char * const names[] = {
		[0] = "PULL", [ZMQ_PUSH] = "PUSH", [ZMQ_REP] = "REP",
		[ZMQ_REQ] = "REQ", [ZMQ_SUB] = "SUB", [ZMQ_PUB] = "PUB",
	};

	return names[pattern];
}

static const char *type_of(const struct wrong *w)
{
	return w->type ?: "PUSH";
}

/* All that it says; the first of the bytes that are wrong in @from. */
static size_t speak(const struct wrong *w, unsigned char *buf, size_t *from)
{
	size_t n = 0;

	if (w->after == GREETING)
		n = zp_greeting(buf, 1, "NULL");
	else if (w->after != CONNECT)
		n = peers_hello(buf, versions[w->after], type_of(w));
	memcpy(buf + n, w->bytes, w->len);
	*from = n;
	return n + w->len;
}

/* Of what was sent away nothing is left, and of the reason one more. */
static bool went(struct peers *p, int peer, long before, const char *counter)
{
	if (!zp_closed(peer))
		return false;
	return zt_counts(counter, before) &&
	       zt_counter(counter) == before + 1 &&
	       !zt_poll(p->zmq, POLLIN, 0);
}

/* What was said is passed by, and what is said behind it is heard. */
static bool stayed(struct peers *p, int peer, const struct wrong *w,
		   long before)
{
	if (versions[w->after] > ZMTP_2 && !zp_sync(peer))
		return false;
	/* A reply is looked at when a request is sent. */
	if (w->pattern == ZMQ_REQ && zt_puts(p->zmq, "request", 0))
		return false;
	if (zt_poll(p->zmq, POLLIN, 0))
		return false;
	if (!w->pattern && (zp_puts(peer, 0, "behind") ||
			    !zt_gets(p->zmq, "behind", ZT_LAST)))
		return false;
	return !w->counter || zt_counter(w->counter) == before + 1;
}

/* All of it, with a pause behind @cut bytes or none behind any of them. */
static void say(int peer, const unsigned char *buf, size_t len, size_t cut)
{
	size_t i;

	/* It may be gone before it has said everything. */
	if (cut < len) {
		zp_write(peer, buf, cut);
		peers_seen();
		zp_write(peer, buf + cut, len - cut);
		return;
	}
	for (i = 0; i < len; i++)
		zp_write(peer, buf + i, 1);
}

static bool is_dealt_with(struct peers *p, const struct wrong *w,
			  const unsigned char *buf, size_t len, size_t cut)
{
	long before = w->counter ? zt_counter(w->counter) : 0;
	int peer = peers_stream(p);
	bool ok;

	if (peer < 0)
		return false;
	say(peer, buf, len, cut);
	if (w->stays)
		ok = peers_welcome(peer, versions[w->after],
				   name_of(w->pattern)) &&
		     stayed(p, peer, w, before);
	else
		ok = went(p, peer, before, w->counter);
	close(peer);
	return ok;
}

/* An honest peer is served while and after that. */
static bool serves(struct peers *p)
{
	int peer = zp_peer(zt_port(p->front), "PUSH", "PULL");
	bool ok;

	ok = peer >= 0 && !zp_puts(peer, 0, "honest") &&
	     zt_gets(p->zmq, "honest", ZT_LAST);
	close(peer);
	return ok;
}

/* Each of the table that does, or does not, end the connection. */
static int try_all(struct peers *p, bool stays)
{
	unsigned char buf[PEERS_STREAM_MAX];
	const struct wrong *w;
	size_t from, len, cut;

	for (w = wrongs; w < wrongs + ARRAY_SIZE(wrongs); w++) {
		if (w->stays != stays)
			continue;
		if (peers_socket(p, w->pattern ?: ZMQ_PULL))
			return -1;
		len = speak(w, buf, &from);
		PEERS_EACH_CUT(cut, from, len + 1) {
			/* It waits for its reply. */
			if (w->pattern == ZMQ_REQ && peers_socket(p, ZMQ_REQ))
				return -1;
			if (is_dealt_with(p, w, buf, len, cut))
				continue;
			printf("# %s behind byte %zu of %zu\n", w->name, cut, len);
			zt_tell();
			failed++;
			break;
		}
		if (!peers_undisturbed(p) || (!w->pattern && !serves(p))) {
			printf("# others behind: %s\n", w->name);
			return -1;
		}
	}
	return 0;
}

TEST_F_TIMEOUT(wrong, whoever_says_what_ends_it_goes_alone, PEERS_LONG_S)
{
	if (PEERS_UNWANTED())
		SKIP(return, "%s", PEERS_UNWANTED());
	ASSERT_EQ(0, set_limits());
	EXPECT_EQ(0, try_all(&self->p, GOES));
	EXPECT_EQ(0, failed);
	EXPECT_TRUE(peers_all_gone(&self->p));
}

TEST_F_TIMEOUT(wrong, whoever_says_what_means_nothing_stays, PEERS_LONG_S)
{
	if (PEERS_UNWANTED())
		SKIP(return, "%s", PEERS_UNWANTED());
	ASSERT_EQ(0, set_limits());
	EXPECT_EQ(0, try_all(&self->p, STAYS));
	EXPECT_EQ(0, failed);
	EXPECT_TRUE(peers_all_gone(&self->p));
}

TEST_HARNESS_MAIN
