// SPDX-License-Identifier: GPL-2.0
#include "keeper/config/keyword.h"

namespace weir::keeper {
namespace {

constexpr auto full = Support::full;
constexpr auto no_effect = Support::no_effect;
constexpr auto refused = Support::refused;

constexpr std::string_view mail = "this program sends no mail";
constexpr std::string_view routes = "encap, realms, as and expires are refused";

constexpr std::string_view process_delay = "to a quarter of a second";

constexpr Keyword keywords[] = {
    {"root", "track_group", full, "w", "track_group", ""},
    {"root", "static_ipaddress", full, "", "list:vip", ""},
    {"root", "static_routes", full, "", "list:route", routes},
    {"root", "static_rules", full, "", "list:rule", ""},
    {"root", "vrrp_sync_group", full, "w", "vrrp_sync_group", ""},
    {"root", "garp_group", full, "", "garp_group", ""},
    {"root", "vrrp_instance", full, "w", "vrrp_instance", ""},
    {"root", "vrrp_script", full, "w", "vrrp_script", ""},
    {"root", "vrrp_track_process", full, "w", "vrrp_track_process", ""},
    {"root", "track_file", full, "w", "track_file", ""},
    {"root", "vrrp_track_file", full, "w", "track_file", ""},
    {"root", "interface_up_down_delays", full, "", "list:delay", ""},

    {"track_group", "group", full, "", "list:words", ""},

    {"vrrp_sync_group", "group", full, "", "list:group", ""},
    {"vrrp_sync_group", "track_interface", full, "", "list:interface", ""},
    {"vrrp_sync_group", "track_script", full, "", "list:track", ""},
    {"vrrp_sync_group", "track_file", full, "", "list:track", ""},
    {"vrrp_sync_group", "track_process", full, "", "list:track", ""},
    {"vrrp_sync_group", "track_bfd", full, "", "list:track", ""},
    {"vrrp_sync_group", "notify_backup", full, "cmd", "", ""},
    {"vrrp_sync_group", "notify_master", full, "cmd", "", ""},
    {"vrrp_sync_group", "notify_fault", full, "cmd", "", ""},
    {"vrrp_sync_group", "notify_stop", full, "cmd", "", ""},
    {"vrrp_sync_group", "notify", full, "cmd", "", ""},
    {"vrrp_sync_group", "smtp_alert", no_effect, "b?", "", mail},
    {"vrrp_sync_group", "global_tracking", full, "", "", ""},
    {"vrrp_sync_group", "sync_group_tracking_weight", full, "", "", ""},
    {"vrrp_sync_group", "notify_priority_changes", full, "b?", "", ""},

    {"garp_group", "garp_interval", full, "t:0-1000", "", ""},
    {"garp_group", "gna_interval", full, "t:0-1000", "", ""},
    {"garp_group", "interface", full, "w", "", ""},
    {"garp_group", "interfaces", full, "", "list:words", ""},

    {"vrrp_instance", "use_vmac", full, "...", "", ""},
    {"vrrp_instance", "use_vmac_addr", refused, "...", "", "addresses have no virtual MACs of their own"},
    {"vrrp_instance", "vmac_xmit_base", full, "", "", ""},
    {"vrrp_instance", "use_ipvlan", refused, "...", "", "ipvlan is not part of this version"},
    {"vrrp_instance", "unicast_peer", full, "", "list:peer", ""},
    {"vrrp_instance", "unicast_fault_no_peer", full, "", "", ""},
    {"vrrp_instance", "check_unicast_src", full, "", "", ""},
    {"vrrp_instance", "old_unicast_checksum", full, "c:never?", "",
     "only 'never': the checksum of keepalived before 1.3.7 is not spoken"},
    {"vrrp_instance", "native_ipv6", no_effect, "", "", "the family follows from the addresses"},
    {"vrrp_instance", "state", full, "c:MASTER|BACKUP", "", ""},
    {"vrrp_instance", "interface", full, "w", "", ""},
    {"vrrp_instance", "vrf", full, "w", "", "the interface has to be in it"},
    {"vrrp_instance", "dont_track_primary", full, "", "", ""},
    {"vrrp_instance", "track_interface", full, "", "list:interface", ""},
    {"vrrp_instance", "track_script", full, "", "list:track", ""},
    {"vrrp_instance", "track_file", full, "", "list:track", ""},
    {"vrrp_instance", "track_process", full, "", "list:track", ""},
    {"vrrp_instance", "track_bfd", full, "", "list:track", ""},
    {"vrrp_instance", "takeover_bfd", full, "w", "",
     "not of keepalived: become master when this session goes down"},
    {"vrrp_instance", "mcast_src_ip", full, "a", "", ""},
    {"vrrp_instance", "unicast_src_ip", full, "a", "", ""},
    {"vrrp_instance", "mcast_dst_ip", full, "a", "", ""},
    {"vrrp_instance", "track_src_ip", full, "", "", ""},
    {"vrrp_instance", "virtual_router_id", full, "n:1-255", "", ""},
    {"vrrp_instance", "unicast_ttl", full, "n:0-255", "", ""},
    {"vrrp_instance", "version", full, "n:2-3", "", ""},
    {"vrrp_instance", "priority", full, "n:1-255", "", ""},
    {"vrrp_instance", "advert_int", full, "t:0.01-255", "", ""},
    {"vrrp_instance", "virtual_ipaddress", full, "", "list:vip", ""},
    {"vrrp_instance", "virtual_ipaddress_excluded", full, "", "list:vip", ""},
    {"vrrp_instance", "promote_secondaries", full, "", "", ""},
    {"vrrp_instance", "linkbeat_use_polling", no_effect, "", "", "the kernel reports link changes"},
    {"vrrp_instance", "virtual_routes", full, "", "list:route", routes},
    {"vrrp_instance", "virtual_rules", full, "", "list:rule", ""},
    {"vrrp_instance", "accept", full, "", "", ""},
    {"vrrp_instance", "no_accept", full, "", "", "by nftables"},
    {"vrrp_instance", "skip_check_adv_addr", full, "b?", "", ""},
    {"vrrp_instance", "strict_mode", full, "b?", "", ""},
    {"vrrp_instance", "preempt", full, "", "", ""},
    {"vrrp_instance", "nopreempt", full, "", "", ""},
    {"vrrp_instance", "preempt_delay", full, "t:0-1000", "", ""},
    {"vrrp_instance", "debug", no_effect, "n:0-4?", "", "'weir-keeper status' shows what instances do"},
    {"vrrp_instance", "notify_backup", full, "cmd", "", ""},
    {"vrrp_instance", "notify_master", full, "cmd", "", ""},
    {"vrrp_instance", "notify_fault", full, "cmd", "", ""},
    {"vrrp_instance", "notify_stop", full, "cmd", "", ""},
    {"vrrp_instance", "notify_deleted", full, "cmd?", "", ""},
    {"vrrp_instance", "notify", full, "cmd", "", ""},
    {"vrrp_instance", "notify_master_rx_lower_pri", full, "cmd", "", ""},
    {"vrrp_instance", "smtp_alert", no_effect, "b?", "", mail},
    {"vrrp_instance", "notify_priority_changes", full, "b?", "", ""},
    {"vrrp_instance", "lvs_sync_daemon_interface", refused, "w", "",
     "connection synchronisation is not part of this version"},
    {"vrrp_instance", "garp_master_delay", full, "t:0-1000000", "", ""},
    {"vrrp_instance", "garp_master_refresh", full, "t:0-1000000", "", ""},
    {"vrrp_instance", "garp_master_repeat", full, "n:0-1000000", "", ""},
    {"vrrp_instance", "garp_master_refresh_repeat", full, "n:0-1000000", "", ""},
    {"vrrp_instance", "garp_lower_prio_delay", full, "t:0-1000000", "", ""},
    {"vrrp_instance", "garp_lower_prio_repeat", full, "n:0-1000000", "", ""},
    {"vrrp_instance", "down_timer_adverts", full, "n:1-100", "", ""},
    {"vrrp_instance", "garp_extra_if", full, "...", "", ""},
    {"vrrp_instance", "vmac_garp_intvl", full, "...", "", "garp_extra_if"},
    {"vrrp_instance", "lower_prio_no_advert", full, "b?", "", ""},
    {"vrrp_instance", "higher_prio_send_advert", full, "b?", "", ""},
    {"vrrp_instance", "kernel_rx_buf_size", no_effect, "n:1-4294967295", "",
     "socket buffers follow this program's own rules"},
    {"vrrp_instance", "authentication", full, "", "authentication", ""},
    {"vrrp_instance", "v3_checksum_as_v2", full, "b?", "", "of keepalived 2.3"},

    {"authentication", "auth_type", full, "c:PASS|AH", "", "AH is refused"},
    {"authentication", "auth_pass", full, "w", "", ""},

    {"vrrp_script", "script", full, "cmd", "", ""},
    {"vrrp_script", "interval", full, "t:0.001-4294", "", "fractions of a second too"},
    {"vrrp_script", "timeout", full, "t:0.001-4294", "", "fractions of a second too"},
    {"vrrp_script", "weight", full, "n:-253-253 c:reverse|noreverse?", "", ""},
    {"vrrp_script", "rise", full, "n:1-2147483647", "", ""},
    {"vrrp_script", "fall", full, "n:1-2147483647", "", ""},
    {"vrrp_script", "user", full, "w w?", "", ""},
    {"vrrp_script", "init_fail", full, "", "", ""},

    {"vrrp_track_process", "process", full, "cmd", "", ""},
    {"vrrp_track_process", "param_match", full, "c:initial|partial", "", ""},
    {"vrrp_track_process", "weight", full, "n:-253-253 c:reverse|noreverse?", "", ""},
    {"vrrp_track_process", "quorum", full, "n:1-65535", "", ""},
    {"vrrp_track_process", "quorum_max", full, "n:0-65535", "", ""},
    {"vrrp_track_process", "delay", full, "t:0.000001-3600", "", process_delay},
    {"vrrp_track_process", "terminate_delay", full, "t:0.000001-3600", "", process_delay},
    {"vrrp_track_process", "fork_delay", full, "t:0.000001-3600", "", process_delay},
    {"vrrp_track_process", "full_command", full, "", "", ""},

    {"track_file", "file", full, "w", "", ""},
    {"track_file", "weight", full, "n:-254-254 c:reverse|noreverse?", "", ""},
    {"track_file", "init_file", full, "n:-2147483648-2147483647? c:overwrite?", "", ""},
};

} // namespace

std::span<const Keyword> vrrp_keywords()
{
    return keywords;
}

} // namespace weir::keeper
