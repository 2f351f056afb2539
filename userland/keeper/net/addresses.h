// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "keeper/config/model.h"
#include "keeper/net/netlink.h"

namespace weir::keeper {

/// "Add" and "remove" of one virtual address on an interface. The kernel notes of it that it is this
/// program's, unless it was there before: Links then has `ours` with it.
void add_address_message(NetlinkBatch& batch, const VirtualAddress& address, int interface, bool ours = true);
void remove_address_message(NetlinkBatch& batch, const VirtualAddress& address, int interface);

/// What macvlans and ipvlans have in common.
struct MadeLink {
    std::string name;
    int parent = 0;
    int vrf = 0; ///< index of the VRF that it is to be in; 0: none
    std::uint32_t group = 0;
};

/// A macvlan in private mode, without a link-local address of the kernel's.
void add_macvlan_message(NetlinkBatch& batch, const MadeLink& link, const Mac& mac);
/// An ipvlan in mode L2; `flags` are IPVLAN_F_*.
void add_ipvlan_message(NetlinkBatch& batch, const MadeLink& link, std::uint16_t flags);
void remove_link_message(NetlinkBatch& batch, const std::string& name);
void link_up_message(NetlinkBatch& batch, const std::string& name);

/// Writes net/FAMILY/conf/INTERFACE/NAME below /proc/sys.
Result<void> set_interface_sysctl(int family, const std::string& interface, const std::string& name,
                                  int value);

} // namespace weir::keeper
