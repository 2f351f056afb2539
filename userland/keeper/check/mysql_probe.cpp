// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <mysql.h>
#include <sys/socket.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <fmt/format.h>

#include "keeper/check/mysql_answer.h"
#include "keeper/check/probes.h"
#include "keeper/check/socket.h"

namespace weir::keeper {
namespace {

using boost::system::error_code;

/// MYSQL_CHECK without a user: the server's first words.
class GreetingAttempt : public TcpAttempt {
  public:
    using TcpAttempt::TcpAttempt;

  private:
    void connected() override
    {
        doing("greeting");
        read();
    }
    void read()
    {
        socket_.async_read_some(boost::asio::buffer(buffer_),
                                handler([this](const error_code& error, std::size_t size) {
                                    if (error == boost::asio::error::eof)
                                        return fail("greeting: connection closed");
                                    if (error)
                                        return fail("greeting: " + error.message());
                                    greeting_.insert(greeting_.end(), buffer_.begin(),
                                                     buffer_.begin() + static_cast<std::ptrdiff_t>(size));
                                    judge(mysql_greeting(greeting_));
                                }));
    }
    void judge(MysqlGreeting greeting)
    {
        using Kind = MysqlGreeting::Kind;
        if (greeting.kind == Kind::partial)
            return read();
        if (greeting.kind == Kind::greeting)
            return succeed(std::move(greeting.text));
        fail(std::move(greeting.text));
    }

    std::array<std::uint8_t, 1024> buffer_;
    std::vector<std::uint8_t> greeting_;
};

struct MysqlClose {
    void operator()(MYSQL* mysql) const { mysql_close(mysql); }
};
struct ResultFree {
    void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};

/// Of an answer: a row for each source that a replica has, of some sixty short columns.
constexpr std::size_t most_rows = 256;
constexpr std::size_t most_bytes = 1 << 20;

/// MYSQL_CHECK with a user, by the connector's non-blocking calls: each says what it waits for, and goes on
/// when that has come.
class LoginAttempt : public Attempt {
  public:
    LoginAttempt(boost::asio::io_context& io, MysqlCheck check, ConnectOptions options, Endpoint destination)
        : Attempt(io),
          check_(std::move(check)),
          options_(std::move(options)),
          destination_(destination),
          host_(destination.address.to_string()),
          ready_(io)
    {
    }

  private:
    using Then = void (LoginAttempt::*)();
    using Continue = int (*)(LoginAttempt& self, int events);

    void run() override
    {
        limit(options_.timeout, "connecting");
        mysql_.reset(mysql_init(nullptr));
        if (!mysql_)
            return give_up("no memory");
        unsigned off = 0;
        std::size_t packet = most_bytes;
        mysql_options(mysql_.get(), MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
        mysql_options(mysql_.get(), MYSQL_OPT_NONBLOCK, nullptr);
        mysql_options(mysql_.get(), MYSQL_OPT_LOCAL_INFILE, &off); // a server may ask for files else
        if (!options_.bind_address.empty())
            mysql_options(mysql_.get(), MYSQL_OPT_BIND, options_.bind_address.to_string().c_str());
        const char* database = check_.database.empty() ? nullptr : check_.database.c_str();
        int events =
            mysql_real_connect_start(&connected_, mysql_.get(), host_.c_str(), check_.user.c_str(),
                                     check_.password.c_str(), database, destination_.port, nullptr, 0);
        wait(
            events,
            [](LoginAttempt& self, int ready) {
                return mysql_real_connect_cont(&self.connected_, self.mysql_.get(), ready);
            },
            &LoginAttempt::logged_in);
    }

    void logged_in()
    {
        if (!connected_)
            return fail_with("login");
        version_ = mysql_get_server_info(mysql_.get());
        if (check_.require_writable)
            return query("SELECT @@global.read_only", &LoginAttempt::writable_known);
        ask_for_replication();
    }

    void writable_known()
    {
        if (failed_)
            return fail_with("read_only");
        const auto& value = rows_.empty() || rows_[0].empty() ? std::nullopt : rows_[0].begin()->second;
        if (!value || (*value != "0" && *value != "OFF"))
            return fail("the server is read-only");
        ask_for_replication();
    }

    void ask_for_replication()
    {
        if (!check_.require_replication && !check_.max_lag)
            return succeed("logged in to " + version_);
        bool mariadb = version_.find("MariaDB") != std::string::npos;
        query(mariadb ? "SHOW ALL SLAVES STATUS" : "SHOW REPLICA STATUS", &LoginAttempt::replication_known);
    }

    void replication_known()
    {
        constexpr unsigned syntax_error = 1064; // a MySQL before 8.0.22
        if (failed_ && mysql_errno(mysql_.get()) == syntax_error && !std::exchange(old_words_, true))
            return query("SHOW SLAVE STATUS", &LoginAttempt::replication_known);
        if (failed_)
            return fail_with("replication");
        if (auto fault = replication_fault(rows_, check_.max_lag))
            return fail(std::move(*fault));
        succeed("logged in to " + version_ + ", replicating");
    }

    /// Sends and takes the result into rows_, row by row; then `then`, with failed_ set if it did not work.
    void query(std::string text, Then then)
    {
        text_ = std::move(text);
        then_query_ = then;
        doing(text_);
        int events = mysql_real_query_start(&failed_, mysql_.get(), text_.data(), text_.size());
        wait(
            events,
            [](LoginAttempt& self, int ready) {
                return mysql_real_query_cont(&self.failed_, self.mysql_.get(), ready);
            },
            &LoginAttempt::queried);
    }

    void queried()
    {
        if (failed_)
            return (this->*then_query_)();
        rows_.clear();
        bytes_ = 0;
        result_.reset(mysql_use_result(mysql_.get()));
        failed_ = !result_;
        if (failed_)
            return (this->*then_query_)();
        fetch();
    }

    void fetch()
    {
        int events = mysql_fetch_row_start(&row_, result_.get());
        wait(
            events,
            [](LoginAttempt& self, int ready) {
                return mysql_fetch_row_cont(&self.row_, self.result_.get(), ready);
            },
            &LoginAttempt::fetched);
    }

    void fetched()
    {
        if (!row_) {
            failed_ = mysql_errno(mysql_.get()) != 0;
            result_.reset();
            return (this->*then_query_)();
        }
        MysqlRow& named = rows_.emplace_back();
        const unsigned long* lengths = mysql_fetch_lengths(result_.get());
        for (unsigned i = 0; i < mysql_num_fields(result_.get()); i++) {
            auto& value = named[mysql_fetch_field_direct(result_.get(), i)->name];
            bytes_ += row_[i] ? lengths[i] : 0;
            if (row_[i])
                value = std::string(row_[i], lengths[i]);
        }
        if (rows_.size() > most_rows || bytes_ > most_bytes)
            return fail_endless();
        fetch();
    }

    void fail_endless()
    {
        idle_ = false; // it is in the middle of it
        fail(text_ + ": the answer is too long");
    }

    /// Until a call that returned `events` has ended: what comes next is `then`.
    void wait(int events, Continue go_on, Then then)
    {
        idle_ = !events;
        if (idle_)
            return (this->*then)();
        if (!watch())
            return fail("connecting: " + std::string(mysql_error(mysql_.get())));
        auto done = std::make_shared<bool>(false);
        auto ready = [this, go_on, then, done](int event) {
            return handler([this, go_on, then, done, event](const error_code& error) {
                if (error || std::exchange(*done, true))
                    return;
                ready_.cancel(); // the other direction
                wait(go_on(*this, event), go_on, then);
            });
        };
        if (events & MYSQL_WAIT_READ)
            ready_.async_wait(boost::asio::posix::stream_descriptor::wait_read, ready(MYSQL_WAIT_READ));
        if (events & MYSQL_WAIT_WRITE)
            ready_.async_wait(boost::asio::posix::stream_descriptor::wait_write, ready(MYSQL_WAIT_WRITE));
    }

    /// The connector opens and closes its socket as it likes: the loop looks at a copy.
    bool watch()
    {
        int fd = static_cast<int>(mysql_get_socket(mysql_.get()));
        if (fd == watched_ && ready_.is_open())
            return true;
        error_code error;
        ready_.close(error);
        Fd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
        if (!copy)
            return false;
        ready_.assign(copy.get(), error);
        if (error)
            return false;
        (void)copy.release();
        watched_ = fd;
        return true;
    }

    void fail_with(const char* what)
    {
        fail(fmt::format("{}: {} ({})", what, mysql_error(mysql_.get()), mysql_errno(mysql_.get())));
    }

    void close() override
    {
        error_code ignored;
        // closing says farewell, and would wait for a server that is in the middle of something
        if (ready_.is_open() && !idle_)
            (void)::shutdown(ready_.native_handle(), SHUT_RDWR);
        ready_.close(ignored);
        // not below the connector's own calls
        boost::asio::post(io_, [self = shared_from_this(), this] { result_.reset(), mysql_.reset(); });
    }

    MysqlCheck check_;
    ConnectOptions options_;
    Endpoint destination_;
    std::string host_, text_, version_;
    std::unique_ptr<MYSQL, MysqlClose> mysql_;
    MYSQL* connected_ = nullptr;
    std::unique_ptr<MYSQL_RES, ResultFree> result_; ///< before the connection, which it reads to its end
    MYSQL_ROW row_ = nullptr;
    std::size_t bytes_ = 0; ///< in rows_
    int failed_ = 0;
    bool old_words_ = false;
    bool idle_ = true; ///< no call of the connector is under way
    Then then_query_ = nullptr;
    std::vector<MysqlRow> rows_;
    boost::asio::posix::stream_descriptor ready_;
    int watched_ = -1;
};

} // namespace

std::unique_ptr<Probe> make_mysql_probe(const SharedSpec& spec, const Endpoint& destination,
                                        CheckContext& context)
{
    auto make = [&io = context.io, spec, destination]() -> std::shared_ptr<Attempt> {
        const auto& check = std::get<MysqlCheck>(spec->detail);
        if (check.user.empty())
            return std::make_shared<GreetingAttempt>(io, spec->connect, destination);
        return std::make_shared<LoginAttempt>(io, check, spec->connect, destination);
    };
    return std::make_unique<MadeProbe<decltype(make)>>(std::move(make));
}

} // namespace weir::keeper
