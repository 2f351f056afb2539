// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "toa/command.h"
#include "toa/directors.h"

namespace weir::toa {
namespace {

int run(const Arguments& arguments)
{
    std::vector<std::string> words;
    std::vector<std::string> prefixes;
    Options options;
    options.values("director,d", prefixes);
    options.words("CGROUP", 1, 1, words);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("attach", parsed.error());
    auto directors = parse_directors(prefixes);
    if (!directors)
        return misuse("attach", directors.error());
    auto cgroup = find_cgroup(words[0]);
    if (!cgroup)
        return refuse(cgroup.error());
    auto attached = attach(*cgroup, *directors);
    if (!attached)
        return refuse(attached.error());
    print(fmt::format("{}: {}, directors {}\n", cgroup->path,
                      *attached == Attached::anew ? "attached" : "was attached", to_string(*directors)));
    return exit_ok;
}

} // namespace

const Command cmd_attach = {
    .name = "attach",
    .summary = "show clients' addresses to the programs of a cgroup",
    .help = R"(Usage: weir-toa attach CGROUP --director PREFIX...

Sockets that were made in the cgroup, or below it, and connections that they
accept from now on, show the client's address that a director sent, to accept()
and getpeername(). It lasts until it is detached, or the cgroup goes. Where it
was attached already, the directors take the place of those it had.

  CGROUP                  its path (/system.slice/nginx.service) or directory,
                          or the name of a running systemd unit
  -d, --director PREFIX   addresses that directors speak from: of their pools,
                          not of clients. May be a list (a,b) and be repeated

Example:
  weir-toa attach nginx.service --director 10.0.0.0/28,2001:db8::/64
)",
    .run = run,
};

} // namespace weir::toa
