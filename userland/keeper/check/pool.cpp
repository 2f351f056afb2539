// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/pool.h"

#include <algorithm>
#include <map>

#include <boost/container/small_vector.hpp>

#include "keeper/check/verdict.h"

namespace weir::keeper {
namespace {

constexpr Duration unset_warmup = std::chrono::seconds(1);
/// More would be under way all at once on a slow machine, now and in each delay_loop from now on.
constexpr std::uint64_t starts_per_second = 1000;

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

class Ticket;

/// A check that runs, and those it runs for.
struct Shared : std::enable_shared_from_this<Shared> {
    std::size_t key;
    Endpoint destination;
    SharedSpec spec;
    std::unique_ptr<Check> check;
    /// Null: of one who left while members were being told.
    boost::container::small_vector<const Ticket*, 1> members;
    unsigned enabled = 0; ///< members that want attempts
    unsigned telling = 0; ///< reports that are being told

    Shared(std::size_t key_, const Endpoint& destination_, SharedSpec spec_)
        : key(key_),
          destination(destination_),
          spec(std::move(spec_))
    {
    }
    void drop_members_gone()
    {
        members.erase(std::remove(members.begin(), members.end(), nullptr), members.end());
    }
};

} // namespace

class CheckPool::Impl : public std::enable_shared_from_this<CheckPool::Impl> {
  public:
    using Checks = std::multimap<std::size_t, std::shared_ptr<Shared>>;

    explicit Impl(CheckContext context) : context_(std::move(context)) {}

    Result<std::shared_ptr<Shared>> find_or_make(const SharedSpec& spec, const Endpoint& server);
    void leave(const std::shared_ptr<Shared>& shared, const Ticket* member);
    void enable(Shared& shared, bool on);
    [[nodiscard]] std::size_t size() const { return checks_.size(); }

  private:
    void forget(const std::shared_ptr<Shared>& shared);
    [[nodiscard]] Duration first_delay(const CheckTiming& timing);
    static void report(Shared& shared, const CheckReport& report);

    CheckContext context_;
    Checks checks_; ///< by the hash of describe(), which few share
    std::uint64_t started_ = 0;
    /// Checks that are started together, as a configuration brings them.
    std::chrono::steady_clock::time_point wave_{};
    std::uint64_t in_wave_ = 0;
};

namespace {

class Ticket : public CheckPool::Subscription {
  public:
    using Impl = std::shared_ptr<CheckPool::Impl>;

    Ticket(Impl pool, std::shared_ptr<Shared> shared, CheckCallback callback)
        : pool_(std::move(pool)),
          shared_(std::move(shared)),
          callback_(std::move(callback))
    {
        shared_->members.push_back(this);
        enable(true);
    }
    ~Ticket() override
    {
        enable(false);
        pool_->leave(shared_, this);
    }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    void enable(bool on) override
    {
        if (std::exchange(enabled_, on) != on)
            pool_->enable(*shared_, on);
    }
    [[nodiscard]] const CheckReport& last() const override { return shared_->check->last(); }
    [[nodiscard]] std::string fault() const override { return shared_->check->fault(); }
    void tell(const CheckReport& report) const
    {
        if (!enabled_)
            return;
        auto callback = callback_; // may destroy this
        callback(report);
    }

  private:
    Impl pool_;
    std::shared_ptr<Shared> shared_;
    CheckCallback callback_;
    bool enabled_ = false;
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
    auto shared = std::make_shared<Shared>(key, destination, spec);
    auto check = make_check(spec, server, context_,
                            [told = shared.get()](const CheckReport& news) { report(*told, news); });
    if (!check)
        return pass_on(check);
    shared->check = std::move(*check);
    if (akin != last)
        shared->check->assume(akin->second->check->last());
    checks_.emplace(key, shared);
    return shared;
}

void CheckPool::Impl::report(Shared& shared, const CheckReport& report)
{
    auto keep = shared.shared_from_this();
    // those who are told may come and go meanwhile
    shared.telling++;
    for (std::size_t i = 0, count = shared.members.size(); i < count; i++) {
        if (const Ticket* member = shared.members[i])
            member->tell(report);
    }
    if (--shared.telling == 0)
        shared.drop_members_gone();
}

void CheckPool::Impl::leave(const std::shared_ptr<Shared>& shared, const Ticket* member)
{
    auto& members = shared->members;
    std::ranges::replace(members, member, nullptr);
    if (std::ranges::all_of(members, [](const Ticket* other) { return !other; }))
        forget(shared);
    if (!shared->telling)
        shared->drop_members_gone();
}

void CheckPool::Impl::forget(const std::shared_ptr<Shared>& shared)
{
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
    shared.check->start(first_delay(shared.spec->timing));
}

/// Over the warm-up; over a second for each thousand, but no later than delay_loop, where none is given.
Duration CheckPool::Impl::first_delay(const CheckTiming& timing)
{
    double part = spread(started_++);
    auto part_of = [&](Duration whole) {
        return Duration(static_cast<Duration::rep>(part * static_cast<double>(whole.count())));
    };
    if (timing.warmup)
        return part_of(*timing.warmup);
    auto now = std::chrono::steady_clock::now();
    if (now >= wave_ + std::chrono::seconds(in_wave_ / starts_per_second + 1))
        wave_ = now, in_wave_ = 0;
    Duration place = std::chrono::seconds(in_wave_++ / starts_per_second);
    if (place + unset_warmup > timing.delay_loop)
        return part_of(timing.delay_loop);
    auto delay = std::chrono::duration_cast<Duration>(wave_ + place + part_of(unset_warmup) - now);
    return std::max(delay, Duration(0));
}

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
