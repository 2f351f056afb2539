// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "toa/attachment.h"
#include "weiradm/options.h"
#include "weiradm/output.h"

namespace weir::toa {

/// One command; each has a file of its own, cmd_NAME.cpp.
struct Command {
    const char* name;
    const char* summary;
    const char* help;
    int (*run)(const Arguments& arguments);
};

extern const Command cmd_attach;
extern const Command cmd_detach;
extern const Command cmd_diagnose;
extern const Command cmd_list;
extern const Command cmd_status;

/// Of `list` those that a word of the command line means: a cgroup's path, its directory, or a unit's name,
/// gone or not.
[[nodiscard]] Result<std::vector<Attachment>> choose(const std::vector<Attachment>& list,
                                                     const std::string& word);

} // namespace weir::toa
