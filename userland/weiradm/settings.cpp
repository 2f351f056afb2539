// SPDX-License-Identifier: GPL-2.0
#include "weiradm/settings.h"

#include <algorithm>

#include <fmt/format.h>

#include "weiradm/arguments.h"
#include "weiradm/json.h"

namespace weir {
namespace {

/// "ops,conntrack" or "none"
Result<std::uint32_t> parse_flags(const std::string& text)
{
    std::uint32_t flags = 0;
    if (text == "none")
        return flags;
    for (std::size_t start = 0; start <= text.size();) {
        std::size_t end = std::min(text.find(',', start), text.size());
        std::string word = text.substr(start, end - start);
        std::uint32_t flag = flag_from_word(word);
        if (!flag)
            return fail(EINVAL, fmt::format("'{}' is no flag of a service", word), "--flags");
        flags |= flag;
        start = end + 1;
    }
    return flags;
}

} // namespace

void ServiceOptions::declare(Options& options)
{
    options.value("scheduler,s", scheduler_);
    options.value("flags,b", flags_);
    options.number("persistent,p", 0, WEIR_TIMEOUT_MAX, persistent_);
    options.number("netmask,M", 1, 128, netmask_);
    options.number("slow-start", 0, WEIR_SLOW_START_MAX, slow_start_);
    options.number("syn-retry", 0, 8, syn_retry_);
    options.value("on-gone", on_gone_);
    options.number("mh-size", 0, WEIR_MH_TABLE_MAX, mh_size_);
    options.value("seed", seed_);
    options.value("timeouts", timeouts_);
    options.value("pool", pool_);
    options.value("proxy-protocol", proxy_protocol_);
}

Result<unsigned> ServiceOptions::apply(ServiceConfig& config, int family) const
{
    unsigned fields = 0;
    auto take = [&](const auto& option, auto& member, unsigned field) {
        if (option) {
            member = *option;
            fields |= field;
        }
    };
    take(scheduler_, config.scheduler, SERVICE_SCHEDULER);
    take(persistent_, config.persist_timeout, SERVICE_PERSIST);
    take(slow_start_, config.slow_start, SERVICE_SLOW_START);
    take(syn_retry_, config.syn_retry, SERVICE_SYN_RETRY);
    take(mh_size_, config.mh_size, SERVICE_MH_SIZE);
    if (scheduler_ && (scheduler_->empty() || scheduler_->size() > WEIR_SCHEDULER_NAME_MAX))
        return fail(EINVAL, fmt::format("a scheduler's name has 1 to {} characters", WEIR_SCHEDULER_NAME_MAX),
                    "--scheduler");
    if (netmask_) {
        std::uint32_t width = family == AF_INET6 ? 128 : 32;
        if (*netmask_ > width)
            return fail(ERANGE, fmt::format("{} is out of range, 1 to {} is allowed", *netmask_, width),
                        "--netmask");
        config.persist_prefix = *netmask_ == width ? 0 : *netmask_;
        fields |= SERVICE_PERSIST;
    }
    if (flags_) {
        auto flags = parse_flags(*flags_);
        if (!flags)
            return pass_on(flags);
        config.flags = *flags;
        fields |= SERVICE_FLAGS;
    }
    if (on_gone_) {
        auto on_gone = on_gone_from_word(*on_gone_);
        if (!on_gone)
            return fail(EINVAL, fmt::format("'{}': keep, reset or move is expected", *on_gone_), "--on-gone");
        config.on_gone = *on_gone;
        fields |= SERVICE_ON_GONE;
    }
    if (seed_) {
        auto seed = seed_from_string(*seed_);
        if (!seed)
            return fail(EINVAL, seed.error().message, "--seed");
        config.seed = *seed;
        fields |= SERVICE_SEED;
    }
    if (timeouts_) {
        auto timeouts = parse_timeouts_word(*timeouts_);
        if (!timeouts)
            return fail(EINVAL, timeouts.error().to_string(), "--timeouts");
        config.timeouts = std::move(*timeouts);
        fields |= SERVICE_TIMEOUTS;
    }
    if (pool_) {
        auto pool = pool_from_word(*pool_);
        if (!pool)
            return fail(EINVAL, pool.error().message, "--pool");
        config.pool = *pool;
        fields |= SERVICE_POOL;
    }
    if (proxy_protocol_) {
        auto version = proxy_protocol_from_word(*proxy_protocol_);
        if (!version)
            return fail(EINVAL, fmt::format("'{}': v1, v2 or none is expected", *proxy_protocol_),
                        "--proxy-protocol");
        config.proxy_protocol = *version;
        fields |= SERVICE_PROXY_PROTOCOL;
    }
    return fields;
}

void ServerOptions::declare(Options& options)
{
    options.value("method,m", method_);
    options.value("tunnel,t", tunnel_);
    options.number("weight,w", 0, WEIR_WEIGHT_MAX, weight_);
    options.number("u-threshold,x", 0, INT32_MAX, upper_);
    options.number("l-threshold,y", 0, INT32_MAX, lower_);
}

Result<unsigned> ServerOptions::apply(ServerConfig& config) const
{
    unsigned fields = 0;
    auto take = [&](const auto& option, auto& member, unsigned field) {
        if (option) {
            member = *option;
            fields |= field;
        }
    };
    take(weight_, config.weight, SERVER_WEIGHT);
    take(upper_, config.upper, SERVER_UPPER);
    take(lower_, config.lower, SERVER_LOWER);
    if (method_) {
        auto method = method_from_word(*method_);
        if (!method)
            return fail(EINVAL,
                        fmt::format("'{}' is no forwarding method: dr, nat, tun, fullnat, local", *method_),
                        "--method");
        config.method = *method;
        fields |= SERVER_METHOD;
        if (config.method != WEIR_METHOD_TUN)
            config.tunnel = {};
    }
    if (tunnel_) {
        auto tunnel = tunnel_from_word(*tunnel_);
        if (!tunnel)
            return fail(EINVAL, tunnel.error().message, "--tunnel");
        config.tunnel = *tunnel;
        fields |= SERVER_TUNNEL;
    }
    return fields;
}

} // namespace weir
