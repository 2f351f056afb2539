/* SPDX-License-Identifier: GPL-2.0 */
/* fullnat: both ends of a packet are rewritten, on both paths */
#ifndef _WEIR_FULLNAT_H
#define _WEIR_FULLNAT_H

#include <linux/types.h>
#include "tuple.h"

struct weir_conn;
struct weir_pkt;

/*
 * A packet of direction @dir of @conn gets the ends of the other direction's packets, reversed. Its own headers are writable, up to the
 * transport header's fixed part, its checksum is not CHECKSUM_COMPLETE (skb_forward_csum()). @family: of both ends. May move the head.
 * False: no memory, the packet is to be dropped.
 */
bool weir_fullnat_rewrite(struct weir_pkt *pkt, const struct weir_conn *conn, enum weir_dir dir, u8 family);
/*
 * The same with WEIR_CONN_XLAT: the packet becomes one of the other family, see weir_xlat(). False: no memory, the packet
 * is to be dropped.
 */
bool weir_fullnat_translate(struct weir_pkt *pkt, const struct weir_conn *conn, enum weir_dir dir);

/* What the TCP timestamps of a client whose first packet @pkt is are moved by; 0: it has none, or not for fullnat. */
u32 weir_fullnat_ts_shift(const struct weir_pkt *pkt);

#endif /* _WEIR_FULLNAT_H */
