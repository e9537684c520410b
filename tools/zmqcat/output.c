// SPDX-License-Identifier: GPL-2.0-only
/* Messages that were received, as text or as they are. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "zmqcat.h"

#define ROOM (64 << 10)

static char buf[ROOM];
static size_t used;
static enum format format;

static void write_all(const char *data, size_t len)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
	ssize_t n;

	while (len) {
		n = write(STDOUT_FILENO, data, len);
		if (n >= 0) {
			data += n;
			len -= n;
		} else if (errno == EINTR) {
			/* A signal ends the program, with the rest of this unwritten. */
			if (wait_signal)
				used = 0;
			wait_check();
		} else if (errno == EAGAIN) {
			wait_poll(&out, 1, -1);
		} else if (errno == EPIPE) {
			wait_end(SIGPIPE);
		} else {
			used = 0;
			die_errno("standard output");
		}
	}
}

void output_flush(void)
{
	size_t len = used;

	used = 0;
	write_all(buf, len);
}

static void put(const char *data, size_t len)
{
	if (len > ROOM - used)
		output_flush();
	if (len > ROOM) {
		write_all(data, len);
		return;
	}
	memcpy(buf + used, data, len);
	used += len;
}

static void __attribute__((format(printf, 1, 2))) putf(const char *text, ...)
{
	char line[256];
	va_list args;

	va_start(args, text);
	vsnprintf(line, sizeof(line), text, args);
	va_end(args);
	put(line, strlen(line));
}

static void put_hex(const char *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < len; i++) {
		char two[2] = { digits[(data[i] >> 4) & 15], digits[data[i] & 15] };

		put(two, 2);
	}
}

/* As input.c reads it with --input=escaped. */
static void put_escaped(const char *data, size_t len)
{
	static const char letters[] = "abtnvfr";
	size_t n;

	while (len) {
		n = *data == '\\' ? 0 : escape_plain(data, len);
		if (n)
			put(data, n);
		else if (*data == '\\')
			put("\\\\", 2);
		else if (*data >= '\a' && *data <= '\r')
			putf("\\%c", letters[*data - '\a']);
		else
			putf("\\x%02x", (unsigned char)*data);
		data += n ?: 1;
		len -= n ?: 1;
	}
}

static bool is_utf8(const char *data, size_t len)
{
	uint32_t c;
	size_t n;

	for (; len; data += n, len -= n) {
		c = escape_code_point(data, len);
		if (c == UINT32_MAX)
			return false;
		n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	}
	return true;
}

/* A string, or where these bytes are no text {"hex": ...}. */
static void put_json(const char *data, size_t len)
{
	size_t n;

	if (!is_utf8(data, len)) {
		put("{\"hex\":\"", 8);
		put_hex(data, len);
		put("\"}", 2);
		return;
	}
	put("\"", 1);
	while (len) {
		n = escape_plain(data, len);
		if (*data == '"' || *data == '\\') {
			putf("\\%c", *data);
		} else if (n) {
			put(data, n);
		} else {
			uint32_t c = escape_code_point(data, len);

			/* Nothing beyond the first plane has to be escaped. */
			putf("\\u%04x", c);
			n = c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
		}
		data += n ?: 1;
		len -= n ?: 1;
	}
	put("\"", 1);
}

static size_t size_of(const struct view *v)
{
	size_t size = 0;
	unsigned int i;

	for (i = 0; i < v->nr; i++)
		size += v->frame[i].len;
	return size;
}

static void json_message(const struct config *c, const struct view *v)
{
	const char *data = v->data;
	unsigned int i = 0, first;
	struct timespec ts;

	put("{", 1);
	if (c->show & SHOW_TIME) {
		clock_gettime(CLOCK_REALTIME, &ts);
		putf("\"time\":%lld.%09ld,", (long long)ts.tv_sec, ts.tv_nsec);
	}
	if (c->show & SHOW_PEER && *v->peer) {
		put("\"peer\":", 7);
		put_json(v->peer, strlen(v->peer));
		put(",", 1);
	}
	if (c->show & SHOW_SENDER && v->has_sender)
		putf("\"sender\":{\"pid\":%d,\"uid\":%u,\"gid\":%u},",
		     v->sender.pid, v->sender.uid, v->sender.gid);
	putf("\"size\":%zu,", size_of(v));
	if (type_has_id(c->type) && v->nr) {
		put("\"id\":\"", 6);
		put_hex(data, v->frame[0].len);
		put("\",", 2);
		data += v->frame[i++].len;
	}
	put("\"frames\":[", 10);
	for (first = i; i < v->nr; data += v->frame[i++].len) {
		if (i > first)
			put(",", 1);
		put_json(data, v->frame[i].len);
	}
	put("]}\n", 3);
}

/* What --show asks for, in front of a message. */
static void put_facts(const struct config *c, const struct view *v)
{
	struct timespec ts;

	if (c->show & SHOW_TIME) {
		clock_gettime(CLOCK_REALTIME, &ts);
		putf("time=%lld.%06ld ", (long long)ts.tv_sec, ts.tv_nsec / 1000);
	}
	if (c->show & SHOW_SIZE)
		putf("size=%zu ", size_of(v));
	if (c->show & SHOW_FRAMES)
		putf("frames=%u ", v->nr);
	if (c->show & SHOW_PEER) {
		put("peer=", 5);
		put_escaped(*v->peer ? v->peer : "?", strlen(v->peer) ?: 1);
		put(" ", 1);
	}
	if (c->show & SHOW_SENDER) {
		if (v->has_sender)
			putf("sender=%d:%u:%u ", v->sender.pid, v->sender.uid, v->sender.gid);
		else
			put("sender=? ", 9);
	}
}

static void put_frame(const char *data, size_t len)
{
	if (format == FORMAT_ESCAPED)
		put_escaped(data, len);
	else if (format != FORMAT_HEX)
		put(data, len);
	else if (len)
		put_hex(data, len);
	else
		put("-", 1);
}

/**
 * output_message() - print a message as --format says
 * @c: the configuration
 * @v: the message
 */
void output_message(const struct config *c, const struct view *v)
{
	const char *data = v->data;
	unsigned int i;

	if (format == FORMAT_NONE)
		return;
	if (format == FORMAT_JSON) {
		json_message(c, v);
		return;
	}
	put_facts(c, v);
	for (i = 0; i < v->nr; data += v->frame[i++].len) {
		if (i && format == FORMAT_HEX)
			put(" ", 1);
		else if (i && c->separator.len && format != FORMAT_ESCAPED)
			put(c->separator.data, c->separator.len);
		else if (i && format != FORMAT_RAW)
			put("\t", 1);
		put_frame(data, v->frame[i].len);
	}
	if (format == FORMAT_LINES)
		put(c->delimiter.data, c->delimiter.len);
	else if (format != FORMAT_RAW)
		put("\n", 1);
}

/**
 * output_init() - choose how messages are printed
 * @c: the configuration
 *
 * A terminal gets nothing that it might obey, unless that is asked for.
 */
void output_init(const struct config *c)
{
	format = c->format;
	if (format == FORMAT_AUTO)
		format = isatty(STDOUT_FILENO) ? FORMAT_ESCAPED : FORMAT_LINES;
}
