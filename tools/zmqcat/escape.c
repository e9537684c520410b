// SPDX-License-Identifier: GPL-2.0-only
/* Backslash escapes, and which bytes a terminal may have as they are. */
#include <ctype.h>
#include <string.h>
#include "zmqcat.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One behind a backslash. Return: how many bytes of @from, 0 if there is no such escape. */
static size_t one(const char *from, size_t len, char *to)
{
	static const char letters[] = "abefnrtv\\\"'0";
	static const char meant[] = "\a\b\033\f\n\r\t\v\\\"'\0";
	const char *found;

	if (!len)
		return 0;
	if (*from == 'x') {
		if (len < 3 || hex_digit(from[1]) < 0 || hex_digit(from[2]) < 0)
			return 0;
		*to = hex_digit(from[1]) << 4 | hex_digit(from[2]);
		return 3;
	}
	found = memchr(letters, *from, sizeof(letters) - 1);
	if (!found)
		return 0;
	*to = meant[found - letters];
	return 1;
}

/**
 * escape_parse() - undo backslash escapes
 * @from: text
 * @len: its length
 * @to: the bytes, with memory of their own
 *
 * Return: false if there is an escape that means nothing.
 */
bool escape_parse(const char *from, size_t len, struct text *to)
{
	size_t i = 0, used;

	to->data = xrealloc(NULL, len + 1);
	to->len = 0;
	while (i < len) {
		if (from[i] != '\\') {
			to->data[to->len++] = from[i++];
			continue;
		}
		used = one(from + i + 1, len - i - 1, to->data + to->len);
		if (!used)
			return false;
		to->len++;
		i += 1 + used;
	}
	return true;
}

/* Length by the first byte of UTF-8, 0 if it is none. */
static size_t utf8_len(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

/**
 * escape_code_point() - the character that begins here
 * @data: bytes
 * @len: how many
 *
 * Return: its number, or UINT32_MAX if these bytes are not UTF-8.
 */
uint32_t escape_code_point(const char *data, size_t len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t i, n = len ? utf8_len(*data) : 0;
	uint32_t c;

	if (!n || n > len)
		return UINT32_MAX;
	c = n == 1 ? *data : *data & (0xff >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((data[i] & 0xc0) != 0x80)
			return UINT32_MAX;
		c = c << 6 | (data[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return UINT32_MAX;
	return c;
}

/* Terminals obey these, or show what follows in another order. */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c ||
	       c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/**
 * escape_plain() - is this a character that can be shown as it is?
 * @data: bytes
 * @len: how many
 *
 * Return: how many bytes it has, 0 if it has to be escaped.
 */
size_t escape_plain(const char *data, size_t len)
{
	uint32_t c = escape_code_point(data, len);

	return c == UINT32_MAX || is_control(c) ? 0 : utf8_len(*data);
}
