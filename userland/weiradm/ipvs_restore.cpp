// SPDX-License-Identifier: GPL-2.0
#include "weiradm/ipvs_restore.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "weiradm/ipvs_errors.h"

namespace weir::ipvs {
namespace {

constexpr std::string_view blanks = " \t\r\n";

Line split_line(std::size_t number, std::string_view text, const std::string& program)
{
    Line line{number, {program}};
    while (true) {
        auto start = text.find_first_not_of(blanks);
        if (start == std::string_view::npos || text[start] == '#')
            return line;
        text.remove_prefix(start);
        auto word = text.substr(0, text.find_first_of(blanks));
        text.remove_prefix(word.size());
        if (word != "ipvsadm" && word != "weiradm")
            line.words.emplace_back(word);
    }
}

class Planner {
  public:
    explicit Planner(const std::vector<Service>& present)
    {
        for (const Service& service : present)
            for (const Server& server : service.servers)
                servers_[service.key].insert(server.endpoint);
        for (const Service& service : present)
            present_.insert(service.key);
    }

    Result<void> add(const NumberedCommand& line)
    {
        return line.command.verb == Verb::add_service ? add_service(line) : add_server(line);
    }

    RestorePlan take() { return std::move(plan_); }

  private:
    Result<void> add_service(const NumberedCommand& line)
    {
        const Service& service = line.command.service;
        if (present_.contains(service.key) || added_.contains(service.key))
            return refuse(line, Verb::add_service, EEXIST);
        if (auto unsupported = check_supported(line.command); !unsupported)
            return at_line(line, unsupported.error());
        added_.emplace(service.key, plan_.services.size());
        plan_.services.push_back({line.line, service, {}});
        return {};
    }

    Result<void> add_server(const NumberedCommand& line)
    {
        const ServiceKey& key = line.command.service.key;
        auto added = added_.find(key);
        if (added == added_.end() && !present_.contains(key))
            return refuse(line, Verb::add_server, ESRCH);
        if (!servers_[key].insert(line.command.server.endpoint).second)
            return refuse(line, Verb::add_server, EEXIST);
        if (added == added_.end()) {
            plan_.servers.push_back({line.line, key, line.command.server});
            return {};
        }
        RestorePlan::NewService& service = plan_.services[added->second];
        service.service.servers.push_back(line.command.server);
        service.server_lines.push_back(line.line);
        return {};
    }

    static Failure at_line(const NumberedCommand& line, Error error)
    {
        error.index = static_cast<long>(line.line);
        return Failure(std::move(error));
    }

    static Failure refuse(const NumberedCommand& line, Verb verb, int code)
    {
        Error error;
        error.code = code;
        error.message = error_text(verb, code);
        return at_line(line, std::move(error));
    }

    RestorePlan plan_;
    std::set<ServiceKey> present_;
    std::map<ServiceKey, std::size_t> added_; ///< position in plan_.services
    std::map<ServiceKey, std::set<Endpoint>> servers_;
};

} // namespace

std::vector<Line> split_lines(std::string_view text, const std::string& program)
{
    std::vector<Line> lines;
    for (std::size_t number = 1; !text.empty(); number++) {
        auto end = std::min(text.find('\n'), text.size());
        Line line = split_line(number, text.substr(0, end), program);
        if (line.words.size() > 1)
            lines.push_back(std::move(line));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

tl::expected<std::vector<NumberedCommand>, Refusal> parse_lines(const std::vector<Line>& lines)
{
    std::vector<NumberedCommand> commands;
    commands.reserve(lines.size());
    for (const Line& line : lines) {
        auto command = parse_command(line.words);
        if (command && command->verb == Verb::restore) // as ipvsadm, which would read itself without end
            command = tl::unexpected(Refusal{exit_refused, "-R within the input of -R\n"});
        if (!command)
            return tl::unexpected(Refusal{command.error().status,
                                          fmt::format("line {}: {}", line.number, command.error().text)});
        commands.push_back({line.number, std::move(*command)});
    }
    return commands;
}

bool is_mergeable(const std::vector<NumberedCommand>& commands)
{
    const std::string* owner = nullptr;
    for (const NumberedCommand& line : commands) {
        if (line.command.verb != Verb::add_service && line.command.verb != Verb::add_server)
            return false;
        if (line.command.verb != Verb::add_service)
            continue;
        if (owner && *owner != line.command.service.owner)
            return false;
        owner = &line.command.service.owner;
    }
    return true;
}

Result<RestorePlan> plan_restore(const std::vector<NumberedCommand>& commands,
                                 const std::vector<Service>& present)
{
    Planner planner(present);
    for (const NumberedCommand& line : commands)
        if (auto added = planner.add(line); !added)
            return pass_on(added);
    return planner.take();
}

} // namespace weir::ipvs
