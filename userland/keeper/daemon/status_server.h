// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <functional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include "keeper/daemon/log.h"

namespace weir::keeper {

/// Answers requests of one line each at a socket that root alone may connect to.
class StatusServer {
  public:
    using Answer = std::function<std::string(const std::string& request)>;

    StatusServer(boost::asio::io_context& io, Log& log, std::string path, Answer answer);
    /// Takes over the name from whoever had it. Does nothing without a path.
    void start();
    /// Removes the name; connections that are open go on.
    void close();

  private:
    void accept();

    Log& log_;
    std::string path_;
    Answer answer_;
    boost::asio::local::stream_protocol::acceptor acceptor_;
    boost::asio::steady_timer pause_;
};

/// Where `weir-keeper status` asks for services, beside the socket that it is asked at for VRRP.
[[nodiscard]] inline std::string checker_socket(const std::string& status_path)
{
    return status_path.empty() ? "" : status_path + ".services";
}

} // namespace weir::keeper
