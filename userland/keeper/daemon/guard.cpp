// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/guard.h"

#include <algorithm>
#include <csignal>
#include <fstream>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper/checker/checker_program.h"
#include "keeper/daemon/config_memory.h"
#include "keeper/daemon/helper.h"
#include "keeper/daemon/loader.h"
#include "keeper/daemon/process.h"
#include "keeper/daemon/vrrp_process.h"

namespace weir::keeper {
namespace {

constexpr int default_rt_priority = 50;
constexpr int message_buffer = 4 << 20;
constexpr auto stop_patience = std::chrono::seconds(6);
constexpr auto restart_pause = std::chrono::seconds(1);
constexpr auto process_patience = std::chrono::seconds(60); ///< both processes' hearts beat within 10 s
constexpr auto own_patience = std::chrono::seconds(10);

class Guard {
  public:
    struct Descriptors {
        Fd board, config;
        Fd services_namespace; ///< of the kernel's table of services; none: this one
    };

    Guard(const DaemonOptions& options, Board& board, Descriptors descriptors, NetlinkSocket netlink,
          int rt_priority, bool services)
        : options_(options),
          board_(board),
          board_memory_(std::move(descriptors.board)),
          config_(std::move(descriptors.config)),
          services_namespace_(std::move(descriptors.services_namespace)),
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
        board_.checks_only = options_.checks_only;
        rehearse();
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
        remove_vmacs();
        return 0;
    }

  private:
    int wait_ms() const
    {
        if (stopping_ || reload_wanted_ || announce_ready_ ||
            std::min({restart_at_, helper_at_, checker_at_}) != never)
            return 20;
        std::int64_t patience = board_.patience_us;
        return patience ? static_cast<int>(std::clamp<std::int64_t>(patience / 4000, 2, 1000)) : 1000;
    }

    /// 0 where the machine has no room for another process: the caller tries again later.
    template <typename Body>
    pid_t spawn(std::string_view what, Body body)
    {
        pid_t guard = getpid();
        pid_t pid = fork();
        if (pid < 0) {
            log_.error("the {} process cannot be started: {}", what, strerror(errno));
            return 0;
        }
        if (pid != 0)
            return pid;
        sigprocmask(SIG_SETMASK, &old_signals_, nullptr);
        if (getppid() != guard)
            _exit(1);
        _exit(body(guard));
    }

    void start_all()
    {
        restart_at_ = boot_time() + restart_pause; // if something here fails
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
        start_helper();
        vrrp_ = spawn("VRRP", [this](pid_t) {
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
        if (vrrp_)
            restart_at_ = never;
        else if (helper_)
            kill(helper_, SIGKILL); // it speaks to nobody
    }

    void start_helper()
    {
        helper_ = spawn("helper", [this](pid_t guard) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            prctl(PR_SET_NAME, "weir-helper");
            make_ordinary();
            munlockall();
            Helper helper(board_,
                          {messages_.second.get(), logs_.second.get(), logs_.first.get(), config_.get()},
                          options_.status_path, guard, options_.console);
            return helper.run(board_.vrrp_generation);
        });
        helper_at_ = helper_ ? never : boot_time() + restart_pause;
    }

    void start_checker(bool first)
    {
        checker_at_ = never;
        board_.checker_heartbeat_us = now_.count();
        board_.checker_runs = true;
        checker_ = spawn("checker", [this, first](pid_t guard) {
            prctl(PR_SET_PDEATHSIG, SIGTERM);
            make_ordinary();
            Error error = checker_program_.run({.board = board_memory_.get(),
                                                .config = config_.get(),
                                                .sessions = sessions_.get(),
                                                .net_namespace = services_namespace_.get(),
                                                .guard = guard,
                                                .console = options_.console,
                                                .first = first,
                                                .status_path = options_.status_path});
            log_.error("the checker process: {}", error.message);
            return 1;
        });
        if (!checker_) {
            board_.checker_runs = false;
            checker_at_ = now_ + restart_pause;
        }
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
            helper_at_ = never;
            if (helper_)
                kill(helper_, SIGKILL);
            restart_at_ = now_ - started_at_ > std::chrono::seconds(10) ? now_ : now_ + restart_pause;
        } else if (pid == helper_) {
            helper_ = 0;
            end_programs(board_.helper_programs);
            if (!stopping_ && vrrp_) {
                log_.error("the helper process ended ({}), starting it again", status);
                start_helper();
            }
        } else if (pid == checker_) {
            checker_ = 0;
            board_.checker_runs = false;
            end_programs(board_.checker_programs);
            if (!stopping_) {
                log_.error("the checker process ended ({}), the kernel's services stay; starting it again",
                           status);
                checker_at_ = now_ + restart_pause;
            }
        } else if (pid == loader_) {
            loader_ = 0;
            loaded(WIFEXITED(status) ? static_cast<Reload>(WEXITSTATUS(status)) : Reload::failed);
        }
    }

    /// Of a process that has ended: checks and tracking scripts, with all that they have started. Notify
    /// scripts run on.
    static void end_programs(ProgramGroups& groups)
    {
        for (auto& group : groups) {
            if (pid_t leader = group.exchange(0); leader > 1)
                kill(-leader, SIGKILL);
        }
    }

    void loaded(Reload end)
    {
        bool good = end == Reload::done || end == Reload::done_with_services;
        reload_checker(good, end == Reload::done_with_services);
        if (good && vrrp_) {
            wanted_generation_++;
            kill(vrrp_, SIGHUP);
        } else {
            log_.error("the new configuration is not used, the old one stays");
        }
        announce_ready_ = true;
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

    /// The code that takes addresses away is used once, with nothing to take away: so it is in memory and
    /// stays there.
    void rehearse()
    {
        NetlinkBatch nothing;
        nothing.begin(NLMSG_NOOP, 0);
        nothing.end();
        (void)netlink_.send(nothing.bytes(), already_gone);
        remove_addresses(true);
    }

    /// What the masters among the records have. Messages are ready; nothing is allocated.
    void remove_addresses(bool all)
    {
        for (std::uint32_t i = 0; i < board_.instances; i++) {
            if (all || board_.records[i].state == State::master)
                remove(board_.records[i].addresses);
        }
    }

    /// At the end, and slowly: the kernel waits for each. A VRRP process that is started again uses what is
    /// there.
    void remove_vmacs()
    {
        for (std::uint32_t i = 0; i < board_.instances; i++)
            remove(board_.records[i].vmac);
    }

    void remove(const Removal& removal)
    {
        if (removal.size)
            (void)netlink_.send(std::span(board_.removals + removal.offset, removal.size), already_gone);
    }

    void watch()
    {
        std::int64_t patience = board_.patience_us;
        if (vrrp_ && patience && !board_.removed && now_.count() - board_.heartbeat_us > patience) {
            board_.removed = true;
            remove_addresses(false);
            // it may have woken up meanwhile, and added again what was removed after that
            board_.removed = true;
            log_.error("the VRRP process stands still, its addresses are removed");
        }
        if (restart_at_ <= now_ && !stopping_ && helper_ == 0)
            start_all();
        if (helper_at_ <= now_ && !stopping_ && vrrp_ && helper_ == 0)
            start_helper();
        if (checker_at_ <= now_ && !stopping_ && checker_ == 0)
            start_checker(false);
        watch_for_hangs();
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

    void watch_for_hangs()
    {
        if (now_ - watched_ > own_patience) // nobody ran: the machine slept
            awake_since_ = now_;
        watched_ = now_;
        if (now_ - awake_since_ < process_patience || stopping_)
            return;
        auto hangs = [this](pid_t pid, std::int64_t heartbeat) {
            return pid && now_ - Instant(heartbeat) > process_patience;
        };
        if (hangs(checker_, board_.checker_heartbeat_us)) {
            log_.error("the checker process stands still, ending it");
            board_.checker_heartbeat_us = now_.count();
            kill(checker_, SIGKILL);
        }
        if (hangs(vrrp_, board_.heartbeat_us)) {
            log_.error("the VRRP process stands still, ending it");
            board_.heartbeat_us = now_.count();
            kill(vrrp_, SIGKILL);
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
        loader_ = spawn("configuration", [this](pid_t) {
            make_ordinary();
            return static_cast<int>(load_again(options_, config_.get(), log_));
        });
        if (!loader_)
            loaded(Reload::failed);
    }

    const DaemonOptions& options_;
    Board& board_;
    Fd board_memory_, config_, services_namespace_, signals_;
    CheckerProgram checker_program_ = CheckerProgram::find();
    NetlinkSocket netlink_;
    int rt_priority_;
    Pair messages_, logs_; ///< the second outlives those who read it: no line is lost with a helper
    Log log_;              ///< never waits
    Fd sessions_;          ///< eventfd, VRRP process to checker: what the board says of BFD has changed
    sigset_t old_signals_{};
    pid_t vrrp_ = 0, helper_ = 0, checker_ = 0, loader_ = 0;
    Instant now_ = boot_time(), started_at_{0}, restart_at_ = never, helper_at_ = never, checker_at_ = never,
            kill_at_ = never, watched_ = now_, awake_since_ = now_;
    std::uint32_t wanted_generation_ = 1, config_number_ = 0;
    bool services_; ///< the configuration has virtual servers
    bool stopping_ = false, reload_wanted_ = false, announce_ready_ = false;
};

} // namespace

int run_guard(const DaemonOptions& options)
{
    Log log(options.console);
    use_small_pages(true);
    Fd memory(memfd_create("configuration", MFD_CLOEXEC));
    Loaded loaded;
    if (int status = load_first(options, memory.get(), loaded, log))
        return status;
    auto services_namespace = open_net_namespace(loaded.net_namespace_ipvs);
    if (!services_namespace) { // it was there a moment ago
        log.error("net_namespace_ipvs: {}", services_namespace.error().message);
        return 1;
    }
    if (auto entered =
            enter_net_namespace(options.net_namespace.empty() ? loaded.net_namespace : options.net_namespace);
        !entered) {
        log.error("{}", entered.error().message);
        return 1;
    }
    auto board_memory = Board::create();
    auto board = board_memory ? Board::map(board_memory->get()) : pass_on(board_memory);
    auto netlink = NetlinkSocket::create();
    if (!board || !netlink) {
        log.error("{}", !board ? board.error().message : netlink.error().message);
        return 1;
    }
    if (!options.pid_file.empty())
        std::ofstream(options.pid_file) << getpid() << "\n";
    if (loaded.starts)
        run_own_program(memory.get(), "startup_script", &Global::startup, log);
    give_back_memory();
    drop_code();
    (void)lock_memory(); // its children say it if they may not
    int priority = loaded.rt_priority ? loaded.rt_priority : default_rt_priority;
    (void)make_real_time(priority);
    Fd in_use(::dup(memory.get()));
    int status =
        Guard(options, **board, {std::move(*board_memory), std::move(memory), std::move(*services_namespace)},
              std::move(*netlink), priority, loaded.services)
            .run();
    make_ordinary();
    run_own_program(in_use.get(), "shutdown_script", &Global::shutdown, log);
    if (!options.pid_file.empty())
        ::unlink(options.pid_file.c_str());
    return status;
}

} // namespace weir::keeper
