// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

/// What a process of the daemon asks of the kernel for itself.
namespace weir::keeper {

/// SCHED_RR at this priority, not inherited by threads and children.
Result<void> make_real_time(int priority);
void make_ordinary();
/// Lets go of all code and constants that were used so far; what is used again comes back from the page
/// cache. For after starting and reading a configuration, and before lock_memory(), which would keep them.
void drop_code();
/// Memory in small pages, for this process, what it starts and what those become: with huge ones, which
/// distributions have on by default, a heap of a few megabytes takes half as much again, and what it gives
/// back comes again.
void use_small_pages(bool on);
/// Pages stay in memory from when they are first used.
Result<void> lock_memory();
/// Keeps CAP_NET_ADMIN, CAP_NET_RAW and those in `others` (bits, 1 << CAP_...), and nothing else.
Result<void> keep_network_capabilities(std::uint32_t others = 0);
/// A name of `ip netns` or, with a slash at its beginning, a path. No descriptor where there is no name.
[[nodiscard]] Result<Fd> open_net_namespace(const std::string& name);
/// Of this thread alone, and of what it starts.
[[nodiscard]] Result<void> enter_net_namespace(int fd);
/// Nothing to do without a name.
[[nodiscard]] Result<void> enter_net_namespace(const std::string& name);
/// To the service manager, if there is one: "READY=1".
void notify_manager(std::string_view state);

} // namespace weir::keeper
