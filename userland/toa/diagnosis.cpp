// SPDX-License-Identifier: GPL-2.0
#include "toa/diagnosis.h"

#include <algorithm>

#include <fmt/format.h>

namespace weir::toa {
namespace {

using Findings = std::vector<Finding>;

void check_machine(const Facts& facts, Findings& findings)
{
    if (facts.no_hierarchy)
        findings.push_back({true, facts.no_hierarchy->message, {}});
    if (!facts.bpf_mounted)
        findings.push_back({true, "the BPF file system is not mounted, which keeps what is attached",
                            "mount -t bpf bpf /sys/fs/bpf"});
    if (facts.no_kernel)
        findings.push_back({true, facts.no_kernel->message + "; Linux 6.1 and later are known to work", {}});
}

void check_counters(const Attachment& attachment, Findings& findings)
{
    const Counters& counters = attachment.counters;
    auto remark = [&](weir_toa_counter which, const char* text, std::string remedy = {}) {
        if (counters[which])
            findings.push_back(
                {false, fmt::format("{}: {} {}", attachment.path, counters[which], text), std::move(remedy)});
    };
    if (!counters[WEIR_TOA_CNT_CONNECTIONS])
        findings.push_back(
            {false, attachment.path + ": no connection came from a director since it was attached", {}});
    remark(WEIR_TOA_CNT_MISSING, "connections of directors came without the option",
           "on the director, where method is fullnat: weiradm service set SERVICE --flags toa (and what "
           "flags it has)");
    remark(WEIR_TOA_CNT_FAMILY, "IPv6 clients came to AF_INET sockets, which cannot show them",
           "let the program listen on [::] instead of 0.0.0.0");
    remark(WEIR_TOA_CNT_REFUSED, "connections with an option came from addresses that are no director's",
           "where they are: weir-toa attach CGROUP --director PREFIX...");
    remark(WEIR_TOA_CNT_NO_MEMORY, "addresses found no memory (net.core.optmem_max limits a socket's)");
}

void check_attachments(const Facts& facts, Findings& findings)
{
    for (const Attachment& attachment : facts.attachments) {
        if (!attachment.alive)
            findings.push_back(
                {true,
                 fmt::format(
                     "{}: the cgroup that this was attached to is gone; a unit gets a new one at each start",
                     attachment.path),
                 fmt::format("weir-toa attach {} --director PREFIX...   (from the unit's ExecStartPre=: see "
                             "weir-toa(8))",
                             attachment.path)});
        else
            check_counters(attachment, findings);
    }
}

bool holds(const Facts& facts, const Listener& listener)
{
    return std::ranges::find(facts.open_sockets, listener.inode) != facts.open_sockets.end();
}

void check_cgroup(const Facts& facts, Findings& findings)
{
    const Cgroup& cgroup = facts.cgroups.front();
    bool attached = std::ranges::any_of(facts.attachments, [&](const Attachment& attachment) {
        return attachment.alive && (attachment.path == "/" || attachment.path == cgroup.path ||
                                    cgroup.path.starts_with(attachment.path + "/"));
    });
    if (!attached)
        findings.push_back({true, cgroup.path + ": nothing is attached to it, nor to a cgroup above it",
                            fmt::format("weir-toa attach {} --director PREFIX...", cgroup.path)});
    bool any = false;
    for (std::size_t i = 0; i < facts.listeners.size(); i++) {
        const Listener& listener = facts.listeners[i];
        std::string where = i < facts.elsewhere.size() ? facts.elsewhere[i] : std::string();
        if (!where.empty()) {
            if (holds(facts, listener))
                findings.push_back({true,
                                    fmt::format("{}: its listening socket {} was made in {}, as with socket "
                                                "activation; only that one's programs count",
                                                cgroup.path, listener.endpoint.to_string(), where),
                                    fmt::format("weir-toa attach {} --director PREFIX...", where)});
            any = any || holds(facts, listener);
            continue;
        }
        any = true;
        if (listener.family == AF_INET)
            findings.push_back({false,
                                fmt::format("{}: {} is an AF_INET socket, it cannot show clients of IPv6",
                                            cgroup.path, listener.endpoint.to_string()),
                                "where there are such: listen on [::], which takes IPv4 as well"});
    }
    if (!any)
        findings.push_back(
            {false, cgroup.path + ": no TCP socket of it listens in this network namespace", {}});
}

} // namespace

Facts look_at_machine(const std::optional<Cgroup>& cgroup)
{
    Facts facts;
    if (auto hierarchy = cgroup_hierarchy(); !hierarchy)
        facts.no_hierarchy = hierarchy.error();
    if (auto kernel = probe_kernel(); !kernel)
        facts.no_kernel = kernel.error();
    facts.bpf_mounted = bpf_mounted();
    if (auto list = attachments())
        facts.attachments = std::move(*list);
    if (!cgroup)
        return facts;
    facts.cgroups = cgroup_subtree(*cgroup);
    std::vector<std::string> directories;
    for (const Cgroup& one : facts.cgroups)
        directories.push_back(one.directory);
    facts.open_sockets = sockets_of(directories);
    auto list = listeners();
    if (!list)
        return facts;
    for (Listener& listener : *list) {
        bool inside = std::ranges::find(facts.cgroups, listener.cgroup, &Cgroup::id) != facts.cgroups.end();
        std::string path = inside ? std::string() : cgroup_path(listener.cgroup);
        if (!inside && path.empty())
            path = fmt::format("a cgroup that is gone ({})", listener.cgroup);
        facts.listeners.push_back(listener);
        facts.elsewhere.push_back(std::move(path));
    }
    return facts;
}

std::vector<Finding> examine(const Facts& facts)
{
    Findings findings;
    check_machine(facts, findings);
    check_attachments(facts, findings);
    if (!facts.cgroups.empty())
        check_cgroup(facts, findings);
    return findings;
}

} // namespace weir::toa
