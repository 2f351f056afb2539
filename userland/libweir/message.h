// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "libweir/attr.h"

struct nl_msg;
struct nlattr;

namespace weir {

/// A request to the family while it is written. Running out of space is remembered and comes out when it is
/// sent.
class NlMsg {
  public:
    /// `command` is a WEIR_CMD_*; `flags` NLM_F_*. `size` is the room for attributes.
    explicit NlMsg(std::uint8_t command, std::uint16_t flags = 0, std::size_t size = 1024);

    void put_u32(int type, std::uint32_t value);
    void put_be16(int type, std::uint16_t host_order);
    void put_string(int type, std::string_view text);
    void put_address(int type, const Address& address);
    void put_bytes(int type, Bytes bytes);
    void put_flag(int type);

    /// Opens a nest that ends with the object.
    class Nest {
      public:
        Nest(NlMsg& message, int type);
        ~Nest();
        Nest(const Nest&) = delete;
        Nest& operator=(const Nest&) = delete;

      private:
        NlMsg& message_;
        nlattr* start_;
    };

    /// The whole message, headers included; the socket fills family, port and sequence in.
    [[nodiscard]] nl_msg* raw() const noexcept { return message_.get(); }
    [[nodiscard]] bool complete() const noexcept { return complete_; }

  private:
    struct Free {
        void operator()(nl_msg* message) const noexcept;
    };
    std::unique_ptr<nl_msg, Free> message_;
    bool complete_ = true;
};

} // namespace weir
