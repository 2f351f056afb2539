// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace weir::keeper {

/// Says when files change, are made or removed: one inotify for all of a process. Where a directory cannot be
/// watched nothing is said, and whoever asks has to look from time to time.
class FileWatch : public std::enable_shared_from_this<FileWatch> {
  public:
    /// The one of this loop, while anybody holds it.
    [[nodiscard]] static std::shared_ptr<FileWatch> of(boost::asio::io_context& io);

    /// Holding the ticket keeps the watch.
    using Ticket = std::shared_ptr<void>;
    [[nodiscard]] Ticket add(const std::string& path, std::function<void()> changed);

    explicit FileWatch(boost::asio::io_context& io);

  private:
    struct Watched {
        int descriptor;
        std::string name;
        std::function<void()> changed;
    };
    void wait();
    void read_events();

    boost::asio::posix::stream_descriptor events_;
    std::list<std::weak_ptr<Watched>> watched_;
};

/// The number in the first line of a file; 0 if it is none, or there is no such file.
[[nodiscard]] std::int64_t read_file_number(const std::string& path);

} // namespace weir::keeper
