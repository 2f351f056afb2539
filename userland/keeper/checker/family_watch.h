// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace weir::keeper {

/// Hears when a family of generic netlink comes or goes, which is when its module does.
class FamilyWatch {
  public:
    [[nodiscard]] static Result<FamilyWatch> create(std::string family);
    [[nodiscard]] int fd() const { return fd_.get(); }
    /// Reads what waits. True: the family came or went since, or it may have.
    [[nodiscard]] bool changed();

    /// Whether one of these messages of the kernel's says so of `family`.
    [[nodiscard]] static bool tells(std::span<const std::uint8_t> messages, std::string_view family);

  private:
    FamilyWatch(Fd fd, std::string family) : fd_(std::move(fd)), family_(std::move(family)) {}

    Fd fd_;
    std::string family_;
};

} // namespace weir::keeper
