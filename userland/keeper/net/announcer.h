// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "base/address.h"
#include "base/fd.h"
#include "base/result.h"
#include "keeper/config/model.h"

namespace weir::keeper {

/// Tells the neighbours where an address is now: gratuitous ARP requests, unsolicited neighbour
/// advertisements.
class Announcer {
  public:
    [[nodiscard]] static Result<Announcer> create();
    /// Errno, or 0. `mac` is the interface's.
    int announce(const Address& address, int interface, const Mac& mac, bool router) noexcept;

  private:
    Announcer(Fd arp, Fd icmp) : arp_(std::move(arp)), icmp_(std::move(icmp)) {}
    int send_arp(const Address& address, int interface, const Mac& mac) noexcept;
    int send_na(const Address& address, int interface, const Mac& mac, bool router) noexcept;

    Fd arp_, icmp_;
};

} // namespace weir::keeper
