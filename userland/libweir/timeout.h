// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include <linux/weir.h>

#include "libweir/attr.h"
#include "libweir/message.h"

namespace weir {

/// Time-outs in seconds by state. In a service 0 stands for the namespace's, and such states are left out.
using Timeouts = std::map<weir_state, std::uint32_t>;

/// "established", "syn-sent", ... "udp-unreplied"; the words of the command line and of documents.
[[nodiscard]] std::string_view state_word(weir_state state);
[[nodiscard]] std::optional<weir_state> state_from_word(std::string_view word);
/// "ESTABLISHED", "SYN_SENT", ... "UDP" as in ipvsadm's listing of connections.
[[nodiscard]] std::string_view state_label(weir_state state);

/// Adds one nest of type `type` for each state.
void put_timeouts(NlMsg& message, int type, const Timeouts& timeouts);
/// Reads the nests of type `type`; states that this program does not know are passed over.
[[nodiscard]] Timeouts parse_timeouts(const AttrSet& attrs, unsigned type);

} // namespace weir
