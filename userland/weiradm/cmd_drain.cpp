// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "weiradm/arguments.h"
#include "weiradm/command.h"
#include "weiradm/kernel.h"
#include "weiradm/output.h"
#include "weiradm/service_word.h"

namespace weir {
namespace {

int run(const Arguments& arguments)
{
    std::vector<std::string> words;
    std::optional<std::string> server;
    std::optional<std::uint32_t> deadline;
    bool undo = false;
    Options options;
    options.value("real-server,r", server);
    options.number("deadline,d", 0, WEIR_TIMEOUT_MAX, deadline);
    options.flag("undo,u", undo);
    options.words("SERVICE", 1, 1, words);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("drain", parsed.error());
    if (!server)
        return misuse("drain", fail(EINVAL, "-r SERVER is missing"));
    if (undo && deadline)
        return misuse("drain", fail(EINVAL, "--undo and --deadline exclude each other"));
    auto key = parse_service_word(words[0]);
    if (!key)
        return misuse("drain", key.error());
    auto endpoint = parse_server_word(*server, *key);
    if (!endpoint)
        return misuse("drain", endpoint.error());

    auto socket = open_kernel();
    if (!socket)
        return refuse(socket.error());
    if (undo) {
        auto done = server_override_clear(*socket, *key, *endpoint);
        return done ? exit_ok : refuse(done.error());
    }
    auto done = server_drain(*socket, *key, *endpoint, deadline.value_or(0));
    if (!done)
        return refuse(done.error());
    if (auto left = server_get(*socket, *key, *endpoint))
        print(fmt::format("{} of {} takes nothing new; {} connections are left{}\n", endpoint->to_string(),
                          service_word(*key), left->active + left->inactive,
                          deadline.value_or(0) ? fmt::format(" and are reset in {} s", *deadline) : ""));
    return exit_ok;
}

} // namespace

const CommandEntry cmd_drain = {
    .name = "drain",
    .summary = "take a server out of service in good order",
    .help = R"(Usage: weiradm drain SERVICE -r SERVER [--deadline SECONDS]
       weiradm drain SERVICE -r SERVER --undo

The server gets nothing new; connections that it has go on. The drain is the
operator's: 'apply' and the keeper do not end it. 'weiradm list' shows how many
connections are left.

  -r, --real-server SERVER   which one
  -d, --deadline SECONDS     then what is left is reset; 0: never
  -u, --undo                 the server is itself again (ends an override too)

Example:
  weiradm drain tcp:192.0.2.1:80 -r 10.0.0.1:80 --deadline 30
)",
    .run = run,
};

} // namespace weir
