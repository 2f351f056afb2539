// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

extern "C" {
#include "algo/wrr.h"
}

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

namespace {

using Weights = std::vector<u32>;

std::vector<u16> cycle_of(const Weights& weights)
{
    u32 gcd;
    u64 len = weir_wrr_cycle(weights.data(), static_cast<u32>(weights.size()), &gcd);
    REQUIRE(len > 0);
    REQUIRE(len <= WEIR_WRR_CYCLE_MAX);
    std::vector<u16> seq(len);
    std::vector<weir_wrr_job> work(weights.size());
    weir_wrr_fill(seq.data(), static_cast<u32>(len), weights.data(), static_cast<u32>(weights.size()), gcd,
                  work.data());
    return seq;
}

u64 sum(const Weights& weights)
{
    return std::accumulate(weights.begin(), weights.end(), u64{0});
}

// The largest distance, in turns, of any server from its share, over all beginnings of the cycle.
double deviation(const Weights& weights, const std::vector<u16>& seq)
{
    std::vector<u32> count(weights.size());
    const double total = static_cast<double>(sum(weights));
    double worst = 0;
    for (size_t turn = 0; turn < seq.size(); ++turn) {
        ++count[seq[turn]];
        for (size_t i = 0; i < weights.size(); ++i)
            worst = std::max(worst, std::abs(count[i] - static_cast<double>(turn + 1) * weights[i] / total));
    }
    return worst;
}

Weights random_weights(std::mt19937& random, size_t most, u32 limit)
{
    Weights weights(1 + random() % most);
    for (u32& weight : weights)
        weight = random() % (limit + 1);
    if (!sum(weights))
        weights[random() % weights.size()] = 1 + random() % limit;
    return weights;
}

} // namespace

TEST_CASE("wrr: over a cycle every server has exactly its weight over the greatest common divisor", "[wrr]")
{
    std::mt19937 random(1);
    for (int round = 0; round < 500; ++round) {
        Weights weights = random_weights(random, round % 10 ? 12 : 300, round % 3 ? 10 : 200);
        if (round % 4 == 0)
            for (u32& weight : weights)
                weight *= 6;
        u32 gcd = 0;
        for (u32 weight : weights)
            gcd = std::gcd(gcd, weight);
        std::vector<u16> seq = cycle_of(weights);
        REQUIRE(seq.size() == sum(weights) / gcd);
        std::vector<u32> count(weights.size());
        for (u16 server : seq)
            ++count.at(server);
        for (size_t i = 0; i < weights.size(); ++i)
            REQUIRE(count[i] * gcd == weights[i]);
    }
}

TEST_CASE("wrr: no server is ever further from its share than 1 - 1/(2n - 2) turns", "[wrr]")
{
    std::mt19937 random(2);
    for (int round = 0; round < 400; ++round) {
        Weights weights = random_weights(random, round % 10 ? 8 : 60, round % 3 ? 9 : 150);
        auto active = std::count_if(weights.begin(), weights.end(), [](u32 weight) { return weight > 0; });
        double bound = active > 1 ? 1 - 1.0 / (2.0 * static_cast<double>(active) - 2) : 0;
        REQUIRE(deviation(weights, cycle_of(weights)) <= bound + 1e-9);
    }
}

TEST_CASE("wrr: a heavy server's turns are spread among the light ones'", "[wrr]")
{
    CHECK(cycle_of({5, 1, 1}) == std::vector<u16>{0, 0, 1, 0, 0, 2, 0});
    CHECK(cycle_of({3, 2, 1}).size() == 6);
    CHECK(cycle_of({1, 1, 1}) == std::vector<u16>{0, 1, 2});
    CHECK(cycle_of({7}) == std::vector<u16>{0});
    CHECK(cycle_of({0, 4, 0}) == std::vector<u16>{1});
    Weights weights(51, 1);
    weights[0] = 100;
    CHECK(deviation(weights, cycle_of(weights)) < 1);
}

TEST_CASE("wrr: the longest cycles that are written out are exact", "[wrr]")
{
    Weights one_heavy{65535, 1};
    CHECK(deviation(one_heavy, cycle_of(one_heavy)) <= 0.5 + 1e-9);
    Weights many(65535, 1);
    std::vector<u16> seq = cycle_of(many);
    std::sort(seq.begin(), seq.end());
    CHECK(std::adjacent_find(seq.begin(), seq.end()) == seq.end());
    CHECK(seq.size() == 65535);
    std::mt19937 random(3);
    Weights mixed(40);
    for (u32& weight : mixed)
        weight = 1 + random() % 1600;
    mixed[0] += 65536 - static_cast<u32>(sum(mixed));
    CHECK(cycle_of(mixed).size() == 65536);
}

TEST_CASE("wrr: without a weight there is no cycle", "[wrr]")
{
    u32 gcd;
    Weights none{0, 0};
    CHECK(weir_wrr_cycle(none.data(), 2, &gcd) == 0);
    CHECK(weir_wrr_cycle(nullptr, 0, &gcd) == 0);
    Weights large(65535, 65535U * 256);
    large[0] -= 1;
    CHECK(weir_wrr_cycle(large.data(), 65535, &gcd) == u64{65535} * 65535 * 256 - 1);
}

TEST_CASE("wrr: shares of cycles too long to be written out are right within 0.1 % over any 65,536 turns",
          "[wrr]")
{
    std::mt19937 random(4);
    for (int round = 0; round < 40; ++round) {
        Weights weights = random_weights(random, round % 4 ? 40 : 2000, round % 2 ? 65535 : 65535 * 256);
        auto n = static_cast<u32>(weights.size());
        std::vector<u64> sums(n);
        weir_wrr_sums(sums.data(), weights.data(), n);
        const auto total = static_cast<double>(sum(weights));
        std::vector<u32> count(n);
        u32 start = round % 5 ? random() : 0U - 30000;
        for (u32 turn = 0; turn < 65536; ++turn) {
            u32 server = weir_wrr_sums_pick(sums.data(), n, start + turn);
            REQUIRE(server < n);
            ++count[server];
        }
        for (u32 i = 0; i < n; ++i) {
            REQUIRE((weights[i] > 0 || count[i] == 0));
            REQUIRE(std::abs(count[i] / 65536.0 - weights[i] / total) < 0.001);
        }
    }
}

TEST_CASE("wrr: the last and the first server of a long cycle have their turns", "[wrr]")
{
    Weights weights{0, 65535, 0, 1, 0};
    std::vector<u64> sums(weights.size());
    weir_wrr_sums(sums.data(), weights.data(), 5);
    std::vector<u32> count(weights.size());
    for (u32 turn = 0; turn < 1U << 20; ++turn)
        ++count[weir_wrr_sums_pick(sums.data(), 5, turn)];
    CHECK(count[0] + count[2] + count[4] == 0);
    CHECK(count[3] >= 14);
    CHECK(count[3] <= 18);
    CHECK(weir_wrr_sums_pick(sums.data(), 5, 0xffffffff) == 3);
}

TEST_CASE("wrr: a turn drawn by chance is as likely to be a server's as its weight says", "[wrr]")
{
    std::mt19937 random(7);
    for (const Weights& weights : {Weights{65535, 0, 1000, 30000, 65535}, Weights{1, 2, 0, 3}}) {
        std::vector<u64> sums(weights.size());
        weir_wrr_sums(sums.data(), weights.data(), static_cast<u32>(weights.size()));
        std::vector<double> count(weights.size());
        constexpr double draws = 400'000;
        for (int i = 0; i < draws; ++i)
            ++count[weir_wrr_sums_pick(sums.data(), static_cast<u32>(sums.size()), random())];
        for (size_t i = 0; i < weights.size(); ++i) {
            double chance = static_cast<double>(weights[i]) / static_cast<double>(sum(weights));
            CHECK(std::abs(count[i] - draws * chance) <= 5 * std::sqrt(draws * chance * (1 - chance)));
        }
    }
}
