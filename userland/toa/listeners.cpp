// SPDX-License-Identifier: GPL-2.0
#include "toa/listeners.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/netlink_walk.h"
#include "base/number.h"

namespace weir::toa {
namespace {

namespace fs = std::filesystem;

/// `bytes` has an inet_diag_msg at least.
Listener read_listener(Bytes bytes)
{
    inet_diag_msg message{};
    std::memcpy(&message, bytes.data(), sizeof(message));
    Listener listener;
    listener.family = message.idiag_family;
    listener.inode = message.idiag_inode;
    auto source = reinterpret_cast<const std::uint8_t*>(message.id.idiag_src);
    if (auto address = Address::from_bytes({source, message.idiag_family == AF_INET ? 4U : 16U}))
        listener.endpoint.address = *address;
    listener.endpoint.port = ntohs(message.id.idiag_sport);
    static_assert(sizeof(message) % NLA_ALIGNTO == 0);
    Bytes rest = bytes.subspan(sizeof(message));
    while (auto attribute = next_attribute(rest)) {
        if (attribute->type == INET_DIAG_CGROUP_ID && attribute->payload.size() >= sizeof(listener.cgroup))
            std::memcpy(&listener.cgroup, attribute->payload.data(), sizeof(listener.cgroup));
    }
    return listener;
}

Result<void> ask(int socket, int family)
{
    struct {
        nlmsghdr header;
        inet_diag_req_v2 request;
    } message{};
    message.header.nlmsg_len = sizeof(message);
    message.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    message.request.sdiag_family = static_cast<std::uint8_t>(family);
    message.request.sdiag_protocol = IPPROTO_TCP;
    message.request.idiag_states = 1U << TCP_LISTEN;
    if (::send(socket, &message, sizeof(message), 0) != static_cast<ssize_t>(sizeof(message)))
        return fail_errno("asking for listening sockets");
    return {};
}

/// Until the end of the dump.
Result<void> read_all(int socket, std::vector<Listener>& list)
{
    std::uint8_t buffer[32768];
    while (true) {
        ssize_t got = ::recv(socket, buffer, sizeof(buffer), 0);
        if (got <= 0)
            return fail_errno("reading the list of listening sockets");
        auto last = parse_listeners({buffer, static_cast<std::size_t>(got)}, list);
        if (!last)
            return pass_on(last);
        if (*last)
            return {};
    }
}

void read_process(const fs::path& fds, std::vector<std::uint32_t>& inodes)
{
    std::error_code error;
    for (fs::directory_iterator entry(fds, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code gone;
        std::string target = fs::read_symlink(entry->path(), gone).string();
        if (gone || !target.starts_with("socket:[") || !target.ends_with(']'))
            continue;
        if (auto inode = parse_number(std::string_view(target).substr(8, target.size() - 9), 1, UINT32_MAX))
            inodes.push_back(static_cast<std::uint32_t>(*inode));
    }
}

} // namespace

Result<bool> parse_listeners(Bytes datagram, std::vector<Listener>& list)
{
    bool last = false, refused = false;
    each_message(datagram, [&](const nlmsghdr& header, Bytes message) {
        Bytes payload = message.subspan(sizeof(header));
        last = header.nlmsg_type == NLMSG_DONE;
        refused = header.nlmsg_type == NLMSG_ERROR;
        if (!last && !refused && payload.size() >= sizeof(inet_diag_msg))
            list.push_back(read_listener(payload));
        return !last && !refused;
    });
    if (refused)
        return fail(EIO, "the kernel does not list listening sockets (module inet_diag, tcp_diag)");
    return last;
}

Result<std::vector<Listener>> listeners()
{
    Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (!socket)
        return fail_errno("netlink");
    std::vector<Listener> list;
    for (int family : {AF_INET, AF_INET6}) {
        if (auto asked = ask(socket.get(), family); !asked)
            return pass_on(asked);
        if (auto read = read_all(socket.get(), list); !read)
            return pass_on(read);
    }
    return list;
}

std::vector<std::uint32_t> sockets_of(const std::vector<std::string>& directories)
{
    std::vector<std::uint32_t> inodes;
    for (const std::string& directory : directories) {
        std::ifstream file(directory + "/cgroup.procs");
        for (long process; file >> process;)
            read_process(fs::path("/proc") / std::to_string(process) / "fd", inodes);
    }
    return inodes;
}

} // namespace weir::toa
