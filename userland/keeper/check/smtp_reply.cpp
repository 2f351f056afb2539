// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/smtp_reply.h"

#include "base/number.h"

namespace weir::keeper {
namespace {

constexpr std::size_t reply_limit = std::size_t{64} * 1024;
constexpr std::size_t text_limit = 80;

} // namespace

bool SmtpReply::feed(std::string_view bytes)
{
    seen_ += bytes.size();
    pending_ += bytes;
    std::size_t start = 0;
    for (auto end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n', start)) {
        std::string_view line(pending_.data() + start, end - start);
        start = end + 1;
        if (take_line(line.substr(0, line.size() - line.ends_with('\r'))))
            return true;
    }
    pending_.erase(0, start);
    if (seen_ <= reply_limit)
        return false;
    last_ = "a reply without an end";
    code_ = 0;
    return true;
}

bool SmtpReply::take_line(std::string_view line)
{
    last_ = line;
    auto code = parse_number(line.substr(0, 3), 200, 599);
    bool more = line.size() > 3 && line[3] == '-';
    bool good = code && (line.size() == 3 || more || line[3] == ' ') && (!code_ || code_ == *code);
    code_ = good ? static_cast<unsigned>(*code) : 0;
    return !good || !more;
}

std::string SmtpReply::text() const
{
    std::string text = last_.substr(0, text_limit);
    for (char& c : text)
        c = c >= ' ' && c <= '~' ? c : '?';
    return text;
}

} // namespace weir::keeper
