// SPDX-License-Identifier: GPL-2.0
#include "libweir/extack.h"

#include <cstring>
#include <system_error>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "libweir/names.h"

namespace weir {
namespace {

// since Linux 5.18; older headers lack them
constexpr unsigned ack_miss_type = 5;
constexpr unsigned ack_miss_nest = 6;

/// Offsets in an extack count from the start of the request's headers.
std::optional<std::size_t> attr_offset(const AttrSet& tlvs, unsigned type)
{
    auto offset = tlvs.u32(type);
    if (!offset || *offset < NLMSG_HDRLEN + GENL_HDRLEN)
        return std::nullopt;
    return *offset - NLMSG_HDRLEN - GENL_HDRLEN;
}

std::string blamed(const AttrSet& tlvs, Bytes request)
{
    if (auto offset = attr_offset(tlvs, NLMSGERR_ATTR_OFFS))
        return attr_name_at(request, *offset);
    if (auto missing = tlvs.u32(ack_miss_type)) {
        auto nest = attr_offset(tlvs, ack_miss_nest);
        return attr_name_missing(request, nest.has_value(), nest.value_or(0), *missing);
    }
    return {};
}

std::string kernel_message(const AttrSet& tlvs, int code)
{
    auto text = tlvs.string(NLMSGERR_ATTR_MSG);
    if (!text || text->empty())
        return std::generic_category().message(code);
    // NL_SET_ERR_MSG_MOD puts the module's name in front
    return text->starts_with("weir: ") ? text->substr(6) : *text;
}

} // namespace

std::optional<Ack> parse_ack(Bytes message, Bytes request)
{
    nlmsghdr header;
    nlmsgerr error;
    if (message.size() < sizeof(header) + sizeof(error))
        return std::nullopt;
    std::memcpy(&header, message.data(), sizeof(header));
    std::memcpy(&error, message.data() + sizeof(header), sizeof(error));
    if (header.nlmsg_type != NLMSG_ERROR || error.error > 0 || error.error < -4095)
        return std::nullopt;

    Ack ack;
    ack.sequence = error.msg.nlmsg_seq;
    ack.error.code = -error.error;
    if (!ack.error.code)
        return ack;
    AttrSet tlvs;
    if (header.nlmsg_flags & NLM_F_ACK_TLVS) {
        // without NETLINK_CAP_ACK the request's payload comes back between header and TLVs
        std::size_t skip = sizeof(header) + sizeof(error);
        if (!(header.nlmsg_flags & NLM_F_CAPPED) && error.msg.nlmsg_len >= sizeof(nlmsghdr))
            skip += NLMSG_ALIGN(error.msg.nlmsg_len - sizeof(nlmsghdr));
        if (skip <= message.size())
            tlvs = AttrSet(message.subspan(skip));
    }
    ack.error.message = kernel_message(tlvs, ack.error.code);
    ack.error.field = blamed(tlvs, request);
    // of a commit: the number of the staged message to blame
    if (auto index = tlvs.u32(NLMSGERR_ATTR_COOKIE))
        ack.error.index = static_cast<long>(*index);
    return ack;
}

Error parse_done(Bytes message, Bytes request)
{
    Error verdict;
    nlmsghdr header;
    int error = 0;
    if (message.size() < sizeof(header) + sizeof(error))
        return verdict;
    std::memcpy(&header, message.data(), sizeof(header));
    std::memcpy(&error, message.data() + sizeof(header), sizeof(error));
    if (error >= 0 || error < -4095)
        return verdict;
    AttrSet tlvs;
    if (header.nlmsg_flags & NLM_F_ACK_TLVS)
        tlvs = AttrSet(message.subspan(sizeof(header) + sizeof(error)));
    verdict.code = -error;
    verdict.message = kernel_message(tlvs, verdict.code);
    verdict.field = blamed(tlvs, request);
    return verdict;
}

Bytes message_attrs(Bytes message)
{
    constexpr std::size_t headers = NLMSG_HDRLEN + GENL_HDRLEN;
    return message.size() > headers ? message.subspan(headers) : Bytes();
}

} // namespace weir
