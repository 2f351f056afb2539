// SPDX-License-Identifier: GPL-2.0
#include "keeper/net/netlink.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <fmt/format.h>

namespace weir::keeper {
namespace {

constexpr int dump_patience_ms = 5000;
constexpr int receive_buffer = 8 << 20; // a burst of events of thousands of addresses
// one sendmsg: below the default send buffer whatever the messages are
constexpr std::size_t send_chunk = 32768;

std::size_t aligned(std::size_t size)
{
    return (size + 3) & ~std::size_t(3);
}

/// The message where it lies, for what reads on behind its header.
const nlmsghdr& in_place(Bytes message)
{
    return *reinterpret_cast<const nlmsghdr*>(message.data());
}

/// The errno of an NLMSG_ERROR; 0: an acknowledgement.
int error_of(const nlmsghdr& message)
{
    return message.nlmsg_len >= NLMSG_LENGTH(sizeof(nlmsgerr))
               ? -static_cast<const nlmsgerr*>(NLMSG_DATA(&message))->error
               : EPROTO;
}

} // namespace

void NetlinkBatch::append(const void* data, std::size_t size)
{
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    bytes_.insert(bytes_.end(), bytes, bytes + size);
    bytes_.resize(aligned(bytes_.size()));
}

void NetlinkBatch::begin(std::uint16_t type, std::uint16_t flags)
{
    start_ = bytes_.size();
    nlmsghdr message{};
    message.nlmsg_type = type;
    message.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    header(message);
}

void NetlinkBatch::attribute(std::uint16_t type, std::span<const std::uint8_t> value)
{
    rtattr attribute{static_cast<unsigned short>(RTA_LENGTH(value.size())), type};
    append(&attribute, sizeof(attribute));
    append(value.data(), value.size());
}

void NetlinkBatch::attribute(std::uint16_t type, std::string_view text)
{
    std::string terminated(text);
    attribute(type,
              std::span(reinterpret_cast<const std::uint8_t*>(terminated.c_str()), terminated.size() + 1));
}

void NetlinkBatch::attribute_u32(std::uint16_t type, std::uint32_t value)
{
    attribute(type, std::span(reinterpret_cast<const std::uint8_t*>(&value), sizeof(value)));
}

void NetlinkBatch::attribute_u16(std::uint16_t type, std::uint16_t value)
{
    attribute(type, std::span(reinterpret_cast<const std::uint8_t*>(&value), sizeof(value)));
}

void NetlinkBatch::attribute_u8(std::uint16_t type, std::uint8_t value)
{
    attribute(type, std::span(&value, 1));
}

std::size_t NetlinkBatch::begin_nest(std::uint16_t type)
{
    std::size_t start = bytes_.size();
    attribute(type, std::span<const std::uint8_t>{});
    return start;
}

void NetlinkBatch::end_nest(std::size_t start)
{
    auto length = static_cast<unsigned short>(bytes_.size() - start);
    std::memcpy(bytes_.data() + start, &length, sizeof(length));
}

void NetlinkBatch::end()
{
    auto length = static_cast<std::uint32_t>(bytes_.size() - start_);
    std::memcpy(bytes_.data() + start_, &length, sizeof(length));
}

void NetlinkBatch::append(const NetlinkBatch& other)
{
    bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
}

Result<NetlinkSocket> NetlinkSocket::create(std::uint32_t groups)
{
    Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    if (!fd)
        return fail_errno("netlink socket");
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = groups;
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) < 0)
        return fail_errno("netlink bind");
    int on = 1;
    (void)setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
    (void)setsockopt(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
    if (setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof(receive_buffer)) < 0)
        (void)setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    return NetlinkSocket(std::move(fd));
}

Result<NetlinkSocket> NetlinkSocket::create_for_lost_routes()
{
    constexpr std::uint32_t type_at = offsetof(nlmsghdr, nlmsg_type);
    constexpr std::uint32_t protocol_at = NLMSG_HDRLEN + offsetof(rtmsg, rtm_protocol);
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, type_at),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELRULE), 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 3),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, protocol_at),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTPROT_KEEPALIVED, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    sock_fprog filter{std::size(program), program};
    auto socket = create();
    if (socket && setsockopt(socket->fd(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0)
        return fail_errno("netlink filter");
    for (int group : {RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE}) {
        if (socket &&
            setsockopt(socket->fd(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
            return fail_errno("netlink group");
    }
    return socket;
}

Result<Bytes> NetlinkSocket::read_one(bool wait)
{
    for (;;) {
        ssize_t size = ::recv(fd_.get(), buffer_.get(), buffer_size, 0);
        if (size >= 0)
            return Bytes(buffer_.get(), static_cast<std::size_t>(size));
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return fail_errno("netlink");
        if (!wait)
            return Bytes();
        pollfd ready{fd_.get(), POLLIN, 0};
        if (::poll(&ready, 1, dump_patience_ms) == 0)
            return fail_errno("netlink", ETIMEDOUT);
    }
}

Result<void> NetlinkSocket::send(std::span<const std::uint8_t> messages, std::span<const int> tolerated)
{
    Result<void> first;
    while (!messages.empty()) {
        // whole messages up to a chunk
        std::size_t size = 0;
        while (size < messages.size()) {
            nlmsghdr message;
            std::memcpy(&message, messages.data() + size, sizeof(message));
            if (size && size + message.nlmsg_len > send_chunk)
                break;
            size += aligned(message.nlmsg_len);
        }
        if (::send(fd_.get(), messages.data(), size, 0) < 0)
            return fail_errno("netlink send");
        messages = messages.subspan(size);
        auto result = receive([&](const nlmsghdr& message) {
            if (message.nlmsg_type != NLMSG_ERROR)
                return;
            int error = error_of(message);
            if (error && first && std::ranges::find(tolerated, error) == tolerated.end())
                first = fail_errno("netlink", error);
        });
        if (!result)
            return result;
    }
    return first;
}

Result<void> NetlinkSocket::dump(std::uint16_t type, std::uint8_t family, const NetlinkHandler& handler)
{
    for (int attempt = 0; attempt < 5; attempt++) {
        NetlinkBatch request;
        request.begin(type, NLM_F_DUMP);
        if (type == RTM_GETLINK) {
            ifinfomsg link{};
            link.ifi_family = family;
            request.header(link);
        } else {
            ifaddrmsg address{};
            address.ifa_family = family;
            request.header(address);
        }
        request.end();
        if (::send(fd_.get(), request.bytes().data(), request.bytes().size(), 0) < 0)
            return fail_errno("netlink dump");
        bool interrupted = false, done = false;
        while (!done) {
            auto datagram = read_one(true);
            if (!datagram)
                return pass_on(datagram);
            int error = 0;
            each_message(*datagram, [&](const nlmsghdr& header, Bytes message) {
                interrupted |= (header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
                if (header.nlmsg_type == NLMSG_DONE)
                    done = true;
                else if (header.nlmsg_type == NLMSG_ERROR)
                    error = error_of(in_place(message));
                else
                    handler(in_place(message));
                return !done && !error;
            });
            if (error)
                return fail_errno("netlink dump", error);
        }
        if (!interrupted)
            return {};
    }
    return {};
}

Result<void> NetlinkSocket::receive(const NetlinkHandler& handler)
{
    for (;;) {
        auto datagram = read_one(false);
        if (!datagram)
            return pass_on(datagram);
        if (datagram->empty())
            return {};
        each_message(*datagram, [&](const nlmsghdr&, Bytes message) {
            handler(in_place(message));
            return true;
        });
    }
}

Attributes::Attributes(const nlmsghdr& message, std::size_t fixed)
{
    std::size_t skip = NLMSG_HDRLEN + aligned(fixed);
    const auto* start = reinterpret_cast<const std::uint8_t*>(&message);
    if (message.nlmsg_len > skip)
        bytes_ = std::span(start + skip, message.nlmsg_len - skip);
}

Attributes::Attributes(std::span<const std::uint8_t> nest) : bytes_(nest) {}

std::span<const std::uint8_t> Attributes::operator[](std::uint16_t type) const
{
    Bytes rest = bytes_;
    while (auto attribute = next_attribute(rest)) {
        if (attribute->type == type)
            return attribute->payload;
    }
    return {};
}

std::string_view Attributes::text(std::uint16_t type) const
{
    auto value = (*this)[type];
    std::string_view text{reinterpret_cast<const char*>(value.data()), value.size()};
    return text.substr(0, text.find('\0'));
}

std::uint32_t Attributes::u32(std::uint16_t type, std::uint32_t absent) const
{
    auto value = (*this)[type];
    if (value.size() == sizeof(absent))
        std::memcpy(&absent, value.data(), sizeof(absent));
    return absent;
}

} // namespace weir::keeper
