// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "keeper/check/attempt.h"

namespace weir::keeper {

/// One for each kind of check, in the file of its name. `spec` has been validated and holds that kind.
[[nodiscard]] std::unique_ptr<Probe> make_tcp_probe(const SharedSpec& spec, const Endpoint& destination,
                                                    CheckContext& context);
[[nodiscard]] Result<std::unique_ptr<Probe>>
make_http_probe(const SharedSpec& spec, const Endpoint& destination, CheckContext& context);
[[nodiscard]] std::unique_ptr<Probe> make_smtp_probe(const SharedSpec& spec, const Endpoint& destination,
                                                     CheckContext& context);
[[nodiscard]] std::unique_ptr<Probe> make_dns_probe(const SharedSpec& spec, const Endpoint& destination,
                                                    CheckContext& context);
[[nodiscard]] std::unique_ptr<Probe> make_udp_probe(const SharedSpec& spec, const Endpoint& destination,
                                                    CheckContext& context);
[[nodiscard]] std::unique_ptr<Probe> make_ping_probe(const SharedSpec& spec, const Endpoint& destination,
                                                     CheckContext& context);
[[nodiscard]] std::unique_ptr<Probe> make_misc_probe(const SharedSpec& spec, CheckContext& context);
[[nodiscard]] std::unique_ptr<Probe> make_file_probe(const SharedSpec& spec, CheckContext& context);
[[nodiscard]] std::unique_ptr<Probe> make_bfd_probe(const SharedSpec& spec, CheckContext& context);
[[nodiscard]] std::unique_ptr<Probe> make_mysql_probe(const SharedSpec& spec, const Endpoint& destination,
                                                      CheckContext& context);

/// A probe is a function that makes attempts.
template <typename F>
class MadeProbe : public Probe {
  public:
    explicit MadeProbe(F make) : make_(std::move(make)) {}
    [[nodiscard]] std::shared_ptr<Attempt> attempt() override { return make_(); }

  private:
    F make_;
};

/// The probe whose attempts are `A`s: made of the loop, of the spec's `Detail` where the check has one, of
/// its options and of the destination.
template <typename A, typename... Detail>
std::unique_ptr<Probe> probe_of(const SharedSpec& spec, const Endpoint& destination, CheckContext& context)
{
    auto make = [&io = context.io, spec, destination] {
        return std::make_shared<A>(io, std::get<Detail>(spec->detail)..., spec->connect, destination);
    };
    return std::make_unique<MadeProbe<decltype(make)>>(std::move(make));
}

} // namespace weir::keeper
