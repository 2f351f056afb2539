// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/helper.h"

#include <csignal>

#include <map>

#include "keeper/daemon/accounts.h"
#include "keeper/daemon/config_memory.h"
#include "keeper/daemon/process.h"
#include "keeper/vrrp/ensemble.h"

namespace weir::keeper {
namespace {

using Wait = boost::asio::posix::descriptor_base;

constexpr auto end_patience = std::chrono::seconds(5);

std::string_view spoken(const NotifyMessage& message, const Notify& notify)
{
    switch (message.event) {
    case Event::stopped: return "STOP";
    case Event::deleted: return notify.say_deleted ? "DELETED" : "FAULT";
    case Event::heard_lower: return "MASTER_RX_LOWER_PRI";
    case Event::priority: return message.state == State::master ? "MASTER_PRIORITY" : "BACKUP_PRIORITY";
    default: return name(message.state);
    }
}

} // namespace

Helper::Helper(Board& board, Fds fds, std::string status_path, pid_t guard, bool console)
    : board_(board),
      fds_(fds),
      guard_(guard),
      log_(fds.log_out, board),
      filter_(status_path),
      runner_(io_, log_),
      notifications_(runner_, log_, config_.global),
      messages_(io_),
      status_(io_, log_, std::move(status_path), [this](const auto& request) { return answer(request); }),
      fifo_(io_, runner_, log_),
      vrrp_fifo_(io_, runner_, log_),
      process_timer_(io_),
      end_timer_(io_),
      reload_timer_(io_)
{
    start_log_thread(fds_.log, console, board_);
    // the scripts that were asked for have their time at the end
    notifications_.on_idle([this] {
        if (finishing_)
            finish();
    });
}

int Helper::run(std::uint32_t generation)
{
    signal(SIGHUP, SIG_IGN); // it is told by the VRRP process, when that has the configuration
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    messages_.assign(fds_.vrrp);
    if (generation)
        configure(generation);
    wait_for_messages();
    status_.start();
    io_.run();
    messages_.release();
    status_.close();
    finish_log(fds_.log);
    return 0;
}

void Helper::wait_for_messages()
{
    messages_.async_wait(Wait::wait_read, [this](const auto& error) {
        if (error)
            return;
        NotifyMessage message;
        while (take(fds_.vrrp, message))
            handle(message);
        wait_for_messages();
    });
}

void Helper::configure(std::uint32_t generation)
{
    auto config = read_config_apart(fds_.config, ConfigPart::without_services);
    if (!config)
        return log_.error("the configuration cannot be read from memory");
    if (board_.checks_only)
        drop_routers(*config);
    learn_accounts(*config);
    if (auto result = filter_.apply(*config); !result)
        log_.error("{}", result.error().message);
    instances_.clear();
    instances_.shrink_to_fit();
    instances_.reserve(config->instances.size());
    for (const auto& instance : config->instances)
        instances_.push_back({instance.name, instance.notify, instance.notify_priority});
    // copied, without what only the others need
    config->instances = {};
    config_ = *config;
    config.reset();
    give_back_memory();
    drop_code();
    generation_ = generation;
    fifo_.open(config_.global.fifo, config_.global.fifo_reader, config_.global);
    vrrp_fifo_.open(config_.global.vrrp_fifo, config_.global.vrrp_fifo_reader, config_.global);
    start_trackers();
    board_.helper_generation = generation;
    if (generation > 1 && config_.global.fifo_states_on_reload)
        write_states();
}

/// fifo_write_vrrp_states_on_reload: groups first, as in keepalived.
void Helper::write_states()
{
    std::size_t count = std::min<std::size_t>(instances_.size(), Board::max_instances);
    std::map<std::string_view, State> states;
    for (std::size_t i = 0; i < count; i++)
        states[instances_[i].name] = board_.records[i].state;
    for (const auto& group : config_.groups) {
        State state = common_state(group.members, [&](const auto& member) { return states[member]; });
        write_fifos(fmt::format("GROUP \"{}\" {} 0\n", group.name, name(state)));
    }
    for (std::size_t i = 0; i < count; i++)
        write_fifos(fmt::format("INSTANCE \"{}\" {} {}\n", instances_[i].name, name(board_.records[i].state),
                                board_.records[i].priority));
}

void Helper::handle(const NotifyMessage& message)
{
    if (message.event == Event::reload)
        return configure(message.generation);
    if (message.event == Event::shutdown) {
        if (auto result = filter_.remove(); !result)
            log_.error("{}", result.error().message);
        // the scripts that were asked for have their time, and those who read FIFOs
        end_timer_.expires_after(end_patience);
        end_timer_.async_wait([this](const auto&) { io_.stop(); });
        auto read = [this] {
            unread_--;
            finish();
        };
        finishing_ = true;
        stop_trackers();
        // the checker writes to the one that is for all
        fifo_.finish([this] { return board_.checker_runs.load(); }, read);
        vrrp_fifo_.finish([] { return false; }, read);
        status_.close();
        return;
    }
    if (message.group && message.index < config_.groups.size()) {
        const auto& group = config_.groups[message.index];
        say(message, group.name, *group.notify);
    } else if (!message.group && message.index < instances_.size()) {
        const auto& instance = instances_[message.index];
        if (message.event != Event::priority || instance.notify_priority)
            say(message, instance.name, *instance.notify);
    }
}

void Helper::say(const NotifyMessage& message, const std::string& name, const Notify& notify)
{
    if (message.event == Event::priority && message.state == State::fault)
        return;
    std::string_view state = spoken(message, notify);
    std::string_view kind = message.group ? "GROUP" : "INSTANCE";
    write_fifos(fmt::format("{} \"{}\" {} {}\n", kind, name, state, message.priority));

    const Command* own = nullptr;
    switch (message.event) {
    case Event::stopped: own = &notify.stop; break;
    case Event::deleted: own = &notify.deleted; break;
    case Event::heard_lower: own = &notify.master_rx_lower; break;
    case Event::state:
        own = message.state == State::master   ? &notify.master
              : message.state == State::backup ? &notify.backup
                                               : &notify.fault;
        break;
    default: break;
    }
    std::string owner = fmt::format("{} {}", kind, name);
    if (own && !own->empty())
        notifications_.enqueue(owner, *own);
    // what is no change of state is for FIFOs and scripts of its own
    if (!notify.any.empty() && message.event != Event::priority && message.event != Event::heard_lower) {
        Command any = notify.any;
        any.words.insert(any.words.end(),
                         {std::string(kind), name, std::string(state), std::to_string(message.priority)});
        notifications_.enqueue(owner, std::move(any));
    }
}

void Helper::write_fifos(const std::string& line)
{
    fifo_.write(line);
    vrrp_fifo_.write(line);
}

void Helper::finish()
{
    if (!notifications_.idle() || unread_)
        return;
    runner_.kill_all(); // trackers, whose answer nobody needs
    io_.stop();
}

} // namespace weir::keeper
