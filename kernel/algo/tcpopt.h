/* SPDX-License-Identifier: GPL-2.0 */
/* tcpopt: where an option stands among those of a TCP header (RFC 9293 3.1) */
#ifndef _WEIR_ALGO_TCPOPT_H
#define _WEIR_ALGO_TCPOPT_H

#include <linux/types.h>

#define WEIR_TCPOPT_EOL		0
#define WEIR_TCPOPT_NOP		1
#define WEIR_TCPOPT_WSCALE	3
#define WEIR_TCPOPT_SACK	5
#define WEIR_TCPOPT_TIMESTAMP	8
#define WEIR_TCPOLEN_WSCALE	3
#define WEIR_TCPOLEN_TIMESTAMP	10

/*
 * Offset, within the @len bytes of options, of the first one of @kind that has the length @size, 0: any; -1: there is none before the
 * end or before the first that is damaged.
 */
static inline int weir_tcpopt_find(const u8 *options, unsigned int len, u8 kind, u8 size)
{
	unsigned int off = 0;

	while (off < len && options[off] != WEIR_TCPOPT_EOL) {
		if (options[off] == WEIR_TCPOPT_NOP) {
			off++;
			continue;
		}
		if (off + 1 >= len || options[off + 1] < 2 || options[off + 1] > len - off)
			return -1;
		if (options[off] == kind && (!size || options[off + 1] == size))
			return off;
		off += options[off + 1];
	}
	return -1;
}

#endif /* _WEIR_ALGO_TCPOPT_H */
