// SPDX-License-Identifier: GPL-2.0
#define PCRE2_CODE_UNIT_WIDTH 8
#include "keeper/check/regex.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

#include <fmt/format.h>
#include <pcre2.h>

namespace weir::keeper {
namespace {

struct Option {
    std::string_view name;
    std::uint32_t bit;
};

// keepalived's words
constexpr Option options[] = {
    {"allow_empty_class", PCRE2_ALLOW_EMPTY_CLASS},
    {"alt_bsux", PCRE2_ALT_BSUX},
    {"alt_circumflex", PCRE2_ALT_CIRCUMFLEX},
    {"alt_verbnames", PCRE2_ALT_VERBNAMES},
    {"auto_callout", PCRE2_AUTO_CALLOUT},
    {"caseless", PCRE2_CASELESS},
    {"dollar_endonly", PCRE2_DOLLAR_ENDONLY},
    {"dotall", PCRE2_DOTALL},
    {"dupnames", PCRE2_DUPNAMES},
    {"extended", PCRE2_EXTENDED},
    {"firstline", PCRE2_FIRSTLINE},
    {"match_unset_backref", PCRE2_MATCH_UNSET_BACKREF},
    {"multiline", PCRE2_MULTILINE},
    {"never_backslash_c", PCRE2_NEVER_BACKSLASH_C},
    {"never_ucp", PCRE2_NEVER_UCP},
    {"never_utf", PCRE2_NEVER_UTF},
    {"no_auto_capture", PCRE2_NO_AUTO_CAPTURE},
    {"no_auto_possess", PCRE2_NO_AUTO_POSSESS},
    {"no_dotstar_anchor", PCRE2_NO_DOTSTAR_ANCHOR},
    {"no_start_optimize", PCRE2_NO_START_OPTIMIZE},
    {"ucp", PCRE2_UCP},
    {"ungreedy", PCRE2_UNGREEDY},
    {"use_offset_limit", PCRE2_USE_OFFSET_LIMIT},
    {"utf", PCRE2_UTF},
};

// PCRE2's, for what is tried at one place of the body, of which there are millions
constexpr std::uint32_t match_limit = 100'000;
constexpr std::uint32_t heap_limit_kib = 4096;
/// Of the processor's time, for the whole search.
constexpr auto search_limit = std::chrono::milliseconds(100);
/// From one look at the clock to the next. What PCRE2 does in between, an item of the pattern for each, reads
/// the body's rest at most.
constexpr unsigned items_a_look = 16;

template <auto Free>
struct Freed {
    template <typename T>
    void operator()(T* object) const
    {
        Free(object);
    }
};

std::chrono::nanoseconds processor_time()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

/// The time that a search may take.
class Patience {
  public:
    [[nodiscard]] bool over()
    {
        if (++items_ % items_a_look)
            return false;
        // the processor's time is dear to ask for, and never more than the clock's
        return std::chrono::steady_clock::now() - began_ > search_limit &&
               processor_time() - began_processor_ > search_limit;
    }

  private:
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::chrono::nanoseconds began_processor_ = processor_time();
    unsigned items_ = 0;
};

int look_at_clock(pcre2_callout_block* /*where*/, void* patience)
{
    return static_cast<Patience*>(patience)->over() ? PCRE2_ERROR_CALLOUT : 0;
}

std::string message_of(int error)
{
    std::array<PCRE2_UCHAR, 256> text{};
    pcre2_get_error_message(error, text.data(), text.size());
    return reinterpret_cast<const char*>(text.data());
}

} // namespace

struct Regex::Parts {
    std::unique_ptr<pcre2_code, Freed<pcre2_code_free>> code;
    std::unique_ptr<pcre2_match_data, Freed<pcre2_match_data_free>> data;
    std::unique_ptr<pcre2_match_context, Freed<pcre2_match_context_free>> context;
    std::unique_ptr<pcre2_jit_stack, Freed<pcre2_jit_stack_free>> stack;
    std::size_t min_offset = 0, max_offset = 0;
};

Result<Regex> Regex::compile(const UrlCheck& url)
{
    // a callout before each item of the pattern: no other bound counts all of a search
    std::uint32_t bits = PCRE2_AUTO_CALLOUT;
    // with it set, an offset limit may be given to the search
    if (url.regex_max_offset)
        bits |= PCRE2_USE_OFFSET_LIMIT;
    for (const auto& name : url.regex_options) {
        const auto* known = std::ranges::find(options, name, &Option::name);
        if (known == std::end(options))
            return fail(EINVAL, fmt::format("'{}' is no option of a regular expression", name));
        bits |= known->bit;
    }
    int error = 0;
    PCRE2_SIZE offset = 0;
    auto parts = std::make_shared<Parts>();
    parts->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(url.regex.data()), url.regex.size(), bits,
                                    &error, &offset, nullptr));
    if (!parts->code)
        return fail(EINVAL, fmt::format("'{}' is no regular expression: {} at {}", url.regex,
                                        message_of(error), offset));
    parts->data.reset(pcre2_match_data_create_from_pattern(parts->code.get(), nullptr));
    parts->context.reset(pcre2_match_context_create(nullptr));
    if (!parts->data || !parts->context)
        return fail(ENOMEM, "no memory for a regular expression");
    // without the compiler's support the interpreter does it
    (void)pcre2_jit_compile(parts->code.get(), PCRE2_JIT_COMPLETE);
    pcre2_set_match_limit(parts->context.get(), match_limit);
    pcre2_set_heap_limit(parts->context.get(), heap_limit_kib);
    if (url.regex_max_offset)
        pcre2_set_offset_limit(parts->context.get(), url.regex_max_offset - 1);
    if (url.regex_stack_max) {
        parts->stack.reset(pcre2_jit_stack_create(url.regex_stack_start, url.regex_stack_max, nullptr));
        pcre2_jit_stack_assign(parts->context.get(), nullptr, parts->stack.get());
    }
    parts->min_offset = url.regex_min_offset;
    parts->max_offset = url.regex_max_offset;
    return Regex(std::move(parts));
}

Result<bool> Regex::search(std::string_view subject) const
{
    if (parts_->min_offset > subject.size() ||
        (parts_->max_offset && parts_->min_offset >= parts_->max_offset))
        return false;
    Patience patience;
    pcre2_set_callout(parts_->context.get(), look_at_clock, &patience);
    int found = pcre2_match(parts_->code.get(), reinterpret_cast<PCRE2_SPTR>(subject.data()), subject.size(),
                            parts_->min_offset, 0, parts_->data.get(), parts_->context.get());
    if (found == PCRE2_ERROR_NOMATCH)
        return false;
    if (found == PCRE2_ERROR_CALLOUT)
        return fail(ETIME,
                    fmt::format("regular expression given up: it takes more than {} ms of the processor",
                                search_limit.count()));
    if (found < 0)
        return fail(EINVAL, "regular expression given up: " + message_of(found));
    return true;
}

} // namespace weir::keeper
