// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <cstdint>

#include <sys/socket.h>

#include "base/fd.h"
#include "base/result.h"
#include "keeper/vrrp/machine.h"

/// Datagrams between the VRRP process and its helper, of fixed size and never waited for.
namespace weir::keeper {

enum class Event : std::uint8_t {
    state,       ///< an instance or group has a new state
    stopped,     ///< by shutdown
    deleted,     ///< by a reload
    priority,    ///< the effective priority changed
    heard_lower, ///< notify_master_rx_lower_pri
    reload,      ///< the configuration of `generation` is in use: read it
    shutdown,    ///< finish what runs and end
};

/// VRRP process to helper. `index` is the instance's or group's place in the configuration of that
/// generation.
struct NotifyMessage {
    std::uint32_t generation = 0;
    std::uint32_t index = 0;
    Event event = Event::state;
    bool group = false;
    State state = State::init;
    std::uint8_t priority = 0;
};

/// handover: the operator asks this instance, or all (index UINT32_MAX), to leave its place to a backup
enum class TrackedKind : std::uint8_t { script, file, process, handover };

/// Helper to VRRP process.
struct TrackMessage {
    std::uint32_t generation = 0;
    std::uint32_t index = 0;
    TrackedKind kind = TrackedKind::script;
    std::int64_t value = 0;
};

/// To the helper's log thread.
struct LogMessage {
    std::uint8_t level = 6;
    std::array<char, 500> text{};
};

struct Pair {
    Fd first, second;
    /// Connected datagram sockets that never block.
    [[nodiscard]] static Result<Pair> create(int buffer);
};

template <typename T>
bool post(int fd, const T& message) noexcept
{
    return ::send(fd, &message, sizeof(message), MSG_DONTWAIT | MSG_NOSIGNAL) ==
           static_cast<ssize_t>(sizeof(message));
}

template <typename T>
bool take(int fd, T& message) noexcept
{
    return ::recv(fd, &message, sizeof(message), MSG_DONTWAIT) == static_cast<ssize_t>(sizeof(message));
}

inline Result<Pair> Pair::create(int buffer)
{
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
        return fail_errno("socketpair");
    for (int fd : fds) {
        // beyond net.core.wmem_max, which holds some hundred messages
        if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer)) < 0)
            (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
    }
    return Pair{Fd(fds[0]), Fd(fds[1])};
}

} // namespace weir::keeper
