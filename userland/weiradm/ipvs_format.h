// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "libweir/config.h"
#include "libweir/conn.h"
#include "libweir/service.h"
#include "weiradm/ipvs_command.h"

/// ipvsadm's output, to the byte: from values to text.
namespace weir::ipvs {

/// Names in place of numbers, for listings without -n.
struct Names {
    std::function<std::string(const Address&)> host; ///< the address itself where it has no name
    std::function<std::string(std::uint16_t port, int protocol)> port; ///< the number where it has no name
};
/// Asks the resolver.
[[nodiscard]] Names system_names();
/// Numbers only.
[[nodiscard]] Names no_names();

/// "IP Virtual Server version 1.2.1 (size=4096)\n"
[[nodiscard]] std::string version_line(std::uint32_t table_size);
/// The two lines above the first service.
[[nodiscard]] std::string title(const Format& format);
/// A service and its servers, in their listing order unless format.nosort.
[[nodiscard]] std::string service_text(const Service& service, const Format& format, const Names& names);
/// Sorts as ipvsadm sorts.
void sort_services(std::vector<Service>& services);

[[nodiscard]] std::string conn_title(const Format& format);
[[nodiscard]] std::string conn_text(const Conn& conn, const Names& names);
[[nodiscard]] std::string timeouts_text(const Config& config);

/// The commands that make a service again. `lossless` adds what ipvsadm does not save or does not know:
/// thresholds, weir's own settings, the owner.
[[nodiscard]] std::string save_text(const Service& service, const Names& names, bool nosort, bool lossless);

/// "10.0.0.1:80", "[2001:db8::1]:http", "10.0.0.1:80-443"
[[nodiscard]] std::string endpoint_text(const Address& address, PortRange ports, int protocol,
                                        const Names& names);
/// "-t", "-u", "--sctp-service"
[[nodiscard]] std::string protocol_option(int protocol);

} // namespace weir::ipvs
