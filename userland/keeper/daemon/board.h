// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"
#include "keeper/bfd/session.h"
#include "keeper/vrrp/machine.h"
#include "keeper/vrrp/packet.h"

/// Memory that the three processes share. The VRRP process writes; the guard reads its heartbeat and, once it
/// is gone or stuck, what has to be taken away; the helper answers "status" from it. So neither ever waits
/// for the other.
namespace weir::keeper {

/// Where the netlink messages are that take something away.
struct Removal {
    std::uint32_t offset = 0, size = 0;
};

/// One virtual router as the outside may see it.
struct InstanceRecord {
    std::array<char, 64> name{};
    std::array<char, 64> fault{};
    std::array<char, 128> detail{}; ///< the reason, with whom and what
    std::array<char, 16> interface {
    };
    std::uint8_t version = 0, vrid = 0, priority = 0, base_priority = 0, master_priority = 0;
    State state = State::init;
    Reason reason = Reason::stopped;
    bool v6 = false;
    ChecksumForm checksum = ChecksumForm::message;
    std::array<std::uint8_t, 16> source{}, master{};
    std::int64_t since_us = 0; ///< CLOCK_BOOTTIME
    std::int64_t interval_us = 0, master_interval_us = 0;
    std::uint64_t transitions = 0, became_master = 0;
    std::uint64_t adverts_sent = 0, adverts_received = 0, resignations_sent = 0, resignations_received = 0;
    std::uint64_t send_errors = 0, address_list_differs = 0, lower_heard = 0, other_owners = 0;
    std::uint64_t bfd_takeovers = 0, handed_over = 0, taken_by_handover = 0;
    std::array<std::uint64_t, static_cast<std::size_t>(BadPacket::count_)> bad{};
    Removal addresses, vmac;
};

/// One BFD session as the outside may see it.
struct BfdRecord {
    std::array<char, 64> name{}, neighbor{};
    BfdState state = BfdState::admin_down, remote_state = BfdState::down;
    BfdDiagnostic diagnostic = BfdDiagnostic::none;
    std::int64_t since_us = 0; ///< CLOCK_BOOTTIME
    std::int64_t detection_us = 0;
    std::int64_t started_us = 0;    ///< CLOCK_BOOTTIME; by the process that runs it now
    bool has_been_up = false;       ///< since then
    bool ended_by_operator = false; ///< not up, for the neighbor said AdminDown
    std::uint64_t sent = 0, received = 0, transitions = 0;
};

/// Process groups of programs that nobody waits for once the process that started them has died: then the
/// guard ends them. 0 is a free place; a program that finds none ends by itself.
using ProgramGroups = std::array<std::atomic<pid_t>, 1024>;

struct Board {
    static constexpr std::size_t max_instances = 16384;
    static constexpr std::size_t max_sessions = 256;
    static constexpr std::size_t removal_space = 32u << 20;

    /// CLOCK_BOOTTIME at the last turn of the VRRP process's loop.
    std::atomic<std::int64_t> heartbeat_us{0};
    /// How long the heartbeat may stall before peers take over: of the masters, the shortest; 0 is for ever.
    std::atomic<std::int64_t> patience_us{0};
    /// Set by the guard before it takes addresses away, cleared by the VRRP process when it has seen it.
    std::atomic<bool> removed{false};
    /// Of the configuration that the VRRP process and the helper work with.
    std::atomic<std::uint32_t> vrrp_generation{0}, helper_generation{0};
    /// Of the text that the checker reads; 0: it is being replaced.
    std::atomic<std::uint32_t> config_generation{0};
    /// There are no virtual routers, whatever the configuration has.
    std::atomic<bool> checks_only{false};
    /// CLOCK_BOOTTIME at the last turn of the checker process's loop.
    std::atomic<std::int64_t> checker_heartbeat_us{0};
    /// The guard's: there is such a process.
    std::atomic<bool> checker_runs{false};
    ProgramGroups checker_programs, helper_programs;
    /// Even: the records are whole.
    std::atomic<std::uint32_t> sequence{0};
    std::atomic<std::uint32_t> instances{0};
    std::atomic<std::uint64_t> unknown_vrid{0}, log_lost{0};
    std::atomic<std::uint64_t> bad_handover{0};
    std::atomic<std::uint64_t> bad_bfd[static_cast<std::size_t>(BadBfdPacket::count_)];
    std::atomic<std::uint32_t> sessions{0};
    BfdRecord bfd[max_sessions];
    InstanceRecord records[max_instances];
    std::uint8_t removals[removal_space];

    /// Zeroed memory of its size, for map() in each process; pages are there when they are used.
    [[nodiscard]] static Result<Fd> create();
    [[nodiscard]] static Result<Board*> map(int fd);
};

/// Cuts to what fits; the rest is zero.
template <std::size_t size>
void set_text(std::array<char, size>& target, std::string_view text)
{
    target.fill(0);
    text.substr(0, size - 1).copy(target.data(), size - 1);
}

/// Marks records as changing while it lives.
class BoardWrite {
  public:
    explicit BoardWrite(Board& board) : board_(board)
    {
        board_.sequence.fetch_add(1, std::memory_order_acq_rel);
    }
    ~BoardWrite() { board_.sequence.fetch_add(1, std::memory_order_acq_rel); }
    BoardWrite(const BoardWrite&) = delete;
    BoardWrite& operator=(const BoardWrite&) = delete;

  private:
    Board& board_;
};

/// CLOCK_BOOTTIME: it counts the time that a machine was suspended.
[[nodiscard]] Instant boot_time();

} // namespace weir::keeper
