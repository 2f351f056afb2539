// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "keeper/check/file_watch.h"
#include "keeper/check/probes.h"

namespace weir::keeper {
namespace {

/// At or below this a weight is a failure, as in keepalived.
constexpr std::int64_t weight_fault = std::numeric_limits<std::int32_t>::min();

CheckResult judge(const FileCheck& check, std::int64_t value)
{
    if (check.weight == 0) {
        bool good = (value == 0) != check.reverse;
        return {good, fmt::format("{}: {}", check.path, value), {}, {}, 0, false};
    }
    // numbers of people's files: far apart from overflow after this
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    std::int64_t change = std::clamp(value, -most, most) * check.weight * (check.reverse ? -1 : 1);
    return {change > weight_fault, fmt::format("{}: {}", check.path, value), {}, {}, change, false};
}

/// FILE_CHECK: a number in a file.
class FileAttempt : public Attempt {
  public:
    FileAttempt(boost::asio::io_context& io, FileCheck check) : Attempt(io), check_(std::move(check)) {}

  private:
    void run() override { finish(judge(check_, read_file_number(check_.path))); }
    void close() override {}

    FileCheck check_;
};

class FileProbe : public Probe {
  public:
    FileProbe(boost::asio::io_context& io, FileCheck check) : io_(io), check_(std::move(check)) {}

    [[nodiscard]] std::shared_ptr<Attempt> attempt() override
    {
        return std::make_shared<FileAttempt>(io_, check_);
    }
    void watch(const std::function<void()>& changed) override
    {
        ticket_ = FileWatch::of(io_)->add(check_.path, changed);
    }

  private:
    boost::asio::io_context& io_;
    FileCheck check_;
    FileWatch::Ticket ticket_;
};

} // namespace

std::unique_ptr<Probe> make_file_probe(const SharedSpec& spec, CheckContext& context)
{
    return std::make_unique<FileProbe>(context.io, std::get<FileCheck>(spec->detail));
}

} // namespace weir::keeper
