// SPDX-License-Identifier: GPL-2.0
#include "weiradm/json.h"

#include <nlohmann/json.hpp>

#include "weiradm/service_word.h"

namespace weir {
namespace {

struct FlagName {
    std::uint32_t bit;
    const char* word;
};

constexpr FlagName service_flags[] = {
    {WEIR_SERVICE_F_ONE_PACKET, "ops"},
    {WEIR_SERVICE_F_SH_FALLBACK, "sh-fallback"},
    {WEIR_SERVICE_F_SH_PORT, "sh-port"},
    {WEIR_SERVICE_F_MH_FALLBACK, "mh-fallback"},
    {WEIR_SERVICE_F_MH_PORT, "mh-port"},
    {WEIR_SERVICE_F_CONNTRACK, "conntrack"},
    {WEIR_SERVICE_F_NO_EXPRESS, "no-express"},
    {WEIR_SERVICE_F_CLAMP_MSS, "clamp-mss"},
    {WEIR_SERVICE_F_TOA, "toa"},
    {WEIR_SERVICE_F_TOA_DPVS, "toa-dpvs"},
};

constexpr FlagName server_flags[] = {
    {WEIR_SERVER_F_OVERLOADED, "overloaded"},
    {WEIR_SERVER_F_DRAINING, "draining"},
    {WEIR_SERVER_F_SLOW_START, "slow-start"},
};

constexpr FlagName conn_flags[] = {
    {WEIR_CONN_F_TEMPLATE, "template"},
    {WEIR_CONN_F_ACTIVE, "active"},
    {WEIR_CONN_F_ONE_WAY, "one-way"},
    {WEIR_CONN_F_EXPRESS, "express"},
    {WEIR_CONN_F_EXPRESS_REPLY, "express-reply"},
    {WEIR_CONN_F_CONNTRACK, "conntrack"},
};

template <std::size_t N>
Json words_of(const FlagName (&names)[N], std::uint32_t flags)
{
    Json words = Json::array();
    for (const FlagName& name : names)
        if (flags & name.bit)
            words.push_back(name.word);
    return words;
}

Json timeouts_json(const Timeouts& timeouts)
{
    Json json = Json::object();
    for (auto [state, seconds] : timeouts)
        json[std::string(state_word(state))] = seconds;
    return json;
}

Json stats_json(const Stats& stats)
{
    return {
        {"conns", stats.conns},
        {"in-packets", stats.in_pkts},
        {"out-packets", stats.out_pkts},
        {"in-bytes", stats.in_bytes},
        {"out-bytes", stats.out_bytes},
        {"conns-per-second", stats.cps},
        {"in-packets-per-second", stats.in_pps},
        {"out-packets-per-second", stats.out_pps},
        {"in-bytes-per-second", stats.in_bps},
        {"out-bytes-per-second", stats.out_bps},
    };
}

/// The members of an object; with Detail::changed only those that are not as `standard` has them.
Json keep(const Json& json, const Json& standard, Detail detail)
{
    if (detail == Detail::all)
        return json;
    Json kept = Json::object();
    for (const auto& [name, value] : json.items())
        if (!standard.contains(name) || standard[name] != value)
            kept[name] = value;
    return kept;
}

Json all_settings(const ServiceConfig& config)
{
    Json json;
    json["scheduler"] = config.scheduler;
    json["persistent"] = config.persist_timeout;
    json["netmask"] = config.persist_prefix;
    json["flags"] = flags_json(config.flags);
    json["slow-start"] = config.slow_start;
    json["syn-retry"] = config.syn_retry;
    json["on-gone"] = std::string(on_gone_word(config.on_gone));
    json["mh-size"] = config.mh_size;
    json["seed"] = config.seed ? Json(seed_to_string(*config.seed)) : Json();
    json["timeouts"] = timeouts_json(config.timeouts);
    json["pool"] = config.pool.empty() ? Json() : Json(config.pool);
    json["proxy-protocol"] = std::string(proxy_protocol_word(config.proxy_protocol));
    return json;
}

Json all_settings(const ServerConfig& config)
{
    Json json;
    json["method"] = std::string(method_word(config.method));
    if (config.method == WEIR_METHOD_TUN)
        json["tunnel"] = tunnel_word(config.tunnel);
    json["weight"] = config.weight;
    json["u-threshold"] = config.upper;
    json["l-threshold"] = config.lower;
    return json;
}

void append(Json& to, const Json& from)
{
    for (const auto& [key, value] : from.items())
        to[key] = value;
}

} // namespace

Json flags_json(std::uint32_t flags)
{
    return words_of(service_flags, flags);
}

std::uint32_t flag_from_word(std::string_view word)
{
    for (const FlagName& name : service_flags)
        if (word == name.word)
            return name.bit;
    return 0;
}

Json settings_json(const ServiceConfig& config, Detail detail)
{
    Json json = all_settings(config);
    Json standard = all_settings(ServiceConfig());
    standard.erase("scheduler"); // always written: the default is this program's, not the kernel's
    return keep(json, standard, detail);
}

Json settings_json(const ServerConfig& config, Detail detail)
{
    Json json = all_settings(config);
    Json standard = all_settings(ServerConfig());
    standard.erase("method");
    standard.erase("weight");
    return keep(json, standard, detail);
}

Json settings_json(const Config& config)
{
    Json json;
    json["conn-max"] = config.conn_max;
    json["service-max"] = config.service_max;
    json["staged-max"] = config.staged_max;
    json["express"] = config.express;
    json["sloppy-tcp"] = config.sloppy_tcp;
    json["expire-quiescent"] = config.expire_quiescent;
    json["express-devices"] = config.express_devices;
    json["timeouts"] = timeouts_json(config.timeouts);
    return json;
}

Json listing_json(const Server& server)
{
    Json json;
    json["server"] = server.endpoint.to_string();
    append(json, settings_json(server.config, Detail::all));
    json["override"] = server.weight_override ? Json(*server.weight_override) : Json();
    json["drain"] = server.drain ? Json(*server.drain) : Json();
    json["state"] = words_of(server_flags, server.flags);
    json["active"] = server.active;
    json["inactive"] = server.inactive;
    json["persistent"] = server.persistent;
    json["stats"] = stats_json(*server.stats);
    return json;
}

Json listing_json(const Service& service)
{
    Json json;
    json["service"] = service_word(service.key);
    json["id"] = service.id;
    json["owner"] = service.owner;
    append(json, settings_json(service.config, Detail::all));
    json["stats"] = stats_json(service.stats);
    json["servers"] = Json::array();
    for (const Server& server : service.servers)
        json["servers"].push_back(listing_json(server));
    return json;
}

Json listing_json(const Conn& conn)
{
    Json json;
    json["protocol"] = protocol_label(conn.protocol);
    json["client"] = conn.client.to_string();
    json["virtual"] = conn.virtual_end.to_string();
    json["server"] = conn.server.to_string();
    if (conn.local)
        json["local"] = conn.local->to_string();
    json["method"] = std::string(method_word(conn.method));
    json["state"] = std::string(state_word(conn.state));
    json["flags"] = words_of(conn_flags, conn.flags);
    json["expires-ms"] = conn.expires;
    json["service-id"] = conn.service_id;
    json["server-id"] = conn.server_id;
    return json;
}

Json settings_json(const PoolConfig& config)
{
    Json json;
    json["addresses"] = Json::array();
    for (const AddressRange& range : config.ranges)
        json["addresses"].push_back(range.to_string());
    json["ports"] = config.ports.to_string();
    return json;
}

Json listing_json(const Pool& pool)
{
    Json json;
    json["pool"] = pool.name;
    json["id"] = pool.id;
    json["owner"] = pool.owner;
    append(json, settings_json(pool.config));
    json["address-count"] = pool.addresses;
    json["services"] = pool.services;
    json["conns"] = pool.conns;
    json["taken"] = pool.taken;
    json["refused"] = pool.refused;
    json["host"] = pool.host;
    return json;
}

Json listing_json(const Config& config)
{
    Json json = settings_json(config);
    json["conn-count"] = config.conn_count;
    json["conn-buckets"] = config.conn_buckets;
    json["service-count"] = config.service_count;
    json["generation"] = config.generation;
    return json;
}

Json listing_json(const Event& event)
{
    using What = Event::What;
    bool whole_service = event.what == What::service_added || event.what == What::service_changed ||
                         event.what == What::service_deleted || event.what == What::service_present;
    Json json;
    json["event"] = std::string(event_word(event.what));
    json["generation"] = event.generation;
    if (event.service && whole_service)
        json["service"] = listing_json(*event.service);
    else if (event.service)
        json["service"] = service_word(event.service->key);
    if (event.server)
        json["server"] = listing_json(*event.server);
    if (event.pool)
        json["pool"] = listing_json(*event.pool);
    if (!event.owner.empty())
        json["owner"] = event.owner;
    return json;
}

std::string to_text(const Json& json)
{
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_line(const Json& json)
{
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace weir
