// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/loader.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper/config/flatten.h"
#include "keeper/daemon/launch.h"
#include "keeper/daemon/process.h"
#include "keeper/daemon/script_security.h"

namespace weir::keeper {
namespace {

/// keepalived's, for a configuration that it cannot use.
constexpr int bad_configuration = 5;

/// Reads, checks and flattens; the text only if it may be used.
std::optional<std::string> load_text(const DaemonOptions& options, Config& config, Log& log)
{
    Diagnostics diagnostics;
    ConfigFiles files = ConfigFiles::local();
    std::string text;
    config = read_config(options.file, files, options.host, diagnostics,
                         {.lenient = options.lenient, .flat = &text});
    check_script_security(config, diagnostics);
    for (const auto& item : diagnostics.all()) {
        if (item.severity >= Severity::refused)
            log.error("{}", diagnostics.format(item));
        else if (item.severity == Severity::warning)
            log.warning("{}", diagnostics.format(item));
    }
    if (!diagnostics.usable())
        return std::nullopt;
    return text;
}

/// Whole or not at all: there is room for the new text before the old one goes.
bool store(int fd, const std::string& text)
{
    auto size = static_cast<off_t>(text.size());
    if (size && fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, size) < 0)
        return false;
    return pwrite(fd, text.data(), text.size(), 0) == size && ftruncate(fd, size) == 0;
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
    return text.find(word) == std::string::npos
               ? Config()
               : read_config_text(without_services(text), diagnostics, {.lenient = true});
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

/// Runs in a child, waits for it and returns what it returns.
template <typename Body>
int in_child(Body body)
{
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        // whoever ends the parent ends this, and the program that it runs
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
            _exit(1);
        _exit(body());
    }
    int status = 0;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/// Sockets stay where they were made: of keepalived, too, no reload moves them.
bool stays_there(const DaemonOptions& options, const Global& before, const Global& now, Log& log)
{
    bool stays = true;
    auto compare = [&](std::string_view word, const std::string& old, const std::string& wanted) {
        if (old == wanted)
            return;
        stays = false;
        log.error("{} cannot change by a reload ('{}', not '{}'): restart the daemon", word, old, wanted);
    };
    if (options.net_namespace.empty())
        compare("net_namespace", before.net_namespace, now.net_namespace);
    if (!options.vrrp_only)
        compare("net_namespace_ipvs", before.net_namespace_ipvs, now.net_namespace_ipvs);
    return stays;
}

/// `before`: what is in use.
int load(const DaemonOptions& options, int memory, const Global* before, Loaded& loaded, Log& log)
{
    Config config;
    auto text = load_text(options, config, log);
    if (!text)
        return bad_configuration;
    if (before && !stays_there(options, *before, config.global, log))
        return bad_configuration;
    if (!store(memory, *text)) {
        log.error("the configuration: {}", strerror(errno));
        return 1;
    }
    loaded.rt_priority = static_cast<int>(config.global.rt_priority);
    loaded.services = !options.vrrp_only && !config.virtual_servers.empty();
    loaded.starts = !config.global.startup.command.empty();
    config.global.net_namespace.copy(loaded.net_namespace, sizeof(loaded.net_namespace) - 1);
    if (!options.vrrp_only)
        config.global.net_namespace_ipvs.copy(loaded.net_namespace_ipvs,
                                              sizeof(loaded.net_namespace_ipvs) - 1);
    return 0;
}

/// Whether the checker will be able to; the process that tries it ends here.
int try_namespace(const std::string& name, Log& log)
{
    auto entered = enter_net_namespace(name);
    if (!entered)
        log.error("net_namespace_ipvs: {}", entered.error().message);
    return entered ? 0 : 1;
}

} // namespace

int load_first(const DaemonOptions& options, int memory, Loaded& loaded, Log& log)
{
    void* shared = ::mmap(nullptr, sizeof(Loaded), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        log.error("memory: {}", strerror(errno));
        return 1;
    }
    auto* result = static_cast<Loaded*>(shared); // zero is what it starts with
    int status = in_child([&] {
        int loading = load(options, memory, nullptr, *result, log);
        return loading ? loading : try_namespace(result->net_namespace_ipvs, log);
    });
    loaded = *result;
    (void)::munmap(shared, sizeof(Loaded));
    return status;
}

Reload load_again(const DaemonOptions& options, int memory, Log& log)
{
    ReloadFile file(config_in_use(memory, "reload_file").global.reload_file, log);
    Global before = config_in_use(memory, "net_namespace").global;
    Loaded loaded;
    if (load(options, memory, &before, loaded, log) != 0)
        return Reload::failed;
    return loaded.services ? Reload::done_with_services : Reload::done;
}

void run_own_program(int memory, std::string_view word, Program Global::*program, Log& log)
{
    (void)in_child([&] {
        Global global = config_in_use(memory, word).global;
        run_to_end(global.*program, global, word, log);
        return 0;
    });
}

} // namespace weir::keeper
