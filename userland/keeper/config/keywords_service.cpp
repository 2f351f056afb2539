// SPDX-License-Identifier: GPL-2.0
#include "keeper/config/keyword_table.h"

namespace weir::keeper {
namespace {

constexpr std::string_view schedulers = "all of ip_vs's; differences are in weir(7)";
constexpr std::string_view all_urls = "every attempt asks for all URLs";
constexpr std::string_view ours = "not keepalived's";

// what every check takes
#define CHECK_OPTIONS(scope)                                                                                 \
    {scope, "connect_ip", full, "a", "", ""}, {scope, "connect_port", full, "n:1-65535", "", ""},            \
        {scope, "bindto", full, "a", "", ""}, {scope, "bind_port", full, "n:1-65535", "", ""},               \
        {scope, "bind_if", full, "w", "", ""}, {scope, "connect_timeout", full, "t:0.001-4294", "", ""},     \
        {scope, "fwmark", full, "n:0-4294967295", "", ""}, CHECK_TIMES(scope)
#define CHECK_TIMES(scope)                                                                                   \
    {scope, "retry", full, "n:0-4294967295", "", ""},                                                        \
        {scope, "delay_before_retry", full, "t:0-4294", "", ""},                                             \
        {scope, "warmup", full, "t:0-4294", "", ""}, {scope, "delay_loop", full, "t:0.001-4294", "", ""},    \
        {scope, "alpha", full, "b?", "", ""}, {scope, "log_all_failures", full, "b?", "", ""},               \
    {                                                                                                        \
        scope, "flap_damping", full, "n:0-65535 t:1-1000000? t:0-1000000?", "", ours                         \
    }
#define WEB_CHECK(scope)                                                                                     \
    CHECK_OPTIONS(scope), {scope, "nb_get_retry", full, "n:0-4294967295", "", "retry"},                      \
        {scope, "virtualhost", full, "w", "", ""},                                                           \
        {scope, "http_protocol", full, "c:1.0|1.0C|1.0c|1.1", "", ""},                                       \
        {scope, "enable_sni", full, "b?", "", ""}, {scope, "sni_name", full, "w", "", ""},                   \
        {scope, "verify", full, "b?", "", "not keepalived's: the certificate has to be a valid one"},        \
        {scope, "fast_recovery", no_effect, "b?", "", all_urls},                                             \
    {                                                                                                        \
        scope, "url", full, "", "url", ""                                                                    \
    }

constexpr Keyword keywords[] = {
    {"root", "SSL", full, "", "SSL", ""},
    {"root", "virtual_server_group", full, "w", "-", ""},
    {"root", "virtual_server", full, "w w?", "virtual_server", ""},

    {"SSL", "password", full, "w", "", ""},
    {"SSL", "ca", full, "w", "", ""},
    {"SSL", "certificate", full, "w", "", ""},
    {"SSL", "key", full, "w", "", ""},

    {"virtual_server", "ip_family", full, "c:inet|inet6", "", ""},
    {"virtual_server", "retry", full, "n:0-4294967295", "", ""},
    {"virtual_server", "delay_before_retry", full, "t:0-4294", "", ""},
    {"virtual_server", "warmup", full, "t:0-4294", "", ""},
    {"virtual_server", "connect_timeout", full, "t:0.001-4294", "", ""},
    {"virtual_server", "delay_loop", full, "t:0.001-4294", "", ""},
    {"virtual_server", "flap_damping", full, "n:0-65535 t:1-1000000? t:0-1000000?", "", ours},
    {"virtual_server", "on_failure", full, "c:forget|reset|drain", "", ours},
    {"virtual_server", "inhibit_on_failure", full, "b?", "", ""},
    {"virtual_server", "lb_algo", full, "w", "", schedulers},
    {"virtual_server", "lvs_sched", full, "w", "", schedulers},
    {"virtual_server", "hashed", no_effect, "", "", "it had none in ip_vs either"},
    {"virtual_server", "ops", full, "", "", ""},
    {"virtual_server", "flag-1", full, "", "", ""},
    {"virtual_server", "flag-2", full, "", "", ""},
    {"virtual_server", "flag-3", no_effect, "", "", "no scheduler has a third flag"},
    {"virtual_server", "sh-port", full, "", "", ""},
    {"virtual_server", "sh-fallback", full, "", "", ""},
    {"virtual_server", "mh-port", full, "", "", ""},
    {"virtual_server", "mh-fallback", full, "", "", ""},
    {"virtual_server", "lb_kind", full, "c:NAT|DR|TUN ...", "", ""},
    {"virtual_server", "lvs_method", full, "c:NAT|DR|TUN ...", "", ""},
    {"virtual_server", "persistence_engine", refused, "w", "", "persistence looks at addresses only"},
    {"virtual_server", "persistence_timeout", full, "n:1-2678400?", "", ""},
    {"virtual_server", "persistence_granularity", full, "w", "", ""},
    {"virtual_server", "protocol", full, "c:TCP|UDP|SCTP|tcp|udp|sctp", "", "SCTP is refused"},
    {"virtual_server", "ha_suspend", full, "", "", ""},
    {"virtual_server", "smtp_alert", no_effect, "b?", "", mail},
    {"virtual_server", "virtualhost", full, "w", "", ""},
    {"virtual_server", "snmp_name", no_effect, "w", "", snmp},
    {"virtual_server", "alpha", full, "b?", "", ""},
    {"virtual_server", "omega", full, "b?", "", ""},
    {"virtual_server", "quorum_up", full, "cmd", "", ""},
    {"virtual_server", "quorum_down", full, "cmd", "", ""},
    {"virtual_server", "quorum", full, "n:1-2147483647", "", ""},
    {"virtual_server", "hysteresis", full, "n:0-2147483647", "", ""},
    {"virtual_server", "weight", full, "n:0-65535", "", "keepalived takes more, ip_vs does not"},
    {"virtual_server", "sorry_server", full, "a n:1-65535?", "", ""},
    {"virtual_server", "sorry_server_inhibit", full, "", "", ""},
    {"virtual_server", "sorry_server_lvs_method", full, "c:NAT|DR|TUN ...", "", ""},
    {"virtual_server", "real_server", full, "a n:1-65535?", "real_server", ""},

    {"real_server", "weight", full, "n:0-65535", "", "keepalived takes more, ip_vs does not"},
    {"real_server", "lvs_method", full, "c:NAT|DR|TUN ...", "", ""},
    {"real_server", "uthreshold", full, "n:0-4294967295", "", ""},
    {"real_server", "lthreshold", full, "n:0-4294967295", "", ""},
    {"real_server", "inhibit_on_failure", full, "b?", "", ""},
    {"real_server", "notify_up", full, "cmd", "", ""},
    {"real_server", "notify_down", full, "cmd", "", ""},
    {"real_server", "alpha", full, "b?", "", ""},
    {"real_server", "retry", full, "n:0-4294967295", "", ""},
    {"real_server", "delay_before_retry", full, "t:0-4294", "", ""},
    {"real_server", "warmup", full, "t:0-4294", "", ""},
    {"real_server", "connect_timeout", full, "t:0.001-4294", "", ""},
    {"real_server", "delay_loop", full, "t:0.001-4294", "", ""},
    {"real_server", "flap_damping", full, "n:0-65535 t:1-1000000? t:0-1000000?", "", ours},
    {"real_server", "smtp_alert", no_effect, "b?", "", mail},
    {"real_server", "virtualhost", full, "w", "", ""},
    {"real_server", "snmp_name", no_effect, "w", "", snmp},
    {"real_server", "TCP_CHECK", full, "", "TCP_CHECK", ""},
    {"real_server", "HTTP_GET", full, "", "HTTP_GET", ""},
    {"real_server", "SSL_GET", full, "", "SSL_GET", ""},
    {"real_server", "SMTP_CHECK", full, "", "SMTP_CHECK", ""},
    {"real_server", "DNS_CHECK", full, "", "DNS_CHECK", ""},
    {"real_server", "MISC_CHECK", full, "", "MISC_CHECK", ""},
    {"real_server", "PING_CHECK", full, "", "PING_CHECK", ""},
    {"real_server", "UDP_CHECK", full, "", "UDP_CHECK", ""},
    {"real_server", "FILE_CHECK", full, "", "FILE_CHECK", ""},
    {"real_server", "BFD_CHECK", full, "", "BFD_CHECK", ""},
    {"real_server", "MYSQL_CHECK", full, "", "MYSQL_CHECK", ours},

    CHECK_OPTIONS("TCP_CHECK"),
    CHECK_OPTIONS("PING_CHECK"),
    WEB_CHECK("HTTP_GET"),
    WEB_CHECK("SSL_GET"),
    {"url", "tls_compliant", no_effect, "b?", "", "answers are read as TLS has it"},
    {"url", "path", full, "w", "", ""},
    {"url", "digest", full, "w", "", ""},
    {"url", "status_code", full, "...", "", ""},
    {"url", "virtualhost", full, "w", "", ""},
    {"url", "regex", full, "cmd", "", ""},
    {"url", "regex_no_match", full, "cmd?", "", ""},
    {"url", "regex_options", full, "...", "", ""},
    {"url", "regex_min_offset", full, "n:0-2147483647", "", ""},
    {"url", "regex_max_offset", full, "n:0-2147483647", "", ""},
    {"url", "regex_stack", full, "n:1-2147483647 n:1-2147483647", "", ""},
    CHECK_OPTIONS("SMTP_CHECK"),
    {"SMTP_CHECK", "helo_name", full, "w", "", ""},
    {"SMTP_CHECK", "host", full, "", "host", ""},
    CHECK_OPTIONS("host"),
    CHECK_OPTIONS("DNS_CHECK"),
    {"DNS_CHECK", "type", full, "w", "", ""},
    {"DNS_CHECK", "name", full, "w", "", ""},
    CHECK_TIMES("MISC_CHECK"),
    {"MISC_CHECK", "misc_path", full, "cmd", "", ""},
    {"MISC_CHECK", "misc_timeout", full, "t:0-4294", "", ""},
    {"MISC_CHECK", "misc_dynamic", full, "b?", "", ""},
    {"MISC_CHECK", "user", full, "w w?", "", ""},
    CHECK_OPTIONS("UDP_CHECK"),
    {"UDP_CHECK", "payload", full, "cmd", "", ""},
    {"UDP_CHECK", "require_reply", full, "cmd?", "", ""},
    {"UDP_CHECK", "min_reply_length", full, "n:0-65535", "", ""},
    {"UDP_CHECK", "max_reply_length", full, "n:0-65535", "", ""},
    CHECK_TIMES("FILE_CHECK"),
    {"FILE_CHECK", "track_file", full, "w", "", ""},
    {"FILE_CHECK", "weight", full, "n:-2147483647-2147483647 c:reverse|noreverse?", "", ""},
    CHECK_OPTIONS("MYSQL_CHECK"),
    {"MYSQL_CHECK", "user", full, "w", "", ""},
    {"MYSQL_CHECK", "password", full, "w", "", ""},
    {"MYSQL_CHECK", "database", full, "w", "", ""},
    {"MYSQL_CHECK", "require_writable", full, "b?", "", ""},
    {"MYSQL_CHECK", "require_replication", full, "b?", "", ""},
    {"MYSQL_CHECK", "max_lag", full, "t:0-31536000", "", ""},
    {"BFD_CHECK", "name", full, "w", "", ""},
    {"BFD_CHECK", "alpha", full, "b?", "", ""},
};

} // namespace

std::span<const Keyword> service_keywords()
{
    return keywords;
}

} // namespace weir::keeper
