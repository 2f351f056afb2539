// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/address.h"
#include "keeper/config/model.h"
#include "keeper/net/netlink.h"

namespace weir::keeper {

struct LinkAddress {
    Prefix prefix;
    std::uint32_t flags = 0; ///< IFA_F_*
    std::uint8_t scope = 0;
    bool ours = false; ///< added by this program, now or in another life; or by one like it
};

struct Link {
    int index = 0;
    std::string name;
    std::uint32_t flags = 0; ///< IFF_*
    Mac mac{};
    std::string kind;        ///< "macvlan", "veth", ...; "" for hardware
    int master = 0;          ///< index of the bridge, bond or VRF that it belongs to
    std::uint32_t table = 0; ///< of a VRF
    std::vector<LinkAddress> addresses;

    /// Administratively up, and with a carrier.
    [[nodiscard]] bool running() const;
    [[nodiscard]] bool has(const Address& address) const;
};

/// The interfaces of this network namespace and their addresses, kept current by the kernel's events.
class Links {
  public:
    [[nodiscard]] static Result<Links> create();
    [[nodiscard]] int fd() const { return events_.fd(); }

    /// Takes the events that wait. True if something changed.
    [[nodiscard]] Result<bool> update();
    [[nodiscard]] const Link* find(const std::string& name) const;
    [[nodiscard]] const Link* find(int index) const;
    /// The address that adverts come from: IPv4 the first that is not secondary, IPv6 the first link-local
    /// one that is usable; never one of those that `is_virtual` names.
    [[nodiscard]] static Address primary(const Link& link, int family,
                                         const std::function<bool(const Address&)>& is_virtual);

  private:
    Links(NetlinkSocket events, NetlinkSocket requests)
        : events_(std::move(events)),
          requests_(std::move(requests))
    {
    }
    [[nodiscard]] Result<void> refresh();
    void take(const nlmsghdr& message);
    void take_link(const nlmsghdr& message);
    void take_address(const nlmsghdr& message);

    NetlinkSocket events_, requests_;
    std::map<int, Link> links_;
    std::map<std::string, int, std::less<>> names_;
};

} // namespace weir::keeper
