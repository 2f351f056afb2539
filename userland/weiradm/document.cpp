// SPDX-License-Identifier: GPL-2.0
#include "weiradm/document.h"

#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weiradm/service_word.h"

namespace weir {
namespace {

/// Reads the members of one object. The first error stays; what comes after it is passed over.
class Reader {
  public:
    Reader(const Json& json, std::string path) : json_(json), path_(std::move(path))
    {
        if (!json.is_object())
            set_error("a mapping is expected");
    }

    /// Calls `take(value, path)` where the member is there and not null.
    void member(const char* name, const std::function<Result<void>(const Json&, const std::string&)>& take)
    {
        known_.insert(name);
        if (!ok() || !json_.contains(name) || json_[name].is_null())
            return;
        if (auto taken = take(json_[name], at(name)); !taken)
            result_ = std::move(taken);
    }

    void need(const char* name)
    {
        if (ok() && (!json_.contains(name) || json_[name].is_null()))
            set_error(fmt::format("'{}' is missing", name));
    }

    void number(const char* name, std::uint32_t max, std::uint32_t& value, std::uint32_t min = 0)
    {
        member(name, [&](const Json& json, const std::string& path) -> Result<void> {
            if (!json.is_number_integer() || (!json.is_number_unsigned() && json.get<std::int64_t>() < 0))
                return fail(EINVAL, "a whole number of 0 or above is expected", path);
            auto number = json.get<std::uint64_t>();
            if (number < min || number > max)
                return fail(ERANGE, fmt::format("{} is out of range, {} to {} is allowed", number, min, max),
                            path);
            value = static_cast<std::uint32_t>(number);
            return {};
        });
    }

    // With numbers, 7 is as good as "7".
    template <typename Set>
    void text(const char* name, Set set, bool numbers = false)
    {
        member(name, [&](const Json& json, const std::string& path) -> Result<void> {
            if (!json.is_string() && !(numbers && json.is_number_integer()))
                return fail(EINVAL, "text is expected", path);
            Result<void> done = set(json.is_string() ? json.get<std::string>() : json.dump());
            if (!done)
                done.error().field = path;
            return done;
        });
    }

    void boolean(const char* name, std::optional<bool>& value)
    {
        member(name, [&](const Json& json, const std::string& path) -> Result<void> {
            if (!json.is_boolean())
                return fail(EINVAL, "true or false is expected", path);
            value = json.get<bool>();
            return {};
        });
    }

    void optional_number(const char* name, std::uint32_t max, std::optional<std::uint32_t>& value)
    {
        std::uint32_t number_read = 0;
        if (json_.is_object() && json_.contains(name) && !json_[name].is_null()) {
            number(name, max, number_read);
            value = number_read;
        } else {
            known_.insert(name);
        }
    }

    void set_error(std::string message) { result_ = fail(EINVAL, std::move(message), path_); }
    [[nodiscard]] bool ok() const { return result_.has_value(); }
    [[nodiscard]] std::string at(const std::string& name) const
    {
        return path_.empty() ? name : path_ + "." + name;
    }

    /// The verdict, with members that nobody asked for refused.
    Result<void> finish()
    {
        if (ok())
            for (const auto& item : json_.items())
                if (!known_.contains(item.key()))
                    return fail(EINVAL, fmt::format("'{}' is not known here", item.key()), path_);
        return result_;
    }

  private:
    const Json& json_;
    std::string path_;
    std::set<std::string> known_;
    Result<void> result_;
};

Result<void> read_timeouts(const Json& json, const std::string& path, Timeouts& timeouts)
{
    Reader reader(json, path);
    for (unsigned i = 0; i < __WEIR_STATE_MAX; i++) {
        auto state = static_cast<weir_state>(i);
        std::optional<std::uint32_t> seconds;
        reader.optional_number(std::string(state_word(state)).c_str(), WEIR_TIMEOUT_MAX, seconds);
        if (seconds && *seconds)
            timeouts[state] = *seconds;
    }
    return reader.finish();
}

Result<void> read_flags(const Json& json, const std::string& path, std::uint32_t& flags)
{
    if (!json.is_array())
        return fail(EINVAL, "a list of flags is expected", path);
    for (const Json& item : json) {
        std::uint32_t flag = item.is_string() ? flag_from_word(item.get<std::string>()) : 0;
        if (!flag)
            return fail(EINVAL, fmt::format("{} is no flag of a service", to_line(item)), path);
        flags |= flag;
    }
    return {};
}

Result<Server> read_server(const Json& json, const std::string& path)
{
    Server server;
    Reader reader(json, path);
    reader.need("server");
    reader.text("server", [&](const std::string& text) -> Result<void> {
        auto endpoint = Endpoint::parse(text);
        if (!endpoint)
            return pass_on(endpoint);
        server.endpoint = *endpoint;
        return {};
    });
    reader.text("method", [&](const std::string& text) -> Result<void> {
        auto method = method_from_word(text);
        if (!method)
            return fail(EINVAL,
                        fmt::format("'{}' is no forwarding method: dr, nat, tun, fullnat, local", text));
        server.config.method = *method;
        return {};
    });
    reader.text("tunnel", [&](const std::string& text) -> Result<void> {
        auto tunnel = tunnel_from_word(text);
        if (!tunnel)
            return pass_on(tunnel);
        server.config.tunnel = *tunnel;
        return {};
    });
    reader.number("weight", WEIR_WEIGHT_MAX, server.config.weight);
    reader.number("u-threshold", INT32_MAX, server.config.upper);
    reader.number("l-threshold", INT32_MAX, server.config.lower);
    reader.optional_number("override", WEIR_WEIGHT_MAX, server.weight_override);
    reader.optional_number("drain", WEIR_TIMEOUT_MAX, server.drain);
    if (auto done = reader.finish(); !done)
        return pass_on(done);
    return server;
}

Result<void> read_servers(const Json& json, const std::string& path, Service& service)
{
    if (!json.is_array())
        return fail(EINVAL, "a list of servers is expected", path);
    std::set<Endpoint> seen;
    for (std::size_t i = 0; i < json.size(); i++) {
        std::string place = fmt::format("{}[{}]", path, i);
        auto server = read_server(json[i], place);
        if (!server)
            return pass_on(server);
        if (!seen.insert(server->endpoint).second)
            return fail(EEXIST, fmt::format("server {} is there twice", server->endpoint.to_string()), place);
        service.servers.push_back(*server);
    }
    return {};
}

void read_settings(Reader& reader, const ServiceKey& key, ServiceConfig& config)
{
    reader.text("scheduler", [&](const std::string& text) -> Result<void> {
        if (text.empty() || text.size() > WEIR_SCHEDULER_NAME_MAX)
            return fail(EINVAL,
                        fmt::format("a scheduler's name has 1 to {} characters", WEIR_SCHEDULER_NAME_MAX));
        config.scheduler = text;
        return {};
    });
    reader.number("persistent", WEIR_TIMEOUT_MAX, config.persist_timeout);
    std::uint32_t width = key.family == AF_INET6 ? 128 : 32;
    reader.number("netmask", width, config.persist_prefix);
    if (config.persist_prefix == width)
        config.persist_prefix = 0;
    reader.member("flags", [&](const Json& json, const std::string& path) {
        return read_flags(json, path, config.flags);
    });
    reader.number("slow-start", WEIR_SLOW_START_MAX, config.slow_start);
    reader.number("syn-retry", 8, config.syn_retry);
    reader.text("on-gone", [&](const std::string& text) -> Result<void> {
        auto on_gone = on_gone_from_word(text);
        if (!on_gone)
            return fail(EINVAL, fmt::format("'{}': keep, reset or move is expected", text));
        config.on_gone = *on_gone;
        return {};
    });
    reader.number("mh-size", WEIR_MH_TABLE_MAX, config.mh_size);
    reader.text("seed", [&](const std::string& text) -> Result<void> {
        auto seed = seed_from_string(text);
        if (!seed)
            return pass_on(seed);
        config.seed = *seed;
        return {};
    });
    reader.member("timeouts", [&](const Json& json, const std::string& path) {
        return read_timeouts(json, path, config.timeouts);
    });
    reader.text("pool", [&](const std::string& text) -> Result<void> {
        auto pool = pool_from_word(text);
        if (!pool)
            return pass_on(pool);
        config.pool = *pool;
        return {};
    });
    reader.text("proxy-protocol", [&](const std::string& text) -> Result<void> {
        auto version = proxy_protocol_from_word(text);
        if (!version)
            return fail(EINVAL, fmt::format("'{}': v1, v2 or none is expected", text));
        config.proxy_protocol = *version;
        return {};
    });
}

void read_owner(Reader& reader, std::string& owner)
{
    reader.text("owner", [&](const std::string& text) -> Result<void> {
        if (!is_owner_name(text))
            return fail(EINVAL,
                        fmt::format("an owner's name has 1 to {} visible characters", WEIR_OWNER_MAX));
        owner = text;
        return {};
    });
}

Result<void> read_ranges(const Json& json, const std::string& path, std::vector<AddressRange>& ranges)
{
    if (!json.is_array() || json.empty())
        return fail(EINVAL, "a list of addresses is expected", path);
    for (const Json& item : json) {
        auto range = item.is_string() ? AddressRange::parse(item.get_ref<const std::string&>())
                                      : Result<AddressRange>(fail(EINVAL, "text is expected"));
        if (!range)
            return fail(EINVAL, range.error().message, path);
        if (!ranges.empty() && ranges.front().first.family() != range->first.family())
            return fail(EINVAL, "the addresses of a pool are of one family", path);
        ranges.push_back(*range);
    }
    return {};
}

Result<Pool> read_pool(const Json& json, const std::string& path)
{
    Pool pool;
    Reader reader(json, path);
    reader.need("pool");
    reader.text("pool", [&](const std::string& text) -> Result<void> {
        if (!is_pool_name(text))
            return fail(EINVAL,
                        fmt::format("a pool's name has 1 to {} visible characters", WEIR_POOL_NAME_MAX));
        pool.name = text;
        return {};
    });
    read_owner(reader, pool.owner);
    reader.need("addresses");
    reader.member("addresses", [&](const Json& list, const std::string& place) {
        return read_ranges(list, place, pool.config.ranges);
    });
    reader.text(
        "ports",
        [&](const std::string& text) -> Result<void> {
            auto ports = PortRange::parse(text);
            if (!ports)
                return pass_on(ports);
            if (!ports->first)
                return fail(EINVAL, "a pool's ports begin at 1 or above");
            pool.config.ports = *ports;
            return {};
        },
        true);
    if (auto done = reader.finish(); !done)
        return pass_on(done);
    return pool;
}

Result<void> read_pools(const Json& json, const std::string& path, std::vector<Pool>& pools)
{
    if (!json.is_array())
        return fail(EINVAL, "a list of pools is expected", path);
    std::set<std::string> seen;
    for (std::size_t i = 0; i < json.size(); i++) {
        std::string place = fmt::format("{}[{}]", path, i);
        auto pool = read_pool(json[i], place);
        if (!pool)
            return pass_on(pool);
        if (!seen.insert(pool->name).second)
            return fail(EEXIST, fmt::format("pool {} is there twice", pool->name), place);
        pools.push_back(std::move(*pool));
    }
    return {};
}

Result<Service> read_service(const Json& json, const std::string& path)
{
    Service service;
    Reader reader(json, path);
    reader.need("service");
    reader.text("service", [&](const std::string& text) -> Result<void> {
        auto key = parse_service_word(text);
        if (!key)
            return pass_on(key);
        service.key = *key;
        return {};
    });
    read_owner(reader, service.owner);
    read_settings(reader, service.key, service.config);
    reader.member("servers", [&](const Json& list, const std::string& place) {
        return read_servers(list, place, service);
    });
    if (auto done = reader.finish(); !done)
        return pass_on(done);
    return service;
}

Result<void> read_services(const Json& json, const std::string& path, std::vector<Service>& services)
{
    if (!json.is_array())
        return fail(EINVAL, "a list of services is expected", path);
    std::set<ServiceKey> seen;
    for (std::size_t i = 0; i < json.size(); i++) {
        std::string place = fmt::format("{}[{}]", path, i);
        auto service = read_service(json[i], place);
        if (!service)
            return pass_on(service);
        if (!seen.insert(service->key).second)
            return fail(EEXIST, fmt::format("service {} is there twice", service_word(service->key)), place);
        services.push_back(std::move(*service));
    }
    return {};
}

Result<void> read_devices(const Json& json, const std::string& path, std::vector<std::string>& devices)
{
    if (!json.is_array())
        return fail(EINVAL, "a list of devices is expected", path);
    for (const Json& device : json) {
        if (!device.is_string() || device.get<std::string>().empty())
            return fail(EINVAL, "a device's name is expected", path);
        devices.push_back(device.get<std::string>());
    }
    return {};
}

Result<ConfigChange> read_config(const Json& json, const std::string& path)
{
    ConfigChange change;
    Reader reader(json, path);
    reader.optional_number("conn-max", UINT32_MAX, change.conn_max);
    reader.optional_number("service-max", UINT32_MAX, change.service_max);
    reader.optional_number("staged-max", UINT32_MAX, change.staged_max);
    reader.boolean("express", change.express);
    reader.boolean("sloppy-tcp", change.sloppy_tcp);
    reader.boolean("expire-quiescent", change.expire_quiescent);
    reader.member("express-devices", [&](const Json& list, const std::string& place) {
        return read_devices(list, place, change.express_devices.emplace());
    });
    reader.member("timeouts", [&](const Json& list, const std::string& place) {
        return read_timeouts(list, place, change.timeouts);
    });
    if (auto done = reader.finish(); !done)
        return pass_on(done);
    return change;
}

Json service_json(const Service& service)
{
    Json json;
    json["service"] = service_word(service.key);
    if (!service.owner.empty())
        json["owner"] = service.owner;
    json.update(settings_json(service.config, Detail::changed));
    json["servers"] = Json::array();
    for (const Server& server : service.servers) {
        Json entry;
        entry["server"] = server.endpoint.to_string();
        entry.update(settings_json(server.config, Detail::changed));
        if (server.weight_override)
            entry["override"] = *server.weight_override;
        if (server.drain)
            entry["drain"] = *server.drain;
        json["servers"].push_back(std::move(entry));
    }
    return json;
}

Json pool_json(const Pool& pool)
{
    Json json;
    json["pool"] = pool.name;
    if (!pool.owner.empty())
        json["owner"] = pool.owner;
    json.update(settings_json(pool.config));
    return json;
}

Json config_json(const ConfigChange& change)
{
    Json json = Json::object();
    auto put = [&](const char* name, const auto& value) {
        if (value)
            json[name] = *value;
    };
    put("conn-max", change.conn_max);
    put("service-max", change.service_max);
    put("staged-max", change.staged_max);
    put("express", change.express);
    put("sloppy-tcp", change.sloppy_tcp);
    put("expire-quiescent", change.expire_quiescent);
    put("express-devices", change.express_devices);
    for (auto [state, seconds] : change.timeouts)
        json["timeouts"][std::string(state_word(state))] = seconds;
    return json;
}

} // namespace

Result<Document> document_from_json(const Json& json)
{
    Document document;
    Reader reader(json, "");
    reader.member("config", [&](const Json& value, const std::string& path) -> Result<void> {
        auto config = read_config(value, path);
        if (!config)
            return pass_on(config);
        document.config = std::move(*config);
        return {};
    });
    reader.member("pools", [&](const Json& value, const std::string& path) {
        return read_pools(value, path, document.pools);
    });
    reader.need("services");
    reader.member("services", [&](const Json& value, const std::string& path) {
        return read_services(value, path, document.services);
    });
    if (auto done = reader.finish(); !done)
        return pass_on(done);
    return document;
}

Json document_json(const Document& document)
{
    Json json;
    if (document.config)
        json["config"] = config_json(*document.config);
    for (const Pool& pool : document.pools)
        json["pools"].push_back(pool_json(pool));
    json["services"] = Json::array();
    for (const Service& service : document.services)
        json["services"].push_back(service_json(service));
    return json;
}

} // namespace weir
