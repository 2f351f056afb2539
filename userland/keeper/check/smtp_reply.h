// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::keeper {

/// One reply of an SMTP server, of one line or several (RFC 5321 section 4.2), as it arrives.
class SmtpReply {
  public:
    /// True when the reply is complete, or is none. Bytes behind it are dropped: a server waits its turn.
    [[nodiscard]] bool feed(std::string_view bytes);
    /// 200..599 of a complete reply; 0 if it is none.
    [[nodiscard]] unsigned code() const { return code_; }
    /// Its last line, for people: printable characters, and not too many of them.
    [[nodiscard]] std::string text() const;

  private:
    [[nodiscard]] bool take_line(std::string_view line);

    std::string pending_, last_;
    std::size_t seen_ = 0;
    unsigned code_ = 0;
};

} // namespace weir::keeper
