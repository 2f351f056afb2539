// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <linux/weir.h>

#include "base/address.h"
#include "base/endpoint.h"
#include "base/result.h"
#include "libweir/message.h"
#include "libweir/socket.h"

namespace weir {

/// Addresses that follow each other, both ends included.
struct AddressRange {
    Address first;
    Address last;

    /// "192.0.2.1", "192.0.2.1-192.0.2.4" or, all addresses of it, "192.0.2.0/30"
    [[nodiscard]] static Result<AddressRange> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;
    /// Its addresses, at most `max` of them.
    [[nodiscard]] std::vector<Address> addresses(std::size_t max) const;
    auto operator<=>(const AddressRange&) const = default;
};

/// What an operator sets of a pool. The default of the ports is the kernel's.
struct PoolConfig {
    std::vector<AddressRange> ranges;
    PortRange ports{1024, 65535};

    bool operator==(const PoolConfig&) const = default;
};

/// Local addresses and ports of method fullnat; the name is the key.
struct Pool {
    std::string name;
    PoolConfig config;
    std::string owner;

    // read-only
    std::uint32_t id = 0;
    std::uint32_t addresses = 0;
    std::uint32_t services = 0; ///< that name it
    std::uint32_t conns = 0;    ///< that hold an address and port now
    std::uint64_t taken = 0;
    std::uint64_t refused = 0; ///< times that none was left
    std::uint64_t host = 0;    ///< times that a socket of the machine had one
};

/// Whether the kernel takes it as a pool's name: 1 to WEIR_POOL_NAME_MAX visible ASCII characters. What
/// starts a comment in saved commands is not taken either.
[[nodiscard]] bool is_pool_name(std::string_view name);

/// A pool's name, or nothing for "none".
[[nodiscard]] Result<std::string> pool_from_word(std::string_view word);
/// "192.0.2.1,192.0.2.4-192.0.2.7"
[[nodiscard]] std::string ranges_word(const std::vector<AddressRange>& ranges);

/// Adds a WEIR_A_POOL nest with the key, the owner (where not empty) and the settings.
void put_pool(NlMsg& message, const Pool& pool);
[[nodiscard]] std::optional<Pool> parse_pool(const AttrSet& attrs);

[[nodiscard]] Result<void> pool_add(NlSocket& socket, const Pool& pool);
[[nodiscard]] Result<void> pool_set(NlSocket& socket, const Pool& pool, bool addresses, bool ports);
[[nodiscard]] Result<void> pool_del(NlSocket& socket, const std::string& name);
[[nodiscard]] Result<std::vector<Pool>> pools_list(NlSocket& socket);

} // namespace weir
