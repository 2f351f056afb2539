// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

#include <algorithm>

#include "weiradm/arguments.h"
#include "weiradm/command.h"
#include "weiradm/options.h"
#include "weiradm/service_word.h"
#include "weiradm/table.h"

using namespace weir;

namespace {

std::string try_parse(const Arguments& arguments)
{
    bool json = false;
    std::optional<std::string> owner;
    std::optional<std::uint32_t> count;
    std::vector<std::string> words;
    Options options;
    options.flag("json,j", json);
    options.value("owner,o", owner);
    options.number("count,n", 1, 10, count);
    options.words("FILE", 1, 2, words);
    auto parsed = options.parse(arguments);
    if (!parsed)
        return parsed.error().to_string();
    return (json ? "json " : "") + owner.value_or("-") + " " + std::to_string(count.value_or(0)) + " " +
           words[0];
}

} // namespace

TEST_CASE("options: may stand anywhere, long, short and with '='", "[options]")
{
    CHECK(try_parse({"file"}) == "- 0 file");
    CHECK(try_parse({"file", "-j", "--owner=me", "-n", "3"}) == "json me 3 file");
    CHECK(try_parse({"-ome", "--json", "file"}) == "json me 0 file");
}

TEST_CASE("options: refusals name the option and the reason", "[options]")
{
    CHECK(try_parse({}) == "FILE is missing");
    CHECK(try_parse({"a", "b", "c"}) == "unexpected argument 'c'");
    CHECK(try_parse({"a", "--count", "11"}) == "--count: 11 is out of range, 1 to 10 is allowed");
    CHECK(try_parse({"a", "--count", "x"}) == "--count: 'x' is not a number");
    CHECK(try_parse({"a", "--nosuch"}).find("nosuch") != std::string::npos);
    CHECK(try_parse({"a", "--owner"}).find("owner") != std::string::npos);
    CHECK(try_parse({"a", "-j", "-j"}).find("json") != std::string::npos);
}

TEST_CASE("commands: every help fits a screen and has an example", "[options]")
{
    for (const CommandEntry* command : commands()) {
        std::string help = command->help;
        INFO(command->name);
        CHECK(std::ranges::count(help, '\n') <= 24);
        CHECK(help.find("Example:\n") != std::string::npos);
        CHECK(help.find(std::string("weiradm ") + command->name) != std::string::npos);
        std::size_t start = 0;
        for (std::size_t end; (end = help.find('\n', start)) != std::string::npos; start = end + 1)
            CHECK(end - start <= 80);
    }
}

TEST_CASE("service word: what it prints it reads again", "[options]")
{
    for (const char* word :
         {"tcp:192.0.2.1:80", "udp:[2001:db8::1]:53", "tcp:192.0.2.1:80-443", "fwmark:5", "fwmark:5/ipv6"})
        CHECK(service_word(*parse_service_word(word)) == word);
    CHECK(service_word(*parse_service_word("192.0.2.1:80")) == "tcp:192.0.2.1:80");
    for (const char* word :
         {"", "tcp:", "sctp:192.0.2.1:80", "fwmark:0", "fwmark:", "192.0.2.1:80-", "fwmark:5/ipv4"})
        CHECK_FALSE(parse_service_word(word));
}

TEST_CASE("server word: lacks a port, has the service's", "[options]")
{
    ServiceKey one = *parse_service_word("192.0.2.1:80");
    ServiceKey many = *parse_service_word("192.0.2.1:80-90");
    CHECK(parse_server_word("10.0.0.1", one)->port == 80);
    CHECK(parse_server_word("10.0.0.1", many)->port == 0);
    CHECK(parse_server_word("10.0.0.1:0", one)->port == 0);
    CHECK(parse_server_word("10.0.0.1:8080", one)->port == 8080);
    CHECK(parse_server_word("2001:db8::1", one)->port == 80);
    CHECK(parse_server_word("[2001:db8::1]", one)->port == 80);
    CHECK(parse_server_word("[2001:db8::1]:0", one)->port == 0);
}

TEST_CASE("timeouts: are a list of states and seconds", "[options]")
{
    CHECK(parse_timeouts_word("established=900,udp=0")->size() == 2);
    for (const char* text : {"", "established", "established=", "nosuch=1", "udp=1,", "udp=2678401"})
        CHECK_FALSE(parse_timeouts_word(text));
}

TEST_CASE("table: columns are as wide as their widest cell", "[options]")
{
    Table table({"NAME", "N"}, 1);
    table.add({"a", "1000"});
    table.add({"longer", "2"});
    CHECK(table.text() == "NAME       N\na       1000\nlonger     2\n");
}

TEST_CASE("numbers: are short for people", "[options]")
{
    CHECK(short_number(0) == "0");
    CHECK(short_number(9999) == "9999");
    CHECK(short_number(15'000) == "15.0k");
    CHECK(short_number(999'999'999) == "1000M");
    CHECK(short_number(UINT64_MAX) == "18.4E");
}
