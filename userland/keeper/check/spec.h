// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/endpoint.h"
#include "keeper/config/command.h"

/// What a health check is to do: keepalived's checkers with their defaults, resolved (nothing here is
/// inherited any more). Passive data.
namespace weir::keeper {

/// Where from and where to, for every check but MISC_CHECK, FILE_CHECK and BFD_CHECK.
struct ConnectOptions {
    Address address;        ///< connect_ip; empty: the real server's
    std::uint16_t port = 0; ///< connect_port; 0: the real server's
    Address bind_address;   ///< bindto; of the family of the destination
    std::uint16_t bind_port = 0;
    std::string bind_interface; ///< bind_if; needed for a link-local destination
    std::uint32_t fwmark = 0;
    /// connect_timeout: bounds the whole attempt, from the connection to the last byte of the answer. Of
    /// HTTP_GET and SSL_GET, each URL's.
    Duration timeout = std::chrono::seconds(5);

    bool operator==(const ConnectOptions&) const = default;
};

/// Not keepalived's: a check that changes its mind more than `limit` times within `window` stays down until
/// it has been good for `hold`. Limit 0 is off.
struct Damping {
    unsigned limit = 0;
    Duration window = std::chrono::minutes(5);
    Duration hold = std::chrono::minutes(1);

    bool operator==(const Damping&) const = default;
};

struct CheckTiming {
    Duration delay_loop = std::chrono::seconds(60); ///< from one attempt's start to the next one's
    unsigned retry = 1;                             ///< failures in a row that are forgiven while up
    Duration delay_before_retry = std::chrono::seconds(1);
    /// The first attempts of all checks are spread evenly over this. keepalived's default is delay_loop; here
    /// an unset one means one second, and another for each thousand checks, or delay_loop where that is
    /// shorter.
    std::optional<Duration> warmup;
    bool alpha = false; ///< down until the first good answer; for the user of the reports, as is the next
    bool log_all_failures = false;
    Damping damping;

    bool operator==(const CheckTiming&) const = default;
};

struct TcpCheck {
    bool operator==(const TcpCheck&) const = default;
};

/// A hexadecimal pattern of UDP_CHECK: "Ab12f 3 45X", blank-separated or not, X for any four bits.
struct HexPattern {
    std::vector<std::uint8_t> bytes;
    std::vector<std::uint8_t> mask; ///< as long as bytes; a clear bit matches anything

    [[nodiscard]] static Result<HexPattern> parse(std::string_view text, bool wildcards);
    bool operator==(const HexPattern&) const = default;
};

/// 100..599
using StatusCodes = std::bitset<600>;
/// "200", "200-299"; adds to what is there
[[nodiscard]] Result<void> add_status_codes(std::string_view text, StatusCodes& codes);
/// 200-299
[[nodiscard]] StatusCodes default_status_codes();
/// 32 hexadecimal digits, as genhash prints them
using Digest = std::array<std::uint8_t, 16>;
[[nodiscard]] Result<Digest> parse_digest(std::string_view text);

struct UrlCheck {
    std::string path = "/";
    std::string virtualhost; ///< "" is the check's; goes into Host as it is
    StatusCodes status = default_status_codes();
    std::optional<Digest> digest; ///< MD5 of the body
    std::string regex;            ///< PCRE2, searched in the body; "" is none
    bool regex_no_match = false;  ///< a match is the failure
    /// keepalived's words: "caseless", "multiline", "utf", ...
    std::vector<std::string> regex_options;
    std::size_t regex_min_offset = 0; ///< bytes of the body; a match starts here or later
    std::size_t regex_max_offset = 0; ///< and before this; 0 is no limit
    std::size_t regex_stack_start = 0, regex_stack_max = 0; ///< bytes; 0 is PCRE2's own

    bool operator==(const UrlCheck&) const = default;
};

/// The block SSL: files in PEM. Nothing given: no certificate of our own.
struct TlsFiles {
    std::string ca, certificate, key, password;

    auto operator<=>(const TlsFiles&) const = default;
};

/// HTTP_GET and SSL_GET. Every attempt asks for all URLs, one after another, and fails with the first that
/// fails (keepalived asks for one a delay_loop, and for all without a pause with fast_recovery).
struct HttpCheck {
    enum class Version { http10, http10_close, http11 };

    std::vector<UrlCheck> urls;
    std::string virtualhost; ///< of the check, else of the real server, else of the virtual server; "" none
    Version version = Version::http10;
    bool tls = false; ///< SSL_GET
    bool sni = false; ///< enable_sni: sni_name, else the URL's virtualhost
    std::string sni_name;
    TlsFiles files;
    /// Not keepalived's: the certificate must be one of files.ca's (or the system's), and for the SNI name.
    bool verify = false;

    bool operator==(const HttpCheck&) const = default;
};

struct SmtpCheck {
    std::string helo_name = "smtpchecker.keepalived.org";

    bool operator==(const SmtpCheck&) const = default;
};

struct DnsCheck {
    std::string type = "SOA"; ///< A NS CNAME SOA MX TXT AAAA, in any case
    std::string name = ".";

    bool operator==(const DnsCheck&) const = default;
};

/// Up without an answer too, unless require_reply: an ICMP error is what makes it fail.
struct UdpCheck {
    std::vector<std::uint8_t> payload; ///< empty: 16 random bytes
    bool require_reply = false;
    HexPattern reply; ///< compared as far as both reach
    std::size_t min_reply_length = 0;
    std::size_t max_reply_length = 255;

    bool operator==(const UdpCheck&) const = default;
};

struct PingCheck {
    bool operator==(const PingCheck&) const = default;
};

struct MiscCheck {
    Command command;
    Duration timeout{0};  ///< misc_timeout; 0: delay_loop
    bool dynamic = false; ///< misc_dynamic: exit status 2..255 sets the weight to 0..253

    bool operator==(const MiscCheck&) const = default;
};

/// The first line of a file is a number; times `weight` it is added to the real server's weight. Weight 0:
/// any number but 0 is the failure. A missing file is 0.
struct FileCheck {
    std::string path;
    int weight = 0; ///< FILE_CHECK's, else track_file's
    bool reverse = false;

    bool operator==(const FileCheck&) const = default;
};

/// Follows a bfd_instance: down with it, up with it, and where a neighbor's operator ends the session as
/// before.
struct BfdCheck {
    std::string session;

    bool operator==(const BfdCheck&) const = default;
};

/// Not keepalived's. Without a user only the greeting is waited for; with one, a login and what is required.
struct MysqlCheck {
    std::string user, password, database;
    bool require_writable = false;    ///< read_only must be off
    bool require_replication = false; ///< both replication threads of every source must run
    /// Seconds_Behind_Master of every source at most this; asks for replication too.
    std::optional<Duration> max_lag;

    bool operator==(const MysqlCheck&) const = default;
};

using CheckDetail = std::variant<TcpCheck, HttpCheck, SmtpCheck, DnsCheck, UdpCheck, PingCheck, MiscCheck,
                                 FileCheck, MysqlCheck, BfdCheck>;

struct CheckSpec {
    CheckDetail detail;
    ConnectOptions connect;
    CheckTiming timing;

    bool operator==(const CheckSpec&) const = default;
};

/// Kept once for all servers that are asked alike.
using SharedSpec = std::shared_ptr<const CheckSpec>;

/// keepalived's defaults where neither check nor servers say anything.
[[nodiscard]] unsigned default_retry(const CheckDetail& detail);
[[nodiscard]] Duration default_delay_before_retry(const CheckDetail& detail, Duration delay_loop);

/// "TCP_CHECK", ... "SSL_GET"
[[nodiscard]] std::string_view keyword_of(const CheckDetail& detail);
/// "HTTP_GET 192.0.2.1:80 /health /ready": for logs and the status. `server` is the real server.
[[nodiscard]] std::string describe(const CheckSpec& spec, const Endpoint& server);
/// Where the check really connects to.
[[nodiscard]] Endpoint destination_of(const CheckSpec& spec, const Endpoint& server);

/// What cannot work, found without touching network or files: no URL, a bad regular expression, unknown DNS
/// type, two families, fwmark with MYSQL_CHECK. For --check, with Error::field the keyword.
[[nodiscard]] Result<void> validate(const CheckSpec& spec, const Endpoint& server);

} // namespace weir::keeper
