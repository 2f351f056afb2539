// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weiradm/command.h"
#include "weiradm/document.h"
#include "weiradm/ipvs_format.h"
#include "weiradm/kernel.h"
#include "weiradm/output.h"
#include "weiradm/yaml.h"

namespace weir {
namespace {

ConfigChange all_of(const Config& config)
{
    ConfigChange change;
    change.timeouts = config.timeouts;
    change.conn_max = config.conn_max;
    change.service_max = config.service_max;
    change.staged_max = config.staged_max;
    change.express = config.express;
    change.sloppy_tcp = config.sloppy_tcp;
    change.expire_quiescent = config.expire_quiescent;
    change.express_devices = config.express_devices;
    return change;
}

/// Commands have no word for pools and for an operator's overrides and drains; they are said in comments.
std::string commands_text(const std::vector<Service>& services, const std::vector<Pool>& pools)
{
    std::string text;
    for (const Pool& pool : pools)
        text += fmt::format("# pool {}: {} ports {}\n", pool.name, ranges_word(pool.config.ranges),
                            pool.config.ports.to_string());
    for (const Service& service : services) {
        text += ipvs::save_text(service, ipvs::no_names(), false, true);
        for (const Server& server : service.servers) {
            if (server.weight_override)
                text += fmt::format("# {}: the operator's weight is {}\n", server.endpoint.to_string(),
                                    *server.weight_override);
            if (server.drain)
                text += fmt::format("# {}: drains\n", server.endpoint.to_string());
        }
    }
    return text;
}

int run(const Arguments& arguments)
{
    std::optional<std::string> format;
    std::optional<std::string> owner;
    bool services_only = false;
    Options options;
    options.value("format,f", format);
    options.value("owner,o", owner);
    options.flag("services-only", services_only);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("save", parsed.error());
    std::string kind = format.value_or("yaml");
    if (kind != "yaml" && kind != "json" && kind != "ipvsadm")
        return misuse("save",
                      fail(EINVAL, fmt::format("'{}': yaml, json or ipvsadm is expected", kind), "--format"));

    auto socket = open_kernel();
    if (!socket)
        return refuse(socket.error());
    auto services = services_list(*socket, owner.value_or(""));
    if (!services)
        return refuse(services.error());
    ipvs::sort_services(*services);
    auto pools = pools_list(*socket);
    if (!pools)
        return refuse(pools.error());
    if (owner)
        std::erase_if(*pools, [&](const Pool& pool) { return pool.owner != *owner; });
    if (kind == "ipvsadm") {
        print(commands_text(*services, *pools));
        return exit_ok;
    }
    Document document{std::move(*services), std::move(*pools), {}};
    if (!owner && !services_only) {
        auto config = config_get(*socket);
        if (!config)
            return refuse(config.error());
        document.config = all_of(*config);
    }
    Json json = document_json(document);
    print(kind == "json" ? to_text(json) : yaml_from_json(json));
    return exit_ok;
}

} // namespace

const CommandEntry cmd_save = {
    .name = "save",
    .summary = "write the configuration, losing nothing",
    .help = R"(Usage: weiradm save [--format WORD] [--owner NAME] [--services-only] > FILE

Writes all pools, services and servers with every setting, owners and operators'
overrides, and the settings of the namespace, for 'weiradm apply --keep-owners
FILE'. Seeds need CAP_NET_ADMIN.

  -f, --format WORD   yaml; json; ipvsadm for -R, without pools, settings,
                      overrides
  -o, --owner NAME    this owner's pools and services alone
  --services-only     without the settings of the namespace

Example:
  weiradm save > weir.yaml
)",
    .run = run,
};

} // namespace weir
