// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/check.h"

#include "keeper/check/probes.h"
#include "keeper/check/verdict.h"

namespace weir::keeper {
namespace {

Result<std::unique_ptr<Probe>> make_probe(const SharedSpec& spec, const Endpoint& destination,
                                          CheckContext& context)
{
    const CheckDetail& detail = spec->detail;
    if (std::holds_alternative<HttpCheck>(detail))
        return make_http_probe(spec, destination, context);
    if (std::holds_alternative<SmtpCheck>(detail))
        return make_smtp_probe(spec, destination, context);
    if (std::holds_alternative<DnsCheck>(detail))
        return make_dns_probe(spec, destination, context);
    if (std::holds_alternative<UdpCheck>(detail))
        return make_udp_probe(spec, destination, context);
    if (std::holds_alternative<PingCheck>(detail))
        return make_ping_probe(spec, destination, context);
    if (std::holds_alternative<MiscCheck>(detail))
        return make_misc_probe(spec, context);
    if (std::holds_alternative<FileCheck>(detail))
        return make_file_probe(spec, context);
    if (std::holds_alternative<BfdCheck>(detail))
        return make_bfd_probe(spec, context);
    if (std::holds_alternative<MysqlCheck>(detail))
        return make_mysql_probe(spec, destination, context);
    return make_tcp_probe(spec, destination, context);
}

class RunningCheck : public Check, private Alarm {
  public:
    RunningCheck(SharedSpec spec, std::unique_ptr<Probe> probe, AlarmClock& clock, CheckCallback callback)
        : spec_(std::move(spec)),
          verdict_(spec_->timing),
          probe_(std::move(probe)),
          clock_(clock),
          callback_(std::move(callback))
    {
        // the probe, and with it the watch, goes with this
        probe_->watch([this] {
            if (running_ && !attempt_)
                clock_.set(*this, std::chrono::steady_clock::now());
        });
    }
    ~RunningCheck() override { stop(); }
    RunningCheck(const RunningCheck&) = delete;
    RunningCheck& operator=(const RunningCheck&) = delete;

    void start(Duration delay) override
    {
        stop();
        running_ = true;
        clock_.set(*this, std::chrono::steady_clock::now() + delay);
    }
    void stop() override
    {
        clear();
        running_ = false;
        if (auto attempt = std::exchange(attempt_, nullptr))
            attempt->cancel();
    }
    void assume(const CheckReport& report) override { verdict_.assume(report); }
    [[nodiscard]] const CheckReport& last() const override { return verdict_.last(); }
    [[nodiscard]] std::string fault() const override { return probe_->fault(); }

  private:
    void ring() override
    {
        started_ = std::chrono::steady_clock::now();
        attempt_ = probe_->attempt();
        attempt_->start([this](CheckResult result) { end(std::move(result)); });
    }

    void end(CheckResult result)
    {
        Time now = std::chrono::steady_clock::now();
        attempt_.reset();
        const CheckReport& report = verdict_.judge(std::move(result), now);
        clock_.set(*this, verdict_.next(started_, now));
        // last: it may destroy this check, and the function with it
        auto callback = callback_;
        callback(CheckReport(report));
    }

    SharedSpec spec_;
    Verdict verdict_; ///< refers to it
    std::unique_ptr<Probe> probe_;
    AlarmClock& clock_;
    CheckCallback callback_;
    std::shared_ptr<Attempt> attempt_;
    Time started_{};
    bool running_ = false;
};

} // namespace

Result<std::unique_ptr<Check>> make_check(const SharedSpec& spec, const Endpoint& server,
                                          CheckContext& context, CheckCallback callback)
{
    auto good = validate(*spec, server);
    if (!good)
        return pass_on(good);
    auto probe = make_probe(spec, destination_of(*spec, server), context);
    if (!probe)
        return pass_on(probe);
    return std::make_unique<RunningCheck>(spec, std::move(*probe), *context.clock, std::move(callback));
}

} // namespace weir::keeper
