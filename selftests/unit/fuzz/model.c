// SPDX-License-Identifier: GPL-2.0-only
#include "model.h"

#include <errno.h>

#define BOTH	(ZMTP_COMMAND | ZMTP_MORE)

void model_init(struct model *m, bool v1)
{
	/* What is not counted need not be cleared. */
	memset(m, 0, offsetof(struct model, out));
	m->n = 0;
	m->whole = 0;
	m->frames = 0;
	m->msgs = 0;
	m->begin = 0;
	m->end = 0;
	m->cmd_n = 0;
	m->cmd_end = false;
	m->error = 0;
	m->v1 = v1;
	model_limit(m, 0);
}

void model_limit(struct model *m, u8 how)
{
	m->max_frame = how & 1 ? 40 : U64_MAX;
	m->max_msg = how & 2 ? 300 : U64_MAX;
	m->max_frames = how & 4 ? 3 : U32_MAX;
	m->max_cmd = how & 8 ? 25 : 2 * FUZZ_MAX;
}

static void out(struct model *m, const void *p, size_t n)
{
	CHECK(n <= sizeof(m->out) - m->n);
	memcpy(m->out + m->n, p, n);
	m->n += n;
}

static u64 number(const u8 *p)
{
	u64 v = 0;
	int i;

	for (i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

/* Return: 1 if the header is complete, 0 if not, or an error. */
static int header_v2(struct model *m)
{
	m->flags = m->hdr[0];
	if ((m->flags & BOTH) == BOTH)
		return -EPROTO;
	if (m->hdr_n < (m->flags & ZMTP_LONG ? 9 : 2))
		return 0;
	m->left = m->flags & ZMTP_LONG ? number(m->hdr + 1) : m->hdr[1];
	return m->left >> 63 ? -EPROTO : 1;
}

static int header_v1(struct model *m)
{
	bool is_long = m->hdr[0] == 0xff;

	if (!m->hdr[0])
		return -EPROTO;
	if (is_long && m->hdr_n < 9)
		return 0;
	m->left = is_long ? number(m->hdr + 1) : m->hdr[0];
	if (!m->left || m->left >> 63)
		return -EPROTO;
	m->left--;
	if (m->hdr_n < (is_long ? 10 : 2))
		return 0;
	m->flags = m->hdr[m->hdr_n - 1] & ZMTP_MORE;
	return 1;
}

static bool too_much(struct model *m)
{
	if (m->flags & ZMTP_COMMAND)
		return m->left > m->max_cmd;
	return m->left > m->max_frame || m->left > m->max_msg - m->msg_bytes ||
	       m->msg_frames == m->max_frames;
}

static bool is_command(const struct model *m)
{
	return !m->v1 && (m->in_body ? m->flags : m->hdr[0]) & ZMTP_COMMAND;
}

static void begin_body(struct model *m)
{
	u8 hdr[9];

	if (m->v1)
		out(m, hdr, zmq_hdr_put(hdr, m->left, m->flags));
	m->hdr_n = 0;
	m->in_body = true;
	m->cmd_n = 0;
	if (is_command(m))
		return;
	m->msg_bytes += m->left;
	m->msg_frames++;
}

static bool read_header(struct model *m, u8 byte)
{
	int ret;

	m->hdr[m->hdr_n++] = byte;
	if (!m->v1 && !is_command(m))
		out(m, &byte, 1);
	ret = m->v1 ? header_v1(m) : header_v2(m);
	if (ret > 0 && too_much(m))
		ret = -EMSGSIZE;
	if (ret > 0)
		begin_body(m);
	else
		m->error = ret;
	return ret >= 0;
}

static void read_body(struct model *m, u8 byte)
{
	m->left--;
	if (is_command(m))
		m->cmd[m->cmd_n++] = byte;
	else
		out(m, &byte, 1);
}

static void end_frame(struct model *m)
{
	if (is_command(m)) {
		m->cmd_end = true;
	} else {
		m->frames++;
		m->in_msg = m->flags & ZMTP_MORE;
		if (!m->in_msg) {
			m->msgs++;
			m->begin = m->end;
			m->end = m->n;
			m->msg_bytes = 0;
			m->msg_frames = 0;
		}
	}
	m->in_body = false;
}

bool model_read(struct model *m, u8 byte)
{
	m->cmd_end = false;
	if (m->error)
		return false;
	if (m->in_body)
		read_body(m, byte);
	else if (!read_header(m, byte))
		return false;
	if (m->in_body && !m->left)
		end_frame(m);
	if (m->in_body || !m->hdr_n)
		m->whole = m->n;
	return true;
}

bool model_at_boundary(const struct model *m)
{
	return !m->in_body && !m->hdr_n && !m->in_msg;
}
