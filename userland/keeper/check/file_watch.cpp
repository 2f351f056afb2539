// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/file_watch.h"

#include <array>
#include <charconv>
#include <cstring>
#include <fstream>
#include <vector>

#include <sys/inotify.h>
#include <unistd.h>

namespace weir::keeper {

std::shared_ptr<FileWatch> FileWatch::of(boost::asio::io_context& io)
{
    static std::map<boost::asio::io_context*, std::weak_ptr<FileWatch>> watches;
    auto watch = watches[&io].lock();
    if (!watch) {
        watch = std::make_shared<FileWatch>(io);
        watches[&io] = watch;
        watch->wait();
    }
    return watch;
}

FileWatch::FileWatch(boost::asio::io_context& io) : events_(io)
{
    int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd >= 0)
        events_.assign(fd);
}

FileWatch::Ticket FileWatch::add(const std::string& path, std::function<void()> changed)
{
    // a file is often replaced: its directory is what stays
    auto slash = path.rfind('/');
    std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    std::string name = path.substr(slash + 1); // of npos + 1 too
    int descriptor = events_.is_open()
                         ? ::inotify_add_watch(events_.native_handle(), directory.c_str(),
                                               IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)
                         : -1;
    auto watched = std::make_shared<Watched>(Watched{descriptor, std::move(name), std::move(changed)});
    watched_.remove_if([](const auto& other) { return other.expired(); });
    watched_.push_back(watched);
    // the ticket holds the watch as well
    return {watched.get(), [watched, self = shared_from_this()](void*) mutable { watched.reset(); }};
}

void FileWatch::wait()
{
    if (!events_.is_open())
        return;
    events_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [weak = weak_from_this()](const auto& error) {
                           auto self = weak.lock();
                           if (error || !self)
                               return;
                           self->read_events();
                           self->wait();
                       });
}

void FileWatch::read_events()
{
    alignas(inotify_event) std::array<char, 4096> buffer;
    ssize_t size = ::read(events_.native_handle(), buffer.data(), buffer.size());
    std::vector<std::weak_ptr<Watched>> changed;
    inotify_event event{};
    for (ssize_t at = 0; at + static_cast<ssize_t>(sizeof(event)) <= size;
         at += static_cast<ssize_t>(sizeof(event) + event.len)) {
        std::memcpy(&event, buffer.data() + at, sizeof(event));
        std::string_view name(event.len ? buffer.data() + at + sizeof(event) : "");
        for (const auto& weak : watched_) {
            auto watched = weak.lock();
            bool lost = event.mask & IN_Q_OVERFLOW;
            if (watched && (lost || (watched->descriptor == event.wd && watched->name == name)))
                changed.push_back(weak);
        }
    }
    // each may end others
    for (const auto& weak : changed) {
        if (auto watched = weak.lock())
            watched->changed();
    }
}

std::int64_t read_file_number(const std::string& path)
{
    std::ifstream file(path);
    std::array<char, 64> line{};
    file.getline(line.data(), line.size());
    const char* start = line.data() + std::strspn(line.data(), " \t");
    std::int64_t value = 0;
    std::from_chars(start, line.data() + std::strlen(line.data()), value);
    return value;
}

} // namespace weir::keeper
