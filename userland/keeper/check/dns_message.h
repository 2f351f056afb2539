// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <span>

#include "keeper/check/spec.h"

namespace weir::keeper {

/// A query of class IN with recursion desired (RFC 1035 section 4). An error names the keyword.
[[nodiscard]] Result<std::vector<std::uint8_t>> dns_query(const DnsCheck& check, std::uint16_t id);

/// The response code of an answer to `query`: 0 is NOERROR, the only good one. -1: these bytes do not answer
/// it (another number, a query, cut short, another question).
[[nodiscard]] int dns_response_code(std::span<const std::uint8_t> query,
                                    std::span<const std::uint8_t> answer);

/// "SERVFAIL"
[[nodiscard]] std::string dns_code_name(int code);

} // namespace weir::keeper
