// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "keeper/vrrp/machine.h"

namespace weir::keeper {

/// Whether the end of a BFD session means that the master is dead and this router is to take over at once
/// (takeover_bfd). It means so only if the session's neighbor is the master whose adverts are heard, if it
/// was up for long enough to be believed, and if it ended by silence: a neighbor that says "down" or
/// "AdminDown" is alive.
class Takeover {
  public:
    static constexpr Duration trust = std::chrono::seconds(3);
    /// After a takeover from a master that was alive.
    static constexpr Duration distrust = std::chrono::seconds(60);

    /// An advert was accepted as the master's; `from_neighbor`: it came from the session's neighbor.
    void heard_master(bool from_neighbor)
    {
        master_is_neighbor_ = from_neighbor;
        burnt_ |= from_neighbor && took_over_;
        if (from_neighbor)
            took_over_ = false;
    }
    /// An advert of the neighbor while this router is master.
    void heard_as_master(bool from_neighbor)
    {
        if (from_neighbor && took_over_)
            burnt_ = true, took_over_ = false;
    }
    void session_up(Instant now) { up_since_ = now; }
    /// `silent`: nothing was heard for the detection time. True if this router is to become master now.
    [[nodiscard]] bool session_down(Instant now, State state, bool silent)
    {
        bool takes = silent && armed(now, state);
        up_since_ = never;
        if (takes)
            took_over_ = true, burnt_ = false;
        return takes;
    }
    /// Left Backup for another reason: who is master is to be heard again.
    void reset() { master_is_neighbor_ = false; }

    [[nodiscard]] bool armed(Instant now, State state) const
    {
        return state == State::backup && master_is_neighbor_ && up_since_ != never &&
               now - up_since_ >= (burnt_ ? distrust : trust);
    }

  private:
    Instant up_since_ = never;
    bool master_is_neighbor_ = false, took_over_ = false, burnt_ = false;
};

} // namespace weir::keeper
