// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <string>

#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"

namespace weir::keeper {

/// The checker is a program of its own, weir-keeper-checker beside weir-keeper: what checks need (TLS,
/// database and netlink libraries) is in no process of VRRP's, neither as memory nor as code that an answer
/// could reach.
class CheckerProgram {
  public:
    struct Handed {
        int board = -1, config = -1, sessions = -1; ///< descriptors
        int net_namespace = -1;                     ///< of the kernel's table; -1: this one
        pid_t guard = 0;
        bool console = true, first = false;
        std::string status_path;
    };

    /// The program that belongs to this one; it stays the same if another version is installed meanwhile.
    [[nodiscard]] static CheckerProgram find();

    /// In a child: becomes the checker process. Returns why it could not.
    [[nodiscard]] Error run(const Handed& handed) const;
    /// Removes the keeper's services from the kernel, in this network namespace (-1: the caller's); ENOENT
    /// where there is no module to have them.
    [[nodiscard]] Result<void> flush(int net_namespace) const;

  private:
    Fd program_;
    std::string path_;
};

/// The words that the program is started with, one for each of Handed's members in their order.
inline constexpr std::size_t checker_words = 8;
inline constexpr const char* checker_flush = "flush";

} // namespace weir::keeper
