// SPDX-License-Identifier: GPL-2.0
#include "libweir/message.h"

#include <new>
#include <string>

#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include <linux/weir.h>

namespace weir {

void NlMsg::Free::operator()(nl_msg* message) const noexcept
{
    nlmsg_free(message);
}

NlMsg::NlMsg(std::uint8_t command, std::uint16_t flags, std::size_t size)
    : message_(nlmsg_alloc_size(NLMSG_HDRLEN + GENL_HDRLEN + size))
{
    // the family's number is written by the socket, which knows it
    if (!message_ ||
        !genlmsg_put(message_.get(), 0, 0, 0, 0, NLM_F_REQUEST | flags, command, WEIR_FAMILY_VERSION))
        throw std::bad_alloc();
}

void NlMsg::put_bytes(int type, Bytes bytes)
{
    if (nla_put(message_.get(), type, static_cast<int>(bytes.size()), bytes.data()) < 0)
        complete_ = false;
}

void NlMsg::put_u32(int type, std::uint32_t value)
{
    put_bytes(type, {reinterpret_cast<const std::uint8_t*>(&value), sizeof(value)});
}

void NlMsg::put_be16(int type, std::uint16_t host_order)
{
    const std::uint8_t wire[] = {static_cast<std::uint8_t>(host_order >> 8),
                                 static_cast<std::uint8_t>(host_order)};
    put_bytes(type, wire);
}

void NlMsg::put_string(int type, std::string_view text)
{
    if (nla_put_string(message_.get(), type, std::string(text).c_str()) < 0)
        complete_ = false;
}

void NlMsg::put_address(int type, const Address& address)
{
    put_bytes(type, address.bytes());
}

void NlMsg::put_flag(int type)
{
    put_bytes(type, {});
}

NlMsg::Nest::Nest(NlMsg& message, int type)
    : message_(message),
      start_(nla_nest_start(message.raw(), type | NLA_F_NESTED))
{
    if (!start_)
        message_.complete_ = false;
}

NlMsg::Nest::~Nest()
{
    // keeps an empty nest, which a request for "any server" may be
    if (start_ && nla_nest_end_keep_empty(message_.raw(), start_) < 0)
        message_.complete_ = false;
}

} // namespace weir
