// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <list>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "keeper/check/bfd_source.h"
#include "keeper/daemon/board.h"

namespace weir::keeper {

/// What a check makes of a session. One that has not come up since it was started says nothing for the first
/// five seconds, so that neither a start of the daemon nor one of its VRRP process takes servers out; and one
/// that its neighbor's operator ended says no more than before (RFC 5882 3.2, and keepalived).
[[nodiscard]] BfdView view_of(const BfdRecord& record, Instant now);

/// The sessions that the VRRP process runs, by way of the board.
class BfdBoard : public BfdSource {
  public:
    /// `events`: an eventfd that the VRRP process writes to; stays the caller's.
    BfdBoard(boost::asio::io_context& io, const Board& board, int events);

    [[nodiscard]] BfdView look(const std::string& session) override;
    [[nodiscard]] Ticket watch(const std::string& session, std::function<void()> changed) override;

  private:
    struct Watched {
        std::string session;
        BfdView::State shown;
        std::function<void()> changed;
    };
    void wait();
    void tell();

    const Board& board_;
    boost::asio::posix::stream_descriptor events_;
    std::list<std::weak_ptr<Watched>> watched_;
};

} // namespace weir::keeper
