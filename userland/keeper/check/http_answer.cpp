// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/http_answer.h"

#include <limits>

#include <boost/beast/http/basic_parser.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>

namespace weir::keeper {
namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;
using boost::system::error_code;

constexpr std::uint32_t header_limit = 64 * 1024;
/// Of the body, for the regular expression: what comes after is read and not searched.
constexpr std::size_t searched_limit = std::size_t{4} * 1024 * 1024;

} // namespace

class HttpAnswer::Parser : public http::basic_parser<false> {
  public:
    Parser(bool digest, bool keep) : keep_(keep)
    {
        header_limit(keeper::header_limit);
        body_limit(std::numeric_limits<std::uint64_t>::max());
        eager(true);
        if (digest) {
            digest_.reset(EVP_MD_CTX_new());
            EVP_DigestInit_ex(digest_.get(), EVP_md5(), nullptr);
        }
    }
    [[nodiscard]] unsigned status() const { return status_; }
    [[nodiscard]] const std::string& body() const { return body_; }
    [[nodiscard]] Digest digest()
    {
        Digest digest{};
        EVP_DigestFinal_ex(digest_.get(), digest.data(), nullptr);
        return digest;
    }

  private:
    void take(string_view part)
    {
        if (digest_)
            EVP_DigestUpdate(digest_.get(), part.data(), part.size());
        if (keep_)
            body_.append(part.data(), std::min(part.size(), searched_limit - body_.size()));
    }
    void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}
    void on_response_impl(int code, string_view, int, error_code&) override
    {
        status_ = static_cast<unsigned>(code);
    }
    void on_field_impl(http::field, string_view, string_view, error_code&) override {}
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view part, error_code&) override
    {
        take(part);
        return part.size();
    }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view part, error_code&) override
    {
        take(part);
        return part.size();
    }
    void on_finish_impl(error_code&) override {}

    struct Free {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD_CTX, Free> digest_;
    bool keep_;
    unsigned status_ = 0;
    std::string body_;
};

std::string http_request(const HttpCheck& check, const UrlCheck& url, const Endpoint& server)
{
    const std::string& given = url.virtualhost.empty() ? check.virtualhost : url.virtualhost;
    std::string host = given.empty() ? fmt::format("{}:{}", bracketed(server.address), server.port) : given;
    using Version = HttpCheck::Version;
    return fmt::format("GET {} HTTP/1.{}\r\nUser-Agent: KeepAliveClient\r\n{}Host: {}\r\n\r\n", url.path,
                       check.version == Version::http11 ? 1 : 0,
                       check.version == Version::http10 ? "" : "Connection: close\r\n", host);
}

HttpAnswer::HttpAnswer(const UrlCheck& url, const Regex* regex)
    : url_(url),
      regex_(regex),
      parser_(std::make_unique<Parser>(url.digest.has_value(), regex != nullptr))
{
}

HttpAnswer::~HttpAnswer() = default;

unsigned HttpAnswer::status() const
{
    return parser_->is_header_done() ? parser_->status() : 0;
}

bool HttpAnswer::feed(std::string_view bytes)
{
    pending_ += bytes;
    while (!pending_.empty() && !parser_->is_done()) {
        error_code error;
        std::size_t used = parser_->put(boost::asio::buffer(pending_), error);
        pending_.erase(0, used);
        if (error == http::error::need_more || (!error && !used)) {
            if (pending_.size() <= header_limit + bytes.size())
                return false;
            error = http::error::buffer_overflow;
        }
        if (error) {
            bad_ = "the answer is no HTTP: " + error.message();
            return true;
        }
    }
    return parser_->is_done();
}

void HttpAnswer::end()
{
    if (!parser_->got_some())
        bad_ = "no answer, the connection was closed";
    else if (!parser_->is_header_done() && bad_.empty())
        bad_ = "the answer ended within its header";
}

std::optional<std::string> HttpAnswer::fault()
{
    if (!bad_.empty())
        return bad_;
    if (status() >= url_.status.size() || !url_.status[status()])
        return fmt::format("status {}", status());
    if (url_.digest) {
        Digest digest = parser_->digest();
        digest_ = fmt::format("{:02x}", fmt::join(digest, ""));
        if (digest != *url_.digest)
            return fmt::format("digest {} is not the one wanted", digest_);
    }
    return body_fault();
}

std::optional<std::string> HttpAnswer::body_fault()
{
    if (!regex_)
        return std::nullopt;
    auto found = regex_->search(parser_->body());
    if (!found)
        return found.error().message;
    if (*found == url_.regex_no_match)
        return *found ? "the body matches regex, and must not" : "the body does not match regex";
    return std::nullopt;
}

} // namespace weir::keeper
