// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>

#include "keeper/daemon/log.h"
#include "keeper/net/addresses.h"
#include "keeper/net/advert_socket.h"
#include "keeper/net/announcer.h"
#include "keeper/net/links.h"
#include "keeper/vrrp/deadlines.h"
#include "keeper/vrrp/ensemble.h"
#include "keeper/vrrp/tracking.h"

namespace weir::keeper {

/// An address as it is announced.
struct Announced {
    Address address;
    int interface = 0;
    Mac mac{};
};

/// Rounds of announcements: some at once, some after a delay, some ever again. Sent in portions, so that a
/// thousand addresses never hold an advert up.
struct AnnounceSeries {
    unsigned rounds = 0;
    std::size_t cursor = 0;
    Instant next = never; ///< of the rounds that are left
    Instant second = never;
    unsigned second_rounds = 0;
    Instant refresh = never;

    [[nodiscard]] Instant due() const { return std::min({next, second, refresh}); }
    void stop() { *this = {}; }
};

struct Channel;

/// One virtual router at run time.
struct Router {
    InstanceConfig config;
    AdvertBuffer advert;
    ChecksumForm checksum = ChecksumForm::pseudo_header;
    std::shared_ptr<Channel> channel;
    int base = 0;      ///< index of the configured interface
    int interface = 0; ///< of the one that addresses are on: base, or the vmac
    Address source;
    NetlinkBatch add, remove;
    std::vector<Announced> announced;
    AnnounceSeries series;
    Duration pace{0};
    std::string fault;
    std::string group; ///< sync group's name
    bool logged_address_list = false, logged_send_error = false;
    Instant repaired{0};
    InstanceRecord record;
};

/// One socket and whom its adverts are for.
struct Channel {
    Channel(boost::asio::io_context& io, AdvertSocket opened, Transport key)
        : transport(std::move(key)),
          socket(std::move(opened)),
          wait(io, socket.fd())
    {
        routers.fill(-1);
    }
    ~Channel() { wait.release(); } // the socket closes itself

    Transport transport;
    AdvertSocket socket;
    boost::asio::posix::stream_descriptor wait;
    std::array<std::int32_t, 256> routers; ///< by VRID
};

/// The process that speaks VRRP, and does nothing else: scripts, logs, status and reading of configuration
/// are elsewhere. One thread, real-time; everything on the way of an advert is allocated beforehand.
class VrrpProcess {
  public:
    struct Links {
        int helper = -1; ///< NotifyMessage out, TrackMessage in
        int log = -1;
        int config = -1; ///< memfd with the configuration's text
    };

    VrrpProcess(Board& board, Links links);
    /// Returns an exit status after SIGTERM.
    int run();

  private:
    // vrrp_configure.cpp: configuration and interfaces
    [[nodiscard]] bool load(Config config);
    void start_reload();
    void finish_reload(std::unique_ptr<Config> config);
    void retire(const Config& next);
    void build(Config config);
    /// Finds interface, source address and socket. True if one of them is another than before.
    bool bind_router(Router& router);
    [[nodiscard]] const Link* make_vmac(const Router& router, const Link& base);
    void open_channel(Router& router, const Link& link);
    void close_unused_channels();
    void prepare_addresses(Router& router, const Link& link);
    void exchange_addresses(Router& router, const Router& old);
    /// Sets the router's fault; returns its priority.
    [[nodiscard]] std::uint8_t assess(std::size_t index);
    void judge_router(std::size_t index);
    void links_changed();
    void repair_addresses(std::size_t index, const Link& link);
    [[nodiscard]] Address source_of(const Router& router, const Link& base);
    void take_down(Router& router);
    void publish_all();

    // vrrp_process.cpp: the loop
    void wait_for(Channel& channel);
    void wait_for_timer();
    void wait_for_links();
    void wait_for_helper();
    void wait_for_signal();
    void turn();
    void fire();
    void arm();
    void drain(Channel& channel);
    void dispatch(Channel& channel, const ReceivedAdvert& advert);
    [[nodiscard]] bool acceptable_sender(const Router& router, const ReceivedAdvert& advert) const;
    void reschedule(std::size_t index);
    void stop_all();

    // vrrp_act.cpp: what machines ask for
    void act(std::size_t index, const Actions& actions, State before);
    void send_advert(Router& router, std::uint8_t priority);
    void change_addresses(Router& router, bool add);
    void start_series(Router& router, unsigned rounds, Duration delay, unsigned delayed_rounds);
    void announce_step(std::size_t index);
    void state_changed(std::size_t index, State before);
    void notify(std::size_t index, Event event);
    void notify_group(const std::string& name);
    void publish(std::size_t index);
    void publish_patience();
    void recover_from_guard();

    Board& board_;
    VrrpProcess::Links fds_;
    Log log_;
    boost::asio::io_context io_{1};
    boost::asio::posix::stream_descriptor timer_, link_events_, helper_events_;
    boost::asio::signal_set signals_;
    std::unique_ptr<keeper::Links> links_;
    std::unique_ptr<NetlinkSocket> netlink_;
    std::unique_ptr<Announcer> announcer_;

    Config config_;
    std::unique_ptr<Ensemble> ensemble_;
    std::vector<Router> routers_;
    std::map<std::string, std::size_t> by_name_;
    std::map<Transport, std::shared_ptr<Channel>> channels_;
    std::map<std::string, State> group_states_;
    std::set<Address> virtual_addresses_;
    std::map<std::pair<int, int>, Address>
        sources_;         ///< by interface and family, while one event is looked at
    Deadlines deadlines_; ///< machines, then series
    TrackedState tracked_;
    Instant now_{0};
    std::uint32_t generation_ = 0;
    bool stopping_ = false, reloading_ = false, loading_ = false;
    std::jthread loader_; ///< last: joined before what it works on goes
};

} // namespace weir::keeper
