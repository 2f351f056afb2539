// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "libweir/pool.h"
#include "libweir/service.h"
#include "libweir/socket.h"

namespace weir {

/// A change that the kernel announced.
struct Event {
    enum class What {
        service_added,
        service_changed,
        service_deleted,
        server_added,
        server_changed,
        server_deleted,
        config_changed,
        pool_added,
        pool_changed,
        pool_deleted,
        pool_full, ///< connections were refused for want of a local address and port
        // never announced: how a listing speaks to who follows events
        service_present,
        server_present
    };

    What what = What::config_changed;
    std::optional<Service> service; ///< whole, or for a server's event its key
    std::optional<Server> server;
    std::optional<Pool> pool;
    std::string owner; ///< config_changed: whose transaction it was; empty: settings
    std::uint32_t generation = 0;
};

/// "service-added", ...
[[nodiscard]] std::string_view event_word(Event::What what);
/// Nothing for messages that are no notification.
[[nodiscard]] std::optional<Event> parse_event(const Answer& answer);

/// A socket of its own, so that notifications never mix with answers.
class EventSocket {
  public:
    [[nodiscard]] static Result<EventSocket> create();
    /// Waits for the next notifications. ENOBUFS: some were lost; what is known has to be read anew.
    [[nodiscard]] Result<void> receive(const std::function<void(const Event&)>& visit);
    /// Forgets what is waiting to be received: a listing that is made from now on is newer.
    [[nodiscard]] Result<void> discard() { return socket_.discard_events(); }
    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }

  private:
    explicit EventSocket(NlSocket socket) : socket_(std::move(socket)) {}
    NlSocket socket_;
};

} // namespace weir
