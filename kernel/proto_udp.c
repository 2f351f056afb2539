// SPDX-License-Identifier: GPL-2.0
/* proto_udp: the two states of UDP: answered, or not yet */
#include "proto.h"

enum weir_state weir_udp_next(enum weir_state state, enum weir_dir dir, bool one_way)
{
	if (one_way || dir == WEIR_DIR_REPLY || state == WEIR_STATE_UDP)
		return WEIR_STATE_UDP;
	return WEIR_STATE_UDP_UNREPLIED;
}
