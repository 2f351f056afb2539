// SPDX-License-Identifier: GPL-2.0
#include "base/number.h"
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
    bool clear = false;
    Options options;
    options.value("real-server,r", server);
    options.flag("clear,c", clear);
    options.words("SERVICE and WEIGHT", 1, 2, words);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("override", parsed.error());
    if (!server)
        return misuse("override", fail(EINVAL, "-r SERVER is missing"));
    if (clear == (words.size() == 2))
        return misuse("override", fail(EINVAL, "either WEIGHT or --clear is needed"));
    auto key = parse_service_word(words[0]);
    if (!key)
        return misuse("override", key.error());
    auto endpoint = parse_server_word(*server, *key);
    if (!endpoint)
        return misuse("override", endpoint.error());
    Result<std::uint64_t> weight = 0;
    if (!clear)
        weight = parse_number(words[1], 0, WEIR_WEIGHT_MAX);
    if (!weight)
        return misuse("override", fail(EINVAL, weight.error().message, "weight"));

    auto socket = open_kernel();
    if (!socket)
        return refuse(socket.error());
    auto done = clear ? server_override_clear(*socket, *key, *endpoint)
                      : server_override(*socket, *key, *endpoint, static_cast<std::uint32_t>(*weight));
    return done ? exit_ok : refuse(done.error());
}

} // namespace

const CommandEntry cmd_override = {
    .name = "override",
    .summary = "give a server a weight that outranks the configured one",
    .help = R"(Usage: weiradm override SERVICE -r SERVER WEIGHT
       weiradm override SERVICE -r SERVER --clear

The weight is the operator's: it counts until it is cleared, whatever 'apply'
and the keeper configure.

  -r, --real-server SERVER   which one
  -c, --clear                the configured weight counts again; ends a drain

Example:
  weiradm override tcp:192.0.2.1:80 -r 10.0.0.1:80 10
)",
    .run = run,
};

} // namespace weir
