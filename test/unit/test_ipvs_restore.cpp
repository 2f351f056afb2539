// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

#include "weiradm/ipvs_restore.h"
#include "weiradm/service_word.h"

using namespace weir;
using namespace weir::ipvs;

namespace {

std::vector<NumberedCommand> commands(const std::string& text)
{
    auto parsed = parse_lines(split_lines(text, "ipvsadm"));
    if (!parsed)
        FAIL(parsed.error().text);
    return *parsed;
}

Service present(const char* word, const char* server)
{
    Service service;
    service.owner = default_owner;
    service.key = *parse_service_word(word);
    service.servers.emplace_back();
    service.servers[0].endpoint = *Endpoint::parse(server);
    return service;
}

} // namespace

TEST_CASE("restore: lines are words between blanks, comments and the program's name are passed over",
          "[restore]")
{
    auto lines = split_lines("\n# a comment\n  ipvsadm -A\t-t 192.0.2.1:80 # more\r\n\n-C", "x");
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].number == 3);
    CHECK(lines[0].words == std::vector<std::string>{"x", "-A", "-t", "192.0.2.1:80"});
    CHECK(lines[1].number == 5);
}

TEST_CASE("restore: a line that is no command is named", "[restore]")
{
    auto parsed = parse_lines(split_lines("-A -t 192.0.2.1:80\n-A -t 80\n", "ipvsadm"));
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().status == 2);
    CHECK(parsed.error().text == "line 2: illegal virtual server address[:port] specified\n");
    CHECK_FALSE(parse_lines(split_lines("-R", "ipvsadm")).has_value());
}

TEST_CASE("restore: servers join their service in one message", "[restore]")
{
    auto plan =
        plan_restore(commands("-A -t 192.0.2.1:80\n-A -t 192.0.2.2:80\n-a -t 192.0.2.1:80 -r 10.0.0.1 -m\n"
                              "-a -t 192.0.2.1:80 -r 10.0.0.2 -m\n"),
                     {});
    REQUIRE(plan);
    REQUIRE(plan->services.size() == 2);
    CHECK(plan->services[0].service.servers.size() == 2);
    CHECK(plan->services[1].service.servers.empty());
    CHECK(plan->owner == "cli");
}

TEST_CASE("restore: what ipvsadm would refuse is refused, with the line", "[restore]")
{
    auto refused = [](const std::string& text, long line, const char* message) {
        auto plan = plan_restore(commands(text), {present("192.0.2.9:80", "10.0.0.9:80")});
        REQUIRE_FALSE(plan.has_value());
        CHECK(plan.error().index == line);
        CHECK(plan.error().message == message);
    };
    refused("-A -t 192.0.2.1:80\n-A -t 192.0.2.1:80\n", 2, "Service already exists");
    refused("-A -t 192.0.2.9:80\n", 1, "Service already exists");
    refused("-a -t 192.0.2.1:80 -r 10.0.0.1\n", 1, "Service not defined");
    refused("-a -t 192.0.2.9:80 -r 10.0.0.9\n", 1, "Destination already exists");
    refused("-A -t 192.0.2.1:80\n-a -t 192.0.2.1:80 -r 10.0.0.1\n-a -t 192.0.2.1:80 -r 10.0.0.1\n", 3,
            "Destination already exists");
}

TEST_CASE("restore: servers of services that are there are added to those that they have", "[restore]")
{
    auto plan = plan_restore(
        commands("-a -t 192.0.2.9:80 -r 10.0.0.1\n-A -t 192.0.2.1:80\n-a -t 192.0.2.9:80 -r 10.0.0.2\n"),
        {present("192.0.2.9:80", "10.0.0.9:80")});
    REQUIRE(plan);
    REQUIRE(plan->services.size() == 2);
    const auto& servers = plan->services[0].service.servers;
    REQUIRE(servers.size() == 3);
    CHECK(servers[0].endpoint.to_string() == "10.0.0.9:80");
    CHECK(servers[1].endpoint.to_string() == "10.0.0.1:80");
    CHECK(servers[2].endpoint.to_string() == "10.0.0.2:80");
}

TEST_CASE("restore: what has several owners is no transaction", "[restore]")
{
    auto plan = plan_restore(commands("-A -t 192.0.2.1:80 --owner a\n-A -t 192.0.2.2:80 --owner b\n"), {});
    REQUIRE(plan);
    CHECK_FALSE(plan->owner);
    Service other = present("192.0.2.9:80", "10.0.0.9:80");
    other.owner = "keeper";
    plan = plan_restore(commands("-A -t 192.0.2.1:80\n-a -t 192.0.2.9:80 -r 10.0.0.1\n"), {other});
    REQUIRE(plan);
    CHECK_FALSE(plan->owner);
    plan = plan_restore(commands("-a -t 192.0.2.9:80 -r 10.0.0.1\n"), {other});
    REQUIRE(plan);
    CHECK(plan->owner == "keeper");
}

TEST_CASE("restore: only lines that add make one transaction", "[restore]")
{
    CHECK(only_adds(commands("-A -t 192.0.2.1:80\n-a -t 192.0.2.1:80 -r 10.0.0.1\n")));
    CHECK_FALSE(only_adds(commands("-C\n-A -t 192.0.2.1:80\n")));
}
