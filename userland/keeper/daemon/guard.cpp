// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/guard.h"

#include <algorithm>
#include <csignal>
#include <fstream>

#include <fcntl.h>
#include <linux/capability.h>
#include <malloc.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper/checker/checker.h"
#include "keeper/config/flatten.h"
#include "keeper/daemon/accept_filter.h"
#include "keeper/daemon/helper.h"
#include "keeper/daemon/launch.h"
#include "keeper/daemon/process.h"
#include "keeper/daemon/script_security.h"
#include "keeper/daemon/vrrp_process.h"

namespace weir::keeper {
namespace {

constexpr int default_rt_priority = 50;
constexpr int message_buffer = 4 << 20;
constexpr auto stop_patience = std::chrono::seconds(6);
constexpr auto restart_pause = std::chrono::seconds(1);
constexpr auto checker_patience = std::chrono::seconds(60);
constexpr auto own_patience = std::chrono::seconds(10);
/// What the loader ends with.
constexpr int loaded = 0, loaded_services = 3;
/// Scripts run as other users, whom FIFOs belong to; checks may read files and come from low ports.
constexpr std::uint32_t checker_capabilities = 1u << CAP_SETUID | 1u << CAP_SETGID | 1u << CAP_KILL |
                                               1u << CAP_CHOWN | 1u << CAP_DAC_OVERRIDE |
                                               1u << CAP_NET_BIND_SERVICE;

/// Reads, checks and flattens; the text only if it may be used.
std::optional<std::string> load_text(const DaemonOptions& options, Config& config, Log& log)
{
    Diagnostics diagnostics;
    ConfigFiles files = ConfigFiles::local();
    config = read_config(options.file, files, options.host, diagnostics, {.lenient = options.lenient});
    check_script_security(config, diagnostics);
    for (const auto& item : diagnostics.all()) {
        if (item.severity >= Severity::refused)
            log.error("{}", diagnostics.format(item));
        else if (item.severity == Severity::warning)
            log.warning("{}", diagnostics.format(item));
    }
    if (!diagnostics.usable())
        return std::nullopt;
    Diagnostics again;
    return flatten_config(options.file, files, options.host, again);
}

bool store(int fd, const std::string& text)
{
    return ftruncate(fd, 0) == 0 &&
           pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

/// The configuration as it is in use, if this word stands in it: most have no need to be read again.
Config config_in_use(int fd, std::string_view word)
{
    struct stat status {};
    std::string text;
    if (fstat(fd, &status) == 0)
        text.resize(static_cast<std::size_t>(status.st_size));
    (void)!pread(fd, text.data(), text.size(), 0);
    Diagnostics diagnostics;
    return text.find(word) == std::string::npos ? Config()
                                                : read_config_text(text, diagnostics, {.lenient = true});
}

/// reload_file: empty while the configuration is read, gone afterwards.
class ReloadFile {
  public:
    ReloadFile(std::string path, Log& log) : path_(std::move(path))
    {
        if (path_.empty())
            return;
        Fd file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
        if (!file)
            log.warning("reload_file {}: {}", path_, strerror(errno));
    }
    ~ReloadFile()
    {
        if (!path_.empty())
            ::unlink(path_.c_str());
    }
    ReloadFile(const ReloadFile&) = delete;
    ReloadFile& operator=(const ReloadFile&) = delete;

  private:
    std::string path_;
};

class Guard {
  public:
    Guard(const DaemonOptions& options, Board& board, Fd config, NetlinkSocket netlink, int rt_priority,
          bool services)
        : options_(options),
          board_(board),
          config_(std::move(config)),
          netlink_(std::move(netlink)),
          rt_priority_(rt_priority),
          logs_(Pair::create(message_buffer).value_or(Pair{})),
          log_(logs_.first.get(), board),
          sessions_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
          services_(services)
    {
        sigset_t signals;
        sigemptyset(&signals);
        for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD})
            sigaddset(&signals, signal);
        sigprocmask(SIG_BLOCK, &signals, &old_signals_);
        signals_ = Fd(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
    }

    int run()
    {
        board_.config_generation = ++config_number_;
        start_all();
        if (services_)
            start_checker(true);
        while (!(stopping_ && vrrp_ == 0 && helper_ == 0 && checker_ == 0)) {
            pollfd ready{signals_.get(), POLLIN, 0};
            (void)::poll(&ready, 1, wait_ms());
            now_ = boot_time();
            signalfd_siginfo info;
            while (::read(signals_.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info)))
                handle_signal(static_cast<int>(info.ssi_signo));
            watch();
        }
        remove_addresses(true);
        return 0;
    }

  private:
    int wait_ms() const
    {
        if (stopping_ || reload_wanted_ || announce_ready_ || restart_at_ != never || checker_at_ != never)
            return 20;
        std::int64_t patience = board_.patience_us;
        return patience ? static_cast<int>(std::clamp<std::int64_t>(patience / 4000, 2, 1000)) : 1000;
    }

    template <typename Body>
    pid_t spawn(Body body)
    {
        pid_t guard = getpid();
        pid_t pid = fork();
        if (pid != 0)
            return pid;
        sigprocmask(SIG_SETMASK, &old_signals_, nullptr);
        if (getppid() != guard)
            _exit(1);
        _exit(body(guard));
    }

    void start_all()
    {
        auto messages = Pair::create(message_buffer);
        if (!messages)
            return log_.error("{}", messages.error().message);
        messages_ = std::move(*messages);
        board_.vrrp_generation = board_.helper_generation = 0;
        board_.patience_us = 0;
        board_.removed = false;
        board_.heartbeat_us = boot_time().count();
        announce_ready_ = true;
        wanted_generation_ = 1;
        started_at_ = boot_time();
        restart_at_ = never;
        start_helper();
        vrrp_ = spawn([this](pid_t) {
            prctl(PR_SET_PDEATHSIG, SIGTERM);
            prctl(PR_SET_NAME, "weir-vrrp");
            if (auto result = lock_memory(); !result)
                log_.warning("{}", result.error().message);
            if (auto result = make_real_time(rt_priority_); !result)
                log_.warning("{}", result.error().message);
            if (auto result = keep_network_capabilities(); !result)
                log_.warning("{}", result.error().message);
            return VrrpProcess(board_,
                               {messages_.first.get(), logs_.first.get(), config_.get(), sessions_.get()})
                .run();
        });
    }

    void start_helper()
    {
        helper_ = spawn([this](pid_t guard) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            prctl(PR_SET_NAME, "weir-helper");
            make_ordinary();
            munlockall();
            Helper helper(board_,
                          {messages_.second.get(), logs_.second.get(), logs_.first.get(), config_.get()},
                          options_.status_path, guard, options_.console);
            return helper.run(board_.vrrp_generation);
        });
    }

    void start_checker(bool first)
    {
        checker_at_ = never;
        board_.checker_heartbeat_us = now_.count();
        board_.checker_runs = true;
        checker_ = spawn([this, first](pid_t guard) {
            prctl(PR_SET_PDEATHSIG, SIGTERM);
            prctl(PR_SET_NAME, "weir-checker");
            make_ordinary();
            munlockall();
            if (auto result = keep_network_capabilities(checker_capabilities); !result)
                log_.warning("{}", result.error().message);
            return Checker(board_, {.config = config_.get(),
                                    .sessions = sessions_.get(),
                                    .status_path = options_.status_path,
                                    .console = options_.console,
                                    .first = first,
                                    .guard = guard})
                .run();
        });
    }

    void handle_signal(int signal)
    {
        if (signal == SIGHUP) {
            reload_wanted_ = true;
        } else if (signal == SIGCHLD) {
            int status = 0;
            while (pid_t pid = waitpid(-1, &status, WNOHANG)) {
                if (pid < 0)
                    break;
                child_ended(pid, status);
            }
        } else if (!stopping_) {
            stopping_ = true;
            kill_at_ = boot_time() + stop_patience;
            notify_manager("STOPPING=1");
            if (vrrp_) {
                kill(vrrp_, SIGTERM);
                return;
            }
            if (helper_)
                kill(helper_, SIGKILL);
            stop_checker();
        }
    }

    void stop_checker()
    {
        checker_at_ = never;
        if (checker_)
            kill(checker_, SIGTERM);
    }

    void child_ended(pid_t pid, int status)
    {
        if (pid == vrrp_) {
            vrrp_ = 0;
            remove_addresses(!stopping_);
            if (stopping_) // services go after the addresses that lead to them
                return stop_checker();
            log_.error("the VRRP process ended ({}), its addresses are removed; starting it again", status);
            if (helper_)
                kill(helper_, SIGKILL);
            restart_at_ = now_ - started_at_ > std::chrono::seconds(10) ? now_ : now_ + restart_pause;
        } else if (pid == helper_) {
            helper_ = 0;
            if (!stopping_ && vrrp_) {
                log_.error("the helper process ended ({}), starting it again", status);
                start_helper();
            }
        } else if (pid == checker_) {
            checker_ = 0;
            board_.checker_runs = false;
            if (!stopping_) {
                log_.error("the checker process ended ({}), the kernel's services stay; starting it again",
                           status);
                checker_at_ = now_ + restart_pause;
            }
        } else if (pid == loader_) {
            loader_ = 0;
            int end = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
            bool good = end == loaded || end == loaded_services;
            reload_checker(good, end == loaded_services);
            if (good && vrrp_) {
                wanted_generation_++;
                kill(vrrp_, SIGHUP);
            } else {
                log_.error("the new configuration is not used, the old one stays");
            }
            announce_ready_ = true;
        }
    }

    /// The text is whole again, and perhaps another one.
    void reload_checker(bool changed, bool services)
    {
        config_number_ += changed;
        board_.config_generation = config_number_;
        services_ = changed ? services : services_;
        if (stopping_)
            return;
        if (checker_)
            kill(checker_, SIGHUP);
        else if (services_ && checker_at_ == never)
            start_checker(false);
    }

    /// What the masters among the records have. Messages are ready; nothing is allocated.
    void remove_addresses(bool all)
    {
        for (std::uint32_t i = 0; i < board_.instances; i++) {
            const InstanceRecord& record = board_.records[i];
            if ((all || record.state == State::master) && record.removal_size)
                (void)netlink_.send(std::span(board_.removals + record.removal_offset, record.removal_size),
                                    already_gone);
        }
    }

    void watch()
    {
        std::int64_t patience = board_.patience_us;
        if (vrrp_ && patience && !board_.removed && now_.count() - board_.heartbeat_us > patience) {
            board_.removed = true;
            remove_addresses(false);
            log_.error("the VRRP process stands still, its addresses are removed");
        }
        if (restart_at_ <= now_ && !stopping_ && helper_ == 0)
            start_all();
        watch_checker();
        bool settled =
            board_.vrrp_generation == wanted_generation_ && board_.helper_generation == wanted_generation_;
        if (announce_ready_ && settled && !loader_) {
            announce_ready_ = false;
            notify_manager("READY=1");
        }
        if (reload_wanted_ && settled && !loader_ && !stopping_)
            start_loader();
        if (stopping_ && now_ >= kill_at_) {
            for (pid_t pid : {vrrp_, helper_, checker_}) {
                if (pid)
                    kill(pid, SIGKILL);
            }
        }
    }

    void watch_checker()
    {
        if (checker_at_ <= now_ && !stopping_ && checker_ == 0)
            start_checker(false);
        if (now_ - checker_watched_ > own_patience) // nobody ran: the machine slept
            board_.checker_heartbeat_us = now_.count();
        checker_watched_ = now_;
        if (checker_ && !stopping_ && now_ - Instant(board_.checker_heartbeat_us.load()) > checker_patience) {
            log_.error("the checker process stands still, ending it");
            board_.checker_heartbeat_us = now_.count();
            kill(checker_, SIGKILL);
        }
    }

    void start_loader()
    {
        reload_wanted_ = false;
        board_.config_generation = 0;
        notify_manager(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", [] {
            timespec now{};
            clock_gettime(CLOCK_MONOTONIC, &now);
            return now.tv_sec * 1'000'000 + now.tv_nsec / 1000;
        }()));
        loader_ = spawn([this](pid_t) {
            make_ordinary();
            ReloadFile file(config_in_use(config_.get(), "reload_file").global.reload_file, log_);
            Config config;
            auto text = load_text(options_, config, log_);
            if (!text || !store(config_.get(), *text))
                return 1;
            return config.virtual_servers.empty() ? loaded : loaded_services;
        });
    }

    const DaemonOptions& options_;
    Board& board_;
    Fd config_, signals_;
    NetlinkSocket netlink_;
    int rt_priority_;
    Pair messages_, logs_; ///< the second outlives those who read it: no line is lost with a helper
    Log log_;              ///< never waits
    Fd sessions_;          ///< eventfd, VRRP process to checker: what the board says of BFD has changed
    sigset_t old_signals_{};
    pid_t vrrp_ = 0, helper_ = 0, checker_ = 0, loader_ = 0;
    Instant now_ = boot_time(), started_at_{0}, restart_at_ = never, checker_at_ = never, kill_at_ = never,
            checker_watched_{0};
    std::uint32_t wanted_generation_ = 1, config_number_ = 0;
    bool services_; ///< the configuration has virtual servers
    bool stopping_ = false, reload_wanted_ = false, announce_ready_ = false;
};

} // namespace

int run_guard(const DaemonOptions& options)
{
    Log log(options.console);
    Config config;
    auto text = load_text(options, config, log);
    if (!text)
        return 5;
    std::string net_namespace =
        options.net_namespace.empty() ? config.global.net_namespace : options.net_namespace;
    if (!net_namespace.empty()) {
        if (auto result = enter_net_namespace(net_namespace); !result) {
            log.error("{}", result.error().message);
            return 1;
        }
    }
    Fd memory(memfd_create("configuration", MFD_CLOEXEC));
    auto board = Board::create();
    auto netlink = NetlinkSocket::create();
    if (!memory || !store(memory.get(), *text) || !board || !netlink) {
        log.error("{}", !board     ? board.error().message
                        : !netlink ? netlink.error().message
                                   : strerror(errno));
        return 1;
    }
    if (!options.pid_file.empty())
        std::ofstream(options.pid_file) << getpid() << "\n";
    int priority =
        config.global.rt_priority ? static_cast<int>(config.global.rt_priority) : default_rt_priority;
    // children have what the parent has: nothing of the configuration, which they read for themselves
    bool services = !config.virtual_servers.empty();
    run_to_end(config.global.startup, config.global, "startup_script", log);
    config = Config();
    text.reset();
    malloc_trim(0);
    (void)lock_memory(); // its children say it if they may not
    (void)make_real_time(priority);
    Fd in_use(::dup(memory.get()));
    int status = Guard(options, **board, std::move(memory), std::move(*netlink), priority, services).run();
    make_ordinary();
    config = config_in_use(in_use.get(), "shutdown_script");
    run_to_end(config.global.shutdown, config.global, "shutdown_script", log);
    if (!options.pid_file.empty())
        ::unlink(options.pid_file.c_str());
    return status;
}

int clean_up(const DaemonOptions& options)
{
    Log log(options.console);
    Diagnostics diagnostics;
    Config config =
        read_config(options.file, ConfigFiles::local(), options.host, diagnostics, {.lenient = true});
    auto links = Links::create();
    auto netlink = NetlinkSocket::create();
    if (!links || !netlink) {
        log.error("{}", (!links ? links.error() : netlink.error()).message);
        return 1;
    }
    NetlinkBatch batch;
    for (const auto& instance : config.instances) {
        const Link* own = links->find(instance.vmac ? instance.vmac->name : instance.interface);
        for (const auto& rule : instance.rules)
            remove_rule_message(batch, rule);
        for (const auto& route : instance.routes)
            (void)remove_route_message(batch, route, *links, own ? own->index : 0);
        for (const auto* list : {&instance.addresses, &instance.excluded}) {
            for (const auto& address : *list) {
                const std::string& device = address.device.empty() ? instance.interface : address.device;
                if (const Link* link = links->find(device); link && instance.priority != 255)
                    remove_address_message(batch, address, link->index);
            }
        }
        if (instance.vmac && links->find(instance.vmac->name))
            remove_link_message(batch, instance.vmac->name);
    }
    for (const auto& rule : config.fixed.rules)
        remove_rule_message(batch, rule);
    for (const auto& route : config.fixed.routes)
        (void)remove_route_message(batch, route, *links, 0);
    for (const auto& address : config.fixed.addresses) {
        if (const Link* link = links->find(address.device))
            remove_address_message(batch, address, link->index);
    }
    AcceptFilter(options.status_path).remove_leftover();
    if (!config.services.keep_on_stop) {
        // no module, no services
        if (auto flushed = KernelTable().flush(false); !flushed && flushed.error().code != ENOENT)
            log.error("{}", flushed.error().to_string());
    }
    return netlink->send(batch.bytes(), already_gone) ? 0 : 1;
}

int check_file(const DaemonOptions& options, bool verbose)
{
    Diagnostics diagnostics;
    (void)read_config(options.file, ConfigFiles::local(), options.host, diagnostics,
                      {.lenient = options.lenient});
    for (const auto& item : diagnostics.all()) {
        if (verbose || item.severity != Severity::note)
            fmt::print(stderr, "{}\n", diagnostics.format(item));
    }
    return check_status(diagnostics);
}

} // namespace weir::keeper
