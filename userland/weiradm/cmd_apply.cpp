// SPDX-License-Identifier: GPL-2.0
#include <cstdio>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "libweir/transaction.h"
#include "weiradm/command.h"
#include "weiradm/document.h"
#include "weiradm/kernel.h"
#include "weiradm/output.h"
#include "weiradm/reconcile.h"

namespace weir {
namespace {

// with --detailed-exitcode
constexpr int exit_changed = 3;
// another writer may come in between reading and committing
constexpr int attempts = 5;

struct Request {
    bool dry_run = false;
    bool keep_owners = false;
    bool detailed = false;
    bool quiet = false;
    std::string owner;
};

Result<std::string> read_file(const std::string& name)
{
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(nullptr, std::fclose);
    std::FILE* file = stdin;
    if (name != "-") {
        opened.reset(std::fopen(name.c_str(), "re"));
        if (!opened)
            return fail_errno(name);
        file = opened.get();
    }
    std::string text;
    char buffer[65536];
    std::size_t got;
    while ((got = std::fread(buffer, 1, sizeof(buffer), file)) > 0)
        text.append(buffer, got);
    if (std::ferror(file))
        return fail_errno(name);
    return text;
}

/// What one owner is to have.
struct Desired {
    std::vector<Pool> pools;
    std::vector<Service> services;
};

/// The document's objects by the owner that they are applied for.
std::map<std::string, Desired> by_owner(const Document& document, const Request& request)
{
    std::map<std::string, Desired> groups;
    if (!request.keep_owners)
        groups[request.owner]; // an empty document empties the owner
    auto owner_of = [&](const auto& object) {
        return request.keep_owners && !object.owner.empty() ? object.owner : request.owner;
    };
    for (Service service : document.services) {
        service.owner = owner_of(service);
        groups[service.owner].services.push_back(std::move(service));
    }
    for (Pool pool : document.pools) {
        pool.owner = owner_of(pool);
        groups[pool.owner].pools.push_back(std::move(pool));
    }
    return groups;
}

/// What differs, pools first; the number of changes and their text.
struct Changes {
    std::size_t count = 0;
    std::string text;
};

Result<Changes> changes_of(NlSocket& socket, const std::string& owner, const Desired& desired)
{
    auto current = services_list(socket);
    if (!current)
        return pass_on(current);
    auto current_pools = pools_list(socket);
    if (!current_pools)
        return pass_on(current_pools);
    auto pools = reconcile_pools(desired.pools, *current_pools, owner);
    if (!pools)
        return pass_on(pools);
    auto services = reconcile(desired.services, *current, owner);
    if (!services)
        return pass_on(services);
    return Changes{pools->size() + services->size(), changes_text(*pools) + changes_text(*services)};
}

/// One owner's part.
Result<Changes> converge(NlSocket& socket, const std::string& owner, const Desired& desired,
                         const Request& request)
{
    for (int attempt = 1;; attempt++) {
        auto config = config_get(socket); // before the listing: what comes later makes the commit fail
        if (!config)
            return pass_on(config);
        auto changes = changes_of(socket, owner, desired);
        if (!changes)
            return pass_on(changes);
        if (request.dry_run || !changes->count)
            return changes;
        Transaction transaction(owner, WEIR_TRANSACTION_REPLACE, config->generation);
        for (const Pool& pool : desired.pools)
            transaction.add_pool(pool);
        for (const Service& service : desired.services)
            transaction.add_service(service);
        auto outcome = transaction.commit(socket);
        if (!outcome && outcome.error().code == ESTALE && attempt < attempts)
            continue;
        if (!outcome)
            return pass_on(outcome);
        return changes;
    }
}

/// Overrides and drains are not part of a transaction.
Result<void> restore_operator(NlSocket& socket, const std::vector<Service>& services)
{
    for (const Service& service : services) {
        for (const Server& server : service.servers) {
            Result<void> done;
            if (server.weight_override)
                done = server_override(socket, service.key, server.endpoint, *server.weight_override);
            if (done && server.drain)
                done = server_drain(socket, service.key, server.endpoint, *server.drain);
            if (!done)
                return done;
        }
    }
    return {};
}

/// Sets what differs; what takes that back.
Result<ConfigChange> apply_config(NlSocket& socket, const ConfigChange& change, const Request& request)
{
    auto config = config_get(socket);
    if (!config)
        return pass_on(config);
    ConfigChange undo = config_undo(change, *config);
    if (undo != ConfigChange() && !request.dry_run)
        if (auto done = config_set(socket, change); !done)
            return pass_on(done);
    return undo;
}

/// The owners' parts in turn; of one that is refused and of those after it nothing is done. The settings are
/// not part of a transaction: they are set before, for limits may have to be higher for what follows, and put
/// back where nothing followed. `all`: what was done, of a failure too.
Result<void> apply_all(NlSocket& socket, const Document& document, const Request& request, Changes& all)
{
    ConfigChange undo;
    if (document.config) {
        auto changed = apply_config(socket, *document.config, request);
        if (!changed)
            return pass_on(changed);
        undo = *changed;
    }
    const Changes config = undo == ConfigChange() ? Changes{} : Changes{1, "~ config\n"};
    all = config;
    for (const auto& [owner, desired] : by_owner(document, request)) {
        auto changed = converge(socket, owner, desired, request);
        if (!changed && config.count && all.count == config.count && !request.dry_run) {
            if (auto back = config_set(socket, undo))
                all = {};
            else
                complain("the settings cannot be put back: " + explain(back.error()));
        }
        if (!changed)
            return pass_on(changed);
        all.count += changed->count;
        all.text += changed->text;
    }
    return request.dry_run ? Result<void>() : restore_operator(socket, document.services);
}

int run(const Arguments& arguments)
{
    Request request;
    std::optional<std::string> owner;
    std::vector<std::string> words;
    Options options;
    options.flag("dry-run,n", request.dry_run);
    options.flag("keep-owners", request.keep_owners);
    options.flag("detailed-exitcode", request.detailed);
    options.flag("quiet,q", request.quiet);
    options.value("owner,o", owner);
    options.words("FILE", 1, 1, words);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("apply", parsed.error());
    request.owner = "apply:" + owner.value_or("default");
    if (request.owner.size() > WEIR_OWNER_MAX)
        return misuse("apply",
                      fail(EINVAL, fmt::format("at most {} characters", WEIR_OWNER_MAX - 6), "--owner"));

    auto text = read_file(words[0]);
    if (!text)
        return refuse(text.error());
    auto document = parse_document(*text);
    if (!document) {
        complain(fmt::format("{}: {}", words[0], document.error().to_string()));
        return exit_refused;
    }
    auto socket = open_kernel();
    if (!socket)
        return refuse(socket.error());
    Changes changes;
    auto done = apply_all(*socket, *document, request, changes);
    if (!request.quiet || request.dry_run)
        print(changes.text);
    if (!done) {
        (void)refuse(done.error());
        if (changes.count && !request.dry_run)
            complain(fmt::format("changes before it: {}; they stay", changes.count));
        return exit_refused;
    }
    if (!request.quiet)
        print(!changes.count    ? "nothing to change\n"
              : request.dry_run ? fmt::format("{} to change\n", changes.count)
                                : fmt::format("{} changed\n", changes.count));
    return request.detailed && changes.count ? exit_changed : exit_ok;
}

} // namespace

const CommandEntry cmd_apply = {
    .name = "apply",
    .summary = "make the configuration what a file says",
    .help = R"(Usage: weiradm apply [--dry-run] [--owner NAME] [--detailed-exitcode] FILE

Makes pools and services of owner apply:NAME those of FILE (YAML, JSON, or
commands as -S writes them; "-" is standard input) in one transaction: all or
nothing, and connections to servers that stay go on. Its settings are set
before, and put back where it is refused. Services of other owners, overrides
and drains stay as they are.

  -n, --dry-run         show the difference, change nothing
  -o, --owner NAME      "default" without it
  --keep-owners         each service's "owner" counts (files of 'weiradm save')
  --detailed-exitcode   exit with 3 where something changed or would
  -q, --quiet           print nothing that is no error

Example:
  weiradm apply --dry-run web.yaml       with web.yaml:
  services:
    - service: tcp:192.0.2.1:80
      scheduler: wrr
      servers:
        - {server: "10.0.0.1:80", method: nat, weight: 3}
)",
    .run = run,
};

} // namespace weir
