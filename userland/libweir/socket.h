// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "libweir/attr.h"
#include "libweir/message.h"

struct nl_sock;

namespace weir {

/// One message of the family that came from the kernel.
struct Answer {
    std::uint8_t command = 0;
    AttrSet attrs;
};

/// A generic netlink socket that speaks to family "weir" in the network namespace in which it was made.
class NlSocket {
  public:
    /// ENOENT: no such family, that is: the module is not loaded.
    [[nodiscard]] static Result<NlSocket> create();

    /// Sends one request and waits for its acknowledgement. What is answered besides goes to `answer`.
    using OnAnswer = std::function<void(const Answer&)>;
    [[nodiscard]] Result<void> request(NlMsg& message, const OnAnswer& answer = {});

    /// Sends a request for a dump and gives the parsed objects; `parse` returns an optional. A dump during
    /// which the configuration changed is begun again, a bounded number of times, then EINTR.
    template <typename Parse>
    [[nodiscard]] auto dump(NlMsg& message, Parse parse)
    {
        using T = typename std::invoke_result_t<Parse, const Answer&>::value_type;
        std::vector<T> objects;
        Result<void> done = dump_raw(
            message, [&] { objects.clear(); },
            [&](const Answer& answer) {
                if (auto object = parse(answer))
                    objects.push_back(std::move(*object));
            });
        return done ? Result<std::vector<T>>(std::move(objects)) : Result<std::vector<T>>(pass_on(done));
    }

    /// A dump whose answers are handed over as they come and which is not begun again when something changes
    /// meanwhile.
    [[nodiscard]] Result<void> dump_each(NlMsg& message, const OnAnswer& answer);

    /// Sends many requests in few system calls and waits for nothing but refusals. The error's index is that
    /// of the first request refused; those after it may or may not have been carried out. Within a
    /// transaction nothing is, before its commit.
    [[nodiscard]] Result<void> send_batch(std::span<NlMsg> messages);

    /// Joins a multicast group; from then on wait_event() gives its messages.
    [[nodiscard]] Result<void> join(const char* group);
    /// The next notifications, handed over one by one. ENOBUFS: some were lost, look at everything anew.
    [[nodiscard]] Result<void> receive_events(const OnAnswer& answer);
    /// Drops those that have come but were not received.
    [[nodiscard]] Result<void> discard_events();
    /// For poll().
    [[nodiscard]] int fd() const noexcept;

  private:
    struct Free {
        void operator()(nl_sock* socket) const noexcept;
    };
    explicit NlSocket(nl_sock* socket, int family);

    [[nodiscard]] Result<void> dump_raw(NlMsg& message, const std::function<void()>& restart,
                                        const OnAnswer& answer);
    [[nodiscard]] Result<void> dump_once(NlMsg& message, bool& interrupted, const OnAnswer& answer);
    [[nodiscard]] Result<void> send(Bytes bytes);
    /// One datagram; the span is valid until the next call. Empty where `flags` has MSG_DONTWAIT and nothing
    /// is there.
    [[nodiscard]] Result<Bytes> receive(int flags);
    std::uint32_t number(NlMsg& message, std::uint16_t flags);
    [[nodiscard]] Result<bool> read_answers(std::uint32_t sequence, Bytes request, bool& interrupted,
                                            const OnAnswer& answer);

    std::unique_ptr<nl_sock, Free> socket_;
    int family_;
    std::uint32_t sequence_ = 0;
    /// As large as an answer can be; what none has filled yet takes no memory.
    std::unique_ptr<std::uint8_t[]> buffer_;
};

} // namespace weir
