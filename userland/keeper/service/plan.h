// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "keeper/service/machine.h"
#include "libweir/service.h"

/// From virtual servers and their states to the kernel's table, and back. Values in, values out.
namespace weir::keeper {

inline constexpr const char* owner_label = "keeper";

/// What an operator has set of a server by `weiradm drain` or `override`.
struct OperatorMark {
    std::optional<std::uint32_t> weight;
    bool draining = false;

    /// It keeps new connections away.
    [[nodiscard]] bool holds_back() const { return draining || weight == 0u; }
    bool operator==(const OperatorMark&) const = default;
};
using ServerId = std::pair<ServiceKey, Endpoint>;
using OperatorMarks = std::map<ServerId, OperatorMark>;

[[nodiscard]] ServiceKey key_of(const VirtualServerConfig& config, const ServicePoint& point);
/// A server's key in the kernel: dr has the service's port.
[[nodiscard]] Endpoint table_endpoint(const Endpoint& server, weir_method method, const ServicePoint& point);

/// Adds the kernel's services of one virtual server, one for each of its addresses and marks, as its state
/// wants them. An operator's drain outlives a failure: such a server stays in the table, with weight 0. One
/// whose weight an operator has raised goes out whatever inhibit_on_failure says, because that weight
/// outranks 0; it gets it back with give_back().
void plan(const VirtualServerConfig& config, const ServiceMachine& machine, const OperatorMarks& marks,
          std::vector<Service>& services);

/// Weights that operators had given to servers which are in `desired` and were not in `before`.
[[nodiscard]] std::vector<std::pair<ServerId, std::uint32_t>> give_back(const std::vector<Service>& desired,
                                                                        const std::vector<Service>& before,
                                                                        const OperatorMarks& marks);
/// What the table says of servers that are in it; marks of others stay.
void note_marks(const std::vector<Service>& table, OperatorMarks& marks);
void note_mark(const ServiceKey& key, const Server& server, OperatorMarks& marks);

/// Before ServiceMachine::begin(): another process looked after this virtual server before. Its servers that
/// are out are held down until their checks have answered; the sorry server tells the quorum.
void recall_table(const VirtualServerConfig& config, const std::vector<Service>& table,
                  ServiceMachine& machine);

} // namespace weir::keeper
