// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>
#include <vector>

#include <arpa/inet.h>
#include <boost/asio/post.hpp>
#include <sys/socket.h>

#include "base/fd.h"
#include "catch.h"
#include "keeper/check/pool.h"

/// What the tests of health checks share: a loop, a script runner that answers at once, servers that do
/// little.
namespace weir::keeper {

inline Endpoint local(std::uint16_t port, const char* address = "127.0.0.1")
{
    return {Address::parse(address).value(), port};
}

/// A socket on a port of its own of the loopback interface.
class Server {
  public:
    explicit Server(int type = SOCK_STREAM) : fd_(::socket(AF_INET, type | SOCK_CLOEXEC, 0))
    {
        sockaddr_in address{};
        socklen_t size = sizeof(address);
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
        REQUIRE(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port_ = ntohs(address.sin_port);
        if (type == SOCK_STREAM)
            REQUIRE(::listen(fd_.get(), 16) == 0);
    }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] int fd() const { return fd_.get(); }
    void close() { fd_.reset(); }

  private:
    Fd fd_;
    std::uint16_t port_ = 0;
};

struct Loop {
    boost::asio::io_context io;
    std::vector<Command> ran;
    int script_status = 0;
    bool script_hangs = false;
    std::vector<CheckContext::Done> hanging;
    CheckContext context{io, [this](const Command& command, Duration, CheckContext::Done done) {
                             ran.push_back(command);
                             if (script_hangs)
                                 hanging.push_back(std::move(done));
                             else
                                 boost::asio::post(io, [done, status = script_status] { done(status); });
                             return true;
                         }};

    /// Runs until `count` reports are there, or for ten seconds.
    template <typename List>
    void until(const List& reports, std::size_t count)
    {
        auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (reports.size() < count && std::chrono::steady_clock::now() < end)
            io.run_one_for(std::chrono::milliseconds(100));
        io.restart();
        REQUIRE(reports.size() >= count);
    }
};

} // namespace weir::keeper
