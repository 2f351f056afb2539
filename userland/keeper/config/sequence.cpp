// SPDX-License-Identifier: GPL-2.0
#include "keeper/config/sequence.h"

#include <cstdlib>

#include <fmt/format.h>

namespace weir::keeper {
namespace {

constexpr std::size_t max_rounds = 1u << 20;

/// Reads the parts of one sequence from left to right.
class Cursor {
  public:
    explicit Cursor(std::string_view text) : text_(text) { skip_blanks(); }

    [[nodiscard]] bool take(char c)
    {
        if (position_ >= text_.size() || text_[position_] != c)
            return false;
        position_++;
        skip_blanks();
        return true;
    }
    [[nodiscard]] std::string_view word()
    {
        std::size_t end = std::min(text_.find_first_of(" \t,{})", position_), text_.size());
        auto result = text_.substr(position_, end - position_);
        position_ = end;
        skip_blanks();
        return result;
    }
    [[nodiscard]] bool done() const { return position_ >= text_.size(); }
    [[nodiscard]] std::size_t position() const { return position_; }

  private:
    void skip_blanks() { position_ = std::min(text_.find_first_not_of(" \t", position_), text_.size()); }

    std::string_view text_;
    std::size_t position_ = 0;
};

/// "a" or "{a, b}"
std::optional<std::vector<std::string>> parse_set(Cursor& cursor)
{
    std::vector<std::string> set;
    if (!cursor.take('{')) {
        set.emplace_back(cursor.word());
        return set;
    }
    do {
        set.emplace_back(cursor.word());
    } while (cursor.take(','));
    if (!cursor.take('}'))
        return std::nullopt;
    return set;
}

Result<Sequence> parse_list(const Text& line)
{
    Failure bad =
        fail(EINVAL, "a list is written ~LST(name, value, ...) or ~LST({name, ...}, {value, ...}, ...)");
    Cursor cursor(line.view().substr(4));
    if (!cursor.take('('))
        return bad;
    auto names = parse_set(cursor);
    if (!names || names->front().empty())
        return bad;
    Sequence sequence{std::move(*names), {}, {}};
    while (cursor.take(',')) {
        auto values = parse_set(cursor);
        if (!values)
            return bad;
        if (values->size() > sequence.variables.size())
            return fail(EINVAL,
                        fmt::format("{} values for {} names", values->size(), sequence.variables.size()));
        values->resize(sequence.variables.size());
        sequence.rounds.push_back(std::move(*values));
    }
    if (sequence.rounds.empty() || !cursor.take(')'))
        return bad;
    sequence.text = line.part(4 + cursor.position());
    return sequence;
}

std::optional<long> parse_long(std::string_view word)
{
    std::string text(word);
    char* end = nullptr;
    errno = 0;
    long value = std::strtol(text.c_str(), &end, 0); // as keepalived: 0x10 and 020 are 16
    if (text.empty() || *end || errno)
        return std::nullopt;
    return value;
}

Result<Sequence> parse_numbers(const Text& line)
{
    Failure bad =
        fail(EINVAL, "a sequence is written ~SEQ(name, [start, [step,]] end), ~SEQx for hexadecimal numbers");
    bool hex = line.view().starts_with("~SEQx");
    std::size_t head = hex ? 5 : 4;
    Cursor cursor(line.view().substr(head));
    if (!cursor.take('('))
        return bad;
    std::string name(cursor.word());
    std::vector<long> numbers;
    while (cursor.take(',')) {
        auto number = parse_long(cursor.word());
        if (!number)
            return bad;
        numbers.push_back(*number);
    }
    if (name.empty() || numbers.empty() || numbers.size() > 3 || !cursor.take(')'))
        return bad;

    long last = numbers.back(), start = 0, step = 0;
    if (numbers.size() == 1) {
        start = last < 0 ? -1 : 1;
        step = last < 1 ? -1 : 1;
    } else {
        start = numbers[0];
        step = numbers.size() == 3 ? numbers[1] : start <= last ? 1 : -1;
    }
    if (step == 0 || (start < last && step < 0) || (start > last && step > 0))
        return fail(EINVAL, fmt::format("no number of steps of {} leads from {} to {}", step, start, last));
    if (hex && (start < 0 || last < 0))
        return fail(EINVAL, "hexadecimal sequences have no negative numbers");

    Sequence sequence{{std::move(name)}, {}, line.part(head + cursor.position())};
    for (long value = start; step > 0 ? value <= last : value >= last;) {
        if (sequence.rounds.size() == max_rounds)
            return fail(EINVAL, fmt::format("more than {} numbers", max_rounds));
        sequence.rounds.push_back({hex ? fmt::format("{:x}", value) : fmt::format("{}", value)});
        if (__builtin_add_overflow(value, step, &value))
            break;
    }
    return sequence;
}

} // namespace

bool is_sequence(std::string_view line)
{
    return line.starts_with("~SEQ") || line.starts_with("~LST");
}

Result<Sequence> parse_sequence(const Text& line)
{
    return line.view().starts_with("~LST") ? parse_list(line) : parse_numbers(line);
}

} // namespace weir::keeper
