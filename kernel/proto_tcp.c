// SPDX-License-Identifier: GPL-2.0
/* proto_tcp: states of TCP connections, and what all states have: a time-out, a way of counting */
#include "proto.h"

/* Bits of the 14th byte of the header, as pkt.h has them; that header knows skbs, this file does not. */
#define TCP_FIN	0x01
#define TCP_SYN	0x02
#define TCP_RST	0x04
#define TCP_ACK	0x10

enum tcp_event {
	EVENT_SYN,
	EVENT_FIN,
	EVENT_ACK,
	EVENT_RST,
	EVENT_MAX
};

enum tcp_view {
	VIEW_CLIENT,		/* from the client, both directions seen */
	VIEW_SERVER,		/* from the server */
	VIEW_CLIENT_ALONE,	/* from the client, the server's half passes elsewhere */
	VIEW_MAX
};

#define NO WEIR_STATE_NONE
#define ES WEIR_STATE_TCP_ESTABLISHED
#define SS WEIR_STATE_TCP_SYN_SENT
#define SR WEIR_STATE_TCP_SYN_RECV
#define FW WEIR_STATE_TCP_FIN_WAIT
#define TW WEIR_STATE_TCP_TIME_WAIT
#define CL WEIR_STATE_TCP_CLOSE
#define CW WEIR_STATE_TCP_CLOSE_WAIT
#define LA WEIR_STATE_TCP_LAST_ACK
#define LI WEIR_STATE_TCP_LISTEN
#define SA WEIR_STATE_TCP_SYNACK

#define TCP_STATES (WEIR_STATE_TCP_SYNACK + 1)

static const u8 transitions[VIEW_MAX][EVENT_MAX][TCP_STATES] = {
	[VIEW_CLIENT] = {
		/*		NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
		[EVENT_SYN] = { SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR },
		[EVENT_FIN] = { CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, TW },
		[EVENT_ACK] = { ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES },
		[EVENT_RST] = { CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, SR },
	},
	[VIEW_SERVER] = {
		/*		NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
		[EVENT_SYN] = { SS, ES, SS, SR, SS, SS, SS, SS, SS, LI, SR },
		[EVENT_FIN] = { TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW },
		[EVENT_ACK] = { ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES },
		[EVENT_RST] = { CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL },
	},
	[VIEW_CLIENT_ALONE] = {
		/*		NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
		[EVENT_SYN] = { SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR },
		[EVENT_FIN] = { CL, FW, SS, TW, FW, TW, CL, CW, LA, LI, TW },
		[EVENT_ACK] = { ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES },
		[EVENT_RST] = { CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL },
	},
};

enum weir_state weir_tcp_next(enum weir_state state, enum weir_dir dir, u8 tcp_flags, bool one_way)
{
	enum tcp_view view = VIEW_CLIENT;
	enum tcp_event event;

	if ((unsigned int)state >= TCP_STATES)
		return state;
	if (tcp_flags & TCP_RST)
		event = EVENT_RST;
	else if (tcp_flags & TCP_SYN)
		event = EVENT_SYN;
	else if (tcp_flags & TCP_FIN)
		event = EVENT_FIN;
	else if (tcp_flags & TCP_ACK)
		event = EVENT_ACK;
	else
		return state;
	if (dir == WEIR_DIR_REPLY)
		view = VIEW_SERVER;
	else if (one_way)
		view = VIEW_CLIENT_ALONE;
	return transitions[view][event][state];
}

const u32 weir_state_timeouts[__WEIR_STATE_MAX] = {
	[NO]				= 2,
	[ES]				= 15 * 60,
	[SS]				= 2 * 60,
	[SR]				= 60,
	[FW]				= 2 * 60,
	[TW]				= 2 * 60,
	[CL]				= 10,
	[CW]				= 60,
	[LA]				= 30,
	[LI]				= 2 * 60,
	[SA]				= 2 * 60,
	[WEIR_STATE_UDP]		= 5 * 60,
	[WEIR_STATE_UDP_UNREPLIED]	= 30,
};
