// SPDX-License-Identifier: GPL-2.0
/* xmit_local: the server is the director itself; its sockets take the packet as it is */
#include <linux/netfilter.h>
#include "xmit.h"

static unsigned int local_request(struct weir_pkt *pkt, struct weir_conn *conn)
{
	return NF_ACCEPT;
}

static unsigned int local_icmp(struct weir_pkt *pkt, struct weir_conn *conn, enum weir_dir dir)
{
	return NF_ACCEPT;
}

const struct weir_xmit weir_xmit_local = {
	.request	= local_request,
	.icmp		= local_icmp,
};
