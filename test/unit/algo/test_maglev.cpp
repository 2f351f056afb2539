// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

extern "C" {
#include "algo/maglev.h"
#include "algo/prime.h"
}

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace {

struct Server {
    u64 hash;
    u32 weight;
    u16 id;
};

using Servers = std::vector<Server>;

Servers servers_of(std::mt19937& random, size_t n, u32 heaviest)
{
    Servers servers;
    for (size_t i = 0; i < n; ++i)
        servers.push_back(
            {u64{random()} << 32 | random(), static_cast<u32>(1 + random() % heaviest), static_cast<u16>(i)});
    return servers;
}

// As sched_mh.c: in the order of the hashes.
std::vector<u16> table_of(Servers servers, u32 size)
{
    std::sort(servers.begin(), servers.end(),
              [](const Server& a, const Server& b) { return a.hash < b.hash; });
    std::vector<weir_maglev_entry> entries;
    for (const Server& server : servers) {
        weir_maglev_entry entry{};
        entry.hash = server.hash;
        entry.weight = server.weight;
        entry.id = server.id;
        entries.push_back(entry);
    }
    std::vector<u16> table(size);
    weir_maglev_fill(table.data(), size, entries.data(), static_cast<u32>(entries.size()));
    return table;
}

std::vector<u32> counts(const std::vector<u16>& table, size_t n)
{
    std::vector<u32> count(n);
    for (u16 id : table)
        ++count.at(id);
    return count;
}

double moved(const std::vector<u16>& before, const std::vector<u16>& after)
{
    size_t n = 0;
    for (size_t i = 0; i < before.size(); ++i)
        n += before[i] != after[i];
    return static_cast<double>(n) / static_cast<double>(before.size());
}

} // namespace

TEST_CASE("maglev: servers of one weight have the same number of slots, give or take one", "[maglev]")
{
    std::mt19937 random(1);
    for (size_t n : {1, 2, 3, 7, 10, 100, 1000}) {
        u32 size = weir_maglev_size(static_cast<u32>(n));
        std::vector<u32> count = counts(table_of(servers_of(random, n, 1), size), n);
        CHECK(*std::max_element(count.begin(), count.end()) - *std::min_element(count.begin(), count.end()) <=
              1);
    }
}

TEST_CASE("maglev: with share s a server has (size - n) s to size s + 1 slots, and at least one", "[maglev]")
{
    std::mt19937 random(2);
    for (int round = 0; round < 60; ++round) {
        size_t n = 1 + random() % 60;
        u32 size = weir_prime_next(static_cast<u32>(round % 2 ? 100 * n : 251));
        Servers servers = servers_of(random, n, round % 3 ? 20 : 65535);
        double total = 0;
        for (const Server& server : servers)
            total += server.weight;
        std::vector<u32> count = counts(table_of(servers, size), n);
        for (const Server& server : servers) {
            double share = server.weight / total;
            REQUIRE(count[server.id] >= 1);
            REQUIRE(count[server.id] + 1e-6 >= (size - static_cast<double>(n)) * share);
            REQUIRE(count[server.id] <= size * share + 1 + 1e-6);
        }
    }
}

TEST_CASE("maglev: removing one backend moves < 2x its share", "[maglev]")
{
    std::mt19937 random(3);
    for (size_t n : {2, 3, 5, 10, 40, 100, 200}) {
        Servers servers = servers_of(random, n, 1);
        u32 size = weir_maglev_size(static_cast<u32>(n));
        std::vector<u16> before = table_of(servers, size);
        for (int round = 0; round < 10; ++round) {
            Servers rest = servers;
            rest.erase(rest.begin() + static_cast<long>(random() % n));
            CHECK(moved(before, table_of(rest, size)) < 2.0 / static_cast<double>(n));
        }
    }
}

TEST_CASE("maglev: where the table cannot grow any more removing one of 1000 backends moves < 1 %",
          "[maglev]")
{
    std::mt19937 random(9);
    Servers servers = servers_of(random, 1000, 1);
    std::vector<u16> before = table_of(servers, weir_maglev_size(1000));
    servers.erase(servers.begin() + 500);
    CHECK(moved(before, table_of(servers, weir_maglev_size(1000))) < 0.01);
}

TEST_CASE("maglev: removing a weighted backend moves little more than its share", "[maglev]")
{
    std::mt19937 random(4);
    for (int round = 0; round < 20; ++round) {
        Servers servers = servers_of(random, 20, 10);
        double total = 0;
        for (const Server& server : servers)
            total += server.weight;
        std::vector<u16> before = table_of(servers, 4093);
        double share = servers.back().weight / total;
        servers.pop_back();
        CHECK(moved(before, table_of(servers, 4093)) < 2 * share + 0.02);
    }
}

TEST_CASE("maglev: a backend that comes back finds its slots as they were", "[maglev]")
{
    std::mt19937 random(5);
    Servers servers = servers_of(random, 12, 5);
    std::vector<u16> before = table_of(servers, 4093);
    std::swap(servers[0], servers[7]); // added in another order
    std::swap(servers[3], servers[11]);
    CHECK(table_of(servers, 4093) == before);
}

TEST_CASE("maglev: weight 0 has no slot; without any weight the table is empty", "[maglev]")
{
    std::mt19937 random(6);
    Servers servers = servers_of(random, 5, 1);
    servers[2].weight = 0;
    CHECK(counts(table_of(servers, 251), 5)[2] == 0);
    for (Server& server : servers)
        server.weight = 0;
    for (u16 id : table_of(servers, 251))
        REQUIRE(id == WEIR_MAGLEV_NONE);
    for (u16 id : table_of({}, 251))
        REQUIRE(id == WEIR_MAGLEV_NONE);
}

TEST_CASE("maglev: more servers than slots fill the table", "[maglev]")
{
    std::mt19937 random(7);
    std::vector<u16> table = table_of(servers_of(random, 20, 3), 3);
    std::sort(table.begin(), table.end());
    CHECK(std::adjacent_find(table.begin(), table.end()) == table.end());
    CHECK(table.back() < 20);
}

TEST_CASE("maglev: the largest table with the most servers is filled", "[maglev]")
{
    std::mt19937 random(8);
    std::vector<u32> count = counts(table_of(servers_of(random, 65535, 1), 131071), 65535);
    CHECK(*std::min_element(count.begin(), count.end()) >= 2);
    CHECK(*std::max_element(count.begin(), count.end()) <= 3);
}

TEST_CASE("maglev: default sizes are primes, 100 slots a server or more up to the largest", "[maglev]")
{
    u32 last = 0;
    for (u32 n = 0; n < 2000; ++n) {
        u32 size = weir_maglev_size(n);
        REQUIRE(weir_prime_next(size) == size);
        REQUIRE(size >= last);
        REQUIRE((size >= 100 * n || size == 131071));
        last = size;
    }
    CHECK(weir_maglev_size(0) == 4093);
    CHECK(weir_maglev_size(65535) == 131071);
}
