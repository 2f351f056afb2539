// SPDX-License-Identifier: GPL-2.0
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "keeper/check/probes.h"
#include "keeper/check/smtp_reply.h"
#include "keeper/check/socket.h"

namespace weir::keeper {
namespace {

using boost::system::error_code;

/// SMTP_CHECK: 220, HELO, 250, QUIT.
class SmtpAttempt : public TcpAttempt {
  public:
    SmtpAttempt(boost::asio::io_context& io, SmtpCheck check, ConnectOptions options, Endpoint destination)
        : TcpAttempt(io, std::move(options), destination),
          check_(std::move(check))
    {
    }

  private:
    using Next = void (SmtpAttempt::*)();

    void connected() override { expect("greeting", 220, &SmtpAttempt::greeted); }
    void greeted() { say(fmt::format("HELO {}\r\n", check_.helo_name), "HELO", &SmtpAttempt::introduced); }
    void introduced()
    {
        // the server has answered: how it takes the farewell does not matter
        farewell_ = "QUIT\r\n";
        boost::asio::async_write(socket_, boost::asio::buffer(farewell_),
                                 handler([this](const error_code&, std::size_t) { succeed(reply_.text()); }));
    }

    void say(std::string line, const char* what, Next next)
    {
        line_ = std::move(line);
        boost::asio::async_write(socket_, boost::asio::buffer(line_),
                                 handler([this, what, next](const error_code& error, std::size_t) {
                                     if (error)
                                         return fail(fmt::format("{}: sending: {}", what, error.message()));
                                     expect(what, 250, next);
                                 }));
    }

    void expect(const char* what, unsigned code, Next next)
    {
        doing(what);
        reply_ = {};
        read(what, code, next);
    }

    void read(const char* what, unsigned code, Next next)
    {
        socket_.async_read_some(boost::asio::buffer(buffer_),
                                handler([this, what, code, next](const error_code& error, std::size_t size) {
                                    if (error == boost::asio::error::eof)
                                        return fail(fmt::format("{}: connection closed", what));
                                    if (error)
                                        return fail(fmt::format("{}: {}", what, error.message()));
                                    if (!reply_.feed({buffer_.data(), size}))
                                        return read(what, code, next);
                                    if (reply_.code() != code)
                                        return fail(
                                            fmt::format("{}: '{}', not {}", what, reply_.text(), code));
                                    (this->*next)();
                                }));
    }

    SmtpCheck check_;
    SmtpReply reply_;
    std::string line_, farewell_;
    std::array<char, 1024> buffer_;
};

} // namespace

std::unique_ptr<Probe> make_smtp_probe(const SharedSpec& spec, const Endpoint& destination,
                                       CheckContext& context)
{
    return probe_of<SmtpAttempt, SmtpCheck>(spec, destination, context);
}

} // namespace weir::keeper
