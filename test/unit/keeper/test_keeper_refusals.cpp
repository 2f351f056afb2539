// SPDX-License-Identifier: GPL-2.0
#include <functional>
#include <set>

#include <fmt/format.h>

#include "catch.h"
#include "keeper/service/plan.h"
#include "keeper/service/refusals.h"

using namespace weir;
using namespace weir::keeper;

namespace {

/// A service on 192.0.2.1:port with servers 10.0.0.N.
Service service_of(std::uint16_t port, std::initializer_list<int> servers, const char* scheduler = "rr")
{
    Service service;
    service.key = {.fwmark = 0,
                   .family = AF_INET,
                   .protocol = IPPROTO_TCP,
                   .address = *Address::parse("192.0.2.1"),
                   .ports = {port, port}};
    service.owner = owner_label;
    service.config.scheduler = scheduler;
    for (int number : servers) {
        Server server;
        server.endpoint = *Endpoint::parse(fmt::format("10.0.0.{}:80", number));
        service.servers.push_back(server);
    }
    return service;
}

/// Takes a whole table or, naming the first object that it does not like, nothing.
struct FakeKernel {
    std::function<const char*(const Service&)> dislikes = [](const Service&) { return nullptr; };
    std::vector<Service> table;
    int commits = 0;

    Result<void> commit(const std::vector<Service>& sent)
    {
        commits++;
        for (std::size_t i = 0; i < sent.size(); i++) {
            if (const char* why = dislikes(sent[i]))
                return Failure(Error{EINVAL, why, sent[i].key.to_string(), static_cast<long>(i)});
        }
        table = sent;
        return {};
    }
};

Result<void> put(FakeKernel& kernel, Refusals& refusals, const std::vector<Service>& planned)
{
    for (;;) {
        auto sent = refusals.without(planned);
        auto done = kernel.commit(sent);
        if (!done && refusals.note(done.error(), sent, planned, kernel.table))
            continue;
        if (done)
            refusals.settle(planned);
        return done;
    }
}

/// "80: 1 2, 81: 1"
std::string text_of(const std::vector<Service>& table)
{
    std::string text;
    for (const auto& service : table) {
        text += fmt::format("{}{}:", text.empty() ? "" : ", ", service.key.ports.first);
        for (const auto& server : service.servers)
            text += " " + server.endpoint.address.to_string().substr(7);
    }
    return text;
}

const char* no_port_81(const Service& service)
{
    return service.key.ports.first == 81 ? "not that one" : nullptr;
}

} // namespace

TEST_CASE("refusals: one service that is refused keeps no other out", "[keeper]")
{
    FakeKernel kernel;
    Refusals refusals;
    kernel.dislikes = no_port_81;
    std::vector<Service> planned{service_of(80, {1}), service_of(81, {1}), service_of(82, {1, 2})};
    REQUIRE(put(kernel, refusals, planned));
    CHECK(text_of(kernel.table) == "80: 1, 82: 1 2");
    REQUIRE(refusals.reason(planned[1].key));
    CHECK(*refusals.reason(planned[1].key) == "TCP 192.0.2.1:81: not that one");
    CHECK_FALSE(refusals.reason(planned[0].key));
    CHECK(refusals.news().refused == std::vector<std::string>{"TCP 192.0.2.1:81: not that one"});
}

TEST_CASE("refusals: what was refused is not sent again, nor told again, until something has changed",
          "[keeper]")
{
    FakeKernel kernel;
    Refusals refusals;
    kernel.dislikes = no_port_81;
    std::vector<Service> planned{service_of(80, {1}), service_of(81, {1})};
    REQUIRE(put(kernel, refusals, planned));
    (void)refusals.news();
    kernel.commits = 0;
    REQUIRE(put(kernel, refusals, planned));
    CHECK(kernel.commits == 1);

    refusals.retry();
    REQUIRE(put(kernel, refusals, planned));
    CHECK(kernel.commits == 3);
    CHECK(refusals.news().refused.empty());
    CHECK(refusals.reason(planned[1].key));

    kernel.dislikes = [](const Service&) { return nullptr; };
    refusals.retry();
    REQUIRE(put(kernel, refusals, planned));
    CHECK(text_of(kernel.table) == "80: 1, 81: 1");
    CHECK(refusals.news().taken == std::vector<std::string>{"TCP 192.0.2.1:81"});
    CHECK_FALSE(refusals.reason(planned[1].key));
}

TEST_CASE("refusals: a service that is wanted in another way is tried at once", "[keeper]")
{
    FakeKernel kernel;
    Refusals refusals;
    kernel.dislikes = [](const Service& service) {
        return service.config.scheduler == "new" ? "unknown scheduler" : nullptr;
    };
    std::vector<Service> planned{service_of(80, {1}, "new")};
    REQUIRE(put(kernel, refusals, planned));
    CHECK(kernel.table.empty());
    planned = {service_of(80, {1}, "rr")};
    REQUIRE(put(kernel, refusals, planned));
    CHECK(text_of(kernel.table) == "80: 1");
    planned.clear();
    REQUIRE(put(kernel, refusals, planned));
    CHECK(refusals.news().taken.empty()); // nobody was told of its refusal
}

TEST_CASE("refusals: an older form stays, and its dead servers go", "[keeper]")
{
    FakeKernel kernel;
    Refusals refusals;
    REQUIRE(put(kernel, refusals, {service_of(80, {1, 2}), service_of(81, {1})}));
    kernel.dislikes = [](const Service& service) {
        return service.config.scheduler == "new" ? "unknown scheduler" : nullptr;
    };
    REQUIRE(put(kernel, refusals, {service_of(80, {1, 2, 3}, "new"), service_of(81, {1})}));
    CHECK(text_of(kernel.table) == "80: 1 2 3, 81: 1");
    CHECK(kernel.table[0].config.scheduler == "rr");
    REQUIRE(put(kernel, refusals, {service_of(80, {2, 3}, "new"), service_of(81, {1})}));
    CHECK(text_of(kernel.table) == "80: 2 3, 81: 1");

    // if not even that is taken, the others are
    kernel.dislikes = [](const Service& service) {
        return service.key.ports.first == 80 ? "not at all" : nullptr;
    };
    REQUIRE(put(kernel, refusals, {service_of(80, {3}, "new"), service_of(81, {1, 2})}));
    CHECK(text_of(kernel.table) == "81: 1 2");
}

TEST_CASE("refusals: servers that live again come back into an older form", "[keeper]")
{
    FakeKernel kernel;
    Refusals refusals;
    kernel.dislikes = [](const Service& service) {
        return service.config.scheduler == "new" ? "unknown scheduler" : nullptr;
    };
    auto wanted = [&](std::initializer_list<int> servers) {
        REQUIRE(put(kernel, refusals, {service_of(80, servers, "new")}));
        return text_of(kernel.table);
    };
    REQUIRE(put(kernel, refusals, {service_of(80, {1, 2})})); // 3 is down
    CHECK(wanted({1, 2}) == "80: 1 2");
    CHECK(wanted({2}) == "80: 2");
    CHECK(wanted({1, 2}) == "80: 1 2");
    CHECK(wanted({1}) == "80: 1");
    CHECK(wanted({1, 3}) == "80: 1 3");
    CHECK(wanted({3}) == "80: 3");
    CHECK(wanted({}) == "80:");
    CHECK(wanted({1, 2, 3}) == "80: 1 2 3");
    CHECK(kernel.table[0].config.scheduler == "rr");
}

TEST_CASE("refusals: of an older form a server that is itself refused stays out", "[keeper]")
{
    FakeKernel kernel;
    Refusals refusals;
    kernel.dislikes = [](const Service& service) {
        return !service.servers.empty() && service.servers.back().endpoint.address.to_string() == "10.0.0.3"
                   ? "no such server"
                   : nullptr;
    };
    auto wanted = [&](std::initializer_list<int> servers) {
        REQUIRE(put(kernel, refusals, {service_of(80, servers)}));
        return text_of(kernel.table) + (refusals.reason(kernel.table[0].key) ? ", older" : "");
    };
    CHECK(wanted({1, 2}) == "80: 1 2");
    CHECK(wanted({1, 2, 3}) == "80: 1 2, older");
    CHECK(wanted({2, 3}) == "80: 2, older");
    CHECK(wanted({1, 2, 3}) == "80: 1 2, older");
    CHECK(wanted({1, 2}) == "80: 1 2");
}

TEST_CASE("refusals: errors of the moment, or of no object, are the caller's", "[keeper]")
{
    Refusals refusals;
    std::vector<Service> planned{service_of(80, {1})};
    CHECK_FALSE(refusals.note(Error{ESTALE, "changed", "", 0}, planned, planned, {}));
    CHECK_FALSE(refusals.note(Error{ENOMEM, "no memory", "", 0}, planned, planned, {}));
    CHECK_FALSE(refusals.note(Error{EINVAL, "what", "", -1}, planned, planned, {}));
    CHECK_FALSE(refusals.note(Error{EINVAL, "what", "", 1}, planned, planned, {}));
    CHECK(refusals.note(Error{EINVAL, "what", "", 0}, planned, planned, {}));
}
