// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "keeper/daemon/log.h"
#include "keeper/net/addresses.h"
#include "keeper/net/advert_socket.h"
#include "keeper/net/announcer.h"
#include "keeper/net/datagram.h"
#include "keeper/net/links.h"
#include "keeper/net/routes.h"
#include "keeper/vrrp/deadlines.h"
#include "keeper/vrrp/ensemble.h"
#include "keeper/vrrp/handovers.h"
#include "keeper/vrrp/takeover.h"
#include "keeper/vrrp/tracking.h"

namespace weir::keeper {

/// An address as it is announced.
struct Announced {
    Address address;
    int interface = 0;
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
    Instant extra = never; ///< garp_extra_if

    [[nodiscard]] Instant due() const { return std::min({next, second, refresh, extra}); }
    void stop() { *this = {}; }
};

struct Channel;

/// One virtual router at run time.
struct Router {
    InstanceConfig config;
    AdvertBuffer advert;
    ChecksumForm checksum = ChecksumForm::pseudo_header;
    std::shared_ptr<Channel> channel;
    int base = 0;                         ///< index of the configured interface
    int interface = 0;                    ///< of the one that adverts cross: base, the vmac or the ipvlan
    Mac mac{};                            ///< its, when it was last looked at
    std::vector<std::string> other_names; ///< of addresses, routes and rules elsewhere, tracked
    std::vector<int> others;              ///< their indices, 0 where there is none
    Address source;
    std::vector<Prefix> own; ///< of an owner: what the machine had by itself; that is not removed
    NetlinkBatch add, remove;
    std::vector<Announced> announced;
    AnnounceSeries series;
    Duration pace{0};
    std::uint32_t ah_sequence = 0; ///< the last one that was sent or heard
    std::uint16_t ah_id = 0;
    std::string fault;
    std::size_t group = Ensemble::no_group;
    bool logged_address_list = false, logged_send_error = false;
    Instant since{0};       ///< its state
    Instant complain_at{0}; ///< of another who has its address, or its priority 255: not before then

    int bfd = -1; ///< session of takeover_bfd
    Takeover takeover;

    /// The one that has the adverts' source. A vmac has none of its own, an ipvlan has.
    [[nodiscard]] int source_interface() const { return config.ipvlan ? interface : base; }
};

/// A BFD session at run time. Control packets come in by the port that all share and leave by one of its own.
struct BfdPeer {
    BfdConfig config;
    BfdSession session;
    DatagramSocket out;
    int interface = 0; ///< where the neighbor is link-local
    BfdRecord record;
    Instant presumed_until =
        never; ///< a reload changed it: it counts as it did until it is up, or until then

    [[nodiscard]] Instant due() const { return std::min(session.deadline(), presumed_until); }
};

/// Waits until a socket has something to read; where reading goes on failing, after a pause.
struct ReadWait {
    explicit ReadWait(boost::asio::io_context& io) : descriptor(io), pause(io) {}
    void close()
    {
        pause.cancel();
        descriptor.release(); // the socket closes itself
    }
    boost::asio::posix::stream_descriptor descriptor;
    boost::asio::steady_timer pause;
    bool failing = false; ///< and that was logged
};

/// A UDP port of one family, while somebody needs it.
struct UdpPort {
    explicit UdpPort(boost::asio::io_context& io) : wait(io) {}
    ~UdpPort() { close(); }
    void close()
    {
        if (socket)
            wait.close();
        socket.reset();
    }
    std::unique_ptr<DatagramSocket> socket;
    ReadWait wait;
};

/// One socket and whom its adverts are for.
struct Channel {
    Channel(boost::asio::io_context& io, AdvertSocket opened, Transport key)
        : transport(std::move(key)),
          socket(std::move(opened)),
          wait(io)
    {
        wait.descriptor.assign(socket.fd());
        routers.fill(-1);
    }
    ~Channel() { wait.close(); }

    Transport transport;
    AdvertSocket socket;
    ReadWait wait;
    std::array<std::int32_t, 256> routers; ///< by VRID
};

/// The process that speaks VRRP, and does nothing else: scripts, logs, status and reading of configuration
/// are elsewhere. One thread, real-time; everything on the way of an advert is allocated beforehand.
class VrrpProcess : private HandoverHost {
  public:
    struct Links {
        int helper = -1; ///< NotifyMessage out, TrackMessage in
        int log = -1;
        int config = -1;   ///< memfd with the configuration's text
        int sessions = -1; ///< eventfd: what the board says of BFD has changed
    };

    VrrpProcess(Board& board, Links links);
    /// Returns an exit status after SIGTERM.
    int run();

  private:
    // vrrp_configure.cpp: configuration, and what interfaces make of it
    void start_reload();
    void finish_reload(std::unique_ptr<Config> config);
    void retire(const Config& next);
    void build(const Config& config);
    void note_new_trackers(const Config& next);
    /// Finds interface, source address and socket. True if one of them is another than before.
    bool bind_router(Router& router);
    void open_channel(Router& router, const Link& link);
    void close_unused_channels();
    [[nodiscard]] static std::vector<std::string> other_interfaces(const InstanceConfig& config);
    void prepare_addresses(Router& router, const Link& link);
    [[nodiscard]] bool remove_dropped(const Router& router, const Router& old);
    /// Sets the router's fault; returns its priority.
    [[nodiscard]] std::uint8_t assess(std::size_t index);
    void judge_router(std::size_t index);
    void links_changed();
    void start_routers();
    void publish_all(const std::vector<InstanceRecord>& before = {});

    // vrrp_links.cpp
    [[nodiscard]] Address source_of(const Router& router, const Link& link);
    [[nodiscard]] bool has_source(const Router& router) const;
    void find_own(Router& router);
    [[nodiscard]] int vrf_of(const Link& link) const;
    [[nodiscard]] bool in_vrf(const Link& link, const std::string& vrf) const;
    [[nodiscard]] bool make_link(const Router& router, const std::string& name, const NetlinkBatch& add);
    [[nodiscard]] const Link* bring_up(const std::string& name);
    [[nodiscard]] const Link* make_macvlan(const Router& router, const std::string& name, const Mac& mac,
                                           const Link& base, std::uint32_t group = 0);
    [[nodiscard]] const Link* make_vmac(const Router& router, const Link& base);
    [[nodiscard]] const Link* make_ipvlan(const Router& router, const Link& base);
    void add_own_address(const Link& link, const Prefix& prefix);
    void drop_links(const Router& router, const Router& old);
    void take_down(Router& router);

    // vrrp_static.cpp: what is there whoever is master, and what somebody else took away
    void apply_static(const StaticConfig& before);
    void remove_static();
    void schedule_repair();
    /// Whether an interface is up, as long as interface_up_down_delays has it so.
    [[nodiscard]] bool is_up(const std::string& name);
    void configure_delays();
    void schedule_delays();
    void repair();
    void repair_static();
    void give_up(const std::string& track_group);
    void wait_for_routes();
    void repair_routes();
    void repair_addresses();
    void repair_address(Router& router, const VirtualAddress& address);

    // vrrp_bfd.cpp: sessions, and what their end means
    void configure_bfd();
    void retire_bfd(BfdPeer& peer);
    void bind_bfd_interfaces();
    void drain_bfd();
    void take_bfd(const DatagramSocket::Received& received);
    void expire_bfd(std::size_t index);
    void act_bfd(std::size_t index, const BfdActions& actions);
    void bfd_changed(std::size_t index, bool was_up);
    void judge_bfd(const BfdPeer& peer);
    void publish_bfd(std::size_t index);
    void tell_checker() const;
    [[nodiscard]] std::size_t bfd_item(std::size_t index) const { return routers_.size() * 2 + 2 + index; }

    // vrrp_handover.cpp: orderly handover
    void configure_handover();
    bool send_handover(std::size_t index, const HandoverMessage& message, const Address& to) override;
    [[nodiscard]] std::uint64_t make_nonce() override;
    void note_handover(std::size_t index, HandoverNote note, const Address& heir) override;
    [[nodiscard]] std::size_t handover_item() const { return routers_.size() * 2 + 1; }
    void drain_handover();
    void take_handover(const DatagramSocket::Received& received);
    [[nodiscard]] std::size_t find_router(const HandoverMessage& message, const DatagramPath& path) const;
    void start_handover(const std::vector<std::size_t>& wanted);
    void handover_timeout();
    void leave();
    void end_if_left();

    void open_port(UdpPort& port, int family, std::uint16_t number, void (VrrpProcess::*reader)());
    void wait_for_port(UdpPort& port, void (VrrpProcess::*reader)());

    // vrrp_process.cpp: the loop
    void wait_for(Channel& channel);
    void wait_again(ReadWait& wait, int error, std::function<void()> again);
    void wait_for_timer();
    void wait_for_links();
    void wait_for_helper();
    void wait_for_signal();
    void turn();
    void fire();
    void arm();
    void drain(Channel& channel);
    void dispatch(Channel& channel, ReceivedAdvert advert);
    [[nodiscard]] std::optional<BadPacket> open_ah(Router& router, ReceivedAdvert& advert);
    void complain(Router& router, std::string_view text);
    [[nodiscard]] bool acceptable_sender(const Router& router, const ReceivedAdvert& advert) const;
    void reschedule(std::size_t index);
    void stop_all();

    // vrrp_act.cpp: what machines ask for
    void act(std::size_t index, const Actions& actions, State before);
    void send_advert(Router& router, std::uint8_t priority);
    [[nodiscard]] int send_in_ah(Router& router, std::span<const std::uint8_t> message, const Address& to);
    void change_addresses(Router& router, bool add);
    void start_series(Router& router, unsigned rounds, Duration delay, unsigned delayed_rounds);
    void repeat_series(Router& router) const;
    void announce_again(Router& router, unsigned rounds);
    void announce_step(std::size_t index);
    [[nodiscard]] std::string reason_detail(std::size_t index) const;
    void state_changed(std::size_t index, State before);
    void tell_reload();
    [[nodiscard]] bool tell_helper(const NotifyMessage& message);
    void notify(std::size_t index, Event event);
    void notify_group(std::size_t group);
    void notify_group(std::size_t group, State state);
    void publish(std::size_t index);
    void publish_patience();
    void recover_from_guard();

    Board& board_;
    VrrpProcess::Links fds_;
    Log log_;
    boost::asio::io_context io_{1};
    boost::asio::posix::stream_descriptor timer_, link_events_, route_events_, helper_events_;
    boost::asio::signal_set signals_;
    std::unique_ptr<keeper::Links> links_;
    std::unique_ptr<NetlinkSocket> routes_gone_;
    std::unique_ptr<NetlinkSocket> netlink_;
    std::unique_ptr<Announcer> announcer_;

    Config config_;
    std::unique_ptr<Ensemble> ensemble_;
    std::vector<Router> routers_;
    std::map<std::string, std::size_t> by_name_;
    std::map<Transport, std::shared_ptr<Channel>> channels_;
    std::map<std::string, State> group_states_;
    std::vector<Address> virtual_addresses_; ///< sorted
    std::map<std::pair<int, int>, Address>
        sources_;         ///< by interface and family, while one event is looked at
    Deadlines deadlines_; ///< machines, then series, the repair of what somebody took away, the wait for
                          ///< heirs, BFD sessions
    std::vector<std::unique_ptr<BfdPeer>> bfds_;
    UdpPort bfd4_, bfd6_, handover4_, handover6_;
    Handovers handovers_{*this};
    bool leaving_ = false; ///< the process ends when no heir is waited for
    TrackedState tracked_;
    StaticConfig fixed_;
    struct Delayed {
        Duration down{0}, up{0};
        bool shown = false;
        Instant due = never;
    };
    std::map<std::string, Delayed> delayed_;
    Instant repaired_{0}, repair_at_ = never;
    Instant now_{0};
    std::array<std::uint8_t, ah_max_size> ah_packet_{}; ///< where one is made
    std::uint32_t generation_ = 0;
    bool stopping_ = false, reloading_ = false, loading_ = false;
    bool retiring_ = false;      ///< what stops is told of as deleted
    bool reload_untold_ = false; ///< the helper does not know of this configuration yet
    std::jthread loader_;        ///< last: joined before what it works on goes
};

} // namespace weir::keeper
