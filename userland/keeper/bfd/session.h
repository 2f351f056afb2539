// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "keeper/bfd/packet.h"

namespace weir::keeper {

/// What of a session's configuration decides.
struct BfdPolicy {
    using Duration = std::chrono::microseconds;

    Duration min_tx = std::chrono::milliseconds(10), min_rx = std::chrono::milliseconds(10);
    Duration idle_tx =
        std::chrono::seconds(1); ///< while the session is not up: RFC 5880 6.8.3 wants a second
    std::uint8_t multiplier = 5;
    bool passive = false; ///< says nothing before it is spoken to

    bool operator==(const BfdPolicy&) const = default;
};

/// What is to be done after an input.
struct BfdActions {
    bool send = false;    ///< the packet that packet() gives, now
    bool final = false;   ///< it answers a poll
    bool changed = false; ///< state() is another one than before
};

/// One session of asynchronous mode, without echo and demand (RFC 5880 6.8). Takes values and the time,
/// returns what is to be done; knows no socket and no clock.
class BfdSession {
  public:
    /// Time since boot.
    using Instant = std::chrono::microseconds;
    static constexpr Instant never = Instant::max();

    /// `discriminator` is not zero and of no other session of this system; `seed` is for jitter.
    BfdSession(const BfdPolicy& policy, std::uint32_t discriminator, std::uint32_t seed);

    void start(Instant now);
    /// AdminDown: the neighbor hears that silence will mean nothing.
    [[nodiscard]] BfdActions stop(Instant now);
    /// A packet that decode_bfd let through, for this session.
    [[nodiscard]] BfdActions receive(Instant now, const BfdPacket& packet);
    /// A deadline has passed and nothing more waits to be received.
    [[nodiscard]] BfdActions expire(Instant now);

    [[nodiscard]] Instant deadline() const { return send_at_ < expires_at_ ? send_at_ : expires_at_; }
    [[nodiscard]] BfdPacket packet(bool final) const;

    [[nodiscard]] BfdState state() const { return state_; }
    [[nodiscard]] BfdState remote_state() const { return remote_state_; }
    /// Why the session is not up.
    [[nodiscard]] BfdDiagnostic diagnostic() const { return diagnostic_; }
    [[nodiscard]] std::uint32_t discriminator() const { return discriminator_; }
    /// How long silence of the neighbor is suffered; RFC 5880 6.8.4. Zero before anything was heard.
    [[nodiscard]] BfdPolicy::Duration detection_time() const;
    /// How long the neighbor suffers ours.
    [[nodiscard]] BfdPolicy::Duration remote_detection_time() const;
    [[nodiscard]] const BfdPolicy& policy() const { return policy_; }

  private:
    void enter(BfdState state, BfdDiagnostic diagnostic, BfdActions& actions);
    void forget_neighbor();
    void schedule(Instant now);
    [[nodiscard]] BfdPolicy::Duration desired_tx() const;
    [[nodiscard]] BfdPolicy::Duration interval() const;

    BfdPolicy policy_;
    BfdState state_ = BfdState::admin_down, remote_state_ = BfdState::down;
    BfdDiagnostic diagnostic_ = BfdDiagnostic::none;
    std::uint32_t discriminator_, remote_discriminator_ = 0;
    BfdPolicy::Duration remote_min_rx_{1}, remote_tx_{0}; ///< RFC 5880 6.8.1: 1 until heard
    std::uint8_t remote_multiplier_ = 0;
    bool poll_ = false, remote_demand_ = false;
    Instant send_at_ = never, expires_at_ = never;
    std::uint32_t random_;
};

} // namespace weir::keeper
