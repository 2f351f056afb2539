// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <vector>

#include "keeper/vrrp/ensemble.h"
#include "keeper/vrrp/handover.h"

namespace weir::keeper {

/// What is worth counting or saying of a handover.
enum class HandoverNote : std::uint8_t {
    handed_over, ///< the heir is master, this router is no longer
    taken_over,  ///< this router is master, and the one who asked was told
    no_heir,     ///< nobody can be asked: resigns
    no_answer,   ///< the heir did not answer in time: resigns
};

/// Who does what handovers need.
class HandoverHost {
  public:
    virtual ~HandoverHost() = default;
    /// False if it cannot be sent. VRID, version and password are the host's to fill in.
    virtual bool send_handover(std::size_t index, const HandoverMessage& message, const Address& to) = 0;
    [[nodiscard]] virtual std::uint64_t make_nonce() = 0;
    virtual void note_handover(std::size_t index, HandoverNote note, const Address& heir) = 0;
};

/// The orderly handovers of one process: whom its masters ask, and who asks its backups. Takes messages and
/// the time and drives the machines; knows no socket and no clock.
class Handovers {
  public:
    /// Between a request and becoming master with the whole group.
    static constexpr auto accept_patience = std::chrono::milliseconds(20);

    /// One virtual router's part.
    struct Side {
        bool able = true; ///< AH's key is never sent, so that messages could not be trusted
        // as master
        Heirs heirs;
        Address heir; ///< was asked and has not answered yet; else empty
        Instant asked_at{0};
        std::uint64_t request_nonce = 0;
        // as backup
        Instant announced_at{0};
        Address accept_to; ///< is to be told once this router is master, if that is before accept_until
        Instant accept_until{0};
        std::uint64_t accept_nonce = 0;
        Address leaver; ///< until then, his adverts are from before his request
        Instant leaver_until{0};
    };

    explicit Handovers(HandoverHost& host) : host_(host) {}

    /// A new configuration, one side for each machine; what was asked before goes on.
    void configure(Ensemble& ensemble, std::vector<Side> sides);
    [[nodiscard]] const Side& operator[](std::size_t index) const { return sides_[index]; }

    /// In Backup, when the master's advert was heard: would take over, or would not.
    void announce(std::size_t index, Instant now, const Address& master);
    /// A message whose password holds. `from_master`: it is from whom this router knows as the master. False
    /// if nobody may ask for it now.
    [[nodiscard]] bool take(std::size_t index, Instant now, const HandoverMessage& message,
                            const Address& source, bool from_master);
    /// An advert that must not be heard: of an heir whose acknowledgement follows, or one that a leaver sent
    /// before he left.
    [[nodiscard]] bool passes_over(std::size_t index, Instant now, const Address& source,
                                   std::uint8_t priority) const;
    /// Who was asked to be master must not hear a better one.
    [[nodiscard]] bool silent(std::size_t index) const { return !sides_[index].heir.empty(); }
    void state_changed(std::size_t index, Instant now);

    /// Asks the heirs of the masters among `wanted`. Whoever has none resigns as RFC 9568 has it, at once; if
    /// the process is `leaving` that is left to its end.
    void start(Instant now, const std::vector<std::size_t>& wanted, bool leaving);
    /// The deadline has passed and nothing more waits to be received: who did not answer is not waited for.
    void expire(Instant now);
    [[nodiscard]] Instant deadline() const { return deadline_; }
    /// Routers that wait for their heirs.
    [[nodiscard]] std::size_t waiting() const { return waiting_; }

  private:
    [[nodiscard]] bool willing(std::size_t index) const;
    [[nodiscard]] bool stale(std::size_t index, Instant now, const HandoverMessage& message) const;
    [[nodiscard]] bool take_request(std::size_t index, Instant now, const HandoverMessage& message,
                                    const Address& source);
    void finish(std::size_t index, Instant now);
    void resign(std::size_t index, Instant now, HandoverNote note, const Address& heir);

    HandoverHost& host_;
    Ensemble* ensemble_ = nullptr;
    std::vector<Side> sides_;
    std::size_t waiting_ = 0;
    Instant deadline_ = never;
    Instant answered_at_{0}; ///< who answers many does so one after another: all wait on while one does
};

} // namespace weir::keeper
