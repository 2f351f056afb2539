// SPDX-License-Identifier: GPL-2.0
#include "libweir/counter.h"

#include <optional>

#include <linux/weir.h>

namespace weir {

Result<std::vector<Counter>> counters_list(NlSocket& socket)
{
    NlMsg message(WEIR_CMD_COUNTER_GET);
    return socket.dump(message, [](const Answer& answer) -> std::optional<Counter> {
        AttrSet nest = answer.attrs.nest(WEIR_A_COUNTER);
        auto name = nest.string(WEIR_A_COUNTER_NAME);
        auto value = nest.u64(WEIR_A_COUNTER_VALUE);
        if (!name || !value)
            return std::nullopt;
        return Counter{std::move(*name), *value};
    });
}

} // namespace weir
