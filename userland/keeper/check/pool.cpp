// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/pool.h"

#include <algorithm>
#include <map>

#include "keeper/check/verdict.h"

namespace weir::keeper {
namespace {

constexpr Duration unset_warmup = std::chrono::seconds(1);

/// Whether two checks ask the same question, wherever they go.
bool same_question(const CheckSpec& one, const CheckSpec& other)
{
    ConnectOptions connect = other.connect;
    connect.address = one.connect.address;
    connect.port = one.connect.port;
    return one.detail == other.detail && one.connect == connect;
}

/// ... as often: alpha and log_all_failures are for those who read the reports.
bool same_timing(const CheckTiming& one, CheckTiming other)
{
    other.alpha = one.alpha;
    other.log_all_failures = one.log_all_failures;
    return one == other;
}

class Member;

/// A check that runs, and those it runs for.
struct Shared {
    std::size_t key;
    Endpoint destination;
    SharedSpec spec;
    std::unique_ptr<Check> check;
    std::vector<std::weak_ptr<Member>> members;
    unsigned enabled = 0; ///< members that want attempts
};

} // namespace

class CheckPool::Impl : public std::enable_shared_from_this<CheckPool::Impl> {
  public:
    using Checks = std::multimap<std::size_t, std::shared_ptr<Shared>>;

    explicit Impl(CheckContext context) : context_(std::move(context)) {}

    Result<std::shared_ptr<Shared>> find_or_make(const SharedSpec& spec, const Endpoint& server);
    void leave(const std::shared_ptr<Shared>& shared);
    void enable(Shared& shared, bool on);
    [[nodiscard]] std::size_t size() const { return checks_.size(); }

  private:
    static void report(const std::weak_ptr<Shared>& weak, const CheckReport& report);

    CheckContext context_;
    Checks checks_; ///< by the hash of describe(), which few share
    std::uint64_t started_ = 0;
};

namespace {

class Member {
  public:
    explicit Member(CheckCallback callback) : callback_(std::move(callback)) {}
    bool enabled = true;
    void tell(const CheckReport& report) const
    {
        auto callback = callback_; // may destroy this
        callback(report);
    }

  private:
    CheckCallback callback_;
};

} // namespace

Result<std::shared_ptr<Shared>> CheckPool::Impl::find_or_make(const SharedSpec& spec, const Endpoint& server)
{
    std::size_t key = std::hash<std::string>()(describe(*spec, server));
    Endpoint destination = destination_of(*spec, server);
    auto [first, last] = checks_.equal_range(key);
    auto is_akin = [&](const auto& entry) {
        return entry.second->destination == destination && same_question(*entry.second->spec, *spec);
    };
    auto akin = std::find_if(first, last, is_akin);
    auto same = std::find_if(akin, last, [&](const auto& entry) {
        return is_akin(entry) && same_timing(entry.second->spec->timing, spec->timing);
    });
    if (same != last)
        return same->second;
    auto shared = std::make_shared<Shared>(Shared{key, destination, spec, {}, {}, 0});
    auto check = make_check(spec, server, context_,
                            [weak = std::weak_ptr(shared)](const CheckReport& news) { report(weak, news); });
    if (!check)
        return pass_on(check);
    shared->check = std::move(*check);
    if (akin != last)
        shared->check->assume(akin->second->check->last());
    checks_.emplace(key, shared);
    return shared;
}

void CheckPool::Impl::report(const std::weak_ptr<Shared>& weak, const CheckReport& report)
{
    auto shared = weak.lock();
    if (!shared)
        return;
    // those who are told may come and go meanwhile
    for (const auto& listed : std::vector(shared->members)) {
        auto member = listed.lock();
        if (member && member->enabled)
            member->tell(report);
    }
}

void CheckPool::Impl::leave(const std::shared_ptr<Shared>& shared)
{
    std::erase_if(shared->members, [](const auto& member) { return member.expired(); });
    if (!shared->members.empty())
        return;
    auto [first, last] = checks_.equal_range(shared->key);
    auto gone = std::find_if(first, last, [&](const auto& entry) { return entry.second == shared; });
    if (gone != last)
        checks_.erase(gone);
}

void CheckPool::Impl::enable(Shared& shared, bool on)
{
    if (!on) {
        if (--shared.enabled == 0)
            shared.check->stop();
        return;
    }
    if (shared.enabled++ > 0)
        return;
    const CheckTiming& timing = shared.spec->timing;
    Duration warmup = timing.warmup.value_or(std::min(timing.delay_loop, unset_warmup));
    double part = spread(started_++);
    shared.check->start(Duration(static_cast<Duration::rep>(part * static_cast<double>(warmup.count()))));
}

namespace {

class Ticket : public CheckPool::Subscription {
  public:
    using Impl = std::shared_ptr<CheckPool::Impl>;

    Ticket(Impl pool, std::shared_ptr<Shared> shared, CheckCallback callback)
        : pool_(std::move(pool)),
          shared_(std::move(shared)),
          member_(std::make_shared<Member>(std::move(callback)))
    {
        shared_->members.push_back(member_);
        pool_->enable(*shared_, true);
    }
    ~Ticket() override
    {
        enable(false);
        member_.reset();
        pool_->leave(shared_);
    }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    void enable(bool on) override
    {
        if (std::exchange(member_->enabled, on) != on)
            pool_->enable(*shared_, on);
    }
    [[nodiscard]] const CheckReport& last() const override { return shared_->check->last(); }

  private:
    Impl pool_;
    std::shared_ptr<Shared> shared_;
    std::shared_ptr<Member> member_;
};

} // namespace

CheckPool::CheckPool(CheckContext context) : impl_(std::make_shared<Impl>(std::move(context))) {}

CheckPool::~CheckPool() = default;

Result<std::unique_ptr<CheckPool::Subscription>>
CheckPool::subscribe(const SharedSpec& spec, const Endpoint& server, CheckCallback callback)
{
    auto shared = impl_->find_or_make(spec, server);
    if (!shared)
        return pass_on(shared);
    return std::make_unique<Ticket>(impl_, std::move(*shared), std::move(callback));
}

std::size_t CheckPool::size() const
{
    return impl_->size();
}

} // namespace weir::keeper
