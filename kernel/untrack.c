// SPDX-License-Identifier: GPL-2.0
/*
 * untrack: what conntrack is told.
 *
 * Of a connection over nat it would see the client's half with one pair of addresses and the server's with another: the SYN-ACK
 * of a server belongs to no entry and is INVALID, which the usual rule drops. So packets of known connections are marked
 * untracked before conntrack sees them, and the entry that the SYN began is dropped when weir sends it on.
 *
 * Replies of a connection that conntrack does follow are marked too: weir shows them to it on their way out, once they carry
 * the virtual address again (xmit_nat.c).
 */
#include "conn.h"
#include "counter.h"
#include "net.h"
#include "pkt.h"
#include "untrack.h"

void weir_untrack_known(const struct weir_pkt *pkt, const struct weir_conn *conn, enum weir_dir dir)
{
	/* A SYN opens: the firewall's rules about new connections are to see it as new. */
	if (dir == WEIR_DIR_ORIGINAL && (weir_conn_tracked(conn) || weir_pkt_syn(pkt)))
		return;
	weir_untrack(pkt->skb);
	weir_count(pkt->wn, WEIR_CNT_UNTRACKED);
}

void weir_untrack_pkt(const struct weir_pkt *pkt)
{
	const struct weir_conn *conn;
	enum weir_dir dir;

	conn = weir_conn_lookup(pkt->wn, &pkt->tuple, &dir);
	if (conn)
		weir_untrack_known(pkt, conn, dir);
}
