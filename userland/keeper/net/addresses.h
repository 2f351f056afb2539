// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "keeper/config/model.h"
#include "keeper/net/netlink.h"

namespace weir::keeper {

/// "Add" and "remove" of one virtual address on an interface. The kernel notes of it that it is this
/// program's, unless it was there before: Links then has `ours` with it.
void add_address_message(NetlinkBatch& batch, const VirtualAddress& address, int interface, bool ours = true);
void remove_address_message(NetlinkBatch& batch, const VirtualAddress& address, int interface);

/// A private macvlan with a virtual router's MAC on top of `parent`, up.
void add_macvlan_message(NetlinkBatch& batch, const std::string& name, const Mac& mac, int parent);
void remove_link_message(NetlinkBatch& batch, const std::string& name);
void link_up_message(NetlinkBatch& batch, const std::string& name);

/// Writes net/FAMILY/conf/INTERFACE/NAME below /proc/sys.
Result<void> set_interface_sysctl(int family, const std::string& interface, const std::string& name,
                                  int value);

} // namespace weir::keeper
