/* SPDX-License-Identifier: GPL-2.0 */
/* proto: state machines of the transport protocols (proto_tcp.c, proto_udp.c), pure: no lock, no time */
#ifndef _WEIR_PROTO_H
#define _WEIR_PROTO_H

#include <linux/types.h>
#include <uapi/linux/weir.h>
#include "tuple.h"

/*
 * Next state of a TCP connection; tables of IPVS (ip_vs_proto_tcp.c): both directions seen, or the client's alone. Unlike there
 * a segment without SYN, FIN, RST and ACK changes nothing: no TCP sends or takes one, and IPVS ends the connection for it.
 */
enum weir_state weir_tcp_next(enum weir_state state, enum weir_dir dir, u8 tcp_flags, bool one_way);
/* UDP: not answered until a datagram of the server passes, which it never does one way. */
enum weir_state weir_udp_next(enum weir_state state, enum weir_dir dir, bool one_way);
/* Counts as an active connection (established or opening)? UDP never does, as in IPVS. */
static inline bool weir_state_active(enum weir_state state)
{
	return state == WEIR_STATE_TCP_ESTABLISHED || state == WEIR_STATE_TCP_SYN_SENT ||
	       state == WEIR_STATE_TCP_SYN_RECV || state == WEIR_STATE_TCP_SYNACK;
}

/* Waits for the other side to speak: the first to go when room is needed. */
static inline bool weir_state_half_open(enum weir_state state)
{
	return state == WEIR_STATE_NONE || state == WEIR_STATE_TCP_SYN_RECV || state == WEIR_STATE_UDP_UNREPLIED;
}

/* Default time-outs in seconds. */
extern const u32 weir_state_timeouts[__WEIR_STATE_MAX];

#endif /* _WEIR_PROTO_H */
