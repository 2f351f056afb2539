// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "weiradm/arguments.h"
#include "weiradm/command.h"
#include "weiradm/kernel.h"
#include "weiradm/output.h"
#include "weiradm/service_word.h"
#include "weiradm/settings.h"

namespace weir {
namespace {

int run(const Arguments& arguments)
{
    std::vector<std::string> words;
    ServerOptions settings;
    Options options;
    settings.declare(options);
    options.words("add, set or delete, SERVICE and SERVER", 3, 3, words);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("server", parsed.error());
    const std::string& action = words[0];
    if (action != "add" && action != "set" && action != "delete")
        return misuse("server", fail(EINVAL, fmt::format("'{}': add, set or delete is expected", action)));
    auto key = parse_service_word(words[1]);
    if (!key)
        return misuse("server", key.error());
    auto endpoint = parse_server_word(words[2], *key);
    if (!endpoint)
        return misuse("server", endpoint.error());

    Server server;
    server.endpoint = *endpoint;
    auto fields = settings.apply(server.config);
    if (!fields)
        return misuse("server", fields.error());
    if (action == "delete" && *fields)
        return misuse("server", fail(EINVAL, "'delete' does not take these options"));
    if (action == "set" && !*fields)
        return misuse("server", fail(EINVAL, "nothing to set is given"));

    auto socket = open_kernel();
    if (!socket)
        return refuse(socket.error());
    auto done = action == "add"   ? server_add(*socket, *key, server)
                : action == "set" ? server_set(*socket, *key, server, *fields)
                                  : server_del(*socket, *key, *endpoint);
    return done ? exit_ok : refuse(done.error());
}

} // namespace

const CommandEntry cmd_server = {
    .name = "server",
    .summary = "add, change or delete a real server of a service",
    .help = R"(Usage: weiradm server add|set SERVICE SERVER [OPTIONS]
       weiradm server delete SERVICE SERVER

  -m, --method WORD      dr, nat, tun, fullnat or local; dr without it
  -t, --tunnel WORD      with method tun: ipip, gre, gre,csum or gue:PORT, which
                         may have ,csum or ,remcsum; ipip without it
  -w, --weight N         0 (nothing new) to 65535; 1 without it
  -x, --u-threshold N    connections at which it is overloaded; 0: never
  -y, --l-threshold N    ... below which it no longer is; 0: 3/4 of -x

Example:
  weiradm server add tcp:192.0.2.1:80 10.0.0.1:8080 --method nat --weight 2
)",
    .run = run,
};

} // namespace weir
