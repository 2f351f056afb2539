// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace weir::keeper {

/// What a session of BFD says about its neighbor.
struct BfdView {
    enum class State {
        unknown, ///< nothing: it has not come up yet, or its neighbor has been shut down by an operator
        up,
        down,
    };
    State state = State::unknown;
    std::string reason; ///< for people
};

/// Where BFD_CHECK looks. One thread.
class BfdSource {
  public:
    virtual ~BfdSource() = default;
    [[nodiscard]] virtual BfdView look(const std::string& session) = 0;
    /// Holding the ticket keeps the watch: `changed` is called from the loop when look() may say something
    /// else.
    using Ticket = std::shared_ptr<void>;
    [[nodiscard]] virtual Ticket watch(const std::string& session, std::function<void()> changed) = 0;
};

} // namespace weir::keeper
