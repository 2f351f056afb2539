// SPDX-License-Identifier: GPL-2.0
#include "keeper/checker/bfd_board.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace weir::keeper {
namespace {

constexpr auto time_to_come_up = std::chrono::seconds(5);
/// A record is written in less than a microsecond, now and then.
constexpr int most_attempts = 1000;

} // namespace

BfdView view_of(const BfdRecord& record, Instant now)
{
    using Is = BfdView::State;
    if (record.state == BfdState::up)
        return {Is::up, "the session is up"};
    if (!record.has_been_up) {
        bool early = now - Instant(record.started_us) < time_to_come_up;
        return {early ? Is::unknown : Is::down, "the session has not come up"};
    }
    if (record.ended_by_operator)
        return {Is::unknown, "the neighbor has shut the session down"};
    return {Is::down, fmt::format("the session is down: {}", name(record.diagnostic))};
}

BfdBoard::BfdBoard(boost::asio::io_context& io, const Board& board, int events) : board_(board), events_(io)
{
    if (int own = ::dup(events); own >= 0) {
        events_.assign(own);
        wait();
    }
}

BfdView BfdBoard::look(const std::string& session)
{
    BfdRecord record;
    set_text(record.name, session);
    auto wanted = record.name;
    for (int attempt = 0; attempt < most_attempts; attempt++) {
        std::uint32_t before = board_.sequence.load(std::memory_order_acquire);
        std::size_t count = std::min<std::size_t>(board_.sessions, Board::max_sessions);
        const auto* end = board_.bfd + count;
        const auto* found = std::find_if(board_.bfd, end, [&](const auto& r) { return r.name == wanted; });
        bool here = found != end;
        if (here)
            record = *found;
        std::atomic_thread_fence(std::memory_order_acquire);
        if ((before & 1) || board_.sequence.load(std::memory_order_relaxed) != before)
            continue;
        return here ? view_of(record, boot_time())
                    : BfdView{BfdView::State::unknown, "there is no such session yet"};
    }
    return {BfdView::State::unknown, "what is known of the session is being written"};
}

BfdSource::Ticket BfdBoard::watch(const std::string& session, std::function<void()> changed)
{
    auto watched = std::make_shared<Watched>(Watched{session, look(session).state, std::move(changed)});
    watched_.push_back(watched);
    return watched;
}

void BfdBoard::wait()
{
    events_.async_wait(boost::asio::posix::descriptor_base::wait_read, [this](const auto& error) {
        if (error)
            return;
        eventfd_t count = 0;
        (void)eventfd_read(events_.native_handle(), &count);
        tell();
        wait();
    });
}

void BfdBoard::tell()
{
    std::erase_if(watched_, [](const auto& watched) { return watched.expired(); });
    for (const auto& listed : std::list(watched_)) { // those who are told may come and go meanwhile
        auto watched = listed.lock();
        if (!watched)
            continue;
        auto state = look(watched->session).state;
        if (std::exchange(watched->shown, state) != state)
            watched->changed();
    }
}

} // namespace weir::keeper
