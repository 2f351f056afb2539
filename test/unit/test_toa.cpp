// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

#include "toa/cgroup.h"
#include "toa/diagnosis.h"
#include "toa/directors.h"

#include <cstring>

using namespace weir;
using namespace weir::toa;

namespace {

Attachment attachment(const std::string& path)
{
    Attachment one;
    one.path = path;
    one.alive = true;
    one.counters[WEIR_TOA_CNT_CONNECTIONS] = 1;
    return one;
}

Listener listener(int family, const std::string& address, std::uint32_t inode)
{
    Listener one;
    one.family = family;
    one.endpoint = *Endpoint::parse(address);
    one.inode = inode;
    return one;
}

/// In order, but for what a test changes: one socket of AF_INET6 in /web, which is attached.
Facts healthy()
{
    Facts facts;
    facts.bpf_mounted = true;
    facts.attachments = {attachment("/web")};
    facts.cgroups = {{7, "/web", "/sys/fs/cgroup/web"}};
    facts.listeners = {listener(AF_INET6, "[::]:80", 1)};
    facts.elsewhere = {""};
    facts.open_sockets = {1};
    return facts;
}

bool says(const Facts& facts, const std::string& text, bool problem)
{
    for (const Finding& finding : examine(facts))
        if (finding.problem == problem && finding.text.find(text) != std::string::npos)
            return true;
    return false;
}

} // namespace

TEST_CASE("toa: lists of directors are taken apart, sorted, and each is taken once", "[toa]")
{
    auto directors = parse_directors({"2001:db8::/64,10.0.0.7/24", "10.0.0.0/24", "192.0.2.1"});
    REQUIRE(directors);
    CHECK(to_string(*directors) == "10.0.0.0/24 192.0.2.1 2001:db8::/64");
    CHECK_FALSE(parse_directors({}));
    CHECK_FALSE(parse_directors({""}));
    CHECK_FALSE(parse_directors({"10.0.0.0/33"}));
    CHECK_FALSE(parse_directors({"director"}));
    CHECK_FALSE(parse_directors({"10.0.0.1,,10.0.0.2"}));
    std::string many;
    for (int i = 0; i <= WEIR_TOA_DIRECTORS_MAX; i++)
        many += "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ",";
    CHECK_FALSE(parse_directors({many}));
}

TEST_CASE("toa: nobody makes everybody a director by mistake", "[toa]")
{
    for (const char* word : {"0.0.0.0/0", "::/0", "::/64", "::/80", "::ffff:0:0/96"})
        CHECK_FALSE(parse_directors({word}));
    CHECK(parse_directors({"0.0.0.0/1,::ffff:10.0.0.0/104,2000::/3"}));
}

TEST_CASE("toa: keys of the map of directors are what the program looks up", "[toa]")
{
    weir_toa_prefix key = key_of(*Prefix::parse("10.1.0.0/16"));
    const std::uint8_t bytes[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 0, 0};
    CHECK(key.length == 112);
    CHECK(std::memcmp(key.addr, bytes, sizeof(bytes)) == 0);
    for (const char* word : {"10.1.0.0/16", "192.0.2.1", "2001:db8::/64", "2001:db8::1", "fe80::/10"})
        CHECK(prefix_of(key_of(*Prefix::parse(word))).to_string() == word);
}

TEST_CASE("toa: the hierarchy is found among the mounts", "[toa]")
{
    const std::string proc = "22 28 0:21 / /proc rw,nosuid shared:12 - proc proc rw\n";
    CHECK(find_hierarchy(proc).empty());
    CHECK(
        find_hierarchy(proc + "29 23 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw,nsdelegate\n") ==
        "/sys/fs/cgroup");
    // hybrid: version 1 is not it; a part of the hierarchy, as in a container, is not either
    CHECK(find_hierarchy("30 29 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
                         "31 29 0:26 /system.slice /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
                         "32 29 0:26 / /mnt/a\\040b rw shared:1 master:2 - cgroup2 cgroup2 rw\n") ==
          "/mnt/a b");
    CHECK(find_hierarchy("29 23 0:26 / /sys/fs/cgroup rw -\n- cgroup2\n").empty());
}

TEST_CASE("toa: where all is well the diagnosis finds nothing", "[toa]")
{
    CHECK(examine(healthy()).empty());
    Facts below = healthy();
    below.cgroups = {{8, "/web/nginx.service", "/sys/fs/cgroup/web/nginx.service"}};
    CHECK(examine(below).empty());
    Facts root = healthy();
    root.attachments = {attachment("/")};
    CHECK(examine(root).empty());
}

TEST_CASE("toa: the diagnosis knows what keeps addresses from showing", "[toa]")
{
    Facts facts = healthy();
    facts.bpf_mounted = false;
    CHECK(says(facts, "BPF file system is not mounted", true));

    facts = healthy();
    facts.attachments[0].alive = false;
    CHECK(says(facts, "is gone", true));
    CHECK(says(facts, "nothing is attached", true));

    facts = healthy();
    facts.attachments = {attachment("/we")};
    CHECK(says(facts, "nothing is attached", true));

    facts = healthy();
    facts.elsewhere = {"/init.scope"};
    CHECK(says(facts, "was made in /init.scope", true));
    facts.open_sockets.clear();
    CHECK_FALSE(says(facts, "was made in", true));
    CHECK(says(facts, "no TCP socket", false));

    facts = healthy();
    facts.listeners[0] = listener(AF_INET, "0.0.0.0:80", 1);
    CHECK(says(facts, "AF_INET socket", false));

    facts = healthy();
    facts.attachments[0].counters[WEIR_TOA_CNT_REFUSED] = 3;
    CHECK(says(facts, "3 connections with an option came from addresses that are no director's", false));
    facts.attachments[0].counters[WEIR_TOA_CNT_CONNECTIONS] = 0;
    CHECK(says(facts, "no connection came from a director", false));
}
