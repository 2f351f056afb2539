// SPDX-License-Identifier: GPL-2.0
#include "libweir/config.h"

#include <algorithm>

#include <linux/weir.h>

namespace weir {

Config parse_config(const AttrSet& attrs)
{
    auto value = [&](unsigned type) { return attrs.u32(type).value_or(0); };
    Config config;
    config.timeouts = parse_timeouts(attrs, WEIR_A_CONFIG_TIMEOUT);
    config.conn_max = value(WEIR_A_CONFIG_CONN_MAX);
    config.service_max = value(WEIR_A_CONFIG_SERVICE_MAX);
    config.staged_max = value(WEIR_A_CONFIG_STAGED_MAX);
    config.express = value(WEIR_A_CONFIG_EXPRESS) != 0;
    config.sloppy_tcp = value(WEIR_A_CONFIG_SLOPPY_TCP) != 0;
    config.expire_quiescent = value(WEIR_A_CONFIG_EXPIRE_QUIESCENT) != 0;
    attrs.each(WEIR_A_CONFIG_EXPRESS_DEVICE, [&](Bytes name) {
        config.express_devices.emplace_back(name.begin(), std::ranges::find(name, 0));
    });
    config.conn_count = value(WEIR_A_CONFIG_CONN_COUNT);
    config.conn_buckets = value(WEIR_A_CONFIG_CONN_BUCKETS);
    config.service_count = value(WEIR_A_CONFIG_SERVICE_COUNT);
    return config;
}

Result<Config> config_get(NlSocket& socket)
{
    std::optional<Config> config;
    NlMsg message(WEIR_CMD_CONFIG_GET);
    auto done = socket.request(message, [&](const Answer& answer) {
        config = parse_config(answer.attrs.nest(WEIR_A_CONFIG));
        config->generation = answer.attrs.u32(WEIR_A_GENERATION).value_or(0);
    });
    if (!done)
        return pass_on(done);
    if (!config)
        return fail(EBADMSG, "the kernel's answer holds no settings");
    return *config;
}

Result<void> config_set(NlSocket& socket, const ConfigChange& change)
{
    NlMsg message(WEIR_CMD_CONFIG_SET);
    {
        NlMsg::Nest nest(message, WEIR_A_CONFIG);
        put_timeouts(message, WEIR_A_CONFIG_TIMEOUT, change.timeouts);
        auto put = [&](int type, const auto& value) {
            if (value)
                message.put_u32(type, *value);
        };
        put(WEIR_A_CONFIG_CONN_MAX, change.conn_max);
        put(WEIR_A_CONFIG_SERVICE_MAX, change.service_max);
        put(WEIR_A_CONFIG_STAGED_MAX, change.staged_max);
        put(WEIR_A_CONFIG_EXPRESS, change.express);
        put(WEIR_A_CONFIG_SLOPPY_TCP, change.sloppy_tcp);
        put(WEIR_A_CONFIG_EXPIRE_QUIESCENT, change.expire_quiescent);
        if (change.express_devices && change.express_devices->empty())
            message.put_string(WEIR_A_CONFIG_EXPRESS_DEVICE, "");
        for (const std::string& name : change.express_devices.value_or(std::vector<std::string>()))
            message.put_string(WEIR_A_CONFIG_EXPRESS_DEVICE, name);
    }
    return socket.request(message);
}

} // namespace weir
