// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "keeper/check/regex.h"

namespace weir::keeper {

/// The request for a URL, keepalived's to the byte.
[[nodiscard]] std::string http_request(const HttpCheck& check, const UrlCheck& url, const Endpoint& server);

/// Takes an HTTP answer as it arrives, in pieces of any size, and judges it. Knows no socket.
class HttpAnswer {
  public:
    /// `regex` where the URL has one. Both must live as long as this.
    HttpAnswer(const UrlCheck& url, const Regex* regex);
    ~HttpAnswer();
    HttpAnswer(const HttpAnswer&) = delete;
    HttpAnswer& operator=(const HttpAnswer&) = delete;

    /// True when no more is wanted: the answer is complete, or no HTTP.
    [[nodiscard]] bool feed(std::string_view bytes);
    /// The connection was closed. A body shorter than announced is judged as it is, as keepalived does.
    void end();
    /// What is wrong, or nothing. After feed() said true, or end().
    [[nodiscard]] std::optional<std::string> fault();
    /// 0 before the header is complete
    [[nodiscard]] unsigned status() const;
    /// MD5 of the body in hexadecimal, where the URL has a digest.
    [[nodiscard]] const std::string& digest() const { return digest_; }

  private:
    class Parser;
    [[nodiscard]] std::optional<std::string> body_fault();

    const UrlCheck& url_;
    const Regex* regex_;
    std::unique_ptr<Parser> parser_;
    std::string pending_; ///< bytes that the parser wants more of
    std::string digest_;
    std::string bad_;
};

} // namespace weir::keeper
