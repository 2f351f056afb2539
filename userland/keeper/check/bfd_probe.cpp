// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/bfd_source.h"
#include "keeper/check/probes.h"

namespace weir::keeper {
namespace {

/// BFD_CHECK: what a session says now.
class BfdAttempt : public Attempt {
  public:
    BfdAttempt(boost::asio::io_context& io, BfdView view) : Attempt(io), view_(std::move(view)) {}

  private:
    void run() override
    {
        if (view_.state == BfdView::State::up)
            succeed(std::move(view_.reason));
        else if (view_.state == BfdView::State::down)
            fail(std::move(view_.reason));
        else
            give_up(std::move(view_.reason));
    }
    void close() override {}

    BfdView view_;
};

class BfdProbe : public Probe {
  public:
    BfdProbe(boost::asio::io_context& io, BfdSource* source, std::string session)
        : io_(io),
          source_(source),
          session_(std::move(session))
    {
    }

    [[nodiscard]] std::shared_ptr<Attempt> attempt() override
    {
        BfdView nobody{BfdView::State::unknown, "there are no BFD sessions here"};
        return std::make_shared<BfdAttempt>(io_, source_ ? source_->look(session_) : nobody);
    }
    void watch(const std::function<void()>& changed) override
    {
        if (source_)
            ticket_ = source_->watch(session_, changed);
    }

  private:
    boost::asio::io_context& io_;
    BfdSource* source_;
    std::string session_;
    BfdSource::Ticket ticket_;
};

} // namespace

std::unique_ptr<Probe> make_bfd_probe(const SharedSpec& spec, CheckContext& context)
{
    return std::make_unique<BfdProbe>(context.io, context.bfd, std::get<BfdCheck>(spec->detail).session);
}

} // namespace weir::keeper
