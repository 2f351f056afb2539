// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <boost/asio/steady_timer.hpp>

#include "keeper/check/check.h"

namespace weir::keeper {

/// One go of a check, from its start to its one result. Shared between its user and the operations that it
/// has under way; whoever is last ends it.
class Attempt : public std::enable_shared_from_this<Attempt> {
  public:
    using Done = std::function<void(CheckResult)>;
    using Time = std::chrono::steady_clock::time_point;

    explicit Attempt(boost::asio::io_context& io) : io_(io), deadline_(io) {}
    virtual ~Attempt() = default;
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

    /// `done` is called once, from the loop, unless cancel() comes before.
    void start(Done done);
    void cancel();

  protected:
    /// Begins. May finish at once.
    virtual void run() = 0;
    /// Ends all operations under way; called exactly once.
    virtual void close() = 0;

    void succeed(std::string what) { finish({true, std::move(what), {}, {}, 0, false}); }
    void fail(std::string reason) { finish({false, std::move(reason), {}, {}, 0, false}); }
    /// The fault is this machine's.
    void give_up(std::string reason) { finish({false, std::move(reason), {}, {}, 0, true}); }
    void finish(CheckResult result);
    /// From now on `limit` until the attempt fails as "doing: timed out after 5 s". Replaces the limit
    /// before. A process that stood still meanwhile did not give the server its time: it gets it once more.
    void limit(Duration limit, std::string doing);
    /// For timeouts: what is waited for now.
    void doing(std::string what) { doing_ = std::move(what); }
    /// What happened at the deadline; a failure unless a check knows better.
    virtual void expired(std::string reason) { fail(std::move(reason)); }
    [[nodiscard]] bool over() const { return over_; }

    /// A completion handler that keeps the attempt alive and does nothing once it is over.
    template <typename F>
    auto handler(F function)
    {
        return [self = shared_from_this(), function = std::move(function)](const auto&... arguments) mutable {
            if (!self->over_)
                function(arguments...);
        };
    }

    boost::asio::io_context& io_;

  private:
    void wait_for_deadline(Duration limit);

    boost::asio::steady_timer deadline_;
    Done done_;
    Time started_;
    std::string doing_;
    bool over_ = false, again_ = false;
};

/// What a spec was made into: everything that does not change between attempts.
class Probe {
  public:
    virtual ~Probe() = default;
    /// The attempt may outlive the probe.
    [[nodiscard]] virtual std::shared_ptr<Attempt> attempt() = 0;
    /// `changed` is called when there is something new to find before an attempt is due.
    virtual void watch(const std::function<void()>& changed) { (void)changed; }
    /// What is wrong with what it works from, though it works; empty: nothing.
    [[nodiscard]] virtual std::string fault() const { return {}; }
};

/// "5 s", "0.25 s"
[[nodiscard]] std::string seconds(Duration duration);

} // namespace weir::keeper
