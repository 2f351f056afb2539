// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "keeper/config/model.h"

namespace weir::keeper {

/// no_accept: packets to the virtual addresses of such instances are dropped, neighbor discovery apart (RFC
/// 9568 6.1). One nftables table, loaded as a whole by nft(8). It says the same whoever is master, for a
/// router that does not have the addresses gets no packets for them: so a takeover has nothing to do here.
class AcceptFilter {
  public:
    /// `status_path`: where this daemon answers; more than one may run in a network namespace.
    explicit AcceptFilter(const std::string& status_path);

    /// At first, what a daemon that was killed left behind goes whatever is asked for.
    Result<void> apply(const Config& config);
    Result<void> remove();
    /// Removes the table of a daemon that could not. No error where there is none, or no nft(8).
    void remove_leftover();
    /// What nft is told.
    [[nodiscard]] std::string commands(const Config& config) const;

  private:
    std::string table_;
    bool loaded_ = false, first_ = true;
};

} // namespace weir::keeper
