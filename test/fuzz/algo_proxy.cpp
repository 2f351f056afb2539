// SPDX-License-Identifier: GPL-2.0
// Any ends: both headers fit and say them. Any options: those that are not of selective acknowledgement stay
// as they are.
extern "C" {
#include "algo/proxy.h"
#include "algo/tcpopt.h"
}

#include <arpa/inet.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

void check(bool held)
{
    if (!held)
        std::abort();
}

void headers(const uint8_t* data, size_t size)
{
    weir_proxy proxy{};
    std::memcpy(&proxy, data, std::min(size, sizeof(proxy)));
    proxy.ipv6 &= 1;
    proxy.datagram &= 1;
    std::vector<u8> buf(WEIR_PROXY_MAX);
    check(weir_proxy_v2(buf.data(), &proxy) == (proxy.ipv6 ? WEIR_PROXY_V2_IPV6 : WEIR_PROXY_V2_IPV4));
    const u32 len = weir_proxy_v1(buf.data(), &proxy);
    check(len <= WEIR_PROXY_V1_MAX && buf[len - 2] == '\r' && buf[len - 1] == '\n');

    const std::string line(buf.begin(), buf.begin() + len);
    char word[8], src[64], dst[64];
    unsigned sport = 0, dport = 0;
    u8 addr[16];
    check(std::sscanf(line.c_str(), "PROXY %7s %63s %63s %u %u", word, src, dst, &sport, &dport) == 5);
    const int family = proxy.ipv6 ? AF_INET6 : AF_INET;
    const size_t width = proxy.ipv6 ? 16 : 4;
    check(inet_pton(family, src, addr) == 1 && std::memcmp(addr, proxy.src, width) == 0);
    check(inet_pton(family, dst, addr) == 1 && std::memcmp(addr, proxy.dst, width) == 0);
    check(sport == static_cast<unsigned>(proxy.sport[0] << 8 | proxy.sport[1]));
    check(dport == static_cast<unsigned>(proxy.dport[0] << 8 | proxy.dport[1]));
}

void options(const uint8_t* data, size_t size)
{
    u32 ack = 0, first = 0;
    std::memcpy(&ack, data, 4);
    std::memcpy(&first, data + 4, 4);
    const std::vector<u8> before(data + 9, data + std::min<size_t>(size, 49));
    std::vector<u8> after = before;
    const auto len = static_cast<u32>(before.size());
    const int at = weir_tcpopt_find(before.data(), len, WEIR_TCPOPT_SACK, 0);
    const u32 changed = weir_proxy_sack(after.data(), len, ack, first, data[8]);
    check(changed == (at >= 0));
    for (u32 i = 0; i < len; i++)
        if (at < 0 || i < static_cast<u32>(at) || i >= static_cast<u32>(at) + before[at + 1])
            check(before[i] == after[i]);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    headers(data, size);
    if (size > 9)
        options(data, size);
    return 0;
}
