// SPDX-License-Identifier: GPL-2.0
/* xmit_dr: direct routing. The packet goes to the server's MAC address as it is; the server has the virtual address too. */
#include <linux/skbuff.h>
#include <net/dst.h>
#include "conn.h"
#include "pkt.h"
#include "untrack.h"
#include "xmit.h"

static unsigned int dr_send(struct weir_pkt *pkt, struct weir_conn *conn)
{
	struct dst_entry *dst;
	unsigned int verdict;

	dst = weir_route_one_way(pkt, conn, NULL, &verdict);
	if (!dst)
		return verdict;
	verdict = weir_route_fit(pkt, dst_mtu(dst));
	if (verdict != NF_ACCEPT) {
		dst_release(dst);
		return verdict;
	}
	weir_route_set(pkt, dst);
	return weir_xmit_send(pkt, weir_conn_tracked(conn));
}

/* Errors about what the server sent come to the virtual address. The client's go to the client, not by here. */
static unsigned int dr_icmp(struct weir_pkt *pkt, struct weir_conn *conn, enum weir_dir dir)
{
	return dir == WEIR_DIR_ORIGINAL ? dr_send(pkt, conn) : NF_ACCEPT;
}

const struct weir_xmit weir_xmit_dr = {
	.request	= dr_send,
	.icmp		= dr_icmp,
};
