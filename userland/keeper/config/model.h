// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/rare.h"
#include "keeper/config/command.h"
#include "keeper/config/diagnostic.h"
#include "keeper/config/route.h"
#include "keeper/config/service_model.h"

/// keepalived.conf with its meaning: what the VRRP process works from. Passive data.
namespace weir::keeper {

using Mac = std::array<std::uint8_t, 6>;

/// What few addresses have said of them.
struct AddressExtras {
    Address broadcast;
    bool broadcast_auto = false;
    Address peer;
    unsigned peer_length = 0;
    std::string label;
    std::optional<std::uint32_t> preferred_lft;
    std::string track_group; ///< static addresses only

    bool operator==(const AddressExtras&) const = default;
};

/// An address that the master has.
struct VirtualAddress {
    Prefix address;     ///< an IPv4 or IPv6 address without a length has its full width
    std::string device; ///< "" is the instance's interface
    Rare<AddressExtras> extras;
    std::uint8_t scope = 0; ///< RT_SCOPE_*
    bool no_track = false;
    bool use_vmac = false; ///< asked for; `device` is that interface then
    bool home = false, dad = false, mngtmpaddr = false, noprefixroute = false, autojoin = false;

    bool operator==(const VirtualAddress&) const = default;
};

/// What an instance or group follows. Weight 0 means "FAULT while it is down".
struct Track {
    std::string name;
    int weight = 0;
    bool reverse = false;
    bool weight_given = false;

    bool operator==(const Track&) const = default;
};

struct Peer {
    Address address;
    int min_ttl = -1, max_ttl = -1;

    bool operator==(const Peer&) const = default;
};

struct Notify {
    Command master, backup, fault, stop, deleted, any, master_rx_lower;
    bool say_deleted = false; ///< notify_deleted without a command: "DELETED", where FAULT is said else

    bool operator==(const Notify&) const = default;
};

/// Gratuitous ARP and unsolicited neighbour advertisements.
struct Announce {
    Duration delay = std::chrono::seconds(5);
    unsigned repeat = 5;
    Duration refresh{0};
    unsigned refresh_repeat = 1;
    Duration lower_prio_delay = std::chrono::seconds(5);
    unsigned lower_prio_repeat = 5;

    bool operator==(const Announce&) const = default;
};

/// use_vmac
struct Vmac {
    std::string name;
    std::optional<Mac> mac;
    bool mac_given = false, ends_in_vrid = false;
    std::uint32_t group = 0; ///< of interfaces, as iproute2 has them

    bool operator==(const Vmac&) const = default;
};

/// use_ipvlan: an interface in mode L2 for the adverts alone; the addresses stay on the one below, which it
/// shares the MAC with.
struct Ipvlan {
    std::string name;
    std::optional<Prefix> address; ///< of the adverts; none (IPv6 only): the interface's link-local one
    std::uint16_t flags = 0;       ///< IPVLAN_F_*; 0: a bridge
    std::uint32_t group = 0;

    bool operator==(const Ipvlan&) const = default;
};

/// Of addresses on other interfaces than the instance's, or of the other family.
struct AddressVmac {
    std::string name, base;
    Mac mac{};

    bool operator==(const AddressVmac&) const = default;
};

struct InstanceConfig {
    std::string name;
    Position at;
    bool state_master = false;
    std::string interface;
    std::uint8_t vrid = 0;
    std::uint8_t priority = 100;
    Duration advert_interval = std::chrono::seconds(1);
    unsigned version = 2;
    int family = AF_INET;
    std::vector<VirtualAddress> addresses, excluded;
    std::vector<RouteConfig> routes;
    std::vector<RuleConfig> rules;
    std::optional<Vmac> vmac;
    bool xmit_base = false; ///< with a vmac: adverts leave the interface below
    std::optional<Ipvlan> ipvlan;
    bool vmac_addresses = false; ///< use_vmac_addr
    std::vector<AddressVmac> address_vmacs;
    bool preempt = true;
    Duration preempt_delay{0};
    unsigned down_timer_adverts = 3;
    bool lower_prio_no_advert = false;
    bool higher_prio_send_advert = false;
    Announce announce;

    Address source; ///< of adverts; empty: the interface's primary address
    bool track_source = false;
    Address group; ///< multicast destination
    std::vector<Peer> peers;
    bool unicast = false;
    bool fault_without_peer = false;
    bool check_peer = false; ///< adverts from others than the peers are dropped
    unsigned ttl = 255;

    bool skip_check_addresses = false;
    bool message_checksum = false; ///< v3 IPv4: RFC 9568's form, not keepalived's
    std::optional<std::array<std::uint8_t, 8>> password;
    bool ah = false; ///< it is the key of auth_type AH
    bool promote_secondaries = false;

    bool track_primary = true;
    std::vector<Track> interfaces, scripts, files, processes, bfds;
    std::string takeover_bfd; ///< of a BfdConfig
    Rare<Notify> notify;
    bool notify_priority = false;

    std::optional<bool> strict, accept; ///< both are there once the instance is settled
    std::string vrf;
    Duration extra_interval{0}; ///< garp_extra_if
    bool extra_all = false;

    /// The one that virtual routers know it by: its vmac, its ipvlan or its interface.
    [[nodiscard]] const std::string& advert_interface() const;
    /// The interfaces that are made for it.
    [[nodiscard]] std::vector<std::string> made_interfaces() const;
    bool operator==(const InstanceConfig& other) const;
};

struct SyncGroupConfig {
    std::string name;
    Position at;
    std::vector<std::string> members;
    std::vector<Track> interfaces, scripts, files, processes, bfds;
    bool weights = false, global_tracking = false;
    Rare<Notify> notify;
    bool notify_priority = false;
};

struct ScriptConfig {
    std::string name;
    Position at;
    Command command;
    Duration interval = std::chrono::seconds(1);
    Duration timeout{0}; ///< 0 is the interval
    int weight = 0;
    bool reverse = false;
    unsigned rise = 1, fall = 1;
    bool init_fail = false;

    bool operator==(const ScriptConfig& other) const;
};

struct FileConfig {
    std::string name;
    Position at;
    std::string path;
    int weight = 1;
    bool reverse = false;
    bool init = false, overwrite = false;
    int init_value = 0;
};

struct ProcessConfig {
    std::string name;
    Position at;
    std::string process;
    std::vector<std::string> arguments;
    /// The arguments must be these; begin with these; begin with these, the last of which may go on.
    enum class Match { name, exact, partial, initial } match = Match::name;
    bool full_command = false;
    int weight = 0;
    bool reverse = false;
    unsigned quorum = 1;
    std::optional<unsigned> quorum_max;
    Duration up_delay{0}, down_delay{0};
};

/// A session of RFC 5880/5881.
struct BfdConfig {
    std::string name;
    Position at;
    Address neighbor, source;
    Duration min_rx = std::chrono::milliseconds(10), min_tx = std::chrono::milliseconds(10);
    Duration idle_tx = std::chrono::seconds(1); ///< while the session is not up
    unsigned multiplier = 5;
    bool passive = false;
    unsigned ttl = 255;
    unsigned max_hops = 0; ///< 255: whatever a packet's TTL
    int weight = 0;
    bool reverse = false;
    bool for_vrrp = true, for_checks = true;

    bool operator==(const BfdConfig& other) const;
};

/// interface_up_down_delays
struct InterfaceDelay {
    std::string name;
    Duration down{0}, up{0};
};

/// Room between announcements on an interface.
struct AnnouncePace {
    std::vector<std::string> interfaces;
    Duration arp{0}, na{0};
};

struct Global {
    std::string net_namespace;
    std::string net_namespace_ipvs; ///< of the kernel's table of services; empty: the daemon's own
    std::string default_interface = "eth0";
    bool dynamic_interfaces = false;
    unsigned version = 2;
    Address group4, group6;
    Announce announce;
    Duration arp_interval{0}, na_interval{0};
    unsigned down_timer_adverts = 3;
    bool lower_prio_no_advert = false, higher_prio_send_advert = false;
    bool check_peer = false, skip_check_addresses = false, message_checksum = false;
    unsigned rt_priority = 0; ///< 0 is this program's choice
    std::optional<Fifo> fifo, vrrp_fifo;
    Program fifo_reader, vrrp_fifo_reader, startup, shutdown;
    std::string reload_file; ///< there while a reload reads the files
    std::string reload_time_file;
    bool reload_repeat = false; ///< reload_time_file stays, where it says no date
    bool notify_priority = false, fifo_states_on_reload = false;
    std::string script_user, script_group;
    Position script_user_at;
    bool script_security = false;
    bool strict = false;
    Duration extra_interval{0};
    bool extra_all = false;
    Duration startup_delay{0};
    std::string vmac_prefix = "vrrp", vmac_addr_prefix; ///< of generated names
};

/// Who gives up when a static address, route or rule of this group is taken away.
struct TrackGroupConfig {
    std::string name;
    Position at;
    std::vector<std::string> instances;
};

/// What is there for as long as the daemon runs, whoever is master.
struct StaticConfig {
    std::vector<VirtualAddress> addresses;
    std::vector<RouteConfig> routes;
    std::vector<RuleConfig> rules;

    bool operator==(const StaticConfig&) const = default;
};

struct Config {
    Global global;
    std::vector<InstanceConfig> instances;
    std::vector<SyncGroupConfig> groups;
    std::vector<ScriptConfig> scripts;
    std::vector<FileConfig> files;
    std::vector<ProcessConfig> processes;
    std::vector<BfdConfig> bfds;
    std::vector<InterfaceDelay> delays;
    std::vector<AnnouncePace> paces;
    StaticConfig fixed;
    std::vector<TrackGroupConfig> track_groups;
    ServiceGlobal services;
    std::vector<VirtualServerConfig> virtual_servers;
};

} // namespace weir::keeper
