// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>

#include "base/compat.h"
#include "wire_v1.h"

#define V1_HDR_SHORT		2
#define V1_LONG			0xff	/* in place of a length */

size_t zmq_v1_hdr_put(u8 *to, u64 len, u8 flags)
{
	/* The flags count as a part of the body. */
	if (len + 1 < V1_LONG) {
		to[0] = len + 1;
		to[1] = flags;
		return V1_HDR_SHORT;
	}
	to[0] = V1_LONG;
	put_unaligned_be64(len + 1, to + 1);
	to[9] = flags;
	return ZMQ_V1_HDR_MAX;
}

int zmq_v1_hdr_get(const u8 *p, size_t n, struct zmq_hdr *h)
{
	if (!n)
		return 0;
	if (!p[0])
		return -EPROTO;
	h->len = p[0];
	h->size = V1_HDR_SHORT;
	if (p[0] == V1_LONG) {
		if (n < ZMQ_V1_HDR_MAX - 1)
			return 0;
		h->len = get_unaligned_be64(p + 1);
		h->size = ZMQ_V1_HDR_MAX;
		if (!h->len || h->len >> 63)
			return -EPROTO;
	}
	if (n < h->size)
		return 0;
	h->len--;
	h->flags = p[h->size - 1] & ZMTP_MORE;
	return h->size;
}

size_t zmq_v1_put_sub(u8 *to, bool subscribe, size_t topic_len)
{
	size_t off = zmq_v1_hdr_put(to, (u64)topic_len + 1, 0);

	to[off++] = subscribe;
	return off;
}

/* Takes one byte of a header; 1 when it is complete, 0, or an error. */
static int v1_scan_hdr(struct zmq_scan *s, u8 byte, struct zmq_hdr *h)
{
	int ret;

	s->hdr[s->hdr_fill++] = byte;
	ret = zmq_v1_hdr_get(s->hdr, s->hdr_fill, h);
	if (ret <= 0)
		return ret;
	if (!zmq_scan_frame_begin(s, h->len))
		return -EMSGSIZE;
	s->hdr_fill = 0;
	s->flags = h->flags;
	s->body_left = h->len;
	s->in_body = true;
	return 1;
}

size_t zmq_v1_scan(struct zmq_scan *s, const u8 *p, size_t n, u8 *out,
		   u32 max_msgs, struct zmq_scan_result *r)
{
	size_t used = 0, take;
	struct zmq_hdr h;
	int ret;

	memset(r, 0, sizeof(*r));
	r->event = ZMQ_SCAN_NEED_MORE;
	if (s->error) {
		zmq_scan_fail(s, s->error, r);
		return 0;
	}

	while (used < n && r->msgs < max_msgs) {
		if (!s->in_body) {
			ret = v1_scan_hdr(s, p[used++], &h);
			if (ret < 0) {
				zmq_scan_fail(s, ret, r);
				return used;
			}
			if (!ret)
				continue;
			r->data_len += zmq_hdr_put(out + r->data_len, h.len,
						   h.flags);
		}
		take = min_t(u64, n - used, s->body_left);
		memcpy(out + r->data_len, p + used, take);
		r->data_len += take;
		used += take;
		s->body_left -= take;
		if (s->body_left)
			break;
		zmq_scan_frame_end(s, r->data_len, r);
	}
	if (r->msgs == max_msgs)
		r->event = ZMQ_SCAN_FRAME_LIMIT;
	return used;
}
