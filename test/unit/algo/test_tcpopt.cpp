// SPDX-License-Identifier: GPL-2.0
#include <vector>

#include "catch.h"

extern "C" {
#include "algo/tcpopt.h"
}

namespace {

int find(const std::vector<u8>& options)
{
    return weir_tcpopt_find(options.data(), options.size(), WEIR_TCPOPT_TIMESTAMP, WEIR_TCPOLEN_TIMESTAMP);
}

const std::vector<u8> stamp{8, 10, 1, 2, 3, 4, 5, 6, 7, 8};

std::vector<u8> after(std::vector<u8> first)
{
    first.insert(first.end(), stamp.begin(), stamp.end());
    return first;
}

} // namespace

TEST_CASE("tcpopt: found wherever it stands", "[tcpopt]")
{
    CHECK(find(stamp) == 0);
    CHECK(find(after({1, 1})) == 2);
    CHECK(find(after({1})) == 1);
    CHECK(find(after({2, 4, 5, 180, 4, 2})) == 6);
    CHECK(find(after({254, 8, 1, 2, 3, 4, 5, 6})) == 8);
    CHECK(find(after({3, 3, 7})) == 3);
}

TEST_CASE("tcpopt: not found behind the end, behind damage, or with another length", "[tcpopt]")
{
    CHECK(find({}) == -1);
    CHECK(find(after({0})) == -1);
    CHECK(find(after({2, 0})) == -1);
    CHECK(find(after({2, 1})) == -1);
    CHECK(find({8}) == -1);
    CHECK(find({8, 10, 1, 2}) == -1);
    CHECK(find({8, 4, 1, 2, 1, 1}) == -1);
    CHECK(find({1, 1, 1, 1}) == -1);
    CHECK(find({2, 200, 1, 1}) == -1);
}

TEST_CASE("tcpopt: nothing is read beyond the end", "[tcpopt]")
{
    // under AddressSanitizer: each vector is as long as what is told
    for (std::size_t len = 0; len <= 12; len++) {
        std::vector<u8> options = after({1, 1});
        options.resize(len);
        options.shrink_to_fit();
        CHECK(find(options) == (len == 12 ? 2 : -1));
    }
}
