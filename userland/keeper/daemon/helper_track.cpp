// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <charconv>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>

#include <dirent.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "keeper/daemon/helper.h"
#include "keeper/daemon/readable.h"

namespace weir::keeper {

struct Helper::Script {
    explicit Script(boost::asio::io_context& io) : timer(io) {}
    boost::asio::steady_timer timer;
    ScriptConfig config;
    /// keepalived's: 0 .. rise + fall - 1, up from rise on.
    unsigned result = 0;
    bool known = false, up = false, stopped = false;
    bool running = false; ///< the next run waits for its end
};

struct Helper::File {
    FileConfig config;
    std::string directory, base;
    std::optional<std::int64_t> value;
};

namespace {

constexpr auto process_interval = std::chrono::milliseconds(250);
constexpr std::chrono::milliseconds clock_step = std::chrono::seconds(10);

std::int64_t read_number(const std::string& path)
{
    std::ifstream file(path);
    std::string text;
    std::getline(file, text);
    std::size_t start = text.find_first_not_of(" \t");
    std::int64_t value = 0;
    if (start != std::string::npos)
        std::from_chars(text.data() + start, text.data() + text.size(), value);
    return value;
}

std::string content_of(const std::string& path)
{
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> command_line(const std::string& process)
{
    std::vector<std::string> words;
    std::istringstream line(content_of(process + "/cmdline"));
    for (std::string word; std::getline(line, word, '\0');)
        words.push_back(word);
    return words;
}

} // namespace

void Helper::report(TrackedKind kind, std::size_t index, std::int64_t value)
{
    TrackMessage message{generation_, static_cast<std::uint32_t>(index), kind, value};
    if (!post(fds_.vrrp, message))
        log_.warning("a tracking result could not be handed on");
}

void Helper::start_trackers()
{
    auto old = std::move(scripts_);
    scripts_.clear();
    for (std::size_t i = 0; i < config_.scripts.size(); i++) {
        auto same = std::ranges::find_if(
            old, [&](const auto& script) { return script && script->config == config_.scripts[i]; });
        if (same != old.end()) {
            // what is known of it stays known
            scripts_.push_back(std::move(*same));
            scripts_.back()->config = config_.scripts[i];
            if (scripts_.back()->known)
                report(TrackedKind::script, i, scripts_.back()->up);
            scripts_.back()->timer.cancel();
        } else {
            scripts_.push_back(std::make_shared<Script>(io_));
            scripts_.back()->config = config_.scripts[i];
            scripts_.back()->known = config_.scripts[i].init_fail;
            if (config_.scripts[i].init_fail)
                report(TrackedKind::script, i, 0);
        }
        run_script(i);
    }
    for (auto& script : old) {
        if (script) {
            script->stopped = true;
            script->timer.cancel();
        }
    }
    watch_files();
    processes_.clear();
    for (const auto& process : config_.processes)
        processes_.emplace_back(process);
    if (!processes_.empty())
        scan_processes();
}

/// Nobody waits for what they would say.
void Helper::stop_trackers()
{
    for (auto& script : scripts_) {
        script->stopped = true;
        script->timer.cancel();
    }
    scripts_.clear();
    process_timer_.cancel();
}

void Helper::run_script(std::size_t index)
{
    auto script = scripts_[index];
    auto generation = generation_;
    script->timer.expires_after(script->config.interval);
    if (!script->running) {
        script->running = runner_.run(
            script->config.command, config_.global.script_user, config_.global.script_group,
            script->config.timeout,
            [this, script](int status) {
                script->running = false;
                // its place may be another one since a reload
                auto place = std::ranges::find(scripts_, script);
                if (!script->stopped && place != scripts_.end())
                    finish_script(static_cast<std::size_t>(place - scripts_.begin()), status == 0);
            },
            Bond::parent);
        if (!script->running)
            finish_script(index, false);
    }
    script->timer.async_wait([this, script, generation, index](const auto& error) {
        if (!error && generation == generation_ && !script->stopped)
            run_script(index);
    });
}

void Helper::finish_script(std::size_t index, bool good)
{
    Script& script = *scripts_[index];
    unsigned most = script.config.rise + script.config.fall - 1;
    if (!script.known) {
        // the first answer counts as it is
        script.known = true;
        script.up = good;
        script.result = good ? most : 0;
        return report(TrackedKind::script, index, good);
    }
    bool up = script.up;
    if (good) {
        script.result = std::min(script.result + 1, most);
        if (!up && script.result >= script.config.rise)
            up = true, script.result = most;
    } else {
        script.result = script.result ? script.result - 1 : 0;
        if (up && script.result < script.config.rise)
            up = false, script.result = 0;
    }
    if (up == script.up)
        return;
    script.up = up;
    log_.info("script {} {}", script.config.name, up ? "succeeds" : "fails");
    report(TrackedKind::script, index, up);
}

void Helper::watch_files()
{
    files_.clear();
    file_events_.reset();
    const std::string& reload_time = config_.global.reload_time_file;
    read_reload_time();
    if (config_.files.empty() && reload_time.empty())
        return;
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    file_events_ = std::make_unique<boost::asio::posix::stream_descriptor>(io_, fd);
    // the directory: files are replaced by renaming as often as they are written
    auto watch = [&](const std::string& directory, std::string_view what) {
        if (inotify_add_watch(fd, directory.c_str(),
                              IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE) < 0)
            log_.error("{}: {}", what, strerror(errno));
    };
    if (!reload_time.empty())
        watch(reload_time.substr(0, std::max<std::size_t>(reload_time.rfind('/'), 1)), "reload_time_file");
    for (std::size_t i = 0; i < config_.files.size(); i++) {
        auto file = std::make_shared<File>();
        file->config = config_.files[i];
        const std::string& path = file->config.path;
        std::size_t slash = path.rfind('/');
        file->directory = slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
        file->base = path.substr(slash + 1);
        if (file->config.init && (file->config.overwrite || ::access(path.c_str(), F_OK) < 0))
            std::ofstream(path) << file->config.init_value << "\n";
        watch(file->directory, "track_file " + file->config.name);
        files_.push_back(std::move(file));
        read_file(i);
    }
    on_readable(*file_events_, [this, own = file_events_.get()] {
        if (own != file_events_.get())
            return false; // there are others since
        char buffer[8192];
        while (::read(own->native_handle(), buffer, sizeof(buffer)) > 0) {
        }
        for (std::size_t i = 0; i < files_.size(); i++)
            read_file(i);
        read_reload_time();
        return true;
    });
}

void Helper::read_file(std::size_t index)
{
    File& file = *files_[index];
    std::int64_t value = read_number(file.config.path);
    if (file.value == value)
        return;
    file.value = value;
    report(TrackedKind::file, index, value);
}

/// reload_time_file: what it says now counts.
void Helper::read_reload_time()
{
    const std::string& path = config_.global.reload_time_file;
    std::optional<ReloadTime> time;
    std::string line;
    if (!path.empty() && std::getline(std::ifstream(path), line)) {
        time = parse_reload_time(line, std::chrono::system_clock::now());
        if (!time)
            log_.warning("reload_time_file: '{}' is no time to come", line.substr(0, 40));
    }
    if (time == reload_time_)
        return;
    reload_time_ = time;
    if (time)
        log_.info("the configuration will be read again at {}", line);
    else
        log_.info("the configuration will not be read again by itself");
    wait_for_reload();
}

void Helper::wait_for_reload()
{
    if (!reload_time_) {
        reload_timer_.cancel();
        return;
    }
    // in steps: somebody may set the clock
    auto left =
        std::chrono::ceil<std::chrono::milliseconds>(reload_time_->at - std::chrono::system_clock::now());
    reload_timer_.expires_after(
        std::clamp<std::chrono::milliseconds>(left, std::chrono::milliseconds(1), clock_step));
    reload_timer_.async_wait([this](const auto& error) {
        if (error || !reload_time_)
            return;
        if (reload_time_->at > std::chrono::system_clock::now())
            return wait_for_reload();
        bool again = config_.global.reload_repeat && !reload_time_->has_date;
        reload_time_.reset();
        if (again)
            read_reload_time();
        else
            ::unlink(config_.global.reload_time_file.c_str());
        ::kill(guard_, SIGHUP);
    });
}

void Helper::scan_processes()
{
    std::vector<std::vector<ProcessEntry>> found(processes_.size());
    bool lines = std::ranges::any_of(processes_, [](const auto& p) { return needs_words(p.config()); });
    if (DIR* directory = opendir("/proc")) {
        while (const dirent* entry = readdir(directory)) {
            if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
                continue;
            std::string path = std::string("/proc/") + entry->d_name;
            auto process = parse_process(content_of(path + "/stat"));
            if (!process)
                continue; // it has ended meanwhile
            auto words = lines ? command_line(path) : std::vector<std::string>();
            for (std::size_t i = 0; i < found.size(); i++) {
                if (matches(processes_[i].config(), *process, words))
                    found[i].push_back(*process);
            }
        }
        closedir(directory);
    }
    auto now = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < found.size(); i++) {
        if (auto enough = processes_[i].look(std::move(found[i]), now))
            report(TrackedKind::process, i, *enough);
    }
    process_timer_.expires_after(process_interval);
    process_timer_.async_wait([this](const auto& error) {
        if (!error && !processes_.empty())
            scan_processes();
    });
}

} // namespace weir::keeper
