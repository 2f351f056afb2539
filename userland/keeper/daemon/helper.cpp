// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/helper.h"

#include <csignal>
#include <thread>

#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <poll.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/config/flatten.h"

namespace weir::keeper {
namespace {

using Wait = boost::asio::posix::descriptor_base;

constexpr auto notify_limit = std::chrono::seconds(60);
constexpr std::size_t most_waiting = 32;
constexpr auto end_patience = std::chrono::seconds(5);

/// The only place that may block for ever: a console nobody reads stops the log and nothing else.
void log_loop(int fd, bool console, Board& board)
{
    Log sink(console);
    LogMessage message;
    std::uint64_t told = 0;
    pollfd ready{fd, POLLIN, 0};
    while (::poll(&ready, 1, -1) >= 0 || errno == EINTR) {
        while (take(fd, message))
            sink.put(message);
        if (std::uint64_t lost = board.log_lost.load(); lost != told) {
            sink.warning("{} log lines were lost: the log could not keep up", lost - told);
            told = lost;
        }
        if (ready.revents & (POLLHUP | POLLERR))
            return;
    }
}

/// Of this daemon alone: more than one may run in a network namespace.
std::string table_name(const std::string& status_path)
{
    return fmt::format("weir_keeper_{:08x}",
                       static_cast<std::uint32_t>(std::hash<std::string>()(status_path)));
}

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
      status_path_(std::move(status_path)),
      guard_(guard),
      log_(console),
      filter_(table_name(status_path_)),
      runner_(io_, log_),
      messages_(io_),
      acceptor_(io_),
      process_timer_(io_),
      end_timer_(io_)
{
    std::thread(log_loop, fds_.log, console, std::ref(board_)).detach();
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
    if (!status_path_.empty())
        accept_status();
    io_.run();
    messages_.release();
    if (!status_path_.empty())
        ::unlink(status_path_.c_str());
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
    struct stat status {};
    fstat(fds_.config, &status);
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    (void)!pread(fds_.config, text.data(), text.size(), 0);
    Diagnostics diagnostics;
    config_ = read_config_text(text, diagnostics, {.lenient = true});
    generation_ = generation;
    open_fifo(config_.global.fifo, fifo_);
    open_fifo(config_.global.vrrp_fifo, vrrp_fifo_);
    if (auto result = filter_.apply(config_); !result)
        log_.error("{}", result.error().message);
    for (auto& instance : config_.instances) {
        // what only VRRP needs
        instance.addresses = {}, instance.excluded = {}, instance.routes = {}, instance.rules = {};
        instance.interfaces = {}, instance.scripts = {}, instance.files = {}, instance.processes = {};
        instance.peers = {};
    }
    malloc_trim(0);
    start_trackers();
    board_.helper_generation = generation;
    if (generation > 1 && config_.global.fifo_states_on_reload) {
        for (std::size_t i = 0; i < config_.instances.size() && i < Board::max_instances; i++)
            write_fifos(fmt::format("INSTANCE \"{}\" {} {}\n", config_.instances[i].name,
                                    name(board_.records[i].state), board_.records[i].priority));
    }
}

void Helper::handle(const NotifyMessage& message)
{
    if (message.event == Event::reload)
        return configure(message.generation);
    if (message.event == Event::shutdown) {
        if (auto result = filter_.remove(); !result)
            log_.error("{}", result.error().message);
        // the scripts that were asked for have their time
        end_timer_.expires_after(end_patience);
        end_timer_.async_wait([this](const auto&) { io_.stop(); });
        if (runner_.running() == 0)
            io_.stop();
        status_path_.empty() ? void() : void(::unlink(status_path_.c_str()));
        return;
    }
    if (message.group && message.index < config_.groups.size()) {
        const auto& group = config_.groups[message.index];
        say(message, group.name, group.notify);
    } else if (!message.group && message.index < config_.instances.size()) {
        const auto& instance = config_.instances[message.index];
        if (message.event != Event::priority || instance.notify_priority)
            say(message, instance.name, instance.notify);
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
        enqueue(owner, *own);
    // what is no change of state is for FIFOs and scripts of its own
    if (!notify.any.empty() && message.event != Event::priority && message.event != Event::heard_lower) {
        Command any = notify.any;
        any.words.insert(any.words.end(),
                         {std::string(kind), name, std::string(state), std::to_string(message.priority)});
        enqueue(owner, std::move(any));
    }
}

void Helper::enqueue(const std::string& owner, Command command)
{
    Queue& queue = queues_[owner];
    if (queue.waiting.size() >= most_waiting) {
        log_.warning("{}: {} notifications wait, the oldest is dropped", owner, queue.waiting.size());
        queue.waiting.pop_front();
    }
    queue.waiting.push_back(std::move(command));
    if (!queue.running)
        run_next(owner);
}

void Helper::run_next(const std::string& owner)
{
    Queue& queue = queues_[owner];
    queue.running = false;
    while (!queue.waiting.empty() && !queue.running) {
        Command command = std::move(queue.waiting.front());
        queue.waiting.pop_front();
        queue.running = runner_.run(command, config_.global.script_user, config_.global.script_group,
                                    notify_limit, [this, owner](int) { run_next(owner); });
    }
    if (end_timer_.expiry() != boost::asio::steady_timer::time_point() && runner_.running() == 0)
        io_.stop();
}

void Helper::open_fifo(const std::optional<Fifo>& config, Fd& fd)
{
    fd.reset();
    if (!config)
        return;
    if (::mkfifo(config->path.c_str(), 0600) < 0 && errno != EEXIST) {
        log_.error("FIFO {}: {}", config->path, strerror(errno));
        return;
    }
    // read and write: it never blocks, and lines wait for a reader that comes later
    fd.reset(::open(config->path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
    struct stat status {};
    if (!fd || fstat(fd.get(), &status) < 0 || !S_ISFIFO(status.st_mode)) {
        log_.error("FIFO {}: {}", config->path, fd ? "something else has this name" : strerror(errno));
        fd.reset();
        return;
    }
    const passwd* user = config->user.empty() ? nullptr : getpwnam(config->user.c_str());
    const group* owner_group = config->group.empty() ? nullptr : getgrnam(config->group.c_str());
    if (user || owner_group)
        (void)!fchown(fd.get(), user ? user->pw_uid : uid_t(-1),
                      owner_group ? owner_group->gr_gid
                      : user      ? user->pw_gid
                                  : gid_t(-1));
}

void Helper::write_fifos(const std::string& line)
{
    for (const Fd* fd : {&fifo_, &vrrp_fifo_}) {
        if (*fd && ::write(fd->get(), line.data(), line.size()) < 0)
            log_.warning("a FIFO is full, this line is lost: {}",
                         std::string_view(line).substr(0, line.size() - 1));
    }
}

} // namespace weir::keeper
