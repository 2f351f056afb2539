// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/status_server.h"

#include <memory>

#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace weir::keeper {
namespace {

using Socket = boost::asio::local::stream_protocol::socket;

constexpr std::size_t longest_request = 256;

} // namespace

StatusServer::StatusServer(boost::asio::io_context& io, Log& log, std::string path, Answer answer)
    : log_(log),
      path_(std::move(path)),
      answer_(std::move(answer)),
      acceptor_(io),
      pause_(io)
{
}

void StatusServer::start()
{
    if (path_.empty())
        return;
    boost::system::error_code error;
    ::unlink(path_.c_str());
    mode_t mask = ::umask(0177); // root alone
    acceptor_.open(boost::asio::local::stream_protocol(), error);
    if (!error)
        acceptor_.bind(boost::asio::local::stream_protocol::endpoint(path_), error);
    if (!error)
        acceptor_.listen(16, error);
    ::umask(mask);
    if (error)
        log_.error("{}: {}", path_, error.message());
    else
        accept();
}

void StatusServer::accept()
{
    acceptor_.async_accept([this](const auto& error, Socket socket) {
        if (error == boost::asio::error::operation_aborted)
            return;
        if (error) { // no descriptor is left, for the moment
            pause_.expires_after(std::chrono::milliseconds(200));
            return pause_.async_wait([this](const auto& cancelled) {
                if (!cancelled)
                    accept();
            });
        }
        auto client = std::make_shared<Socket>(std::move(socket));
        auto request = std::make_shared<boost::asio::streambuf>(longest_request);
        boost::asio::async_read_until(
            *client, *request, '\n', [this, client, request](const auto& failed, std::size_t size) {
                if (failed)
                    return;
                std::string line(boost::asio::buffers_begin(request->data()),
                                 boost::asio::buffers_begin(request->data()) + static_cast<long>(size) - 1);
                auto reply = std::make_shared<std::string>(answer_(line));
                boost::asio::async_write(*client, boost::asio::buffer(*reply),
                                         [client, reply](const auto&, std::size_t) {});
            });
        accept();
    });
}

void StatusServer::close()
{
    if (!path_.empty())
        ::unlink(path_.c_str());
}

} // namespace weir::keeper
