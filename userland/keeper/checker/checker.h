// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "keeper/check/pool.h"
#include "keeper/checker/bfd_board.h"
#include "keeper/checker/family_watch.h"
#include "keeper/checker/kernel_table.h"
#include "keeper/daemon/fifo.h"
#include "keeper/daemon/script_queue.h"
#include "keeper/daemon/status_server.h"
#include "keeper/net/netlink.h"

namespace weir::keeper {

/// The process that checks real servers and keeps the kernel's table of services as they want it. Nothing of
/// VRRP waits for it; when it dies the table stays, and the next one goes on from there.
class Checker {
  public:
    struct Setup {
        int config = -1;   ///< the configuration's text
        int sessions = -1; ///< eventfd: what the board says of BFD has changed
        /// The kernel's table is in another network namespace, where this thread is.
        NamespaceThread* table_namespace = nullptr;
        std::string status_path;
        bool console = true;
        bool first = false; ///< since the daemon was started: lvs_flush counts
        pid_t guard = 0;
    };

    Checker(Board& board, Setup setup);
    ~Checker();
    int run();

  private:
    struct Service;

    // checker.cpp
    void configure();
    void wait_for_signals();
    void beat();
    void stop();
    void finish();
    void apply_later(std::chrono::milliseconds delay);
    void apply();
    void settle();
    void watch_table();
    void watch_module();
    void watch_addresses();
    void read_addresses();
    void suspend_or_resume();

    // checker_services.cpp
    [[nodiscard]] std::vector<std::unique_ptr<Service>> make_services();
    void subscribe(Service& service);
    void recall(Service& service, const Service* before);
    void report(Service& service, std::size_t server, std::size_t check, const CheckReport& report);
    void tell(Service& service, const ServiceMachine::Events& events);
    void tell_initial(Service& service);
    [[nodiscard]] std::vector<weir::Service> plan_all(const OperatorMarks& marks) const;

    // checker_status.cpp
    [[nodiscard]] std::string answer(const std::string& request) const;

    Board& board_;
    Setup setup_;
    Pair log_lines_;
    Log log_;
    boost::asio::io_context io_{1};
    Runner runner_;
    Config config_;
    ScriptQueues notifications_;
    StatusServer status_;
    BfdBoard bfd_;
    CheckPool pool_;
    KernelTable table_;
    std::vector<std::unique_ptr<Service>> services_;
    NotifyFifo fifo_, own_fifo_;
    boost::asio::signal_set signals_;
    boost::asio::steady_timer apply_timer_, audit_timer_, beat_timer_, end_timer_, settle_timer_;
    std::unique_ptr<boost::asio::posix::stream_descriptor> table_events_, address_events_, module_events_;
    std::optional<FamilyWatch> module_;
    std::optional<NetlinkSocket> addresses_;
    std::set<Address> local_;
    std::string table_error_; ///< as it was logged last
    std::uint32_t generation_ = 0;
    unsigned watched_ = 0; ///< KernelTable::openings() whose events are waited for
    bool stopping_ = false, timeouts_due_ = false;
    bool fifo_read_ = false; ///< the program that reads it has ended
};

} // namespace weir::keeper
