// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>
#include <vector>

#include "libweir/service.h"

namespace weir {

/// Rows of text in columns as wide as their widest cell. Cells of columns from `right` on are right-aligned.
class Table {
  public:
    explicit Table(std::vector<std::string> title, std::size_t right);
    void add(std::vector<std::string> row);
    [[nodiscard]] std::string text(std::size_t indent = 0) const;

  private:
    std::vector<std::vector<std::string>> rows_;
    std::size_t right_;
};

/// What a listing shows of a server: settings, counters since the last zeroing, or rates.
enum class View { settings, stats, rates };

/// A service and its servers for people.
[[nodiscard]] std::string service_overview(const Service& service, View view);
/// "up", "weight 0", "draining, 30 s left", "overloaded", ...
[[nodiscard]] std::string server_state(const Server& server);
/// "12", "1.5k", "20M"
[[nodiscard]] std::string short_number(std::uint64_t number);

} // namespace weir
