// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include <fmt/format.h>

#include "keeper/config/bind_service.h"

namespace weir::keeper {
namespace {

void optional_seconds(const Values& values, std::optional<Duration>& target)
{
    Duration value{0};
    values.seconds(value);
    target = value;
}

/// What stands behind the keyword, as one text.
std::string rest_of(const Values& values)
{
    std::string text;
    for (std::size_t i = 1; i < values.size(); i++)
        text += (i > 1 ? " " : "") + values.text(i);
    return text;
}

/// As a shell reads it: quotes are gone, escapes resolved.
std::string shell_text(const Values& values)
{
    std::string_view line = values.statement().line.view();
    auto words = split_command(line.substr(std::min(line.find_first_of(" \t"), line.size())));
    return words && !words->empty() ? words->front() : "";
}

template <typename T>
bool take(const Values& values, std::string_view what, Result<T>&& result, T& target)
{
    if (result)
        target = std::move(*result);
    else
        values.diagnostics().error(values.at(1), fmt::format("{}: {}", what, result.error().message));
    return true;
}

bool bind_connect(const Values& values, ConnectOptions& connect)
{
    const std::string& name = values.statement().name();
    if (name == "connect_ip")
        values.address(connect.address);
    else if (name == "connect_port")
        values.integer(connect.port, 1, UINT16_MAX);
    else if (name == "bindto")
        values.address(connect.bind_address);
    else if (name == "bind_port")
        values.integer(connect.bind_port, 1, UINT16_MAX);
    else if (name == "bind_if")
        connect.bind_interface = values.text();
    else if (name == "fwmark")
        values.integer(connect.fwmark, 0, UINT32_MAX);
    else
        return false;
    return true;
}

UrlCheck bind_url(const Statement& block, Diagnostics& diagnostics)
{
    UrlCheck url;
    bool status_given = false;
    for (const auto& line : block.children) {
        Values values(line, diagnostics);
        const std::string& name = line.name();
        if (name == "path") {
            url.path = values.text();
        } else if (name == "digest") {
            if (auto digest = parse_digest(values.text()))
                url.digest = *digest;
            else
                diagnostics.error(values.at(1), "digest: " + digest.error().message);
        } else if (name == "status_code") {
            if (!std::exchange(status_given, true))
                url.status.reset();
            for (std::size_t i = 1; i < values.size(); i++) {
                if (auto added = add_status_codes(values.text(i), url.status); !added)
                    diagnostics.error(values.at(i), "status_code: " + added.error().message);
            }
        } else if (name == "virtualhost") {
            url.virtualhost = values.text();
        } else if (name == "regex") {
            url.regex = shell_text(values);
        } else if (name == "regex_no_match") {
            url.regex_no_match = true;
            if (values.size() > 1)
                url.regex = shell_text(values);
        } else if (name == "regex_options") {
            for (std::size_t i = 1; i < values.size(); i++)
                url.regex_options.push_back(values.text(i));
        } else if (name == "regex_min_offset") {
            values.integer(url.regex_min_offset, 0, INT32_MAX);
        } else if (name == "regex_max_offset") {
            values.integer(url.regex_max_offset, 0, INT32_MAX);
        } else if (name == "regex_stack") {
            values.integer(url.regex_stack_start, 1, INT32_MAX);
            values.integer(url.regex_stack_max, 1, INT32_MAX, 2);
        }
    }
    return url;
}

bool bind_detail(const Values& values, HttpCheck& check)
{
    const std::string& name = values.statement().name();
    if (name == "url")
        check.urls.push_back(bind_url(values.statement(), values.diagnostics()));
    else if (name == "virtualhost")
        check.virtualhost = values.text();
    else if (name == "http_protocol")
        check.version = values.text() == "1.1"   ? HttpCheck::Version::http11
                        : values.text() == "1.0" ? HttpCheck::Version::http10
                                                 : HttpCheck::Version::http10_close;
    else if (name == "enable_sni")
        values.boolean(check.sni);
    else if (name == "sni_name")
        check.sni = true, check.sni_name = values.text();
    else if (name == "verify")
        values.boolean(check.verify);
    else
        return false;
    return true;
}

bool bind_detail(const Values& values, SmtpCheck& check)
{
    if (values.statement().name() != "helo_name")
        return false;
    check.helo_name = values.text();
    return true;
}

bool bind_detail(const Values& values, DnsCheck& check)
{
    if (values.statement().name() == "type")
        check.type = values.text();
    else if (values.statement().name() == "name")
        check.name = values.text();
    else
        return false;
    return true;
}

bool bind_detail(const Values& values, MiscCheck& check)
{
    const std::string& name = values.statement().name();
    if (name == "misc_path") {
        std::string user = check.command.user, group = check.command.group;
        check.command = bind_command(values.statement(), values.diagnostics(), false);
        check.command.user = user, check.command.group = group;
    } else if (name == "misc_timeout") {
        values.seconds(check.timeout);
    } else if (name == "misc_dynamic") {
        values.boolean(check.dynamic);
    } else if (name == "user") {
        check.command.user = values.text(1), check.command.group = values.text(2);
    } else {
        return false;
    }
    return true;
}

bool bind_detail(const Values& values, UdpCheck& check)
{
    const std::string& name = values.statement().name();
    if (name == "payload") {
        HexPattern pattern;
        take(values, name, HexPattern::parse(rest_of(values), false), pattern);
        check.payload = std::move(pattern.bytes);
    } else if (name == "require_reply") {
        check.require_reply = true;
        return values.size() == 1 ||
               take(values, name, HexPattern::parse(rest_of(values), true), check.reply);
    } else if (name == "min_reply_length") {
        values.integer(check.min_reply_length, 0, UINT16_MAX);
    } else if (name == "max_reply_length") {
        values.integer(check.max_reply_length, 0, UINT16_MAX);
    } else {
        return false;
    }
    return true;
}

bool bind_detail(const Values& values, MysqlCheck& check)
{
    const std::string& name = values.statement().name();
    if (name == "user")
        check.user = values.text();
    else if (name == "password")
        check.password = values.text();
    else if (name == "database")
        check.database = values.text();
    else if (name == "require_writable")
        values.boolean(check.require_writable);
    else if (name == "require_replication")
        values.boolean(check.require_replication);
    else if (name == "max_lag")
        optional_seconds(values, check.max_lag);
    else
        return false;
    return true;
}

template <typename T>
bool bind_detail(const Values&, T&)
{
    return false;
}

/// track_file NAME, weight N [reverse]: what is left out is the track_file's own.
void bind_file_check(const Statement& block, const ServiceContext& context, FileCheck& check)
{
    std::string name;
    std::optional<int> weight;
    for (const auto& line : block.children) {
        Values values(line, context.diagnostics);
        if (line.name() == "track_file") {
            name = values.text();
        } else if (line.name() == "weight") {
            weight.emplace();
            values.integer(*weight, -INT32_MAX, INT32_MAX);
            check.reverse = values.text(2) == "reverse";
        }
    }
    auto file = std::ranges::find(context.config.files, name, &FileConfig::name);
    if (file == context.config.files.end()) {
        context.diagnostics.error(block.at(), name.empty()
                                                  ? "FILE_CHECK has no track_file"
                                                  : fmt::format("there is no track_file '{}'", name));
        return;
    }
    check.path = file->path;
    check.weight = weight.value_or(file->weight);
    if (!weight)
        check.reverse = file->reverse;
}

/// name NAME, of a bfd_instance that checks may follow, once a real server
void bind_bfd_check(const Statement& block, const ServiceContext& context,
                    const std::vector<SharedSpec>& others, BfdCheck& check)
{
    Position at = block.at();
    for (const auto& line : block.children) {
        Values values(line, context.diagnostics);
        if (line.name() == "name")
            check.session = values.text(), at = values.at(1);
    }
    if (check.session.empty())
        return; // said of the check as a whole
    auto bfd = std::ranges::find(context.config.bfds, check.session, &BfdConfig::name);
    auto wrong = [&](std::string_view before, std::string_view after) {
        context.diagnostics.error(at, fmt::format("{} bfd_instance '{}'{}", before, check.session, after));
    };
    if (bfd == context.config.bfds.end())
        wrong("there is no", "");
    else if (!bfd->for_checks)
        wrong("BFD_CHECK:", " is for VRRP alone");
    else if (std::ranges::any_of(others,
                                 [&](const auto& other) { return other->detail == CheckDetail(check); }))
        wrong("this real server follows", " already");
}

std::optional<CheckDetail> detail_of(const std::string& keyword)
{
    HttpCheck secure;
    secure.tls = true;
    const std::pair<std::string_view, CheckDetail> kinds[] = {
        {"TCP_CHECK", TcpCheck{}},     {"HTTP_GET", HttpCheck{}},   {"SSL_GET", secure},
        {"SMTP_CHECK", SmtpCheck{}},   {"DNS_CHECK", DnsCheck{}},   {"UDP_CHECK", UdpCheck{}},
        {"PING_CHECK", PingCheck{}},   {"MISC_CHECK", MiscCheck{}}, {"FILE_CHECK", FileCheck{}},
        {"MYSQL_CHECK", MysqlCheck{}}, {"BFD_CHECK", BfdCheck{}},
    };
    auto kind = std::ranges::find(kinds, keyword, &std::pair<std::string_view, CheckDetail>::first);
    return kind == std::end(kinds) ? std::nullopt : std::optional(kind->second);
}

/// Everything that is inherited is in place; what is wrong with the whole is said here.
void settle_check(const Statement& block, const CheckDefaults& defaults, const Endpoint& target,
                  const ServiceContext& context, CheckSpec& spec, std::vector<SharedSpec>& checks)
{
    CheckTiming& timing = spec.timing;
    timing.delay_loop = defaults.delay_loop.value_or(timing.delay_loop);
    timing.retry = defaults.retry.value_or(default_retry(spec.detail));
    timing.delay_before_retry =
        defaults.delay_before_retry.value_or(default_delay_before_retry(spec.detail, timing.delay_loop));
    timing.warmup = defaults.warmup;
    timing.alpha = defaults.alpha;
    timing.log_all_failures = defaults.log_all_failures;
    timing.damping = defaults.damping;
    spec.connect.timeout = defaults.connect_timeout.value_or(spec.connect.timeout);
    if (auto* http = std::get_if<HttpCheck>(&spec.detail)) {
        if (http->virtualhost.empty())
            http->virtualhost = defaults.virtualhost;
        if (http->tls)
            http->files = context.config.services.tls;
    }
    if (auto valid = validate(spec, target); !valid)
        context.diagnostics.error(block.at(), fmt::format("{}: {}", block.name(), valid.error().to_string()));
    checks.push_back(std::make_shared<const CheckSpec>(std::move(spec)));
}

} // namespace

bool bind_check_default(const Values& values, CheckDefaults& defaults)
{
    const std::string& name = values.statement().name();
    if (name == "connect_timeout")
        optional_seconds(values, defaults.connect_timeout);
    else if (name == "delay_loop")
        optional_seconds(values, defaults.delay_loop);
    else if (name == "delay_before_retry")
        optional_seconds(values, defaults.delay_before_retry);
    else if (name == "warmup")
        optional_seconds(values, defaults.warmup);
    else if (name == "retry" || name == "nb_get_retry")
        values.integer(defaults.retry.emplace(), 0, UINT32_MAX);
    else if (name == "alpha")
        values.boolean(defaults.alpha);
    else if (name == "log_all_failures")
        values.boolean(defaults.log_all_failures);
    else if (name == "flap_damping") {
        values.integer(defaults.damping.limit, 0, UINT16_MAX);
        values.seconds(defaults.damping.window, 2);
        values.seconds(defaults.damping.hold, 3);
    } else
        return false;
    return true;
}

bool bind_check(const Statement& block, const CheckDefaults& inherited, const Endpoint& target,
                const ServiceContext& context, std::vector<SharedSpec>& checks)
{
    auto detail = detail_of(block.name());
    if (!detail)
        return false;
    CheckDefaults defaults = inherited;
    CheckSpec spec{.detail = std::move(*detail), .connect = {}, .timing = {}};
    std::vector<const Statement*> hosts;
    // what is told of a file or a session is so: nothing to try again
    if (std::holds_alternative<FileCheck>(spec.detail) || std::holds_alternative<BfdCheck>(spec.detail))
        defaults.retry.reset(), defaults.delay_before_retry.reset();
    if (auto* file = std::get_if<FileCheck>(&spec.detail))
        bind_file_check(block, context, *file);
    if (auto* bfd = std::get_if<BfdCheck>(&spec.detail))
        bind_bfd_check(block, context, checks, *bfd);
    for (const auto& line : block.children) {
        Values values(line, context.diagnostics);
        if (line.name() == "host")
            hosts.push_back(&line);
        else if (!bind_connect(values, spec.connect) &&
                 !std::visit([&](auto& kind) { return bind_detail(values, kind); }, spec.detail))
            (void)bind_check_default(values, defaults);
    }
    // SMTP_CHECK's older form: a check for each host
    for (const Statement* host : hosts) {
        CheckSpec one = spec;
        CheckDefaults own = defaults;
        for (const auto& line : host->children) {
            Values values(line, context.diagnostics);
            if (!bind_connect(values, one.connect))
                (void)bind_check_default(values, own);
        }
        settle_check(block, own, target, context, one, checks);
    }
    if (hosts.empty())
        settle_check(block, defaults, target, context, spec, checks);
    return true;
}

} // namespace weir::keeper
