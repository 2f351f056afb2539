// SPDX-License-Identifier: GPL-2.0
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "keeper/check/http_answer.h"
#include "keeper/check/probes.h"
#include "keeper/check/socket.h"
#include "keeper/check/tls.h"

namespace weir::keeper {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

/// What all attempts of a check share.
struct HttpPlan {
    explicit HttpPlan(SharedSpec of) : spec(std::move(of)), check(std::get<HttpCheck>(spec->detail)) {}

    SharedSpec spec;
    const HttpCheck& check;
    std::vector<std::optional<Regex>> regexes; ///< by URL
    std::shared_ptr<TlsContext> tls;           ///< SSL_GET
    decltype(CheckContext::say) say;
};

/// HTTP_GET and SSL_GET: a connection for each URL, until one fails.
class HttpAttempt : public TcpAttempt {
  public:
    HttpAttempt(boost::asio::io_context& io, std::shared_ptr<const HttpPlan> plan, Endpoint destination)
        : TcpAttempt(io, plan->spec->connect, destination),
          plan_(std::move(plan))
    {
    }

  private:
    using Tls = ssl::stream<boost::asio::ip::tcp::socket&>;

    [[nodiscard]] const UrlCheck& url() const { return plan_->check.urls[url_]; }

    void connected() override
    {
        const auto& regex = plan_->regexes[url_];
        answer_ = std::make_unique<HttpAnswer>(url(), regex ? &*regex : nullptr);
        request_ = http_request(plan_->check, url(), destination_);
        if (!plan_->tls)
            return ask(socket_);
        doing("TLS handshake");
        if (auto news = plan_->tls->look(std::chrono::steady_clock::now()); news && plan_->say)
            plan_->say(news->good, news->text);
        context_ = plan_->tls->get();
        tls_ = std::make_unique<Tls>(socket_, *context_);
        name_server();
        tls_->async_handshake(ssl::stream_base::client, handler([this](const error_code& error) {
                                  if (error)
                                      return fail("TLS handshake: " + tls_words(error));
                                  ask(*tls_);
                              }));
    }

    void name_server()
    {
        const HttpCheck& check = plan_->check;
        if (!check.sni && check.sni_name.empty())
            return;
        const std::string& given = url().virtualhost.empty() ? check.virtualhost : url().virtualhost;
        const std::string& name = check.sni_name.empty() ? given : check.sni_name;
        if (name.empty())
            return;
        SSL_set_tlsext_host_name(tls_->native_handle(), name.c_str());
        if (check.verify)
            SSL_set1_host(tls_->native_handle(), name.c_str());
    }

    template <typename Stream>
    void ask(Stream& stream)
    {
        doing(url().path);
        boost::asio::async_write(stream, boost::asio::buffer(request_),
                                 handler([this, &stream](const error_code& error, std::size_t) {
                                     if (error)
                                         return fail(url().path + ": sending: " + tls_words(error));
                                     read(stream);
                                 }));
    }

    template <typename Stream>
    void read(Stream& stream)
    {
        stream.async_read_some(
            boost::asio::buffer(buffer_), handler([this, &stream](const error_code& error, std::size_t size) {
                if (error && error != boost::asio::error::eof && error != ssl::error::stream_truncated)
                    return fail(url().path + ": " + tls_words(error));
                if (error)
                    answer_->end();
                else if (!answer_->feed({buffer_.data(), size}))
                    return read(stream);
                judge();
            }));
    }

    void judge()
    {
        if (auto fault = answer_->fault())
            return fail(fmt::format("{}: {}", url().path, *fault));
        if (++url_ == plan_->check.urls.size())
            return succeed(fmt::format("status {}", answer_->status()));
        TcpAttempt::close();
        // not from within a handler of the stream that goes
        boost::asio::post(io_, handler([this] {
                              tls_.reset();
                              TcpAttempt::run();
                          }));
    }

    std::shared_ptr<const HttpPlan> plan_;
    std::size_t url_ = 0;
    std::unique_ptr<HttpAnswer> answer_;
    TlsContext::Context context_; ///< of tls_, whatever the next attempt uses
    std::unique_ptr<Tls> tls_;
    std::string request_;
    std::array<char, 16384> buffer_;
};

class HttpProbe : public Probe {
  public:
    HttpProbe(boost::asio::io_context& io, std::shared_ptr<const HttpPlan> plan, const Endpoint& destination)
        : io_(io),
          plan_(std::move(plan)),
          destination_(destination)
    {
    }
    [[nodiscard]] std::shared_ptr<Attempt> attempt() override
    {
        return std::make_shared<HttpAttempt>(io_, plan_, destination_);
    }
    [[nodiscard]] std::string fault() const override { return plan_->tls ? plan_->tls->fault() : ""; }

  private:
    boost::asio::io_context& io_;
    std::shared_ptr<const HttpPlan> plan_;
    Endpoint destination_;
};

} // namespace

Result<std::unique_ptr<Probe>> make_http_probe(const SharedSpec& spec, const Endpoint& destination,
                                               CheckContext& context)
{
    auto plan = std::make_shared<HttpPlan>(spec);
    for (const auto& url : plan->check.urls) {
        auto& kept = plan->regexes.emplace_back();
        if (url.regex.empty())
            continue;
        auto regex = Regex::compile(url);
        if (!regex)
            return pass_on(regex);
        kept = std::move(*regex);
    }
    if (plan->check.tls) {
        auto tls = TlsContext::of(plan->check.files, plan->check.verify);
        if (!tls)
            return pass_on(tls);
        plan->tls = std::move(*tls);
        plan->say = context.say;
    }
    return std::make_unique<HttpProbe>(context.io, std::move(plan), destination);
}

} // namespace weir::keeper
