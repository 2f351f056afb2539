// SPDX-License-Identifier: GPL-2.0
#include "keeper/checker/family_watch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "keeper/net/netlink.h"

namespace weir::keeper {
namespace {

/// The controller's one multicast group has its number in every kernel.
constexpr int controller_group = GENL_ID_CTRL;

} // namespace

Result<FamilyWatch> FamilyWatch::create(std::string family)
{
    Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_GENERIC));
    sockaddr_nl own{};
    own.nl_family = AF_NETLINK;
    if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&own), sizeof(own)) < 0 ||
        ::setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &controller_group,
                     sizeof(controller_group)) < 0)
        return fail_errno("netlink");
    return FamilyWatch(std::move(fd), std::move(family));
}

bool FamilyWatch::changed()
{
    bool found = false;
    std::array<std::uint8_t, 16384> buffer;
    for (;;) {
        ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
        if (size > 0)
            found |= tells(std::span(buffer).first(static_cast<std::size_t>(size)), family_);
        else if (size < 0 && errno == ENOBUFS)
            found = true; // lost, perhaps this one
        else if (size == 0 || errno != EINTR)
            return found;
    }
}

bool FamilyWatch::tells(std::span<const std::uint8_t> messages, std::string_view family)
{
    bool found = false;
    each_message(messages, [&](const nlmsghdr& header, Bytes message) {
        genlmsghdr command{};
        auto content = message.subspan(sizeof(header));
        if (header.nlmsg_type == GENL_ID_CTRL && content.size() >= sizeof(command)) {
            std::memcpy(&command, content.data(), sizeof(command));
            found = (command.cmd == CTRL_CMD_NEWFAMILY || command.cmd == CTRL_CMD_DELFAMILY) &&
                    Attributes(content.subspan(sizeof(command))).text(CTRL_ATTR_FAMILY_NAME) == family;
        }
        return !found;
    });
    return found;
}

} // namespace weir::keeper
