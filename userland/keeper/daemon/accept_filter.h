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
    /// `table` is of this daemon alone.
    explicit AcceptFilter(std::string table) : table_(std::move(table)) {}

    /// Nothing is run where no instance asks for it and none did before.
    Result<void> apply(const Config& config);
    Result<void> remove();
    /// What nft is told.
    [[nodiscard]] std::string commands(const Config& config) const;

  private:
    std::string table_;
    bool loaded_ = false;
};

} // namespace weir::keeper
