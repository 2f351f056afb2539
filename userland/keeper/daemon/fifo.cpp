// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/fifo.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/daemon/accounts.h"

namespace weir::keeper {
namespace {

constexpr auto look_again = std::chrono::milliseconds(20);
constexpr auto end_patience = std::chrono::seconds(1);

bool same_file(const Fd& fd, const std::string& path)
{
    struct stat own = {}, named = {};
    return fd && fstat(fd.get(), &own) == 0 && ::stat(path.c_str(), &named) == 0 &&
           own.st_ino == named.st_ino && own.st_dev == named.st_dev;
}

} // namespace

void FifoWriter::open(const std::optional<Fifo>& config, Log& log)
{
    if (config && *config == config_ && same_file(fd_, config->path))
        return;
    close();
    if (!config)
        return;
    config_ = *config;
    made_ = ::mkfifo(config->path.c_str(), 0600) == 0;
    if (!made_ && errno != EEXIST) {
        log.error("FIFO {}: {}", config->path, strerror(errno));
        return;
    }
    // read and write: it never blocks, and lines wait for a reader that comes later
    fd_.reset(::open(config->path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
    struct stat status {};
    if (!fd_ || fstat(fd_.get(), &status) < 0 || !S_ISFIFO(status.st_mode)) {
        log.error("FIFO {}: {}", config->path, fd_ ? "something else has this name" : strerror(errno));
        fd_.reset();
        return;
    }
    if (!made_)
        return;
    // a name that is not there, the loader has said
    if (auto owner = find_account(config->user, config->group))
        (void)!fchown(fd_.get(), owner->user, owner->group);
}

void FifoWriter::write(const std::string& line, Log& log) const
{
    if (fd_ && ::write(fd_.get(), line.data(), line.size()) < 0)
        log.warning("a FIFO is full, this line is lost: {}",
                    std::string_view(line).substr(0, line.size() - 1));
}

bool FifoWriter::empty() const
{
    int waiting = 0;
    return !fd_ || ioctl(fd_.get(), FIONREAD, &waiting) < 0 || waiting == 0;
}

void FifoWriter::close()
{
    if (made_ && same_file(fd_, config_.path))
        ::unlink(config_.path.c_str());
    made_ = false;
    fd_.reset();
    config_ = {};
}

void NotifyFifo::open(std::optional<Fifo> fifo, const Program& reader, const Global& global)
{
    // keepalived's: it is the scripts' user's
    if (fifo && fifo->user.empty()) {
        fifo->user = global.script_user;
        fifo->group = global.script_group;
    }
    Command wanted = fifo ? reader.command : Command();
    if (!wanted.empty()) {
        wanted.words.push_back(fifo->path);
        if (wanted.user.empty()) {
            wanted.user = global.script_user;
            wanted.group = global.script_group;
        }
    }
    if (pid_ && wanted != reader_)
        end_reader();
    writer_.open(fifo, log_);
    if (pid_ || wanted.empty() || !writer_.is_open())
        return;
    reader_ = wanted;
    auto ended = std::make_shared<pid_t>(0);
    pid_ = *ended = runner_.keep(wanted, [this, ended](int status) {
        if (pid_ != *ended)
            return; // another one has taken its place
        pid_ = 0;
        if (!closed_)
            log_.warning("{} ended ({}): nobody reads its FIFO until the next reload", reader_.words[0],
                         status);
    });
}

void NotifyFifo::end_reader()
{
    runner_.end(pid_);
    pid_ = 0;
}

void NotifyFifo::finish(std::function<bool()> others, std::function<void()> done)
{
    using Clock = std::chrono::steady_clock;
    bool over = pid_ == 0;
    if (!closed_ && (over || (writer_.empty() && !others()))) {
        writer_.close();
        closed_ = Clock::now();
    }
    if (over)
        return done();
    if (closed_ && *closed_ <= Clock::now() - end_patience) {
        runner_.end(pid_);
        closed_ = Clock::time_point::max(); // once
    }
    timer_.expires_after(look_again);
    timer_.async_wait([this, others = std::move(others), done = std::move(done)](const auto& error) mutable {
        if (!error)
            finish(std::move(others), std::move(done));
    });
}

} // namespace weir::keeper
