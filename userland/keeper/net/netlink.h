// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <linux/netlink.h>

#include "base/fd.h"
#include "base/netlink_walk.h"
#include "base/result.h"

/// rtnetlink in messages that are made ahead of time: what a takeover or a removal sends stands ready as
/// bytes, so that nothing is allocated when it matters, and another process (the guard) can send it too.
/// libnl keeps messages in objects of its own and allocates to send them.
namespace weir::keeper {

/// A row of netlink messages, one behind the other.
class NetlinkBatch {
  public:
    /// Starts a message. NLM_F_REQUEST is added.
    void begin(std::uint16_t type, std::uint16_t flags);
    template <typename T>
    void header(const T& value)
    {
        append(&value, sizeof(value));
    }
    void attribute(std::uint16_t type, std::span<const std::uint8_t> value);
    void attribute(std::uint16_t type, std::string_view text); ///< with its terminating zero
    void attribute_u32(std::uint16_t type, std::uint32_t value);
    void attribute_u16(std::uint16_t type, std::uint16_t value);
    void attribute_u8(std::uint16_t type, std::uint8_t value);
    [[nodiscard]] std::size_t begin_nest(std::uint16_t type);
    void end_nest(std::size_t start);
    /// Ends the message that begin() started.
    void end();

    [[nodiscard]] std::span<const std::uint8_t> bytes() const { return bytes_; }
    [[nodiscard]] bool empty() const { return bytes_.empty(); }
    void clear() { bytes_.clear(); }
    /// Gives back the space that no message needs.
    void shrink() { bytes_.shrink_to_fit(); }
    void append(const NetlinkBatch& other);

  private:
    void append(const void* data, std::size_t size);

    std::vector<std::uint8_t> bytes_;
    std::size_t start_ = 0;
};

/// What was to be added is there, and what was to be removed is gone: no errors.
inline constexpr std::array<int, 1> already_there{EEXIST};
inline constexpr std::array<int, 5> already_gone{EADDRNOTAVAIL, ENODEV, ENXIO, ESRCH, ENOENT};

using NetlinkHandler = std::function<void(const nlmsghdr& message)>;

class NetlinkSocket {
  public:
    /// `groups` are RTMGRP_* bits. Non-blocking.
    [[nodiscard]] static Result<NetlinkSocket> create(std::uint32_t groups = 0);
    /// Hears of rules that go, and of routes that go and were this program's own (RTPROT_KEEPALIVED): the
    /// kernel sorts out the others, of which a router may have very many.
    [[nodiscard]] static Result<NetlinkSocket> create_for_lost_routes();
    [[nodiscard]] int fd() const { return fd_.get(); }

    /// Sends messages that ask for no acknowledgement. The kernel carries them out before this returns. The
    /// first error that is not one of the tolerated ones is returned; messages behind it are carried out all
    /// the same.
    Result<void> send(std::span<const std::uint8_t> messages, std::span<const int> tolerated = {});
    /// Waits for each answer of a dump; used at start and after lost events only.
    Result<void> dump(std::uint16_t type, std::uint8_t family, const NetlinkHandler& handler);
    /// Hands over what waits. ENOBUFS: events were lost, the caller dumps again.
    Result<void> receive(const NetlinkHandler& handler);

  private:
    explicit NetlinkSocket(Fd fd) : fd_(std::move(fd)) {}
    /// One datagram, in the buffer; empty where none waits.
    [[nodiscard]] Result<Bytes> read_one(bool wait);

    static constexpr std::size_t buffer_size = 65536;

    Fd fd_;
    /// Not zeroed: memory is there when a message has needed it.
    std::unique_ptr<std::uint8_t[]> buffer_ = std::make_unique_for_overwrite<std::uint8_t[]>(buffer_size);
};

/// The attributes behind a message's fixed part, by type; a type that is not there is an empty span.
class Attributes {
  public:
    Attributes(const nlmsghdr& message, std::size_t fixed);
    explicit Attributes(std::span<const std::uint8_t> nest);
    [[nodiscard]] std::span<const std::uint8_t> operator[](std::uint16_t type) const;
    [[nodiscard]] std::string_view text(std::uint16_t type) const;
    [[nodiscard]] std::uint32_t u32(std::uint16_t type, std::uint32_t absent = 0) const;

  private:
    std::span<const std::uint8_t> bytes_;
};

} // namespace weir::keeper
