// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "keeper/check/probes.h"

namespace weir::keeper {
namespace {

/// Beyond the limit: until then a program that was asked to end, and then killed, has ended.
constexpr auto grace = std::chrono::seconds(5);

/// MISC_CHECK: a program's exit status is the answer.
class ScriptAttempt : public Attempt {
  public:
    /// `running`: the program of an attempt of this probe has not ended.
    ScriptAttempt(CheckContext& context, MiscCheck check, Duration limit, std::shared_ptr<bool> running)
        : Attempt(context.io),
          context_(context),
          check_(std::move(check)),
          limit_(limit),
          running_(std::move(running))
    {
    }

  private:
    void run() override
    {
        const std::string& program = check_.command.words[0];
        // one that cannot even be killed is not started over and over
        if (*running_)
            return fail(program + " has not ended yet");
        auto ended = handler([this](int status) { judge(status); });
        *running_ = context_.run(check_.command, limit_, [ended, running = running_](int status) mutable {
            *running = false;
            ended(status);
        });
        if (!*running_)
            return give_up(program + " could not be started");
        limit(limit_ + grace, program);
    }

    void judge(int status)
    {
        const std::string& program = check_.command.words[0];
        if (status == 0 || (check_.dynamic && status > 1)) {
            CheckResult result{true, fmt::format("exit status {}", status), {}, {}, 0, false};
            if (status > 1)
                result.weight = static_cast<std::uint32_t>(status - 2);
            return finish(std::move(result));
        }
        fail(status < 0 ? program + " took too long, was killed or cannot be run"
                        : fmt::format("{}: exit status {}", program, status));
    }

    void close() override {}

    CheckContext& context_;
    MiscCheck check_;
    Duration limit_;
    std::shared_ptr<bool> running_;
};

} // namespace

std::unique_ptr<Probe> make_misc_probe(const SharedSpec& spec, CheckContext& context)
{
    auto make = [&context, spec, running = std::make_shared<bool>(false)] {
        const auto& check = std::get<MiscCheck>(spec->detail);
        Duration limit = check.timeout.count() ? check.timeout : spec->timing.delay_loop;
        return std::make_shared<ScriptAttempt>(context, check, limit, running);
    };
    return std::make_unique<MadeProbe<decltype(make)>>(std::move(make));
}

} // namespace weir::keeper
