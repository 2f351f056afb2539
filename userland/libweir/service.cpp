// SPDX-License-Identifier: GPL-2.0
#include "libweir/service.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include <fmt/format.h>
#include <linux/netlink.h>

#include "libweir/config.h"

namespace weir {
namespace {

constexpr std::string_view on_gone_words[] = {"keep", "reset", "move"};
constexpr std::string_view proxy_protocol_words[] = {"none", "v1", "v2"};

void put_key(NlMsg& message, const ServiceKey& key)
{
    message.put_u32(WEIR_A_SERVICE_FAMILY, static_cast<std::uint32_t>(key.family));
    if (key.fwmark) {
        message.put_u32(WEIR_A_SERVICE_FWMARK, key.fwmark);
        return;
    }
    message.put_u32(WEIR_A_SERVICE_PROTOCOL, static_cast<std::uint32_t>(key.protocol));
    message.put_address(WEIR_A_SERVICE_ADDR, key.address);
    message.put_be16(WEIR_A_SERVICE_PORT, key.ports.first);
    if (!key.ports.single())
        message.put_be16(WEIR_A_SERVICE_PORT_END, key.ports.last);
}

void put_config(NlMsg& message, const ServiceKey& key, const ServiceConfig& config, unsigned fields)
{
    if (fields & SERVICE_SCHEDULER)
        message.put_string(WEIR_A_SERVICE_SCHEDULER, config.scheduler);
    if (fields & SERVICE_FLAGS)
        message.put_u32(WEIR_A_SERVICE_FLAGS, config.flags);
    if (fields & SERVICE_PERSIST) {
        std::uint32_t whole = key.family == AF_INET6 ? 128 : 32;
        message.put_u32(WEIR_A_SERVICE_PERSIST_TIMEOUT, config.persist_timeout);
        message.put_u32(WEIR_A_SERVICE_PERSIST_PREFIX, config.persist_prefix ? config.persist_prefix : whole);
    }
    if (fields & SERVICE_SLOW_START)
        message.put_u32(WEIR_A_SERVICE_SLOW_START, config.slow_start);
    if (fields & SERVICE_SYN_RETRY)
        message.put_u32(WEIR_A_SERVICE_SYN_RETRY, config.syn_retry);
    if (fields & SERVICE_ON_GONE)
        message.put_u32(WEIR_A_SERVICE_ON_GONE, config.on_gone);
    if (fields & SERVICE_MH_SIZE)
        message.put_u32(WEIR_A_SERVICE_MH_SIZE, config.mh_size);
    if (fields & SERVICE_SEED) // zeros: none
        message.put_bytes(WEIR_A_SERVICE_SEED, config.seed.value_or(Seed{}));
    if (fields & SERVICE_TIMEOUTS)
        put_timeouts(message, WEIR_A_SERVICE_TIMEOUT, config.timeouts);
    if (fields & SERVICE_POOL) // empty: none
        message.put_string(WEIR_A_SERVICE_POOL, config.pool);
    if (fields & SERVICE_PROXY_PROTOCOL)
        message.put_u32(WEIR_A_SERVICE_PROXY_PROTOCOL, config.proxy_protocol);
}

ServiceConfig parse_config(const AttrSet& attrs, int family)
{
    auto value = [&](unsigned type) { return attrs.u32(type).value_or(0); };
    ServiceConfig config;
    config.scheduler = attrs.string(WEIR_A_SERVICE_SCHEDULER).value_or("");
    config.flags = value(WEIR_A_SERVICE_FLAGS);
    config.persist_timeout = value(WEIR_A_SERVICE_PERSIST_TIMEOUT);
    config.persist_prefix = value(WEIR_A_SERVICE_PERSIST_PREFIX);
    if (config.persist_prefix == (family == AF_INET6 ? 128u : 32u))
        config.persist_prefix = 0;
    config.slow_start = value(WEIR_A_SERVICE_SLOW_START);
    config.syn_retry = value(WEIR_A_SERVICE_SYN_RETRY);
    config.on_gone = static_cast<weir_on_gone>(value(WEIR_A_SERVICE_ON_GONE));
    config.mh_size = value(WEIR_A_SERVICE_MH_SIZE);
    if (Bytes bytes = attrs.bytes(WEIR_A_SERVICE_SEED); bytes.size() == WEIR_SEED_LEN) {
        config.seed.emplace();
        std::copy(bytes.begin(), bytes.end(), config.seed->begin());
    }
    config.timeouts = parse_timeouts(attrs, WEIR_A_SERVICE_TIMEOUT);
    config.pool = attrs.string(WEIR_A_SERVICE_POOL).value_or("");
    config.proxy_protocol = static_cast<weir_proxy_protocol>(value(WEIR_A_SERVICE_PROXY_PROTOCOL));
    return config;
}

Result<void> send_key(NlSocket& socket, std::uint8_t command, const ServiceKey& key,
                      const NlSocket::OnAnswer& answer = {})
{
    NlMsg message(command);
    put_service_key(message, key);
    return socket.request(message, answer);
}

struct OwnedServer {
    ServiceKey service;
    Server server;
};

std::optional<OwnedServer> parse_owned(const Answer& answer)
{
    auto service = parse_service(answer.attrs.nest(WEIR_A_SERVICE));
    auto server = parse_server(answer.attrs.nest(WEIR_A_SERVER));
    if (!service || !server)
        return std::nullopt;
    return OwnedServer{service->key, *server};
}

Result<std::vector<OwnedServer>> servers_of(NlSocket& socket, const ServiceKey& key)
{
    NlMsg message(WEIR_CMD_SERVER_GET);
    put_service_key(message, key);
    return socket.dump(message, parse_owned);
}

} // namespace

std::string ServiceKey::to_string() const
{
    if (fwmark)
        return fmt::format("FWM {}{}", fwmark, family == AF_INET6 ? " IPv6" : "");
    return fmt::format("{} {}", protocol_label(protocol), EndpointRange{address, ports}.to_string());
}

bool is_owner_name(std::string_view name)
{
    auto visible = [](char c) { return c > ' ' && c <= '~'; };
    return !name.empty() && name.size() <= WEIR_OWNER_MAX && name[0] != '#' &&
           std::ranges::all_of(name, visible);
}

std::string_view on_gone_word(weir_on_gone on_gone)
{
    return static_cast<unsigned>(on_gone) < std::size(on_gone_words) ? on_gone_words[on_gone] : "unknown";
}

std::optional<weir_on_gone> on_gone_from_word(std::string_view word)
{
    for (unsigned i = 0; i < std::size(on_gone_words); i++)
        if (on_gone_words[i] == word)
            return static_cast<weir_on_gone>(i);
    return std::nullopt;
}

std::string_view proxy_protocol_word(weir_proxy_protocol version)
{
    return static_cast<unsigned>(version) < std::size(proxy_protocol_words) ? proxy_protocol_words[version]
                                                                            : "unknown";
}

std::optional<weir_proxy_protocol> proxy_protocol_from_word(std::string_view word)
{
    for (unsigned i = 0; i < std::size(proxy_protocol_words); i++)
        if (proxy_protocol_words[i] == word)
            return static_cast<weir_proxy_protocol>(i);
    return std::nullopt;
}

std::string protocol_label(int protocol)
{
    switch (protocol) {
    case IPPROTO_TCP: return "TCP";
    case IPPROTO_UDP: return "UDP";
    case 0: return "IP";
    default: return std::to_string(protocol);
    }
}

std::string seed_to_string(const Seed& seed)
{
    std::string text;
    for (auto byte : seed)
        text += fmt::format("{:02x}", byte);
    return text;
}

Result<std::optional<Seed>> seed_from_string(std::string_view text)
{
    Seed seed{};
    if (text == "none")
        return std::nullopt;
    if (text.size() != 2 * seed.size())
        return fail(EINVAL, fmt::format("a seed has {} hexadecimal digits, '{}' has {}", 2 * seed.size(),
                                        text, text.size()));
    for (std::size_t i = 0; i < seed.size(); i++) {
        const char* digits = text.data() + 2 * i;
        auto [end, error] = std::from_chars(digits, digits + 2, seed[i], 16);
        if (error != std::errc() || end != digits + 2)
            return fail(EINVAL, fmt::format("'{}' holds what is no hexadecimal digit", text));
    }
    if (seed == Seed{})
        return fail(EINVAL, "a seed of zeros is none: say 'none'");
    return seed;
}

void put_service_key(NlMsg& message, const ServiceKey& key)
{
    NlMsg::Nest nest(message, WEIR_A_SERVICE);
    put_key(message, key);
}

void put_service(NlMsg& message, const Service& service, unsigned fields)
{
    NlMsg::Nest nest(message, WEIR_A_SERVICE);
    put_key(message, service.key);
    if (!service.owner.empty())
        message.put_string(WEIR_A_SERVICE_OWNER, service.owner);
    put_config(message, service.key, service.config, fields);
}

std::optional<Service> parse_service(const AttrSet& attrs)
{
    auto family = attrs.u32(WEIR_A_SERVICE_FAMILY);
    auto address = attrs.address(WEIR_A_SERVICE_ADDR);
    Service service;
    service.key.fwmark = attrs.u32(WEIR_A_SERVICE_FWMARK).value_or(0);
    if (!family || (!service.key.fwmark && !address))
        return std::nullopt;
    service.key.family = static_cast<int>(*family);
    if (!service.key.fwmark) {
        service.key.protocol = static_cast<int>(attrs.u32(WEIR_A_SERVICE_PROTOCOL).value_or(0));
        service.key.address = *address;
        std::uint16_t first = attrs.be16(WEIR_A_SERVICE_PORT).value_or(0);
        service.key.ports = {first, attrs.be16(WEIR_A_SERVICE_PORT_END).value_or(first)};
    }
    service.config = parse_config(attrs, service.key.family);
    service.owner = attrs.string(WEIR_A_SERVICE_OWNER).value_or("");
    service.id = attrs.u32(WEIR_A_SERVICE_ID).value_or(0);
    service.server_count = attrs.u32(WEIR_A_SERVICE_SERVERS).value_or(0);
    service.stats = parse_stats(attrs.nest(WEIR_A_SERVICE_STATS));
    return service;
}

Result<void> service_add(NlSocket& socket, const Service& service)
{
    NlMsg message(WEIR_CMD_SERVICE_NEW);
    put_service(message, service, SERVICE_ALL);
    return socket.request(message);
}

Result<void> service_set(NlSocket& socket, const Service& service, unsigned fields)
{
    NlMsg message(WEIR_CMD_SERVICE_SET);
    Service unowned = service; // the owner is set once
    unowned.owner.clear();
    put_service(message, unowned, fields);
    return socket.request(message);
}

Result<void> service_del(NlSocket& socket, const ServiceKey& key)
{
    return send_key(socket, WEIR_CMD_SERVICE_DEL, key);
}

Result<void> service_zero(NlSocket& socket, const ServiceKey& key)
{
    return send_key(socket, WEIR_CMD_SERVICE_ZERO, key);
}

Result<void> services_zero(NlSocket& socket)
{
    NlMsg message(WEIR_CMD_SERVICE_ZERO);
    return socket.request(message);
}

Result<void> services_flush(NlSocket& socket, const std::string& owner)
{
    NlMsg message(WEIR_CMD_SERVICE_FLUSH);
    if (!owner.empty())
        message.put_string(WEIR_A_OWNER, owner);
    return socket.request(message);
}

Result<Service> service_get(NlSocket& socket, const ServiceKey& key)
{
    std::optional<Service> service;
    auto done = send_key(socket, WEIR_CMD_SERVICE_GET, key, [&](const Answer& answer) {
        service = parse_service(answer.attrs.nest(WEIR_A_SERVICE));
    });
    if (!done)
        return pass_on(done);
    if (!service)
        return fail(EBADMSG, "the kernel's answer holds no service");
    auto servers = servers_of(socket, key);
    if (!servers)
        return pass_on(servers);
    for (OwnedServer& owned : *servers)
        service->servers.push_back(owned.server);
    return std::move(*service);
}

Result<std::vector<Service>> services_list_bare(NlSocket& socket, const std::string& owner)
{
    NlMsg message(WEIR_CMD_SERVICE_GET);
    if (!owner.empty())
        message.put_string(WEIR_A_OWNER, owner);
    return socket.dump(message,
                       [](const Answer& answer) { return parse_service(answer.attrs.nest(WEIR_A_SERVICE)); });
}

namespace {

Result<std::vector<Service>> list_once(NlSocket& socket, const std::string& owner)
{
    auto services = services_list_bare(socket, owner);
    if (!services || services->empty())
        return services;
    auto hash = [](const ServiceKey& key) { return std::hash<std::string>()(key.to_string()); };
    std::unordered_map<ServiceKey, Service*, decltype(hash)> by_key(services->size(), hash);
    for (Service& service : *services)
        by_key.emplace(service.key, &service);
    Service* last = nullptr; // servers of one service follow each other
    // put in their place one by one: all of them beside their services would take that memory twice
    NlMsg message(WEIR_CMD_SERVER_GET);
    auto done = socket.dump_each(message, [&](const Answer& answer) {
        auto owned = parse_owned(answer);
        if (!owned)
            return;
        if (!last || last->key != owned->service) {
            auto found = by_key.find(owned->service);
            last = found == by_key.end() ? nullptr : found->second;
            if (last)
                last->servers.reserve(last->server_count);
        }
        if (last) // else of another owner, or of a service that came after the first dump
            last->servers.push_back(owned->server);
    });
    return done ? std::move(services) : Result<std::vector<Service>>(pass_on(done));
}

} // namespace

Result<std::vector<Service>> services_list(NlSocket& socket, const std::string& owner)
{
    // two dumps: what changes during or between them would make services without servers, or servers twice
    for (int attempt = 0; attempt < 10; attempt++) {
        auto before = config_get(socket);
        if (!before)
            return pass_on(before);
        auto services = list_once(socket, owner);
        if (!services)
            return services;
        auto after = config_get(socket);
        if (!after)
            return pass_on(after);
        if (before->generation == after->generation)
            return services;
    }
    return fail(EINTR, "the configuration changes faster than it can be listed");
}

} // namespace weir
