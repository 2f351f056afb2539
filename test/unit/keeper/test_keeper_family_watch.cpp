// SPDX-License-Identifier: GPL-2.0
#include <string>
#include <vector>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "catch.h"
#include "keeper/checker/family_watch.h"

using namespace weir::keeper;

namespace {

using Bytes = std::vector<std::uint8_t>;

void add(Bytes& bytes, const void* data, std::size_t size)
{
    const auto* first = static_cast<const std::uint8_t*>(data);
    bytes.insert(bytes.end(), first, first + size);
    bytes.resize(NLMSG_ALIGN(bytes.size()));
}

/// As the kernel says it: a family's number, then its name.
Bytes message_of(std::uint8_t command, std::string name, std::uint16_t type = GENL_ID_CTRL)
{
    name += '\0';
    std::uint16_t number = 29;
    nlattr id{.nla_len = sizeof(nlattr) + sizeof(number), .nla_type = CTRL_ATTR_FAMILY_ID};
    nlattr text{.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + name.size()),
                .nla_type = CTRL_ATTR_FAMILY_NAME};
    genlmsghdr header{.cmd = command, .version = 2, .reserved = 0};
    Bytes content;
    add(content, &header, sizeof(header));
    add(content, &id, sizeof(id));
    add(content, &number, sizeof(number));
    add(content, &text, sizeof(text));
    add(content, name.data(), name.size());
    nlmsghdr whole{};
    whole.nlmsg_len = static_cast<std::uint32_t>(sizeof(whole) + content.size());
    whole.nlmsg_type = type;
    Bytes bytes;
    add(bytes, &whole, sizeof(whole));
    add(bytes, content.data(), content.size());
    return bytes;
}

Bytes operator+(Bytes one, const Bytes& other)
{
    one.insert(one.end(), other.begin(), other.end());
    return one;
}

} // namespace

TEST_CASE("family watch: a module that comes or goes is told from others, and from other news", "[checker]")
{
    auto came = message_of(CTRL_CMD_NEWFAMILY, "weir"), went = message_of(CTRL_CMD_DELFAMILY, "weir"),
         other = message_of(CTRL_CMD_NEWFAMILY, "weirdo"), group = message_of(CTRL_CMD_NEWMCAST_GRP, "weir");
    CHECK(FamilyWatch::tells(came, "weir"));
    CHECK(FamilyWatch::tells(went, "weir"));
    CHECK_FALSE(FamilyWatch::tells(other, "weir"));
    CHECK_FALSE(FamilyWatch::tells(group, "weir"));
    CHECK_FALSE(FamilyWatch::tells(message_of(CTRL_CMD_NEWFAMILY, "weir", 29), "weir"));
    CHECK(FamilyWatch::tells(other + group + went, "weir"));
    for (std::size_t size = 0; size < came.size(); size++)
        CHECK_FALSE(FamilyWatch::tells(std::span(came).first(size), "weir"));
    came[sizeof(nlmsghdr) + sizeof(genlmsghdr)] = 0; // an attribute without a length
    CHECK_FALSE(FamilyWatch::tells(came, "weir"));
}

TEST_CASE("family watch: nothing has changed as long as nobody says so", "[checker]")
{
    auto watch = FamilyWatch::create("weir");
    REQUIRE(watch);
    CHECK_FALSE(watch->changed());
}
