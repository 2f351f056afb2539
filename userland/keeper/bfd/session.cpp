// SPDX-License-Identifier: GPL-2.0
#include "keeper/bfd/session.h"

#include <algorithm>

namespace weir::keeper {

using Duration = BfdPolicy::Duration;

BfdSession::BfdSession(const BfdPolicy& policy, std::uint32_t discriminator, std::uint32_t seed)
    : policy_(policy),
      discriminator_(discriminator),
      random_(seed | 1)
{
}

void BfdSession::start(Instant now)
{
    state_ = BfdState::down;
    diagnostic_ = BfdDiagnostic::none;
    forget_neighbor();
    expires_at_ = never;
    send_at_ = policy_.passive ? never : now;
}

BfdActions BfdSession::stop(Instant)
{
    BfdActions actions;
    if (state_ == BfdState::admin_down)
        return actions;
    enter(BfdState::admin_down, BfdDiagnostic::admin_down, actions);
    poll_ = false;
    send_at_ = expires_at_ = never;
    return actions;
}

Duration BfdSession::desired_tx() const
{
    return state_ == BfdState::up ? policy_.min_tx : std::max(policy_.idle_tx, policy_.min_tx);
}

Duration BfdSession::interval() const
{
    return std::max(desired_tx(), remote_min_rx_);
}

Duration BfdSession::detection_time() const
{
    return remote_multiplier_ * std::max(policy_.min_rx, remote_tx_);
}

Duration BfdSession::remote_detection_time() const
{
    return policy_.multiplier * interval();
}

void BfdSession::forget_neighbor()
{
    remote_discriminator_ = 0;
    remote_state_ = BfdState::down;
    remote_min_rx_ = Duration(1);
    remote_tx_ = Duration(0);
    remote_multiplier_ = 0;
    remote_demand_ = false;
}

void BfdSession::schedule(Instant now)
{
    bool silent = remote_min_rx_.count() == 0 || (policy_.passive && remote_discriminator_ == 0) ||
                  (remote_demand_ && state_ == BfdState::up && remote_state_ == BfdState::up && !poll_);
    if (silent) {
        send_at_ = never;
        return;
    }
    // RFC 5880 6.8.7: up to a quarter sooner, so that systems do not fall into step; with a multiplier of 1
    // between a tenth and a quarter, or the neighbor would give up
    random_ ^= random_ << 13;
    random_ ^= random_ >> 17;
    random_ ^= random_ << 5;
    std::int64_t least = policy_.multiplier == 1 ? 10 : 0;
    std::int64_t percent =
        least + static_cast<std::int64_t>(random_ % static_cast<std::uint32_t>(26 - least));
    send_at_ = now + interval() * (100 - percent) / 100;
}

void BfdSession::enter(BfdState state, BfdDiagnostic diagnostic, BfdActions& actions)
{
    if (state == state_)
        return;
    state_ = state;
    diagnostic_ = diagnostic;
    // the interval is another one in Up, and the neighbor has to agree (RFC 5880 6.8.3)
    poll_ = state == BfdState::up && policy_.min_tx != policy_.idle_tx;
    actions.changed = actions.send = true;
}

BfdActions BfdSession::receive(Instant now, const BfdPacket& packet)
{
    BfdActions actions;
    if (state_ == BfdState::admin_down)
        return actions;
    Duration interval_before = interval();
    remote_discriminator_ = packet.mine;
    remote_state_ = packet.state;
    remote_min_rx_ = packet.required_rx;
    remote_tx_ = packet.desired_tx;
    remote_multiplier_ = packet.multiplier;
    remote_demand_ = packet.demand;
    if (packet.final)
        poll_ = false;
    expires_at_ = now + detection_time();

    if (packet.state == BfdState::admin_down || (packet.state == BfdState::down && state_ == BfdState::up))
        enter(BfdState::down, BfdDiagnostic::neighbor_down, actions);
    else if (state_ == BfdState::down && packet.state == BfdState::down)
        enter(BfdState::init, BfdDiagnostic::none, actions);
    else if (packet.state == BfdState::init || (state_ == BfdState::init && packet.state == BfdState::up)) {
        if (state_ != BfdState::up)
            enter(BfdState::up, BfdDiagnostic::none, actions);
    }
    if (packet.poll)
        actions.send = actions.final = true;
    if (actions.send || send_at_ == never || interval() < interval_before)
        schedule(now);
    return actions;
}

BfdActions BfdSession::expire(Instant now)
{
    BfdActions actions;
    if (expires_at_ <= now) {
        expires_at_ = never;
        forget_neighbor();
        enter(BfdState::down, BfdDiagnostic::expired, actions);
    }
    if (send_at_ <= now)
        actions.send = true;
    if (actions.send)
        schedule(now);
    return actions;
}

BfdPacket BfdSession::packet(bool final) const
{
    BfdPacket packet;
    packet.diagnostic = diagnostic_;
    packet.state = state_;
    packet.poll = poll_ && !final;
    packet.final = final;
    packet.multiplier = policy_.multiplier;
    packet.mine = discriminator_;
    packet.yours = remote_discriminator_;
    packet.desired_tx = desired_tx();
    packet.required_rx = policy_.min_rx;
    return packet;
}

} // namespace weir::keeper
