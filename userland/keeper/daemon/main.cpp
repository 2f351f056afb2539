// SPDX-License-Identifier: GPL-2.0
#include <csignal>
#include <cstdio>
#include <iostream>
#include <new>
#include <optional>

#include <boost/program_options.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "keeper/config/keyword.h"
#include "keeper/daemon/guard.h"
#include "keeper/daemon/status_server.h"

namespace po = boost::program_options;
using namespace weir;
using namespace weir::keeper;

namespace {

constexpr const char* version = "0.1";

constexpr const char* usage = R"(usage: weir-keeper [OPTION...]                 run, in the foreground
       weir-keeper --check FILE [-v]           say what is wrong with a keepalived.conf, and change nothing
       weir-keeper [OPTION...] status [-j]     what the running daemon does
       weir-keeper [OPTION...] reload | stop   tell the running daemon
       weir-keeper [OPTION...] handover [NAME] give mastership of this or all instances to the backup
       weir-keeper [OPTION...] cleanup         remove what a killed daemon left behind

options (keepalived's where it has them)
)";

/// What else keepalived's command line has: taken and named, or not taken.
struct ForeignOption {
    const char* name;
    enum { plain, takes_value, may_take_value } form;
    const char* note;
    bool refused = false;
};
constexpr ForeignOption foreign_options[] = {
    {"all", ForeignOption::plain, "processes run where the configuration has something for them"},
    {"log-facility,S", ForeignOption::takes_value, "the facility is daemon"},
    {"log-file,g", ForeignOption::takes_value, "lines go to stderr or, with --syslog, to syslog"},
    {"flush-log-file", ForeignOption::plain, "there is no log file"},
    {"no-syslog,G", ForeignOption::plain, "without --syslog nothing goes there"},
    {"release-vips,X", ForeignOption::plain, "addresses are always released"},
    {"dont-respawn,R", ForeignOption::plain, "a process that ends is started again"},
    {"vrrp_pid,r", ForeignOption::takes_value, "only --pid is written"},
    {"checkers_pid,c", ForeignOption::takes_value, "only --pid is written"},
    {"bfd_pid,b", ForeignOption::takes_value, "only --pid is written"},
    {"address-monitoring,a", ForeignOption::plain, "changes of addresses are not logged"},
    {"snmp,x", ForeignOption::plain, "this program speaks no SNMP"},
    {"snmp-agent-socket,A", ForeignOption::takes_value, "this program speaks no SNMP"},
    {"umask,u", ForeignOption::takes_value, "files are made for their owner alone"},
    {"core-dump,m", ForeignOption::plain, "the service manager's limits hold"},
    {"core-dump-pattern,M", ForeignOption::may_take_value, "the service manager's limits hold"},
    {"no-mem-check", ForeignOption::plain, "memory is not checked"},
    {"perf", ForeignOption::may_take_value, "perf(1) can be attached"},
    {"debug", ForeignOption::may_take_value, "--check -v says most"},
    {"dont-release-vrrp,V", ForeignOption::plain,
     "addresses that stay when nobody says so are soon on two machines", true},
    {"dont-release-ipvs,I", ForeignOption::plain,
     "'lvs_keep_on_stop' in global_defs says it of the configuration", true},
    {"no_bfd,B", ForeignOption::plain, "leave the bfd_instance out of the configuration", true},
    {"all-config,e", ForeignOption::plain,
     "'includer', 'includem' or 'includea' in the configuration says it of each file", true},
    {"genhash,T", ForeignOption::plain, "'curl -s URL | md5sum' prints the digest", true},
};

std::string long_name(const ForeignOption& option)
{
    std::string_view name = option.name;
    return std::string(name.substr(0, name.find(',')));
}

void add_foreign(po::options_description& options)
{
    for (const auto& option : foreign_options) {
        if (option.form == ForeignOption::plain)
            options.add_options()(option.name, option.note);
        else if (option.form == ForeignOption::takes_value)
            options.add_options()(option.name, po::value<std::string>(), option.note);
        else
            options.add_options()(option.name, po::value<std::string>()->implicit_value(""), option.note);
    }
}

/// False where one of them would do something else than it says.
bool allow_foreign(const po::variables_map& values)
{
    for (const auto& option : foreign_options) {
        if (!values.count(long_name(option)))
            continue;
        fmt::print(stderr, "weir-keeper: --{} {}: {}\n", long_name(option),
                   option.refused ? "is not supported" : "has no effect", option.note);
        if (option.refused)
            return false;
    }
    return true;
}

/// keepalived's --signum: what a script sends.
int print_signal(const std::string& word)
{
    if (word != "STOP" && word != "RELOAD") {
        fmt::print(stderr,
                   "weir-keeper: there is no signal for '{}': STOP and RELOAD have one; see "
                   "weir-keeper status -j\n",
                   word);
        return 2;
    }
    fmt::print("{}\n", word == "STOP" ? SIGTERM : SIGHUP);
    return 0;
}

/// The answer to one line at a socket; nothing, and errno, where nobody answers.
std::optional<std::string> answer_of(const std::string& path, const std::string& request)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    timeval patience{.tv_sec = 5, .tv_usec = 0};
    if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
        ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) < 0)
        return std::nullopt;
    std::string line = request + "\n";
    if (::write(fd.get(), line.data(), line.size()) < 0)
        return std::nullopt;
    std::string answer;
    char buffer[65536];
    ssize_t size;
    while ((size = ::read(fd.get(), buffer, sizeof(buffer))) > 0)
        answer.append(buffer, static_cast<std::size_t>(size));
    return size == 0 ? std::optional(answer) : std::nullopt;
}

/// One line to the running daemon, its answer to stdout.
int ask(const std::string& path, const std::string& request)
{
    auto answer = answer_of(path, request);
    if (!answer) {
        fmt::print(stderr, "weir-keeper: no daemon answers at {}: {}\n", path, strerror(errno));
        return 1;
    }
    bool failed = answer->starts_with("error:") || answer->empty();
    std::fputs(answer->c_str(), failed ? stderr : stdout);
    return failed;
}

/// Virtual routers and virtual servers are looked after by two processes: neither waits for the other.
int ask_status(const std::string& path, bool as_json)
{
    auto services = answer_of(checker_socket(path), as_json ? "status -j" : "status");
    if (!services)
        return ask(path, as_json ? "status -j" : "status");
    if (!as_json) {
        int failed = ask(path, "status");
        fmt::print("\n{}", *services);
        return failed;
    }
    using json = nlohmann::ordered_json;
    json all = json::parse(answer_of(path, "status -j").value_or("{}"), nullptr, false);
    json more = json::parse(*services, nullptr, false);
    if (!all.is_object() || !more.is_object()) {
        fmt::print(stderr, "weir-keeper: an answer of the daemon is no JSON\n");
        return 1;
    }
    all.update(more);
    fmt::print("{}\n", all.dump(2));
    return 0;
}

int run(int argc, char** argv)
{
    DaemonOptions options;
    options.host = ConfigHost::local();
    std::string check, command, argument;
    po::options_description known;
    auto option = known.add_options();
    option("use-file,f", po::value(&options.file), "configuration file");
    option("check,t", po::value(&check)->implicit_value(""), "check a configuration");
    option("config-test", po::value(&check)->implicit_value(""), "the same");
    option("config-id,i", po::value(&options.host.config_id),
           "what @ID lines are compared with (the host's name)");
    option("lenient", po::bool_switch(&options.lenient), "name unknown words and go on, as keepalived does");
    option("namespace,s", po::value(&options.net_namespace), "run in this network namespace");
    option("pid,p", po::value(&options.pid_file), "write the process id to this file");
    option("socket", po::value(&options.status_path), "where status, reload, handover and stop are asked");
    option("vrrp,P", po::bool_switch(&options.vrrp_only), "virtual routers only, no virtual servers");
    option("check-process,C", po::bool_switch(&options.checks_only),
           "virtual servers only, no virtual routers");
    option("syslog", "log to syslog, not to stderr");
    option("verbose,v", "with --check: notes too, on what has no effect; else the version, as keepalived's");
    option("json,j", "with status: JSON");
    option("signum", po::value<std::string>(), "print the number of the signal STOP or RELOAD");
    option("keywords", "print all keywords and what becomes of them, as Markdown");
    option("version", "print the version");
    option("help,h", "print this");
    // keepalived's, which say how to log
    for (const char* same : {"dont-fork,n", "log-console,l", "log-detail,D", "dump-conf,d"})
        option(same, "accepted");
    po::options_description all;
    add_foreign(all);
    all.add(known).add_options()("command", po::value(&command))("argument", po::value(&argument));
    po::positional_options_description positions;
    positions.add("command", 1).add("argument", 1);
    po::variables_map values;
    po::store(po::command_line_parser(argc, argv).options(all).positional(positions).run(), values);
    po::notify(values);

    if (values.count("help")) {
        std::cout << usage << known;
        return 0;
    }
    if (values.count("keywords")) {
        fmt::print("{}", keyword_document());
        return 0;
    }
    if (values.count("signum"))
        return print_signal(values["signum"].as<std::string>());
    bool checks = values.count("check") || values.count("config-test");
    if (values.count("version") || (values.count("verbose") && !checks && command.empty())) {
        fmt::print("weir-keeper {}\n", version);
        return 0;
    }
    if (!allow_foreign(values))
        return 2;
    options.console = !values.count("syslog");
    if (options.vrrp_only && options.checks_only)
        options.vrrp_only = options.checks_only = false; // both of them, as keepalived has it
    if (checks) {
        if (!check.empty())
            options.file = check;
        else if (!command.empty())
            options.file = command;
        return check_file(options, values.count("verbose") != 0);
    }
    if (!argument.empty() && command != "handover") {
        fmt::print(stderr, "weir-keeper: '{}' takes no argument '{}'\n", command, argument);
        return 2;
    }
    if (command == "status")
        return ask_status(options.status_path, values.count("json") != 0);
    if (command == "reload" || command == "stop")
        return ask(options.status_path, command);
    if (command == "handover")
        return ask(options.status_path, argument.empty() ? command : command + " " + argument);
    if (command == "cleanup")
        return clean_up(options);
    if (!command.empty()) {
        fmt::print(stderr, "weir-keeper: '{}' is no command; weir-keeper -h lists them\n", command);
        return 2;
    }
    return run_guard(options);
}

} // namespace

int main(int argc, char** argv)
{
    try {
        return run(argc, argv);
    } catch (const po::error& error) {
        fmt::print(stderr, "weir-keeper: {}; weir-keeper -h lists the options\n", error.what());
        return 2;
    } catch (const std::exception& error) {
        fmt::print(stderr, "weir-keeper: {}\n", error.what());
        return 1;
    }
}
