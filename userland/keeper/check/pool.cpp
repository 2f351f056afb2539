// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/pool.h"

#include <algorithm>
#include <map>

#include "keeper/check/verdict.h"

namespace weir::keeper {
namespace {

constexpr Duration unset_warmup = std::chrono::seconds(1);

/// What makes two checks one: alpha and log_all_failures are for those who read the reports.
CheckSpec key_of(CheckSpec spec, const Endpoint& server)
{
    Endpoint destination = destination_of(spec, server);
    spec.connect.address = destination.address;
    spec.connect.port = destination.port;
    spec.timing.alpha = spec.timing.log_all_failures = false;
    return spec;
}

class Member;

/// A check that runs, and those it runs for.
struct Shared {
    std::string name;
    CheckSpec spec;
    std::unique_ptr<Check> check;
    std::vector<std::weak_ptr<Member>> members;
    unsigned enabled = 0; ///< members that want attempts
};

} // namespace

class CheckPool::Impl : public std::enable_shared_from_this<CheckPool::Impl> {
  public:
    using Checks = std::multimap<std::string, std::shared_ptr<Shared>>;

    explicit Impl(CheckContext context) : context_(std::move(context)) {}

    Result<std::shared_ptr<Shared>> find_or_make(const CheckSpec& spec, const Endpoint& server);
    void leave(const std::shared_ptr<Shared>& shared);
    void enable(Shared& shared, bool on);
    [[nodiscard]] std::size_t size() const { return checks_.size(); }

  private:
    static void report(const std::weak_ptr<Shared>& weak, const CheckReport& report);

    CheckContext context_;
    Checks checks_; ///< by describe(), which few share
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

Result<std::shared_ptr<Shared>> CheckPool::Impl::find_or_make(const CheckSpec& spec, const Endpoint& server)
{
    CheckSpec key = key_of(spec, server);
    std::string name = describe(key, server);
    auto [first, last] = checks_.equal_range(name);
    auto same = std::find_if(first, last, [&](const auto& entry) { return entry.second->spec == key; });
    if (same != last)
        return same->second;
    auto shared = std::make_shared<Shared>();
    auto check = make_check(key, server, context_,
                            [weak = std::weak_ptr(shared)](const CheckReport& news) { report(weak, news); });
    if (!check)
        return pass_on(check);
    shared->check = std::move(*check);
    auto akin = std::find_if(first, last, [&](const auto& entry) {
        return entry.second->spec.detail == key.detail && entry.second->spec.connect == key.connect;
    });
    if (akin != last)
        shared->check->assume(akin->second->check->last());
    shared->spec = std::move(key);
    shared->name = name;
    checks_.emplace(std::move(name), shared);
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
    auto [first, last] = checks_.equal_range(shared->name);
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
    const CheckTiming& timing = shared.spec.timing;
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
CheckPool::subscribe(const CheckSpec& spec, const Endpoint& server, CheckCallback callback)
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
