// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

#include <cstring>

#include <linux/genetlink.h>
#include <netlink/msg.h>

#include "base/netlink_walk.h"
#include "libweir/extack.h"
#include "libweir/names.h"
#include "libweir/service.h"
#include "weiradm/service_word.h"

using namespace weir;

namespace {

Bytes whole(const NlMsg& message)
{
    const nlmsghdr* header = nlmsg_hdr(message.raw());
    return {reinterpret_cast<const std::uint8_t*>(header), header->nlmsg_len};
}

/// Where an attribute of this type starts, as the kernel counts: from the message's first byte.
std::size_t offset_of(const NlMsg& message, std::initializer_list<unsigned> path, unsigned skip = 0)
{
    std::size_t base = NLMSG_HDRLEN + GENL_HDRLEN;
    Bytes attrs = message_attrs(whole(message));
    for (unsigned type : path) {
        Bytes rest = attrs;
        std::size_t position = 0;
        bool last_step = type == *path.begin();
        while (auto attr = next_attribute(rest)) {
            if (attr->type == type && !(last_step && skip && skip--)) {
                attrs = attr->payload;
                break;
            }
            position = static_cast<std::size_t>(attrs.size() - rest.size());
        }
        base += position + (type == *(path.end() - 1) ? 0 : NLA_HDRLEN);
    }
    return base;
}

std::vector<std::uint8_t> ack(int error, std::uint16_t flags,
                              std::initializer_list<std::pair<unsigned, std::vector<std::uint8_t>>> tlvs)
{
    std::vector<std::uint8_t> bytes(sizeof(nlmsghdr) + sizeof(nlmsgerr));
    nlmsgerr body{};
    body.error = error;
    body.msg.nlmsg_seq = 42;
    std::memcpy(bytes.data() + sizeof(nlmsghdr), &body, sizeof(body));
    for (const auto& [type, value] : tlvs) {
        nlattr header{static_cast<std::uint16_t>(NLA_HDRLEN + value.size()),
                      static_cast<std::uint16_t>(type)};
        const auto* raw = reinterpret_cast<const std::uint8_t*>(&header);
        bytes.insert(bytes.end(), raw, raw + sizeof(header));
        bytes.insert(bytes.end(), value.begin(), value.end());
        bytes.resize(NLA_ALIGN(bytes.size()));
    }
    nlmsghdr header{static_cast<std::uint32_t>(bytes.size()), NLMSG_ERROR, flags, 42, 0};
    std::memcpy(bytes.data(), &header, sizeof(header));
    return bytes;
}

std::vector<std::uint8_t> u32(std::size_t value)
{
    auto number = static_cast<std::uint32_t>(value);
    std::vector<std::uint8_t> bytes(4);
    std::memcpy(bytes.data(), &number, 4);
    return bytes;
}

Service example()
{
    Service service;
    service.key = *parse_service_word("192.0.2.1:80-443");
    service.config.scheduler = "mh";
    service.config.persist_timeout = 60;
    service.config.persist_prefix = 24;
    service.config.seed = Seed{1, 2, 3};
    service.config.timeouts = {{WEIR_STATE_UDP, 5}, {WEIR_STATE_TCP_CLOSE, 6}};
    service.owner = "me";
    return service;
}

} // namespace

TEST_CASE("netlink: a service that is written is read the same", "[netlink]")
{
    for (const char* word :
         {"192.0.2.1:80-443", "udp:[2001:db8::1]:53", "fwmark:9/ipv6", "tcp:192.0.2.1:0"}) {
        Service service = example();
        service.key = *parse_service_word(word);
        NlMsg message(WEIR_CMD_SERVICE_NEW);
        put_service(message, service, SERVICE_ALL);
        REQUIRE(message.complete());
        auto again = parse_service(AttrSet(message_attrs(whole(message))).nest(WEIR_A_SERVICE));
        REQUIRE(again);
        CHECK(again->key == service.key);
        CHECK(again->config == service.config);
        CHECK(again->owner == "me");
    }
}

TEST_CASE("netlink: a message without room says so", "[netlink]")
{
    NlMsg message(WEIR_CMD_SERVICE_NEW, 0, 64);
    put_service(message, example(), SERVICE_ALL);
    CHECK_FALSE(message.complete());
}

TEST_CASE("netlink: the attribute to blame gets its name, and the number of its nest", "[netlink]")
{
    NlMsg message(WEIR_CMD_SERVICE_NEW);
    put_service(message, example(), SERVICE_ALL);
    put_server(message, Server(), SERVER_ALL);
    put_server(message, Server(), SERVER_ALL);
    Bytes attrs = message_attrs(whole(message));
    std::size_t headers = NLMSG_HDRLEN + GENL_HDRLEN;
    CHECK(attr_name_at(attrs, offset_of(message, {WEIR_A_SERVICE}) - headers) == "service");
    CHECK(attr_name_at(attrs, offset_of(message, {WEIR_A_SERVICE, WEIR_A_SERVICE_PORT_END}) - headers) ==
          "service.port-end");
    CHECK(attr_name_at(attrs, offset_of(message, {WEIR_A_SERVER, WEIR_A_SERVER_WEIGHT}, 1) - headers) ==
          "server[1].weight");
    CHECK(attr_name_at(attrs, 100000).empty());
    CHECK(attr_name_missing(attrs, true, offset_of(message, {WEIR_A_SERVICE}) - headers,
                            WEIR_A_SERVICE_SCHEDULER) == "service.scheduler");
    CHECK(attr_name_missing(attrs, false, 0, WEIR_A_OWNER) == "owner");
}

TEST_CASE("netlink: an extack becomes message and field", "[netlink]")
{
    NlMsg request(WEIR_CMD_SERVICE_NEW);
    put_service(request, example(), SERVICE_ALL);
    auto bytes =
        ack(-ERANGE, NLM_F_CAPPED | NLM_F_ACK_TLVS,
            {{NLMSGERR_ATTR_MSG, {'w', 'e', 'i', 'r', ':', ' ', 'n', 'o', 0}},
             {NLMSGERR_ATTR_OFFS, u32(offset_of(request, {WEIR_A_SERVICE, WEIR_A_SERVICE_SCHEDULER}))}});
    auto parsed = parse_ack(bytes, message_attrs(whole(request)));
    REQUIRE(parsed);
    CHECK(parsed->sequence == 42);
    CHECK(parsed->error.code == ERANGE);
    CHECK(parsed->error.message == "no");
    CHECK(parsed->error.field == "service.scheduler");
    CHECK(parse_ack(ack(0, 0, {}), {})->error.code == 0);
    CHECK(parse_ack(ack(-EPERM, 0, {}), {})->error.message == "Operation not permitted");
}

TEST_CASE("netlink: broken answers are no answers", "[netlink]")
{
    auto bytes = ack(-EINVAL, NLM_F_ACK_TLVS, {});
    for (std::size_t size = 0; size < bytes.size(); size++)
        CHECK_FALSE(parse_ack(Bytes(bytes).first(size), {}));
    CHECK_FALSE(parse_ack(ack(5, 0, {}), {}));
    CHECK_FALSE(parse_ack(ack(-5000, 0, {}), {}));

    int walked = 0;
    std::vector<std::uint8_t> datagram(32);
    nlmsghdr header{1000, 16, 0, 0, 0}; // longer than what is there
    std::memcpy(datagram.data(), &header, sizeof(header));
    each_message(datagram, [&](const nlmsghdr&, Bytes) { return ++walked > 0; });
    CHECK(walked == 0);

    const std::uint8_t broken[] = {3, 0, 1, 0, 0xff, 0xff, 1, 0};
    CHECK_FALSE(AttrSet(broken).has(1));
    CHECK_FALSE(AttrSet(Bytes(broken).subspan(4)).has(1));
}

TEST_CASE("netlink: scalars of another size count as absent", "[netlink]")
{
    const std::uint8_t bytes[] = {6, 0, 1, 0, 1, 2, 0, 0, 8, 0, 2, 0, 1, 0, 0, 0};
    AttrSet attrs(bytes);
    CHECK(attrs.has(1));
    CHECK_FALSE(attrs.u32(1));
    CHECK(attrs.be16(1) == 0x0102);
    CHECK(attrs.u32(2) == 1u);
    CHECK_FALSE(attrs.u64(2));
    CHECK_FALSE(attrs.address(1));
    CHECK(attrs.address(2));
}
