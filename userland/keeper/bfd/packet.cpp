// SPDX-License-Identifier: GPL-2.0
#include "keeper/bfd/packet.h"

namespace weir::keeper {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::uint8_t poll_bit = 0x20, final_bit = 0x10, independent_bit = 0x08, authentication_bit = 0x04,
                       demand_bit = 0x02, multipoint_bit = 0x01;

std::uint32_t read_u32(std::span<const std::uint8_t> data, std::size_t at)
{
    return static_cast<std::uint32_t>(data[at]) << 24 | static_cast<std::uint32_t>(data[at + 1]) << 16 |
           static_cast<std::uint32_t>(data[at + 2]) << 8 | data[at + 3];
}

void write_u32(std::span<std::uint8_t> data, std::size_t at, std::uint64_t value)
{
    for (std::size_t i = 0; i < 4; i++)
        data[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

} // namespace

std::string_view name(BfdState state)
{
    constexpr std::string_view names[] = {"AdminDown", "Down", "Init", "Up"};
    return names[static_cast<std::size_t>(state) & 3];
}

std::string_view name(BfdDiagnostic diagnostic)
{
    constexpr std::string_view names[] = {"none",
                                          "detection time expired",
                                          "echo failed",
                                          "neighbor signaled down",
                                          "forwarding reset",
                                          "path down",
                                          "concatenated path down",
                                          "administratively down",
                                          "reverse concatenated path down"};
    auto index = static_cast<std::size_t>(diagnostic);
    return index < std::size(names) ? names[index] : "reserved";
}

std::string_view name(BadBfdPacket reason)
{
    constexpr std::string_view names[] = {"version",       "length",         "multiplier", "multipoint",
                                          "discriminator", "authentication", "ttl"};
    static_assert(std::size(names) == static_cast<std::size_t>(BadBfdPacket::count_));
    return names[static_cast<std::size_t>(reason)];
}

std::variant<BfdPacket, BadBfdPacket> decode_bfd(std::span<const std::uint8_t> data)
{
    if (data.size() < bfd_packet_size)
        return BadBfdPacket::length;
    if (data[0] >> 5 != version)
        return BadBfdPacket::version;
    std::uint8_t flags = data[1];
    std::size_t length = data[3], least = bfd_packet_size + (flags & authentication_bit ? 2 : 0);
    if (length < least || length > data.size())
        return BadBfdPacket::length;
    if (data[2] == 0)
        return BadBfdPacket::multiplier;
    if (flags & multipoint_bit)
        return BadBfdPacket::multipoint;
    BfdPacket packet;
    packet.diagnostic = static_cast<BfdDiagnostic>(data[0] & 0x1f);
    packet.state = static_cast<BfdState>(flags >> 6);
    packet.poll = flags & poll_bit;
    packet.final = flags & final_bit;
    packet.independent = flags & independent_bit;
    packet.demand = flags & demand_bit;
    packet.multiplier = data[2];
    packet.mine = read_u32(data, 4);
    packet.yours = read_u32(data, 8);
    packet.desired_tx = std::chrono::microseconds(read_u32(data, 12));
    packet.required_rx = std::chrono::microseconds(read_u32(data, 16));
    packet.required_echo_rx = std::chrono::microseconds(read_u32(data, 20));
    if (packet.mine == 0 || (packet.yours == 0 && packet.state > BfdState::down))
        return BadBfdPacket::discriminator;
    if (flags & authentication_bit)
        return BadBfdPacket::authentication;
    return packet;
}

std::array<std::uint8_t, bfd_packet_size> encode_bfd(const BfdPacket& packet)
{
    std::array<std::uint8_t, bfd_packet_size> data{};
    data[0] = static_cast<std::uint8_t>(version << 5 | (static_cast<unsigned>(packet.diagnostic) & 0x1f));
    data[1] = static_cast<std::uint8_t>(static_cast<unsigned>(packet.state) << 6 |
                                        (packet.poll ? poll_bit : 0) | (packet.final ? final_bit : 0) |
                                        (packet.independent ? independent_bit : 0) |
                                        (packet.demand ? demand_bit : 0));
    data[2] = packet.multiplier;
    data[3] = bfd_packet_size;
    write_u32(data, 4, packet.mine);
    write_u32(data, 8, packet.yours);
    write_u32(data, 12, static_cast<std::uint64_t>(packet.desired_tx.count()));
    write_u32(data, 16, static_cast<std::uint64_t>(packet.required_rx.count()));
    write_u32(data, 20, static_cast<std::uint64_t>(packet.required_echo_rx.count()));
    return data;
}

} // namespace weir::keeper
