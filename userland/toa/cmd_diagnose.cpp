// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "toa/command.h"
#include "toa/diagnosis.h"

namespace weir::toa {
namespace {

void show(const std::vector<Finding>& findings)
{
    if (findings.empty())
        print("nothing found\n");
    for (const Finding& finding : findings) {
        print(fmt::format("{}: {}\n", finding.problem ? "problem" : "note", finding.text));
        if (!finding.remedy.empty())
            print(fmt::format("    {}\n", finding.remedy));
    }
}

int run(const Arguments& arguments)
{
    bool json = false;
    std::vector<std::string> words;
    Options options;
    options.flag("json,j", json);
    options.words("CGROUP", 0, 1, words);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("diagnose", parsed.error());
    std::optional<Cgroup> cgroup;
    if (!words.empty()) {
        auto found = find_cgroup(words[0]);
        if (!found)
            return refuse(found.error());
        cgroup = std::move(*found);
    }
    auto findings = examine(look_at_machine(cgroup));
    if (json) {
        auto array = nlohmann::ordered_json::array();
        for (const Finding& finding : findings)
            array.push_back({{"weight", finding.problem ? "problem" : "note"},
                             {"text", finding.text},
                             {"remedy", finding.remedy}});
        print(array.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
    } else {
        show(findings);
    }
    return std::ranges::any_of(findings, &Finding::problem) ? exit_refused : exit_ok;
}

} // namespace

const Command cmd_diagnose = {
    .name = "diagnose",
    .summary = "say why clients' addresses do not show, and what mends it",
    .help = R"(Usage: weir-toa diagnose [-j] [CGROUP]

Looks at the kernel, the mounts, what is attached and its counters and, given a
cgroup, at the sockets that listen in this network namespace: their family, and
in which cgroup they were made. Exits with 1 where it found a problem.

  -j, --json   as JSON

Example:
  weir-toa diagnose nginx.service
)",
    .run = run,
};

} // namespace weir::toa
