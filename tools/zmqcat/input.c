// SPDX-License-Identifier: GPL-2.0-only
/* Messages to send: out of a file or from the command line. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include "zmqcat.h"

#define READ_SIZE (128 << 10)

/**
 * input_open() - begin to read
 * @in: the input
 * @c: the configuration
 */
void input_open(struct input *in, const struct config *c)
{
	struct stat st;

	memset(in, 0, sizeof(*in));
	in->c = c;
	in->fd = -1;
	if (c->data.nr) {
		in->left = c->count >= 0 || c->interval >= 0 ? c->count : 1;
		in->ended = !in->left;
		return;
	}
	if (c->file && strcmp(c->file, "-")) {
		in->fd = open(c->file, O_RDONLY | O_CLOEXEC);
		if (in->fd < 0) {
			wait_check();
			die_errno("%s", c->file);
		}
	} else {
		in->fd = STDIN_FILENO;
	}
	if (!fstat(in->fd, &st) && S_ISREG(st.st_mode))
		in->size = st.st_size;
}

/**
 * input_read() - take what the file has now
 * @in: the input
 *
 * Blocks if there is nothing yet.
 */
void input_read(struct input *in)
{
	ssize_t n;

	if (in->pos && in->pos == in->len) {
		in->pos = 0;
		in->len = 0;
	} else if (in->pos > READ_SIZE) {
		in->len -= in->pos;
		memmove(in->buf, in->buf + in->pos, in->len);
		in->pos = 0;
	}
	if (in->cap - in->len < READ_SIZE) {
		in->cap = 2 * in->cap + READ_SIZE;
		in->buf = xrealloc(in->buf, in->cap);
	}
	n = read(in->fd, in->buf + in->len, in->cap - in->len);
	if (n < 0 && errno != EINTR && errno != EAGAIN)
		die_errno("%s", in->c->file ?: "standard input");
	if (!n)
		in->eof = true;
	if (n > 0)
		in->len += n;
}

/* Frames of a line of hexadecimal numbers; "-" is an empty one. */
static bool parse_hex(const char *line, size_t len, struct msg *m)
{
	const char *end = line + len;
	unsigned int value, nr = 0;
	char byte;

	while (line < end) {
		if (isspace((unsigned char)*line)) {
			line++;
			continue;
		}
		nr++;
		if (*line == '-') {
			line++;
		} else {
			for (; line < end && !isspace((unsigned char)*line); line += 2) {
				if (end - line < 2 || !isxdigit((unsigned char)line[0]) ||
				    !isxdigit((unsigned char)line[1]))
					return false;
				if (sscanf(line, "%2x", &value) != 1)
					return false;
				byte = value;
				msg_append(m, &byte, 1);
			}
		}
		msg_end_frame(m);
		if (line < end && !isspace((unsigned char)*line))
			return false;
	}
	return nr;
}

static bool parse_escaped(const char *line, size_t len, struct msg *m)
{
	const char *end;
	struct text text;
	bool ok;

	do {
		end = memchr(line, '\t', len);
		ok = escape_parse(line, end ? (size_t)(end - line) : len, &text);
		if (ok)
			msg_frame(m, text.data, text.len);
		free(text.data);
		if (end) {
			len -= end + 1 - line;
			line = end + 1;
		}
	} while (ok && end);
	return ok;
}

/* A line as a message, or for INPUT_FRAMES as a frame of it. */
static bool parse_line(const struct config *c, const char *line, size_t len,
		       struct msg *m)
{
	switch (c->input) {
	case INPUT_ESCAPED:
		return parse_escaped(line, len, m);
	case INPUT_HEX:
		return parse_hex(line, len, m);
	case INPUT_FRAMES:
		msg_frame(m, line, len);
		return true;
	default:
		msg_split(m, line, len, &c->separator);
		return true;
	}
}

static void complain(const struct input *in)
{
	die(STATUS_INPUT, "%s: line %llu is not what --input says",
	    in->c->file ?: "standard input", (unsigned long long)in->line);
}

/* Return: false if there is no whole line yet. */
static bool next_line(struct input *in, const char **line, size_t *len)
{
	const struct text *d = &in->c->delimiter;
	size_t from = in->pos + in->searched;
	const char *end;

	/* A delimiter may have come in part. */
	if (in->searched >= d->len)
		from -= d->len - 1;
	else
		from = in->pos;
	end = from < in->len ? memmem(in->buf + from, in->len - from, d->data, d->len) : NULL;
	if (!end) {
		in->searched = in->len - in->pos;
		if (!in->eof || !in->searched)
			return false;
		end = in->buf + in->len;
	}
	*line = in->buf + in->pos;
	*len = end - *line;
	in->pos = end - in->buf + d->len;
	if (in->pos > in->len)
		in->pos = in->len;
	in->searched = 0;
	in->line++;
	return true;
}

/* One frame a line, an empty line ends the message. */
static bool next_frames(struct input *in, struct msg *m)
{
	const size_t pos = in->pos, before = m->nr;
	const uint64_t line_number = in->line;
	const char *line;
	size_t len;

	while (next_line(in, &line, &len)) {
		if (len)
			msg_frame(m, line, len);
		else if (m->nr > before)
			return true;
	}
	if (in->eof)
		return m->nr > before;
	/* Not whole yet: begin again when there is more. */
	in->pos = pos;
	in->line = line_number;
	in->searched = 0;
	return false;
}

static bool next_piece(struct input *in, struct msg *m, size_t want, bool empty)
{
	size_t have = in->len - in->pos;

	if (have < want && !in->eof)
		return false;
	if (!have && !empty)
		return false;
	if (want > have)
		want = have;
	msg_split(m, in->buf + in->pos, want, &in->c->separator);
	in->pos += want;
	return true;
}

static bool next_of_file(struct input *in, struct msg *m)
{
	const char *line;
	bool found;
	size_t len;

	switch (in->c->input) {
	case INPUT_FRAMES:
		return next_frames(in, m);
	case INPUT_BLOCKS:
		return next_piece(in, m, in->c->block, false);
	case INPUT_FILE:
		found = next_piece(in, m, SIZE_MAX, true);
		in->ended = in->eof;
		return found;
	default:
		if (!next_line(in, &line, &len))
			return false;
		if (!parse_line(in->c, line, len, m))
			complain(in);
		return true;
	}
}

static void copy(const struct msg *from, struct msg *to)
{
	size_t at = 0;
	unsigned int i;

	for (i = 0; i < from->nr; i++) {
		msg_frame(to, from->data + at, from->frame[i].len);
		at += from->frame[i].len;
	}
}

/**
 * input_next() - the next message, if it has been read
 * @in: the input; @in->ended is true when there will be no other
 * @m: the message
 *
 * Return: whether there is one.
 */
bool input_next(struct input *in, struct msg *m)
{
	if (in->ended)
		return false;
	msg_clear(m);
	if (in->c->target.len)
		msg_frame(m, in->c->target.data, in->c->target.len);
	if (in->fd < 0) {
		copy(&in->c->data, m);
		if (in->left > 0)
			in->left--;
		in->ended = !in->left;
		return true;
	}
	if (next_of_file(in, m))
		return true;
	in->ended = in->eof;
	return false;
}

/**
 * input_whole() - make one message of all that there is, as --input says
 * @c: the configuration
 * @data: text; a newline at its end is not part of it unless it is taken as it is
 * @len: its length
 * @m: the message
 */
void input_whole(const struct config *c, const char *data, size_t len,
		 struct msg *m)
{
	const char *end;
	size_t n;

	if (c->input == INPUT_FILE || c->input == INPUT_BLOCKS) {
		msg_split(m, data, len, &c->separator);
		return;
	}
	if (len && data[len - 1] == '\n')
		len--;
	do {
		end = c->input == INPUT_FRAMES ? memchr(data, '\n', len) : NULL;
		n = end ? (size_t)(end - data) : len;
		if (!parse_line(c, data, n, m))
			die(STATUS_INPUT, "what '%s' printed is not what --input says",
			    c->command);
		len -= end ? n + 1 : n;
		data += end ? n + 1 : n;
	} while (end);
}
