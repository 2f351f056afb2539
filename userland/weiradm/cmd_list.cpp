// SPDX-License-Identifier: GPL-2.0
#include <nlohmann/json.hpp>

#include "weiradm/command.h"
#include "weiradm/ipvs_format.h"
#include "weiradm/json.h"
#include "weiradm/kernel.h"
#include "weiradm/output.h"
#include "weiradm/service_word.h"
#include "weiradm/table.h"

namespace weir {
namespace {

struct Request {
    bool json = false;
    bool stats = false;
    bool rate = false;
    std::optional<std::string> owner;
    std::vector<std::string> words;
};

Result<std::vector<Service>> fetch(NlSocket& socket, const Request& request,
                                   const std::vector<ServiceKey>& keys)
{
    if (keys.empty()) {
        auto services = services_list(socket, request.owner.value_or(""));
        if (services)
            ipvs::sort_services(*services);
        return services;
    }
    std::vector<Service> services;
    for (const ServiceKey& key : keys) {
        auto service = service_get(socket, key);
        if (!service)
            return fail(service.error().code, service.error().message, service_word(key));
        services.push_back(std::move(*service));
    }
    return services;
}

int run(const Arguments& arguments)
{
    Request request;
    Options options;
    options.flag("json,j", request.json);
    options.flag("stats,s", request.stats);
    options.flag("rate,r", request.rate);
    options.value("owner,o", request.owner);
    options.words("SERVICE", 0, SIZE_MAX, request.words);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("list", parsed.error());
    std::vector<ServiceKey> keys;
    for (const std::string& word : request.words) {
        auto key = parse_service_word(word);
        if (!key)
            return misuse("list", key.error());
        keys.push_back(*key);
    }

    auto socket = open_kernel();
    if (!socket)
        return refuse(socket.error());
    auto services = fetch(*socket, request, keys);
    if (!services)
        return refuse(services.error());
    if (request.json) {
        Json json;
        json["services"] = Json::array();
        for (const Service& service : *services)
            json["services"].push_back(listing_json(service));
        print(to_text(json));
        return exit_ok;
    }
    View view = request.stats ? View::stats : request.rate ? View::rates : View::settings;
    for (const Service& service : *services)
        print(service_overview(service, view));
    return exit_ok;
}

} // namespace

const CommandEntry cmd_list = {
    .name = "list",
    .summary = "services and their servers",
    .help = R"(Usage: weiradm list [-j] [--stats | --rate] [--owner NAME] [SERVICE...]

Lists services with their servers, all of them or those named.

  -s, --stats        connections, packets and bytes since the last zeroing
  -r, --rate         the same per second
  -o, --owner NAME   services of this owner: cli, apply:NAME, keeper, ipvs
  -j, --json         everything as JSON

Example:
  weiradm list --rate tcp:192.0.2.1:80
)",
    .run = run,
};

} // namespace weir
