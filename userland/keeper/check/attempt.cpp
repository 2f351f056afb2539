// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/attempt.h"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

namespace weir::keeper {
namespace {

/// This late, the loop was not there to see answers.
constexpr auto standstill = std::chrono::milliseconds(250);

} // namespace

void Attempt::start(Done done)
{
    done_ = std::move(done);
    started_ = std::chrono::steady_clock::now();
    run();
}

void Attempt::cancel()
{
    done_ = nullptr;
    if (std::exchange(over_, true))
        return;
    deadline_.cancel();
    close();
}

void Attempt::finish(CheckResult result)
{
    if (std::exchange(over_, true))
        return;
    result.latency = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - started_);
    deadline_.cancel();
    close();
    // not from within start(), nor below an operation of the attempt
    boost::asio::post(io_, [self = shared_from_this(), result = std::move(result)]() mutable {
        if (auto done = std::exchange(self->done_, nullptr))
            done(std::move(result));
    });
}

void Attempt::limit(Duration limit, std::string doing)
{
    doing_ = std::move(doing);
    again_ = false;
    wait_for_deadline(limit);
}

void Attempt::wait_for_deadline(Duration limit)
{
    deadline_.expires_after(limit);
    deadline_.async_wait(handler([this, limit](const boost::system::error_code& error) {
        auto late = std::chrono::steady_clock::now() - deadline_.expiry();
        // an expiry that was replaced may be on its way already
        if (error || late < Duration(0))
            return;
        if (late > standstill && !std::exchange(again_, true))
            return wait_for_deadline(limit);
        expired(fmt::format("{}: timed out after {}", doing_, seconds(limit)));
    }));
}

std::string seconds(Duration duration)
{
    return fmt::format("{:g} s", std::chrono::duration<double>(duration).count());
}

} // namespace weir::keeper
