// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <chrono>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/set.hpp>

namespace weir::keeper {

namespace intrusive = boost::intrusive;

/// Something that is due once, at a time that can be moved. It has its place among the others in itself, so
/// that setting it takes no memory; destroying it takes it out.
class Alarm : public intrusive::set_base_hook<intrusive::link_mode<intrusive::auto_unlink>,
                                              intrusive::optimize_size<true>> {
  public:
    using Time = std::chrono::steady_clock::time_point;

    virtual ~Alarm() = default;
    void clear() { unlink(); }

  private:
    friend class AlarmClock;
    friend bool operator<(const Alarm& one, const Alarm& other) { return one.due_ < other.due_; }
    /// From the loop, once. May set and destroy this and others.
    virtual void ring() = 0;

    Time due_{};
};

/// One timer of the loop for thousands of alarms, of which most wait most of the time.
class AlarmClock : public std::enable_shared_from_this<AlarmClock> {
  public:
    explicit AlarmClock(boost::asio::io_context& io) : timer_(io) {}

    /// From anew if it is set already.
    void set(Alarm& alarm, Alarm::Time due);

  private:
    void wait();
    void ring();

    boost::asio::steady_timer timer_;
    intrusive::multiset<Alarm, intrusive::constant_time_size<false>> alarms_;
};

} // namespace weir::keeper
