// SPDX-License-Identifier: GPL-2.0
#include "keeper/checker/checker.h"

#include <algorithm>
#include <csignal>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include "keeper/checker/checker_service.h"
#include "keeper/daemon/accounts.h"
#include "keeper/daemon/config_memory.h"
#include "keeper/daemon/process.h"
#include "keeper/daemon/readable.h"

namespace weir::keeper {
namespace {

using namespace std::chrono_literals;
using Descriptor = boost::asio::posix::stream_descriptor;

constexpr auto retry_pause = 1s;     ///< while the kernel refuses
constexpr auto audit_interval = 30s; ///< the table is looked at even if nothing was heard
constexpr auto beat_interval = 1s;
constexpr auto end_patience = 5s;
constexpr auto settle_pause = 2s; ///< without a change of the table: memory that changes took is given back
constexpr int log_buffer = 1 << 20;

CheckContext context_of(boost::asio::io_context& io, Runner& runner, const Config& config, BfdSource& bfd,
                        Log& log)
{
    return {io,
            [&runner, &config](const Command& command, Duration limit, CheckContext::Done done) {
                return runner.run(command, config.global.script_user, config.global.script_group, limit,
                                  std::move(done), Bond::parent);
            },
            &bfd,
            [&log](bool good, const std::string& text) {
                if (good)
                    log.info("{}", text);
                else
                    log.error("{}", text);
            }};
}

/// Whether one goes on with what is known of the other. By mark, both families have the same name.
bool same_service(const VirtualServerConfig& a, const VirtualServerConfig& b)
{
    bool other_family = !a.points.empty() && !b.points.empty() && a.points[0].fwmark && b.points[0].fwmark &&
                        a.points[0].family != b.points[0].family;
    return a.name == b.name && !other_family;
}

} // namespace

Checker::Checker(Board& board, Setup setup)
    : board_(board),
      setup_(std::move(setup)),
      log_lines_(Pair::create(log_buffer).value_or(Pair{})),
      log_(log_lines_.first.get(), board),
      runner_(io_, log_, &board_.checker_programs),
      notifications_(runner_, log_, config_.global),
      status_(io_, log_, checker_socket(setup_.status_path),
              [this](const auto& request) { return answer(request); }),
      bfd_(io_, board_, setup_.sessions),
      pool_(context_of(io_, runner_, config_, bfd_, log_)),
      table_(setup_.table_namespace),
      fifo_(io_, runner_, log_),
      own_fifo_(io_, runner_, log_),
      signals_(io_, SIGHUP, SIGTERM, SIGINT),
      apply_timer_(io_),
      audit_timer_(io_),
      beat_timer_(io_),
      end_timer_(io_),
      settle_timer_(io_)
{
    // a log that blocks delays no check
    start_log_thread(log_lines_.second.get(), setup_.console, board_);
}

Checker::~Checker() = default;

int Checker::run()
{
    wait_for_signals();
    beat();
    watch_module();
    configure();
    status_.start();
    io_.run();
    finish_log(log_lines_.second.get());
    return 0;
}

void Checker::wait_for_signals()
{
    signals_.async_wait([this](const auto& error, int signal) {
        if (error)
            return;
        if (signal == SIGHUP)
            configure();
        else if (signal == SIGTERM)
            stop();
        wait_for_signals();
    });
}

void Checker::beat()
{
    board_.checker_heartbeat_us = boot_time().count();
    beat_timer_.expires_after(beat_interval);
    beat_timer_.async_wait([this](const auto& error) {
        if (!error)
            beat();
    });
}

/// At start, and when the guard says that there is another configuration.
void Checker::configure()
{
    std::uint32_t generation = board_.config_generation;
    if (stopping_ || generation == generation_ || generation == 0)
        return;
    auto config = read_config_apart(setup_.config, ConfigPart::all);
    if (!config || board_.config_generation != generation)
        return;             // it is being replaced: the guard says when it is whole
    config->instances = {}; // the VRRP process's
    config_ = *config;
    own_checks(config_); // what would stay of the original keeps its pages
    config.reset();
    learn_accounts(config_);
    bool reload = generation_ != 0;
    generation_ = generation;
    fifo_.open(config_.global.fifo, {}, config_.global); // the helper runs its reader
    own_fifo_.open(config_.services.fifo, config_.services.fifo_reader, config_.global);

    auto services = make_services(); // subscribed before the old ones go: checks that stay go on
    const std::vector<weir::Service> none;
    Result<const std::vector<weir::Service>*> table = &none;
    if (!reload && setup_.first && config_.services.flush) {
        if (auto flushed = table_.flush(true); !flushed)
            log_.warning("lvs_flush: {}", flushed.error().to_string());
    } else if (!reload) {
        table = table_.read();
    }
    services.swap(services_);
    for (const auto& old : services) {
        auto now = std::ranges::find_if(
            services_, [&](const auto& service) { return same_service(service->config, old->config); });
        tell(*old, now == services_.end() ? old->machine.removed()
                                          : old->machine.removed_but((*now)->config.servers));
    }
    for (auto& service : services_) {
        auto before = std::ranges::find_if(
            services, [&](const auto& old) { return same_service(old->config, service->config); });
        const Service* old = before == services.end() ? nullptr : before->get();
        if (!reload && table)
            recall_table(service->config, **table, service->machine);
        recall(*service, old);
        auto events = service->machine.begin();
        service->begun = true;
        tell(*service, events);
        if (!reload && config_.services.initial_notifies)
            tell_initial(*service);
    }
    timeouts_due_ = !config_.services.timeouts.empty();
    table_.doubt();
    watch_addresses();
    apply();
    services.clear();
    give_back_memory();
    drop_code();
    log_.info("{} virtual servers, {} checks", services_.size(), pool_.size());
}

void Checker::apply_later(std::chrono::milliseconds delay)
{
    // what changes together goes into one transaction
    if (apply_timer_.expiry() > std::chrono::steady_clock::now() &&
        apply_timer_.expiry() <= std::chrono::steady_clock::now() + delay)
        return;
    apply_timer_.expires_after(delay);
    apply_timer_.async_wait([this](const auto& error) {
        if (!error)
            apply();
    });
}

void Checker::apply()
{
    if (stopping_)
        return;
    Result<void> settings;
    // a module that was loaded since has its own, as it has no services
    timeouts_due_ |= !table_.is_open() && !config_.services.timeouts.empty();
    if (timeouts_due_)
        settings = table_.set_timeouts(config_.services.timeouts);
    timeouts_due_ = timeouts_due_ && !settings;
    auto outcome = table_.put([this](const auto& marks) { return plan_all(marks); });
    watch_table();
    audit_timer_.expires_after(audit_interval);
    audit_timer_.async_wait([this](const auto& error) {
        if (error)
            return;
        table_.doubt();
        apply();
        settle(); // what was read
    });
    if (!outcome || !settings) {
        const Error& error = !outcome ? outcome.error() : settings.error();
        if (services_.empty() && error.code == ENOENT)
            return; // nothing to do, and no module to do it
        std::string text = error.to_string();
        if (text != table_error_)
            log_.error("the kernel's services could not be changed: {}", text);
        table_error_ = text;
        return apply_later(retry_pause);
    }
    if (!std::exchange(table_error_, "").empty())
        log_.info("the kernel's services are as they should be again");
    if (outcome->changed)
        settle();
    if (!outcome->drift.empty())
        log_.warning("{} by somebody else; put right", outcome->drift);
    for (const auto& text : outcome->in_the_way)
        log_.error("{}", text);
    for (const auto& text : outcome->refusals.refused)
        log_.error("a service is left out, for the kernel refuses it: {}", text);
    for (const auto& text : outcome->refusals.taken)
        log_.info("the kernel takes {} now", text);
}

/// Planning and logging takes memory between what stays, and code that steady work does without.
void Checker::settle()
{
    settle_timer_.expires_after(settle_pause);
    settle_timer_.async_wait([](const auto& error) {
        if (error)
            return;
        give_back_memory();
        drop_code();
    });
}

void Checker::watch_table()
{
    if (table_.events_fd() < 0 || watched_ == table_.openings())
        return;
    unsigned number = watched_ = table_.openings();
    table_events_ = std::make_unique<Descriptor>(io_, ::dup(table_.events_fd()));
    on_readable(*table_events_, [this, number] {
        if (stopping_ || number != table_.openings())
            return false;
        if (table_.read_events())
            apply_later(20ms);
        return true;
    });
}

/// The kernel's module comes or goes: what is open leads nowhere any more.
void Checker::watch_module()
{
    auto watch = made_in(setup_.table_namespace, [] { return FamilyWatch::create(WEIR_FAMILY_NAME); });
    if (!watch) // it is found out of a look at the table
        return log_.warning("the kernel's module: {}", watch.error().to_string());
    module_.emplace(std::move(*watch));
    module_events_ = std::make_unique<Descriptor>(io_, ::dup(module_->fd()));
    on_readable(*module_events_, [this] {
        if (module_->changed() && !stopping_) {
            table_.reopen();
            apply_later(5ms);
        }
        return true;
    });
}

/// ha_suspend: which addresses are this machine's
void Checker::watch_addresses()
{
    bool wanted = std::ranges::any_of(services_, [](const auto& service) { return service->config.suspend; });
    if (!wanted || addresses_)
        return suspend_or_resume();
    auto socket = NetlinkSocket::create(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
    if (!socket)
        return log_.error("ha_suspend: {}", socket.error().to_string());
    addresses_.emplace(std::move(*socket));
    address_events_ = std::make_unique<Descriptor>(io_, ::dup(addresses_->fd()));
    on_readable(*address_events_, [this] {
        (void)addresses_->receive([](const nlmsghdr&) {});
        read_addresses();
        return true;
    });
    read_addresses();
}

void Checker::read_addresses()
{
    // not by the socket of the events: what changes meanwhile must wake this process again
    auto requests = NetlinkSocket::create();
    if (!requests)
        return log_.error("ha_suspend: {}", requests.error().to_string());
    std::set<Address> found;
    auto done = requests->dump(RTM_GETADDR, AF_UNSPEC, [&](const nlmsghdr& message) {
        Attributes attributes(message, sizeof(ifaddrmsg));
        auto bytes = attributes[IFA_LOCAL].empty() ? attributes[IFA_ADDRESS] : attributes[IFA_LOCAL];
        if (auto address = Address::from_bytes(bytes))
            found.insert(*address);
    });
    if (!done)
        return log_.warning("ha_suspend: {}", done.error().to_string());
    local_ = std::move(found);
    suspend_or_resume();
}

void Checker::suspend_or_resume()
{
    for (auto& service : services_) {
        const auto& points = service->config.points;
        bool here = std::ranges::any_of(
            points, [&](const auto& p) { return p.fwmark || local_.contains(p.address); });
        bool suspended = service->config.suspend && !here;
        if (suspended != service->suspended)
            log_.info("{}: checks are {}: its address is {}this machine's", service->config.name,
                      suspended ? "suspended" : "resumed", suspended ? "not " : "");
        service->suspended = suspended;
        for (auto& subscription : service->subscriptions) {
            if (subscription)
                subscription->enable(!suspended);
        }
    }
}

void Checker::stop()
{
    if (std::exchange(stopping_, true))
        return;
    if (getppid() != setup_.guard) {
        // nobody ends the daemon, it died: the table is for the next one
        return finish();
    }
    for (auto& service : services_)
        tell(*service, service->machine.end());
    if (!config_.services.keep_on_stop) {
        bool everybody = config_.services.flush_on_stop;
        auto flushed = table_.flush(everybody);
        if (!flushed && flushed.error().code != ENOENT) // no module, no services
            log_.error("removing the services: {}", flushed.error().to_string());
    }
    services_.clear(); // no checks any more
    notifications_.on_idle([this] {
        if (notifications_.idle() && fifo_read_)
            finish();
    });
    own_fifo_.finish([] { return false; },
                     [this] {
                         fifo_read_ = true;
                         if (notifications_.idle())
                             finish();
                     });
    if (notifications_.idle() && fifo_read_)
        return;
    end_timer_.expires_after(end_patience);
    end_timer_.async_wait([this](const auto&) { finish(); });
}

void Checker::finish()
{
    status_.close();
    io_.stop();
}

} // namespace weir::keeper
