// SPDX-License-Identifier: GPL-2.0
#include "libweir/timeout.h"

namespace weir {
namespace {

struct StateName {
    std::string_view word;
    std::string_view label;
};

constexpr StateName state_names[] = {
    {"none", "NONE"},         {"established", "ESTABLISHED"}, {"syn-sent", "SYN_SENT"},
    {"syn-recv", "SYN_RECV"}, {"fin-wait", "FIN_WAIT"},       {"time-wait", "TIME_WAIT"},
    {"close", "CLOSE"},       {"close-wait", "CLOSE_WAIT"},   {"last-ack", "LAST_ACK"},
    {"listen", "LISTEN"},     {"synack", "SYNACK"},           {"udp", "UDP"},
    {"udp-unreplied", "UDP"},
};
static_assert(std::size(state_names) == __WEIR_STATE_MAX);

} // namespace

std::string_view state_word(weir_state state)
{
    return static_cast<unsigned>(state) < std::size(state_names) ? state_names[state].word : "unknown";
}

std::string_view state_label(weir_state state)
{
    return static_cast<unsigned>(state) < std::size(state_names) ? state_names[state].label : "UNKNOWN";
}

std::optional<weir_state> state_from_word(std::string_view word)
{
    for (unsigned i = 0; i < std::size(state_names); i++)
        if (state_names[i].word == word)
            return static_cast<weir_state>(i);
    return std::nullopt;
}

void put_timeouts(NlMsg& message, int type, const Timeouts& timeouts)
{
    for (auto [state, seconds] : timeouts) {
        NlMsg::Nest nest(message, type);
        message.put_u32(WEIR_A_TIMEOUT_STATE, state);
        message.put_u32(WEIR_A_TIMEOUT_SECONDS, seconds);
    }
}

Timeouts parse_timeouts(const AttrSet& attrs, unsigned type)
{
    Timeouts timeouts;
    attrs.each(type, [&](Bytes payload) {
        AttrSet nest(payload);
        auto state = nest.u32(WEIR_A_TIMEOUT_STATE);
        auto seconds = nest.u32(WEIR_A_TIMEOUT_SECONDS);
        if (state && seconds && *seconds && *state < __WEIR_STATE_MAX)
            timeouts[static_cast<weir_state>(*state)] = *seconds;
    });
    return timeouts;
}

} // namespace weir
