// SPDX-License-Identifier: GPL-2.0
// States of connections against the tables of IPVS, read in net/netfilter/ipvs/ip_vs_proto_tcp.c of
// Linux 6.1.192 (tcp_states).
#include "catch.h"

#include <array>
#include <map>
#include <sstream>
#include <string>
#include <vector>

extern "C" {
#include "proto.h"
}

namespace {

constexpr u8 fin = 0x01, syn = 0x02, rst = 0x04, psh = 0x08, ack = 0x10, urg = 0x20;

const std::vector<std::string> state_names = {"NONE",     "ESTABLISHED", "SYN_SENT", "SYN_RECV",
                                              "FIN_WAIT", "TIME_WAIT",   "CLOSE",    "CLOSE_WAIT",
                                              "LAST_ACK", "LISTEN",      "SYNACK"};

const std::map<std::string, std::string> abbreviations = {
    {"NO", "NONE"},     {"ES", "ESTABLISHED"}, {"SS", "SYN_SENT"}, {"SR", "SYN_RECV"},
    {"FW", "FIN_WAIT"}, {"TW", "TIME_WAIT"},   {"CL", "CLOSE"},    {"CW", "CLOSE_WAIT"},
    {"LA", "LAST_ACK"}, {"LI", "LISTEN"},      {"SA", "SYNACK"},
};

struct Row {
    const char* what;
    weir_dir dir;
    bool one_way;
    u8 flags;
    // Next states of: NO ES SS SR FW TW CL CW LA LI SA
    const char* next;
};

const std::vector<Row> ipvs = {
    {"client SYN", WEIR_DIR_ORIGINAL, false, syn, "SR ES ES SR SR SR SR SR SR SR SR"},
    {"client FIN", WEIR_DIR_ORIGINAL, false, fin, "CL CW SS TW TW TW CL CW LA LI TW"},
    {"client ACK", WEIR_DIR_ORIGINAL, false, ack, "ES ES SS ES FW TW CL CW CL LI ES"},
    {"client RST", WEIR_DIR_ORIGINAL, false, rst, "CL CL CL SR CL CL CL CL LA LI SR"},
    {"server SYN", WEIR_DIR_REPLY, false, syn, "SS ES SS SR SS SS SS SS SS LI SR"},
    {"server FIN", WEIR_DIR_REPLY, false, fin, "TW FW SS TW FW TW CL TW LA LI TW"},
    {"server ACK", WEIR_DIR_REPLY, false, ack, "ES ES SS ES FW TW CL CW LA ES ES"},
    {"server RST", WEIR_DIR_REPLY, false, rst, "CL CL SS CL CL TW CL CL CL CL CL"},
    {"one-way SYN", WEIR_DIR_ORIGINAL, true, syn, "SR ES ES SR SR SR SR SR SR SR SR"},
    {"one-way FIN", WEIR_DIR_ORIGINAL, true, fin, "CL FW SS TW FW TW CL CW LA LI TW"},
    {"one-way ACK", WEIR_DIR_ORIGINAL, true, ack, "ES ES SS ES FW TW CL CW CL LI ES"},
    {"one-way RST", WEIR_DIR_ORIGINAL, true, rst, "CL CL CL SR CL CL CL CL LA LI CL"},
};

std::vector<std::string> words(const char* text)
{
    std::istringstream in(text);
    std::vector<std::string> result;

    for (std::string word; in >> word;)
        result.push_back(abbreviations.at(word));
    return result;
}

weir_state walk(weir_state state, bool one_way, const std::vector<std::pair<weir_dir, u8>>& segments)
{
    for (const auto& [dir, flags] : segments)
        state = weir_tcp_next(state, dir, flags, one_way);
    return state;
}

} // namespace

TEST_CASE("proto: every TCP transition is IPVS's", "[proto]")
{
    for (const Row& row : ipvs) {
        const auto next = words(row.next);
        REQUIRE(next.size() == state_names.size());
        for (size_t state = 0; state < next.size(); state++) {
            INFO(row.what << " in " << state_names[state]);
            const auto got = weir_tcp_next(static_cast<weir_state>(state), row.dir, row.flags, row.one_way);
            CHECK(state_names.at(got) == next[state]);
        }
    }
}

TEST_CASE("proto: RST outranks SYN, SYN outranks FIN, FIN outranks ACK", "[proto]")
{
    for (const Row& row : ipvs) {
        const u8 lesser = row.flags == rst   ? syn | fin | ack
                          : row.flags == syn ? fin | ack
                          : row.flags == fin ? ack
                                             : 0;
        for (int state = 0; state <= WEIR_STATE_TCP_SYNACK; state++) {
            const auto from = static_cast<weir_state>(state);
            CHECK(weir_tcp_next(from, row.dir, row.flags | lesser | psh | urg, row.one_way) ==
                  weir_tcp_next(from, row.dir, row.flags, row.one_way));
        }
    }
}

TEST_CASE("proto: a segment without SYN, FIN, RST and ACK changes nothing", "[proto]")
{
    for (int state = 0; state < __WEIR_STATE_MAX; state++)
        for (u8 flags : {0, int{psh}, int{urg}, psh | urg, 0x40, 0x80})
            for (bool one_way : {false, true})
                CHECK(weir_tcp_next(static_cast<weir_state>(state), WEIR_DIR_ORIGINAL, flags, one_way) ==
                      state);
}

TEST_CASE("proto: states that are not TCP's stay out of TCP's table", "[proto]")
{
    for (int state : {int{WEIR_STATE_UDP}, int{WEIR_STATE_UDP_UNREPLIED}, int{__WEIR_STATE_MAX}, 15})
        for (const Row& row : ipvs)
            CHECK(weir_tcp_next(static_cast<weir_state>(state), row.dir, row.flags, row.one_way) ==
                  static_cast<weir_state>(state));
}

TEST_CASE("proto: whole lives of TCP connections end where IPVS's do", "[proto]")
{
    constexpr auto client = WEIR_DIR_ORIGINAL;
    constexpr auto server = WEIR_DIR_REPLY;
    const std::vector<std::pair<weir_dir, u8>> open = {{client, syn}, {server, syn | ack}, {client, ack}};

    CHECK(walk(WEIR_STATE_NONE, false, open) == WEIR_STATE_TCP_ESTABLISHED);
    auto client_first = open;
    client_first.insert(client_first.end(),
                        {{client, fin | ack}, {server, ack}, {server, fin | ack}, {client, ack}});
    CHECK(walk(WEIR_STATE_NONE, false, client_first) == WEIR_STATE_TCP_TIME_WAIT);
    auto server_first = open;
    server_first.insert(server_first.end(),
                        {{server, fin | ack}, {client, ack}, {client, fin | ack}, {server, ack}});
    CHECK(walk(WEIR_STATE_NONE, false, server_first) == WEIR_STATE_TCP_TIME_WAIT);
    CHECK(walk(WEIR_STATE_NONE, false, {{client, syn}, {server, rst | ack}}) == WEIR_STATE_TCP_CLOSE);
    CHECK(walk(WEIR_STATE_NONE, true, {{client, syn}, {client, ack}}) == WEIR_STATE_TCP_ESTABLISHED);
    CHECK(walk(WEIR_STATE_NONE, true, {{client, syn}, {client, ack}, {client, fin | ack}, {client, ack}}) ==
          WEIR_STATE_TCP_FIN_WAIT);
}

TEST_CASE("proto: UDP is unreplied until the server speaks, never one way", "[proto]")
{
    CHECK(weir_udp_next(WEIR_STATE_NONE, WEIR_DIR_ORIGINAL, false) == WEIR_STATE_UDP_UNREPLIED);
    CHECK(weir_udp_next(WEIR_STATE_UDP_UNREPLIED, WEIR_DIR_ORIGINAL, false) == WEIR_STATE_UDP_UNREPLIED);
    CHECK(weir_udp_next(WEIR_STATE_UDP_UNREPLIED, WEIR_DIR_REPLY, false) == WEIR_STATE_UDP);
    CHECK(weir_udp_next(WEIR_STATE_UDP, WEIR_DIR_ORIGINAL, false) == WEIR_STATE_UDP);
    CHECK(weir_udp_next(WEIR_STATE_NONE, WEIR_DIR_ORIGINAL, true) == WEIR_STATE_UDP);
}

TEST_CASE("proto: established and opening TCP connections are active, as in IPVS, nothing else is", "[proto]")
{
    for (int state = 0; state < __WEIR_STATE_MAX; state++) {
        const bool active = state == WEIR_STATE_TCP_ESTABLISHED || state == WEIR_STATE_TCP_SYN_SENT ||
                            state == WEIR_STATE_TCP_SYN_RECV || state == WEIR_STATE_TCP_SYNACK;
        CHECK(weir_state_active(static_cast<weir_state>(state)) == active);
    }
    CHECK(weir_state_half_open(WEIR_STATE_TCP_SYN_RECV));
    CHECK(weir_state_half_open(WEIR_STATE_UDP_UNREPLIED));
    CHECK_FALSE(weir_state_half_open(WEIR_STATE_TCP_ESTABLISHED));
    CHECK_FALSE(weir_state_half_open(WEIR_STATE_UDP));
}

TEST_CASE("proto: default time-outs are IPVS's, and 30 s for UDP that nobody answered", "[proto]")
{
    const std::array<u32, __WEIR_STATE_MAX> seconds = {2,  900, 120, 60,  120, 120, 10,
                                                       60, 30,  120, 120, 300, 30};

    for (size_t state = 0; state < seconds.size(); state++)
        CHECK(weir_state_timeouts[state] == seconds[state]);
}
