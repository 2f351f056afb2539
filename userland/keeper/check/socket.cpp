// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/socket.h"

#include <cstring>

#include <fmt/format.h>
#include <net/if.h>

namespace weir::keeper {
namespace {

using boost::system::error_code;

/// "Connection refused", without the "system:111" of error_code's own words.
std::string words(const error_code& error)
{
    return error == boost::asio::error::eof ? "connection closed" : error.message();
}

} // namespace

Result<SocketAddress> SocketAddress::make(const Endpoint& endpoint, const std::string& interface)
{
    SocketAddress address;
    if (endpoint.address.is_v4()) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(endpoint.port);
        v4.sin_addr = endpoint.address.v4();
        address.length = sizeof(v4);
        std::memcpy(&address.storage, &v4, sizeof(v4));
        return address;
    }
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    v6.sin6_addr = endpoint.address.v6();
    if (endpoint.address.is_link_local()) {
        v6.sin6_scope_id = ::if_nametoindex(interface.c_str());
        if (!v6.sin6_scope_id)
            return weir::fail_errno("interface " + interface);
    }
    address.length = sizeof(v6);
    std::memcpy(&address.storage, &v6, sizeof(v6));
    return address;
}

Result<Fd> open_socket(const ConnectOptions& options, const Endpoint& destination, int type, int protocol)
{
    Fd fd(::socket(destination.address.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
    if (!fd)
        return weir::fail_errno("socket");
    if (options.fwmark &&
        ::setsockopt(fd.get(), SOL_SOCKET, SO_MARK, &options.fwmark, sizeof(options.fwmark)) < 0)
        return weir::fail_errno("fwmark");
    const std::string& device = options.bind_interface;
    if (!device.empty() && ::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, device.c_str(),
                                        static_cast<socklen_t>(device.size() + 1)) < 0)
        return weir::fail_errno("bind_if " + device);
    if (options.bind_address.empty() && !options.bind_port)
        return fd;
    Endpoint source{options.bind_address, options.bind_port};
    if (source.address.empty())
        source.address = destination.address.is_v4() ? Address(in_addr{}) : Address(in6_addr{});
    int on = 1;
    if (!options.bind_port) {
        // connect() chooses one, by the destination
        (void)::setsockopt(fd.get(), SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    } else {
        // the port must be free again at once: no TIME_WAIT is left behind
        linger reset{1, 0};
        (void)::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (type == SOCK_STREAM)
            (void)::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    }
    auto address = SocketAddress::make(source, device);
    if (!address)
        return pass_on(address);
    if (::bind(fd.get(), address->get(), address->length) < 0)
        return weir::fail_errno("bindto " + source.to_string());
    return fd;
}

TcpAttempt::TcpAttempt(boost::asio::io_context& io, ConnectOptions options, Endpoint destination)
    : Attempt(io),
      options_(std::move(options)),
      destination_(destination),
      socket_(io)
{
}

void TcpAttempt::run()
{
    limit(options_.timeout, "connecting");
    auto address = SocketAddress::make(destination_, options_.bind_interface);
    auto fd = open_socket(options_, destination_, SOCK_STREAM, 0);
    if (!fd || !address)
        return give_up((fd ? address.error() : fd.error()).message);
    error_code error;
    auto protocol = destination_.address.is_v4() ? boost::asio::ip::tcp::v4() : boost::asio::ip::tcp::v6();
    socket_.assign(protocol, fd->get(), error);
    if (error)
        return fail(words(error));
    (void)fd->release();
    boost::asio::ip::tcp::endpoint endpoint;
    std::memcpy(endpoint.data(), address->get(), address->length);
    endpoint.resize(address->length);
    socket_.async_connect(endpoint, handler([this](const error_code& failed) {
                              // no port of this machine's is left, or its address is not here
                              if (failed == boost::asio::error::address_in_use ||
                                  failed.value() == EADDRNOTAVAIL)
                                  return give_up("connecting: " + words(failed));
                              if (failed)
                                  return fail("connecting: " + words(failed));
                              connected();
                          }));
}

void TcpAttempt::close()
{
    error_code ignored;
    socket_.close(ignored);
}

DatagramAttempt::DatagramAttempt(boost::asio::io_context& io, ConnectOptions options, Endpoint destination)
    : Attempt(io),
      options_(std::move(options)),
      destination_(destination),
      socket_(io)
{
}

bool DatagramAttempt::open(int protocol, bool raw)
{
    auto address = SocketAddress::make(destination_, options_.bind_interface);
    auto fd = open_socket(options_, destination_, SOCK_DGRAM, protocol);
    raw_ = !fd && raw && (fd.error().code == EACCES || fd.error().code == EPERM);
    if (raw_)
        fd = open_socket(options_, destination_, SOCK_RAW, protocol);
    if (!fd || !address) {
        give_up((fd ? address.error() : fd.error()).message);
        return false;
    }
    if (::connect(fd->get(), address->get(), address->length) < 0) {
        fail("connecting: " + error_code(errno, boost::system::system_category()).message());
        return false;
    }
    error_code error;
    socket_.assign({destination_.address.family(), protocol}, fd->get(), error);
    if (error) {
        fail(words(error));
        return false;
    }
    (void)fd->release();
    return true;
}

void DatagramAttempt::exchange(std::span<const std::uint8_t> message, std::size_t room)
{
    // a datagram goes out whole or not at all: no waiting
    error_code error;
    socket_.send(boost::asio::buffer(message.data(), message.size()), 0, error);
    if (error)
        return fail("sending: " + words(error));
    answer_.resize(room);
    receive();
}

void DatagramAttempt::receive()
{
    socket_.async_receive(boost::asio::buffer(answer_),
                          handler([this](const error_code& error, std::size_t size) {
                              if (error)
                                  return fail(words(error));
                              received({answer_.data(), size});
                              if (!over())
                                  receive();
                          }));
}

void DatagramAttempt::close()
{
    error_code ignored;
    socket_.close(ignored);
}

} // namespace weir::keeper
