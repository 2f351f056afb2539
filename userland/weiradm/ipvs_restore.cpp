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
            present_.emplace(service.key, &service);
    }

    Result<void> add(const NumberedCommand& line)
    {
        return line.command.verb == Verb::add_service ? add_service(line) : add_server(line);
    }

    RestorePlan take()
    {
        if (!plan_.services.empty())
            plan_.owner = plan_.services.front().service.owner;
        for (const RestorePlan::Entry& entry : plan_.services)
            if (entry.service.owner != plan_.owner)
                plan_.owner.reset();
        return std::move(plan_);
    }

  private:
    Result<void> add_service(const NumberedCommand& line)
    {
        Service service = line.command.service;
        if (present_.contains(service.key) || planned_.contains(service.key))
            return refuse(line, Verb::add_service, EEXIST);
        if (auto unsupported = check_supported(line.command); !unsupported)
            return at_line(line, unsupported.error());
        if (service.owner.empty())
            service.owner = default_owner;
        plan(line, std::move(service));
        return {};
    }

    Result<void> add_server(const NumberedCommand& line)
    {
        const ServiceKey& key = line.command.service.key;
        if (!planned_.contains(key)) {
            auto found = present_.find(key);
            if (found == present_.end())
                return refuse(line, Verb::add_server, ESRCH);
            plan(line, *found->second);
        }
        const Server& server = line.command.server;
        if (!servers_[key].insert(server.endpoint).second)
            return refuse(line, Verb::add_server, EEXIST);
        plan_.services[planned_[key]].service.servers.push_back(server);
        return {};
    }

    void plan(const NumberedCommand& line, Service service)
    {
        planned_.emplace(service.key, plan_.services.size());
        for (const Server& server : service.servers)
            servers_[service.key].insert(server.endpoint);
        plan_.services.push_back({line.line, std::move(service)});
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
    std::map<ServiceKey, const Service*> present_;
    std::map<ServiceKey, std::size_t> planned_; ///< position in plan_.services
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

bool only_adds(const std::vector<NumberedCommand>& commands)
{
    return std::ranges::all_of(commands, [](const NumberedCommand& line) {
        return line.command.verb == Verb::add_service || line.command.verb == Verb::add_server;
    });
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
