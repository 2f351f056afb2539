// SPDX-License-Identifier: GPL-2.0
// What is done without a daemon: cleaning up behind one, and checking a configuration.
#include <algorithm>

#include "keeper/checker/checker_program.h"
#include "keeper/daemon/accept_filter.h"
#include "keeper/daemon/guard.h"
#include "keeper/daemon/log.h"
#include "keeper/daemon/process.h"
#include "keeper/daemon/script_security.h"
#include "keeper/net/addresses.h"
#include "keeper/net/links.h"
#include "keeper/net/netlink.h"
#include "keeper/net/routes.h"

namespace weir::keeper {
namespace {

bool added_by_keeper(const Link& link, const Prefix& prefix)
{
    auto there = std::ranges::find(link.addresses, prefix, &LinkAddress::prefix);
    return there != link.addresses.end() && there->ours;
}

} // namespace

int clean_up(const DaemonOptions& options)
{
    Log log(options.console);
    Diagnostics diagnostics;
    Config config =
        read_config(options.file, ConfigFiles::local(), options.host, diagnostics, {.lenient = true});
    // before the other one is entered, where a path may be another
    auto services_namespace = open_net_namespace(config.global.net_namespace_ipvs);
    if (auto entered = enter_net_namespace(options.net_namespace.empty() ? config.global.net_namespace
                                                                         : options.net_namespace);
        !entered) {
        log.error("{}", entered.error().message);
        return 1;
    }
    auto links = Links::create();
    auto netlink = NetlinkSocket::create();
    if (!links || !netlink) {
        log.error("{}", (!links ? links.error() : netlink.error()).message);
        return 1;
    }
    NetlinkBatch batch;
    for (const auto& instance : config.instances) {
        const Link* own = links->find(instance.advert_interface());
        for (const auto& rule : instance.rules)
            remove_rule_message(batch, rule);
        for (const auto& route : instance.routes)
            (void)remove_route_message(batch, route, *links, own ? own->index : 0);
        for (const auto* list : {&instance.addresses, &instance.excluded}) {
            for (const auto& address : *list) {
                const std::string& device = address.device.empty() ? instance.interface : address.device;
                const Link* link = links->find(device);
                // an owner's own stays
                if (link && (instance.priority != 255 || added_by_keeper(*link, address.address)))
                    remove_address_message(batch, address, link->index);
            }
        }
        for (const auto& name : instance.made_interfaces()) {
            if (links->find(name))
                remove_link_message(batch, name);
        }
    }
    for (const auto& rule : config.fixed.rules)
        remove_rule_message(batch, rule);
    for (const auto& route : config.fixed.routes)
        (void)remove_route_message(batch, route, *links, 0);
    for (const auto& address : config.fixed.addresses) {
        if (const Link* link = links->find(address.device))
            remove_address_message(batch, address, link->index);
    }
    AcceptFilter(options.status_path).remove_leftover();
    if (!config.services.keep_on_stop) {
        auto flushed = services_namespace ? CheckerProgram::find().flush(services_namespace->get())
                                          : Result<void>(pass_on(services_namespace));
        if (!flushed)
            log.error("{}", flushed.error().to_string());
    }
    return netlink->send(batch.bytes(), already_gone) ? 0 : 1;
}

int check_file(const DaemonOptions& options, bool verbose)
{
    Diagnostics diagnostics;
    Config config = read_config(options.file, ConfigFiles::local(), options.host, diagnostics,
                                {.lenient = options.lenient});
    check_script_security(config, diagnostics);
    for (const auto& item : diagnostics.all()) {
        if (verbose || item.severity != Severity::note)
            fmt::print(stderr, "{}\n", diagnostics.format(item));
    }
    return check_status(diagnostics);
}

} // namespace weir::keeper
