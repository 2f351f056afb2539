// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "weiradm/command.h"
#include "weiradm/kernel.h"
#include "weiradm/output.h"
#include "weiradm/service_word.h"
#include "weiradm/settings.h"

namespace weir {
namespace {

Result<void> carry_out(NlSocket& socket, const std::string& action, const Service& service, unsigned fields)
{
    if (action == "add")
        return service_add(socket, service);
    if (action == "set")
        return service_set(socket, service, fields);
    if (action == "delete")
        return service_del(socket, service.key);
    return service_zero(socket, service.key);
}

int run(const Arguments& arguments)
{
    std::vector<std::string> words;
    std::optional<std::string> owner;
    ServiceOptions settings;
    Options options;
    settings.declare(options);
    options.value("owner,o", owner);
    options.words("add, set, delete or zero, and SERVICE", 2, 2, words);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("service", parsed.error());
    const std::string& action = words[0];
    if (action != "add" && action != "set" && action != "delete" && action != "zero")
        return misuse("service",
                      fail(EINVAL, fmt::format("'{}': add, set, delete or zero is expected", action)));
    auto key = parse_service_word(words[1]);
    if (!key)
        return misuse("service", key.error());

    Service service;
    service.key = *key;
    service.owner = owner.value_or("");
    auto fields = settings.apply(service.config, key->family);
    if (!fields)
        return misuse("service", fields.error());
    bool changes = action == "add" || action == "set";
    if ((!changes && *fields) || (owner && action != "add"))
        return misuse("service", fail(EINVAL, fmt::format("'{}' does not take these options", action)));
    if (action == "set" && !*fields)
        return misuse("service", fail(EINVAL, "nothing to set is given"));

    auto socket = open_kernel();
    if (!socket)
        return refuse(socket.error());
    auto done = carry_out(*socket, action, service, *fields);
    return done ? exit_ok : refuse(done.error());
}

} // namespace

const CommandEntry cmd_service = {
    .name = "service",
    .summary = "add, change, delete or zero a virtual service",
    .help = R"(Usage: weiradm service add|set SERVICE [OPTIONS]
       weiradm service delete|zero SERVICE

  -s, --scheduler NAME   rr wrr lc wlc sed nq fo ovf twos sh dh mh lblc lblcr;
                         wlc without it
  -b, --flags LIST       ops sh-fallback sh-port mh-fallback mh-port conntrack
                         no-express toa toa-dpvs, with commas between; or none
  -p, --persistent SEC   a client keeps its server so long; 0: it does not
  -M, --netmask BITS     leading bits of the client's address that count
  --slow-start SEC       a new server takes so long to its full weight
  --syn-retry N          what its server refuses is tried on so many others
  --on-gone WORD         connections of a deleted server: keep, reset or move
  --mh-size N            least number of slots of mh's table
  --seed HEX             16 bytes that directors which must agree share; or none
  --timeouts LIST        established=900,fin-wait=30,... 0: the namespace's
  --pool NAME            of servers of method fullnat; or none
  --proxy-protocol WORD  their header with the client's address: v1, v2 or none
  -o, --owner NAME       (add) who keeps the service; cli without it

Example:
  weiradm service add tcp:192.0.2.1:80 --scheduler wrr --persistent 300
)",
    .run = run,
};

} // namespace weir
