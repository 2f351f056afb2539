// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Control groups of version 2.
namespace weir::toa {

struct Cgroup {
    std::uint64_t id = 0;
    std::string path;      ///< from the root of the hierarchy: "/system.slice/nginx.service"
    std::string directory; ///< where it is in the file system
};

/// Where the hierarchy is mounted, of a text as in /proc/self/mountinfo; empty where it is not. Only a mount
/// of its whole is taken.
[[nodiscard]] std::string find_hierarchy(std::string_view mountinfo);
/// The same for this process.
[[nodiscard]] Result<std::string> cgroup_hierarchy();

/// "/sys/fs/cgroup/web", "/web" (from the root of the hierarchy), or the name of a systemd unit,
/// "nginx.service", wherever in the hierarchy it is.
[[nodiscard]] Result<Cgroup> find_cgroup(const std::string& text);

/// The cgroup itself and all below it.
[[nodiscard]] std::vector<Cgroup> cgroup_subtree(const Cgroup& cgroup);

/// Its path by its id, or empty.
[[nodiscard]] std::string cgroup_path(std::uint64_t id);

} // namespace weir::toa
