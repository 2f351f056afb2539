// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "libweir/pool.h"
#include "weiradm/command.h"
#include "weiradm/json.h"
#include "weiradm/kernel.h"
#include "weiradm/output.h"
#include "weiradm/service_word.h"
#include "weiradm/table.h"

namespace weir {
namespace {

int list(bool json, const std::vector<std::string>& names)
{
    auto socket = open_kernel();
    if (!socket)
        return refuse(socket.error());
    auto pools = pools_list(*socket);
    if (!pools)
        return refuse(pools.error());
    for (const std::string& name : names)
        if (std::ranges::find(*pools, name, &Pool::name) == pools->end())
            return refuse(Error{ENOENT, "no such pool", name});
    Json all = Json::array();
    Table table({"POOL", "ADDRESSES", "PORTS", "SERVICES", "CONNS", "TAKEN", "REFUSED", "HOST"}, 3);
    for (const Pool& pool : *pools) {
        if (!names.empty() && std::ranges::find(names, pool.name) == names.end())
            continue;
        all.push_back(listing_json(pool));
        table.add({pool.name, ranges_word(pool.config.ranges), pool.config.ports.to_string(),
                   std::to_string(pool.services), std::to_string(pool.conns), std::to_string(pool.taken),
                   std::to_string(pool.refused), std::to_string(pool.host)});
    }
    print(json ? to_text({{"pools", all}}) : table.text());
    return exit_ok;
}

/// The kernel says that a service uses it; which one is for us to find out.
Error named(NlSocket& socket, Error error, const std::string& name)
{
    if (error.code != EBUSY)
        return error;
    auto services = services_list_bare(socket);
    if (!services)
        return error;
    auto user =
        std::ranges::find_if(*services, [&](const Service& service) { return service.config.pool == name; });
    if (user != services->end())
        error.message = fmt::format("service {} uses the pool", service_word(user->key));
    return error;
}

Result<void> carry_out(NlSocket& socket, const std::string& action, const Pool& pool, bool ports)
{
    if (action == "add")
        return pool_add(socket, pool);
    if (action == "set")
        return pool_set(socket, pool, !pool.config.ranges.empty(), ports);
    auto done = pool_del(socket, pool.name);
    return done ? done : Result<void>(Failure(named(socket, std::move(done.error()), pool.name)));
}

int run(const Arguments& arguments)
{
    std::vector<std::string> words;
    std::optional<std::string> owner, ports;
    bool json = false;
    Options options;
    options.value("ports,p", ports);
    options.value("owner,o", owner);
    options.flag("json,j", json);
    options.words("add, set, delete or list", 1, SIZE_MAX, words);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("pool", parsed.error());
    std::string action = words[0];
    words.erase(words.begin());
    if (action == "list") {
        if (owner || ports)
            return misuse("pool", fail(EINVAL, "'list' does not take these options"));
        return list(json, words);
    }
    if (action != "add" && action != "set" && action != "delete")
        return misuse("pool",
                      fail(EINVAL, fmt::format("'{}': add, set, delete or list is expected", action)));
    if (words.empty())
        return misuse("pool", fail(EINVAL, "NAME is missing"));

    Pool pool;
    pool.name = words[0];
    pool.owner = owner.value_or("");
    if (!is_pool_name(pool.name))
        return misuse("pool", fail(EINVAL, fmt::format("a pool's name has 1 to {} visible characters",
                                                       WEIR_POOL_NAME_MAX)));
    for (std::size_t i = 1; i < words.size(); i++) {
        auto range = AddressRange::parse(words[i]);
        if (!range)
            return misuse("pool", range.error());
        pool.config.ranges.push_back(*range);
    }
    if (ports) {
        auto range = PortRange::parse(*ports);
        if (!range || !range->first)
            return misuse(
                "pool",
                fail(EINVAL, fmt::format("'{}': a port or a range of ports of 1 and above is needed", *ports),
                     "--ports"));
        pool.config.ports = *range;
    }
    if (json || (owner && action != "add") || (action == "delete" && (ports || words.size() > 1)))
        return misuse("pool", fail(EINVAL, fmt::format("'{}' does not take these options", action)));
    if (action == "add" && pool.config.ranges.empty())
        return misuse("pool", fail(EINVAL, "ADDRESS is missing"));
    if (action == "set" && pool.config.ranges.empty() && !ports)
        return misuse("pool", fail(EINVAL, "nothing to set is given"));

    auto socket = open_kernel();
    if (!socket)
        return refuse(socket.error());
    auto done = carry_out(*socket, action, pool, ports.has_value());
    return done ? exit_ok : refuse(done.error());
}

} // namespace

const CommandEntry cmd_pool = {
    .name = "pool",
    .summary = "local addresses and ports of method fullnat",
    .help = R"(Usage: weiradm pool add NAME ADDRESS... [-p PORTS] [-o OWNER]
       weiradm pool set NAME [ADDRESS...] [-p PORTS]
       weiradm pool delete NAME
       weiradm pool list [NAME...] [-j]

Servers of method fullnat see a connection come from an address and port of
their service's pool ('weiradm service ... --pool NAME'). Towards each server
every pair of an address and a port serves one connection. The addresses have
to be this machine's own, and nobody else's, and of the servers' family.

  ADDRESS                192.0.2.1, 192.0.2.1-192.0.2.4 or 192.0.2.0/30
  -p, --ports FIRST-LAST 1024-65535 without it
  -o, --owner NAME       (add) who keeps the pool; cli without it
  -j, --json             (list) as JSON

Listed are, beside the settings, services that name it, connections that hold a
pair now, pairs taken so far, times that none was left, and times that a socket
of this machine had one.

Example:
  weiradm pool add lan 198.51.100.64/28
)",
    .run = run,
};

} // namespace weir
