// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libweir/config.h"
#include "libweir/counter.h"
#include "libweir/pool.h"
#include "libweir/service.h"

/// What keeps a service from working: from facts to sentences, without looking at the machine itself.
namespace weir::diagnosis {

/// An address on a device, with the network that it belongs to.
struct DeviceAddress {
    std::string device;
    Address address;
    unsigned prefix = 0;
};

/// net.ipv4.conf.DEVICE.*; the kernel counts the greater of a device's value and that of "all".
struct DeviceSettings {
    std::string device;
    int rp_filter = 0;
    int arp_ignore = 0;
    int arp_announce = 0;
};

struct Facts {
    std::vector<DeviceAddress> addresses;
    std::vector<DeviceSettings> devices; ///< "lo" and "all" are not among them; already the greater value
    bool forward_v4 = false;
    bool forward_v6 = false;
    std::string firewall_rules; ///< nft's or iptables' listing, for a look at rules on conntrack
    std::vector<Address> local; ///< of the addresses asked about, those that the kernel takes for its own
    PortRange ephemeral;        ///< ports that sockets which are not bound get
    std::vector<PortRange> reserved; ///< ... but for these
    Config config;
    std::vector<Counter> counters;
};

struct Finding {
    enum class Weight { note, problem };

    Weight weight;
    std::string text;
    std::string remedy; ///< the command that mends it; may be empty
};

/// About one service, with its servers.
[[nodiscard]] std::vector<Finding> examine_service(const Service& service, const Facts& facts);
/// About a pool of local addresses.
[[nodiscard]] std::vector<Finding> examine_pool(const Pool& pool, const Facts& facts);
/// About the machine, whatever the service.
[[nodiscard]] std::vector<Finding> examine_director(const std::vector<Service>& services, const Facts& facts);
/// About this machine as a real server of `vip` that is reached by direct routing.
[[nodiscard]] std::vector<Finding> examine_real_server(const Address& vip, const Facts& facts);

} // namespace weir::diagnosis
