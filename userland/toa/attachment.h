// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "toa/cgroup.h"
#include "toa/shared.h"

/// The BPF programs on a cgroup. They are pinned below /sys/fs/bpf/weir-toa/ID, ID being the cgroup's, and
/// stay when the program that attached them ends; they go when they are detached, or with the cgroup.
namespace weir::toa {

inline constexpr const char* pins_directory = "/sys/fs/bpf/weir-toa";

using Counters = std::array<std::uint64_t, WEIR_TOA_CNT_MAX>;

struct Attachment {
    std::uint64_t id = 0;
    std::string path;   ///< the cgroup's when it was attached
    bool alive = false; ///< the cgroup is still there, and all programs are attached to it
    std::vector<Prefix> directors;
    Counters counters{};
};

enum class Attached { anew, directors_changed };

/// Takes the place of what is left of an attachment to an earlier cgroup of that path. Where the cgroup has
/// one, its connections and counters stay, and `directors` take the place of what it had.
[[nodiscard]] Result<Attached> attach(const Cgroup& cgroup, const std::vector<Prefix>& directors);
/// New connections show the director's address again, and so do those that are there.
[[nodiscard]] Result<void> detach(const Attachment& attachment);
/// All of them, by path. Empty where the BPF file system is not mounted.
[[nodiscard]] Result<std::vector<Attachment>> attachments();

/// Loads the programs and lets go of them: what the kernel has against them.
[[nodiscard]] Result<void> probe_kernel();
[[nodiscard]] bool bpf_mounted();

} // namespace weir::toa
