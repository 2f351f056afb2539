// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <span>
#include <vector>

#include <boost/asio/generic/datagram_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/fd.h"
#include "keeper/check/attempt.h"

namespace weir::keeper {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;

    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    /// `interface` is the zone of a link-local address.
    [[nodiscard]] static Result<SocketAddress> make(const Endpoint& endpoint, const std::string& interface);
};

/// Non-blocking, close-on-exec, with mark, device and source as the options say. Not connected yet.
[[nodiscard]] Result<Fd> open_socket(const ConnectOptions& options, const Endpoint& destination, int type,
                                     int protocol);

/// An attempt over one TCP connection.
class TcpAttempt : public Attempt {
  public:
    TcpAttempt(boost::asio::io_context& io, ConnectOptions options, Endpoint destination);

  protected:
    /// Connects under the options' timeout, then connected().
    void run() override;
    virtual void connected() = 0;
    void close() override;

    ConnectOptions options_;
    Endpoint destination_;
    boost::asio::ip::tcp::socket socket_;
};

/// An attempt over one connected datagram socket: errors of ICMP arrive as errors of the socket.
class DatagramAttempt : public Attempt {
  public:
    using Socket = boost::asio::generic::datagram_protocol::socket;

    DatagramAttempt(boost::asio::io_context& io, ConnectOptions options, Endpoint destination);

  protected:
    /// False if it failed; the attempt has then. `raw` is tried where the datagram socket is not permitted.
    [[nodiscard]] bool open(int protocol, bool raw = false);
    /// Sends at once and waits for answers: received() for each, until the attempt is over.
    void exchange(std::span<const std::uint8_t> message, std::size_t room);
    /// Whether the raw socket it is.
    [[nodiscard]] bool raw() const { return raw_; }
    virtual void received(std::span<const std::uint8_t> answer) = 0;
    void close() override;

    ConnectOptions options_;
    Endpoint destination_;
    Socket socket_;

  private:
    void receive();
    std::vector<std::uint8_t> answer_;
    bool raw_ = false;
};

} // namespace weir::keeper
