// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "catch.h"
#include "keeper/net/datagram.h"

using namespace weir;
using namespace weir::keeper;

namespace {

constexpr std::array<std::uint8_t, 3> message{1, 2, 3};

sockaddr_in name_of(const DatagramSocket& socket)
{
    sockaddr_in name{};
    socklen_t size = sizeof(name);
    REQUIRE(getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&name), &size) == 0);
    return name;
}

DatagramSocket open_socket(std::uint16_t port = 0)
{
    auto socket = DatagramSocket::create(AF_INET, Address::parse("127.0.0.1").value(), port);
    REQUIRE(socket);
    return std::move(*socket);
}

DatagramPath path_to(const DatagramSocket& socket)
{
    Address loopback = Address::parse("127.0.0.1").value();
    return {loopback, loopback, ntohs(name_of(socket).sin_port), 0, 255};
}

} // namespace

TEST_CASE("datagram: a message says which way it came", "[keeper]")
{
    auto from = open_socket(), to = open_socket();
    REQUIRE(from.send(message, path_to(to)) == 0);
    auto received = to.receive();
    REQUIRE(received);
    CHECK(std::ranges::equal(received->message, message));
    CHECK(received->path.source.to_string() == "127.0.0.1");
    CHECK(received->path.port == ntohs(name_of(from).sin_port));
    CHECK(received->path.ttl == 255);
    CHECK_FALSE(to.receive());
    CHECK(to.error() == 0);
}

TEST_CASE("datagram: the error of an earlier send hides no message", "[keeper]")
{
    auto own = open_socket();
    sockaddr_in peer{};
    {
        auto closed = open_socket();
        peer = name_of(closed);
        REQUIRE(::connect(own.fd(), reinterpret_cast<sockaddr*>(&peer), sizeof(peer)) == 0);
    }
    REQUIRE(::send(own.fd(), message.data(), message.size(), 0) == ssize_t(message.size()));
    auto reopened = open_socket(ntohs(peer.sin_port));
    REQUIRE(reopened.send(message, path_to(own)) == 0);
    CHECK(own.receive());
    CHECK_FALSE(own.receive());
    CHECK(own.error() == 0);
}

TEST_CASE("datagram: an error that stays ends receiving and is said", "[keeper]")
{
    auto socket = open_socket();
    int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    REQUIRE(::dup2(null, socket.fd()) == socket.fd());
    ::close(null);
    CHECK_FALSE(socket.receive());
    CHECK(socket.error() == ENOTSOCK);
}
