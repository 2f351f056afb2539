// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "toa/attachment.h"
#include "toa/cgroup.h"
#include "toa/listeners.h"

/// Why clients' addresses do not show: from facts to sentences, without looking at the machine itself.
namespace weir::toa {

struct Facts {
    std::optional<Error> no_hierarchy; ///< of cgroups, version 2
    std::optional<Error> no_kernel;    ///< what it has against the programs
    bool bpf_mounted = false;
    std::vector<Attachment> attachments;
    /// Of the cgroup that was asked about, where one was.
    std::vector<Cgroup> cgroups; ///< itself and those below it
    std::vector<Listener> listeners;
    std::vector<std::string>
        elsewhere; ///< for each listener: its cgroup's path where it is none of `cgroups`
    std::vector<std::uint32_t> open_sockets; ///< inodes, of the processes in `cgroups`
};

struct Finding {
    bool problem = false; ///< else a remark
    std::string text;
    std::string remedy; ///< may be empty
};

[[nodiscard]] Facts look_at_machine(const std::optional<Cgroup>& cgroup);
[[nodiscard]] std::vector<Finding> examine(const Facts& facts);

} // namespace weir::toa
