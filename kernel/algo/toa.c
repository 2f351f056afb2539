// SPDX-License-Identifier: GPL-2.0
#include <linux/string.h>
#include "toa.h"

/* An MSS option is not lowered below this, the least that IPv4 and Linux know of (RFC 879, TCP_MIN_MSS). */
#define WEIR_TOA_MSS_MIN	88

void weir_toa_encode(u8 *opt, const struct weir_toa *toa, u8 kind_ipv6)
{
	opt[0] = toa->ipv6 ? kind_ipv6 : WEIR_TOA_KIND_IPV4;
	opt[1] = weir_toa_len(toa);
	memcpy(opt + 2, toa->port, sizeof(toa->port));
	memcpy(opt + 4, toa->addr, toa->ipv6 ? 16 : 4);
}

static bool weir_toa_is_kind(u8 kind)
{
	return kind == WEIR_TOA_KIND_IPV4 || kind == WEIR_TOA_KIND_IPV6;
}

enum weir_toa_found weir_toa_find(const u8 *opts, u32 len, struct weir_toa *toa)
{
	u32 off, next, addr_len;

	for (off = 0; off < len; off = next) {
		next = weir_toa_next(opts, off, len);
		if (next == WEIR_TOA_STOP)
			return opts[off] == WEIR_TOA_OPT_EOL ? WEIR_TOA_NONE : WEIR_TOA_MALFORMED;
		if (!weir_toa_is_kind(opts[off]))
			continue;
		addr_len = weir_toa_addr_len(opts[off], next - off);
		if (!addr_len)
			return WEIR_TOA_MALFORMED;
		memset(toa, 0, sizeof(*toa));
		toa->ipv6 = addr_len == 16;
		memcpy(toa->port, opts + off + 2, sizeof(toa->port));
		memcpy(toa->addr, opts + off + 4, addr_len);
		return WEIR_TOA_FOUND;
	}
	return WEIR_TOA_NONE;
}

u32 weir_toa_scrub(u8 *opts, u32 len, bool syn)
{
	u32 off, next, count = 0;

	for (off = 0; off < len; off = next) {
		next = weir_toa_next(opts, off, len);
		if (next == WEIR_TOA_STOP)
			break;
		if (!weir_toa_is_kind(opts[off]) && !(syn && opts[off] == WEIR_TOA_OPT_FASTOPEN))
			continue;
		memset(opts + off, WEIR_TOA_OPT_NOP, next - off);
		count++;
	}
	return count;
}

u32 weir_toa_lower_mss(u8 *opts, u32 len, u32 by)
{
	u32 off, next, mss;

	for (off = 0; off < len; off = next) {
		next = weir_toa_next(opts, off, len);
		if (next == WEIR_TOA_STOP)
			break;
		if (opts[off] != WEIR_TOA_OPT_MSS || next - off != 4)
			continue;
		mss = opts[off + 2] << 8 | opts[off + 3];
		if (mss < WEIR_TOA_MSS_MIN + by)
			return 0;
		opts[off + 2] = (mss - by) >> 8;
		opts[off + 3] = (mss - by) & 0xff;
		return 1;
	}
	return 0;
}
