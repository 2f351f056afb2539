// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <memory>

#include "keeper/check/check.h"

namespace weir::keeper {

/// All checks of a process. Checks that would ask the same question of the same address are run once, however
/// many real servers they stand for; first attempts are spread in time.
class CheckPool {
  public:
    explicit CheckPool(CheckContext context);
    ~CheckPool();

    /// One user's part in a check; destroying it takes that user out, and the last one ends the check.
    class Subscription {
      public:
        virtual ~Subscription() = default;
        /// Attempts go on while any subscriber wants them. On at first.
        virtual void enable(bool on) = 0;
        [[nodiscard]] virtual const CheckReport& last() const = 0;
        [[nodiscard]] virtual std::string fault() const = 0; ///< the check's
    };

    /// Starts the check if it is new. If it runs already, what it knows is in last() at once, and the
    /// callback gets every later report: a reload that subscribes anew before it drops its old subscriptions
    /// loses nothing. alpha and log_all_failures do not keep checks apart.
    [[nodiscard]] Result<std::unique_ptr<Subscription>>
    subscribe(const SharedSpec& spec, const Endpoint& server, CheckCallback callback);
    /// Checks that run; not more than there are subscriptions.
    [[nodiscard]] std::size_t size() const;

    class Impl;

  private:
    std::shared_ptr<Impl> impl_;
};

} // namespace weir::keeper
