// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "libweir/service.h"

/// ipvsadm's command line, taken as it is: from words to a value, without a kernel.
namespace weir::ipvs {

enum class Verb {
    add_service,
    edit_service,
    delete_service,
    flush,
    list,
    add_server,
    delete_server,
    edit_server,
    set_timeouts,
    start_daemon,
    stop_daemon,
    restore,
    save,
    zero,
    help,
    version,
};

/// How a listing looks.
struct Format {
    bool numeric = false;
    bool stats = false;
    bool rate = false;
    bool thresholds = false;
    bool persistent_conn = false;
    bool tun_info = false;
    bool nosort = false;
    bool exact = false;
    bool json = false;
};

/// What -L lists.
enum class Listing { services, one_service, connections, timeouts, daemons };

/// One call of ipvsadm, checked as far as that goes without the kernel.
struct Command {
    Verb verb = Verb::list;
    Listing listing = Listing::services;
    Format format;

    bool has_service = false; ///< -Z names one
    Service service;
    unsigned service_fields = 0; ///< enum ServiceFields: what -A and -E name
    /// Flags of the service that are weir's own and that -E names; the others keep their values.
    std::uint32_t own_flags_named = 0;
    std::string persistence_engine; ///< --pe
    Server server;

    std::uint32_t timeout_tcp = 0; ///< --set; 0: unchanged
    std::uint32_t timeout_tcp_fin = 0;
    std::uint32_t timeout_udp = 0;
};

/// Why a command line is not one: what to print to stderr (newlines included) and the exit status.
struct Refusal {
    int status;
    std::string text;
    /// What was given and what would have been right; ipvsadm does not say it.
    std::string detail = {};

    /// As ipvsadm prints it, or with the detail.
    [[nodiscard]] std::string to_string(bool with_detail) const;
};

/// ipvsadm's exit statuses.
inline constexpr int exit_usage = 2;
inline constexpr int exit_refused = 255;
inline constexpr int exit_list_failed = 1;

/// `words` as main() has them, the program's name first. At least one word follows it.
[[nodiscard]] tl::expected<Command, Refusal> parse_command(const std::vector<std::string>& words);

} // namespace weir::ipvs
