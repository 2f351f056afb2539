// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weiradm/arguments.h"
#include "weiradm/command.h"
#include "weiradm/ipvs_format.h"
#include "weiradm/json.h"
#include "weiradm/kernel.h"
#include "weiradm/output.h"
#include "weiradm/service_word.h"

namespace weir {
namespace {

struct Request {
    std::string action;
    ConnFilter filter;
    bool json = false;
    bool all = false;
};

struct Given {
    std::optional<std::string> service, server, client, state, protocol;
};

Result<ConnFilter> to_filter(const Given& given)
{
    ConnFilter filter;
    if (given.service) {
        auto key = parse_service_word(*given.service);
        if (!key)
            return pass_on(key);
        filter.service = *key;
    }
    if (given.server) {
        if (!filter.service)
            return fail(EINVAL, "a server is looked for within its service: give --service too", "--server");
        auto server = parse_server_word(*given.server, *filter.service);
        if (!server)
            return pass_on(server);
        filter.server = *server;
    }
    if (given.client) {
        auto client = Prefix::parse(*given.client);
        if (!client)
            return fail(EINVAL, client.error().message, "--client");
        filter.client = *client;
    }
    if (given.state) {
        filter.state = state_from_word(*given.state);
        if (!filter.state)
            return fail(EINVAL, fmt::format("there is no state '{}'", *given.state), "--state");
    }
    if (given.protocol) {
        if (*given.protocol != "tcp" && *given.protocol != "udp")
            return fail(EINVAL, fmt::format("'{}': tcp or udp is expected", *given.protocol), "--protocol");
        filter.protocol = *given.protocol == "tcp" ? IPPROTO_TCP : IPPROTO_UDP;
    }
    return filter;
}

bool is_everything(const Given& given)
{
    return !given.service && !given.server && !given.client && !given.state && !given.protocol;
}

int list(NlSocket& socket, const Request& request)
{
    Result<void> done;
    if (request.json) {
        // element by element: a table of a million connections is not kept in memory
        const char* separator = "\n";
        print("{\"connections\": [");
        done = conns_each(socket, request.filter, [&](const Conn& conn) {
            print(separator + to_line(listing_json(conn)));
            separator = ",\n";
        });
        print("\n]}\n");
    } else {
        ipvs::Names names = ipvs::no_names();
        print(ipvs::conn_title({}));
        done = conns_each(socket, request.filter,
                          [&](const Conn& conn) { print(ipvs::conn_text(conn, names)); });
    }
    return done ? exit_ok : refuse(done.error());
}

int remove(NlSocket& socket, const Request& request)
{
    std::vector<Conn> conns;
    auto found = conns_each(socket, request.filter, [&](const Conn& conn) { conns.push_back(conn); });
    if (!found)
        return refuse(found.error());
    std::size_t deleted = 0;
    for (const Conn& conn : conns) {
        auto done = conn_del(socket, conn);
        if (!done && done.error().code != ENOENT) // else it ended by itself
            return refuse(done.error());
        deleted += done.has_value();
    }
    print(fmt::format("{} deleted\n", deleted));
    return exit_ok;
}

int run(const Arguments& arguments)
{
    Request request;
    Given given;
    std::vector<std::string> words;
    Options options;
    options.value("service,s", given.service);
    options.value("server,r", given.server);
    options.value("client,c", given.client);
    options.value("state", given.state);
    options.value("protocol,p", given.protocol);
    options.flag("all,a", request.all);
    options.flag("json,j", request.json);
    options.words("list or delete", 1, 1, words);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("conn", parsed.error());
    request.action = words[0];
    if (request.action != "list" && request.action != "delete")
        return misuse("conn", fail(EINVAL, fmt::format("'{}': list or delete is expected", request.action)));
    if (request.action == "delete" && is_everything(given) != request.all)
        return misuse("conn", fail(EINVAL, "either say which connections, or --all"));
    auto filter = to_filter(given);
    if (!filter)
        return misuse("conn", filter.error());
    request.filter = *filter;

    auto socket = open_kernel();
    if (!socket)
        return refuse(socket.error());
    return request.action == "list" ? list(*socket, request) : remove(*socket, request);
}

} // namespace

const CommandEntry cmd_conn = {
    .name = "conn",
    .summary = "list or delete connections",
    .help = R"(Usage: weiradm conn list [-j] [WHICH...]
       weiradm conn delete WHICH... | --all

Deleting a connection resets both of its ends. WHICH (all have to agree):

  -s, --service SERVICE   of this service
  -r, --server SERVER     on this server of the service
  -c, --client PREFIX     of these clients: 198.51.100.7, 2001:db8::/32, ...
  -p, --protocol WORD     tcp or udp
  --state WORD            established, fin-wait, udp, ... as of config
  -j, --json              as JSON

Example:
  weiradm conn delete --service tcp:192.0.2.1:80 --client 198.51.100.7
)",
    .run = run,
};

} // namespace weir
