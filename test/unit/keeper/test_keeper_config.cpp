// SPDX-License-Identifier: GPL-2.0
#include <fstream>
#include <sstream>

#include "catch.h"
#include "config_text.h"
#include "keeper/config/flatten.h"
#include "keeper/config/keyword.h"

using namespace weir;
using namespace weir::keeper;
using namespace weir::keeper::test;
using namespace std::chrono_literals;
using Messages = std::vector<std::string>;

namespace {

std::string instance(const std::string& lines)
{
    return "vrrp_instance V {\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {\n 192.0.2.1/24\n "
           "}\n" +
           lines + "\n}\n";
}

} // namespace

TEST_CASE("config: an instance takes what keepalived's defaults say", "[keeper]")
{
    auto loaded = load(instance(""));
    REQUIRE(loaded.messages.empty());
    REQUIRE(loaded.config.instances.size() == 1);
    const auto& v = loaded.config.instances[0];
    CHECK(v.version == 2);
    CHECK(v.priority == 100);
    CHECK(v.advert_interval == 1s);
    CHECK(v.preempt);
    CHECK(v.announce == Announce{});
    CHECK(v.ttl == 255);
    CHECK(v.addresses.at(0).address.to_string() == "192.0.2.1/24");
    CHECK(check_status(loaded.diagnostics) == 0);
}

TEST_CASE("config: state MASTER without a priority owns the address", "[keeper]")
{
    CHECK(load(instance("state MASTER")).config.instances[0].priority == 255);
    CHECK(load(instance("priority 255")).config.instances[0].state_master);
}

TEST_CASE("config: global definitions reach instances above them", "[keeper]")
{
    auto loaded = load(
        instance("") +
        "global_defs {\n vrrp_version 3\n vrrp_garp_master_repeat 2\n vrrp_mcast_group4 224.0.0.99\n}\n");
    REQUIRE(loaded.messages.empty());
    CHECK(loaded.config.instances[0].version == 3);
    CHECK(loaded.config.instances[0].announce.repeat == 2);
    CHECK(loaded.config.instances[0].group.to_string() == "224.0.0.99");
}

TEST_CASE("config: unknown words are named with their place and the nearest right one", "[keeper]")
{
    CHECK(load(instance("  priorty 150")).messages ==
          Messages{"7:3: error: unknown keyword 'priorty' in vrrp_instance; did you mean 'priority'?"});
    CHECK(load("vrrp_instanc V {\n}").messages ==
          Messages{"1:1: error: unknown keyword 'vrrp_instanc'; did you mean 'vrrp_instance'?"});
    CHECK(load(instance("real_server 192.0.2.9 80 {\n}")).messages ==
          Messages{"7:1: error: 'real_server' has no place in vrrp_instance, it belongs in virtual_server"});
    CHECK(load("virtual_server 192.0.2.1 80 {\n real_server 192.0.2.2 80 {\n TCP_CHECK {\n connetc_port 8\n "
               "}\n }\n protocol TCP\n}")
              .messages[0] ==
          "4:2: error: unknown keyword 'connetc_port' in TCP_CHECK; did you mean 'connect_port'?");
}

TEST_CASE("config: lenient names unknown words and goes on", "[keeper]")
{
    auto loaded = load(instance("priorty 150\nfoo_bar_baz {\n x y\n}"), {.lenient = true});
    CHECK(loaded.diagnostics.usable());
    CHECK(loaded.messages.size() == 2);
    CHECK_FALSE(load(instance("priority 300"), {.lenient = true}).diagnostics.usable());
}

TEST_CASE("config: wrong values are refused where they stand", "[keeper]")
{
    CHECK(load(instance("priority 256")).messages ==
          Messages{"7:10: error: priority: 256 is out of range, 1 to 255 is allowed"});
    CHECK(load(instance("priority abc")).messages ==
          Messages{"7:10: error: priority: 'abc' is not a number"});
    CHECK(load(instance("advert_int 1s")).messages ==
          Messages{"7:12: error: advert_int: '1s' is not a time in seconds"});
    CHECK(load(instance("state MASTR")).messages ==
          Messages{"7:7: error: state: 'MASTR' is not known here; did you mean 'MASTER'?"});
    CHECK(load(instance("priority")).messages == Messages{"7:1: error: 'priority' needs a value"});
    CHECK(load(instance("lower_prio_no_advert maybe")).messages.size() == 1);
    CHECK(load(instance("authentication")).messages[0] ==
          "7:1: error: 'authentication' needs a block in braces");
    CHECK(load(instance("nopreempt {\n}")).messages[0] == "7:1: error: 'nopreempt' has no block");
    CHECK(load(instance("virtual_ipaddress_excluded {\n 192.0.2.300\n}")).messages ==
          Messages{"8:2: error: '192.0.2.300' is not an IPv4 or IPv6 address"});
}

TEST_CASE("config: statements on one line are one statement", "[keeper]")
{
    auto loaded = load("vrrp_instance V { interface eth0 virtual_router_id 5 }");
    CHECK_FALSE(loaded.diagnostics.usable());
}

TEST_CASE("config: what would change traffic and is not there is refused, what would not is noted",
          "[keeper]")
{
    auto loaded = load("virtual_server 192.0.2.1 80 {\n protocol SCTP\n real_server 192.0.2.2 80 {\n }\n}\n");
    REQUIRE(loaded.messages.size() == 1);
    CHECK(loaded.messages[0].starts_with("2:11: refused: 'SCTP' is not supported"));
    auto mail = load(instance("smtp_alert") +
                     "global_defs {\n notification_email {\n a@example.org\n }\n smtp_server 192.0.2.5\n}\n");
    CHECK(mail.messages.empty());
    CHECK(mail.diagnostics.count(Severity::note) == 3);
    CHECK(check_status(mail.diagnostics) == 0);
}

TEST_CASE("config: times are exact to the microsecond", "[keeper]")
{
    CHECK(*parse_seconds("0.01", 0.01, 255) == 10000);
    CHECK(*parse_seconds("1", 0, 255) == 1000000);
    CHECK(*parse_seconds(".5", 0, 255) == 500000);
    CHECK(*parse_seconds("3.0000015", 0, 255) == 3000001);
    for (const char* bad : {"", ".", "-1", "1e3", "1 ", "0x1", "1.2.3"})
        CHECK_FALSE(parse_seconds(bad, 0, 255));
    CHECK_FALSE(parse_seconds("255.000001", 0, 255));
    CHECK_FALSE(parse_seconds("99999999999999999999", 0, 255));
}

TEST_CASE("config: intervals that a version cannot carry are rounded aloud", "[keeper]")
{
    auto v2 = load(instance("advert_int 0.4"));
    CHECK(v2.messages.size() == 1);
    CHECK(v2.config.instances[0].advert_interval == 1s);
    CHECK(check_status(v2.diagnostics) == 5);
    auto v3 = load(instance("version 3\nadvert_int 0.015"));
    CHECK(v3.config.instances[0].advert_interval == 20ms);
    CHECK(load(instance("version 3\nadvert_int 0.01")).messages.empty());
    CHECK(load(instance("version 3\nadvert_int 41")).config.instances[0].advert_interval == 40950ms);
}

TEST_CASE("config: addresses take ip-address options", "[keeper]")
{
    auto loaded = load(
        instance("virtual_ipaddress_excluded {\n 192.0.2.7 dev eth1 label eth1:0 scope link brd 192.0.2.255\n"
                 " 2001:db8::5/64 preferred_lft 0 -nodad\n 198.51.100.1 bogus\n}"));
    CHECK(loaded.messages == Messages{"10:15: error: 'bogus' is not known after an address"});
    const auto& list = loaded.config.instances[0].excluded;
    REQUIRE(list.size() == 3);
    CHECK(list[0].device == "eth1");
    CHECK(list[0].extras->label == "eth1:0");
    CHECK(list[0].scope == 253);
    CHECK(list[0].extras->broadcast.to_string() == "192.0.2.255");
    CHECK(list[1].dad);
    CHECK(list[1].extras->preferred_lft == 0);
}

TEST_CASE("config: families do not mix and IPv6 is version 3", "[keeper]")
{
    auto six = load(
        "vrrp_instance V {\n virtual_router_id 1\n virtual_ipaddress {\n fe80::1\n 2001:db8::1/64\n }\n}\n");
    REQUIRE(six.messages.empty());
    CHECK(six.config.instances[0].version == 3);
    CHECK(six.config.instances[0].family == AF_INET6);
    CHECK(load("vrrp_instance V {\n virtual_router_id 1\n version 2\n virtual_ipaddress {\n fe80::1\n }\n}\n")
              .messages == Messages{"1:1: error: instance 'V': IPv6 needs version 3"});
    CHECK(load("vrrp_instance V {\n virtual_router_id 1\n virtual_ipaddress {\n 192.0.2.1\n fe80::1\n }\n}\n")
              .messages.size() == 1);
    CHECK(load(instance("unicast_peer {\n 2001:db8::2\n}")).messages.size() == 1);
}

TEST_CASE("config: nopreempt and preempt_delay give way to state MASTER", "[keeper]")
{
    auto loaded = load(instance("state MASTER\npriority 150\nnopreempt\npreempt_delay 5"));
    CHECK(loaded.messages.size() == 2);
    CHECK(loaded.config.instances[0].preempt);
    CHECK(loaded.config.instances[0].preempt_delay == 0s);
    auto both = load(instance("nopreempt\npreempt_delay 5"));
    CHECK(both.messages.size() == 1);
    CHECK_FALSE(both.config.instances[0].preempt);
}

TEST_CASE("config: passwords are 8 bytes and version 3 has none", "[keeper]")
{
    auto loaded = load(instance("authentication {\n auth_type PASS\n auth_pass secret\n}"));
    REQUIRE(loaded.messages.empty());
    CHECK(loaded.config.instances[0].password ==
          std::array<std::uint8_t, 8>{'s', 'e', 'c', 'r', 'e', 't', 0, 0});
    auto longer = load(instance("authentication {\n auth_type PASS\n auth_pass 123456789\n}"));
    CHECK(longer.messages.size() == 1);
    CHECK(longer.diagnostics.usable());
    CHECK(longer.config.instances[0].password->back() == '8');
    CHECK_FALSE(load(instance("version 3\nauthentication {\n auth_type PASS\n auth_pass x\n}"))
                    .config.instances[0]
                    .password);
    auto ah = load(
        instance("version 2\nstate MASTER\npriority 150\nauthentication {\n auth_type AH\n auth_pass x\n}"));
    CHECK(ah.config.instances[0].ah);
    CHECK(!ah.config.instances[0].state_master);
    CHECK(ah.diagnostics.usable());
    CHECK(!load(instance("version 3\nauthentication {\n auth_type AH\n auth_pass x\n}"))
               .config.instances[0]
               .ah);
}

TEST_CASE("config: tracked names have to exist and lend their weight", "[keeper]")
{
    std::string scripts = "vrrp_script chk_web {\n script \"/usr/bin/pgrep nginx\"\n interval 2\n weight "
                          "-20\n user nobody\n}\n";
    auto loaded = load(
        scripts + instance("track_script {\n chk_web\n}\ntrack_interface {\n eth1\n eth2 weight -30\n}"));
    REQUIRE(loaded.messages.empty());
    const auto& v = loaded.config.instances[0];
    CHECK(v.scripts == std::vector<Track>{{"chk_web", -20, false, false}});
    CHECK(v.interfaces.at(1).weight == -30);
    const auto& s = loaded.config.scripts.at(0);
    CHECK(s.command == Command{{"/usr/bin/pgrep", "nginx"}, "nobody", ""});
    CHECK(s.timeout == 2s);
    CHECK(load(scripts + instance("track_script {\n chk_wbe\n}")).messages ==
          Messages{"7:1: error: there is no vrrp_script 'chk_wbe'; did you mean 'chk_web'?"});
    CHECK(load(instance("track_interface {\n eth1 wieght 5\n}")).messages[0] ==
          "8:7: error: 'wieght' is not known here; did you mean 'weight'?");
}

TEST_CASE("config: sync groups know their members", "[keeper]")
{
    std::string group = "vrrp_sync_group G {\n group {\n V\n }\n}\n";
    CHECK(load(group + instance("")).messages.empty());
    CHECK(load("vrrp_sync_group G {\n group {\n W\n }\n}\n" + instance("")).messages ==
          Messages{"1:1: error: sync group 'G' names an instance 'W' that is not there"});
    CHECK(load(group + "vrrp_sync_group H {\n group {\n V\n }\n}\n" + instance("")).messages.size() == 1);
    auto weighted = load(group + instance("track_interface {\n eth1 weight 5\n}"));
    CHECK(weighted.messages.size() == 1);
    CHECK(weighted.config.instances[0].interfaces.empty());
}

TEST_CASE("config: one virtual router belongs to one instance", "[keeper]")
{
    auto twice = load(instance("") + "vrrp_instance W {\n interface eth0\n virtual_router_id 5\n "
                                     "virtual_ipaddress {\n 192.0.2.2\n }\n}\n");
    CHECK(twice.messages == Messages{"9:1: error: 'V' and 'W' both are virtual router 5 on eth0"});
    auto named = load(instance("") + instance(""));
    CHECK(named.messages == Messages{"9:15: error: there is a vrrp_instance 'V' already"});
    CHECK(load("vrrp_instance V {\n virtual_ipaddress {\n 192.0.2.2\n }\n}\n").messages ==
          Messages{"1:1: error: instance 'V' has no virtual_router_id"});
}

TEST_CASE("config: virtual MACs are named and made from the router id", "[keeper]")
{
    auto loaded = load(instance("use_vmac"));
    CHECK(loaded.config.instances[0].vmac->name == "vrrp.5");
    CHECK(loaded.config.instances[0].vmac->mac == Mac{0, 0, 0x5e, 0, 1, 5});
    auto named = load(instance("use_vmac vip0 02:00:00:00:00:01"));
    CHECK(named.config.instances[0].vmac->name == "vip0");
    CHECK(named.config.instances[0].vmac->mac == Mac{2, 0, 0, 0, 0, 1});
    CHECK_FALSE(load(instance("use_vmac 01:00:5e:00:00:01")).diagnostics.usable());
    // five bytes, and the router id
    CHECK(load(instance("use_vmac 02:00:00:00:07")).config.instances[0].vmac->mac == Mac{2, 0, 0, 0, 7, 5});
    CHECK_FALSE(load(instance("use_vmac 02:00:00:07")).diagnostics.usable());
    // the beginning of names, as keepalived has it
    auto prefix = [](const std::string& line) {
        return load("global_defs {\n" + line + "\n}\n" + instance("use_vmac"));
    };
    CHECK(prefix("vmac_prefix vip").config.instances[0].vmac->name == "vip.5");
    CHECK(prefix("vmac_prefix elevenchars").config.instances[0].vmac->name == "elevenchars.5");
    CHECK_FALSE(prefix("vmac_prefix 00:00:5e:00:01").diagnostics.usable());
    CHECK_FALSE(prefix("vmac_prefix twelve_chars").diagnostics.usable());
}

TEST_CASE("config: use_vmac has a name with or without its keyword, and a group of interfaces", "[keeper]")
{
    auto vmac = [](const std::string& line) { return *load(instance(line)).config.instances[0].vmac; };
    CHECK(vmac("use_vmac name vip0 group 7").name == "vip0");
    CHECK(vmac("use_vmac name vip0 group 7").group == 7);
    CHECK(vmac("use_vmac group default").group == 0);
    CHECK(load(instance("use_vmac netlink_notify_msg")).diagnostics.usable());
    CHECK_FALSE(load(instance("use_vmac group nowhere")).diagnostics.usable());
    CHECK_FALSE(load(instance("use_vmac group")).diagnostics.usable());
    CHECK_FALSE(load(instance("use_vmac one two")).diagnostics.usable());
    // as keepalived: without use_vmac it says nothing
    auto alone = load(instance("vmac_xmit_base"));
    CHECK(alone.messages == Messages{"1:1: warning: vmac_xmit_base of 'V' is ignored: it has no use_vmac"});
    CHECK_FALSE(alone.config.instances[0].vmac);
}

TEST_CASE("config: an ipvlan carries the adverts, the addresses stay below it", "[keeper]")
{
    auto loaded = load(instance("use_ipvlan iv0 192.0.2.11/24 private group 0x10"));
    CHECK(loaded.messages.empty());
    const InstanceConfig& full = loaded.config.instances[0];
    REQUIRE(full.ipvlan);
    CHECK(full.ipvlan->name == "iv0");
    CHECK(full.ipvlan->address == Prefix::parse("192.0.2.11/24").value());
    CHECK(full.ipvlan->flags == 1);
    CHECK(full.ipvlan->group == 16);
    CHECK(full.source == Address::parse("192.0.2.11").value());
    CHECK(full.addresses[0].device == full.interface);
    CHECK(full.advert_interface() == "iv0");
    CHECK(full.made_interfaces() == std::vector<std::string>{"iv0"});
    // an address without a prefix is one, whatever stands first, and the name follows from the router id
    auto least = load(instance("use_ipvlan vepa 192.0.2.11")).config.instances[0];
    CHECK(least.ipvlan->name == "vrrp.5");
    CHECK(least.ipvlan->address->length == 32);
    CHECK(least.ipvlan->flags == 2);
    // adverts may come from another address
    CHECK(load(instance("mcast_src_ip 192.0.2.12\nuse_ipvlan 192.0.2.11")).config.instances[0].source ==
          Address::parse("192.0.2.12").value());
}

TEST_CASE("config: what an ipvlan cannot be", "[keeper]")
{
    auto message = [](const std::string& text) { return load(text).messages; };
    CHECK(message(instance("use_ipvlan")) ==
          Messages{"1:1: error: use_ipvlan of 'V' needs an address, which its adverts come from"});
    CHECK(message(instance("use_ipvlan 2001:db8::1")) ==
          Messages{"1:1: error: source, group and peers of 'V' have to be of its addresses' family"});
    for (const char* wrong : {"private bridge", "one two", "192.0.2.12", "name sixteen-letters-", "group",
                              "192.0.2.300", "192.0.2.11/33", "2001:db8::x"})
        CHECK_FALSE(load(instance(std::string("use_ipvlan 192.0.2.11 ") + wrong)).diagnostics.usable());
    CHECK(message(instance("use_vmac\nuse_ipvlan 192.0.2.11")) ==
          Messages{"1:1: error: eth0 cannot have an ipvlan ('V') and a virtual MAC ('V')"});
    auto two = [](const std::string& first, const std::string& second) {
        auto text = instance(second);
        text.replace(text.find("V {"), 1, "W");
        text.replace(text.find("_id 5"), 5, "_id 6");
        return load(instance(first) + text);
    };
    CHECK(two("use_ipvlan 192.0.2.11", "use_ipvlan 192.0.2.12").diagnostics.usable());
    CHECK(two("use_ipvlan 192.0.2.11", "use_ipvlan 192.0.2.12").config.instances[1].ipvlan->name == "vrrp.6");
    CHECK_FALSE(two("use_ipvlan 192.0.2.11", "use_ipvlan 192.0.2.12 vepa").diagnostics.usable());
    CHECK_FALSE(two("use_ipvlan iv0 192.0.2.11", "use_ipvlan iv0 192.0.2.12").diagnostics.usable());
    CHECK_FALSE(two("use_ipvlan 192.0.2.11", "use_vmac").diagnostics.usable());
}

TEST_CASE("config: addresses on other interfaces, or of the other family, have virtual MACs of their own",
          "[keeper]")
{
    auto config = [](const std::string& how, const std::string& address) {
        return load(instance(how + "\nvirtual_ipaddress_excluded {\n" + address + "\n}"));
    };
    auto elsewhere =
        config("use_vmac\nuse_vmac_addr", "192.0.2.9/24 dev eth7\n192.0.2.8/24 dev eth7\n"
                                          "2001:db8::9/64\n2001:db8::8/64 dev eth7\n192.0.2.7/24");
    CHECK(elsewhere.messages.empty());
    const InstanceConfig& all = elsewhere.config.instances[0];
    REQUIRE(all.address_vmacs.size() == 3);
    CHECK(all.address_vmacs[0] == AddressVmac{"vrrp1.5", "eth7", {0, 0, 0x5e, 0, 1, 5}});
    CHECK(all.address_vmacs[1] == AddressVmac{"vrrp6.5", all.interface, {0, 0, 0x5e, 0, 2, 5}});
    CHECK(all.address_vmacs[2] == AddressVmac{"vrrp2.5", "eth7", {0, 0, 0x5e, 0, 2, 5}});
    CHECK(all.excluded[0].device == "vrrp1.5");
    CHECK(all.excluded[1].device == "vrrp1.5");
    CHECK(all.excluded[2].device == "vrrp6.5");
    CHECK(all.excluded[4].device.empty()); // on the instance's own
    // asked for by one address
    const auto one = config("", "192.0.2.9/24 dev eth7 use_vmac\n192.0.2.8/24 dev eth7").config.instances[0];
    REQUIRE(one.address_vmacs.size() == 1);
    CHECK(one.address_vmacs[0].name == "vrrp.5");
    CHECK(one.excluded[0].device == "vrrp.5");
    CHECK(one.excluded[1].device == "eth7");
    // the other family is not on the instance's virtual MAC, which is not its
    CHECK(config("use_vmac", "2001:db8::9/64").config.instances[0].excluded[0].device == one.interface);
    CHECK(config("use_vmac", "192.0.2.9/24 use_vmac").messages.size() == 1);
    CHECK_FALSE(load("static_ipaddress {\n192.0.2.9/24 dev eth7 use_vmac\n}\n").diagnostics.usable());
    // one MAC on one interface
    auto second = instance("use_vmac");
    second.replace(second.find("interface "),
                   second.find('\n', second.find("interface ")) - second.find("interface "),
                   "interface eth7");
    second.replace(second.find("vrrp_instance "), second.find('{') - second.find("vrrp_instance "),
                   "vrrp_instance other ");
    CHECK_FALSE(
        load(instance("use_vmac_addr\nvirtual_ipaddress_excluded {\n192.0.2.9/24 dev eth7\n}") + second)
            .diagnostics.usable());
}

TEST_CASE("config: notify commands are words, user and group", "[keeper]")
{
    auto loaded = load(
        instance("notify_master \"/bin/up a 'b c'\" nobody nogroup\nnotify /bin/all\nnotify_backup bin/x"));
    CHECK(loaded.messages == Messages{"9:15: error: 'bin/x' has to be an absolute path or a bare name"});
    CHECK(loaded.config.instances[0].notify->master == Command{{"/bin/up", "a", "b c"}, "nobody", "nogroup"});
    CHECK(loaded.config.instances[0].notify->any == Command{{"/bin/all"}, "", ""});
}

TEST_CASE("config: a file that is not there has a status of its own", "[keeper]")
{
    Diagnostics diagnostics;
    FileMap none;
    (void)read_config("/k", files_of(none), host_of(), diagnostics);
    CHECK(check_status(diagnostics) == 4);
    CHECK(check_status(load("").diagnostics) == 0);
}

TEST_CASE("config: the flat text means what the files meant", "[keeper]")
{
    FileMap map{{"/k", "$IF=eth7\n@main include /part\n@other include /none\nvrrp_instance V {\n interface "
                       "$IF\n virtual_router_id 5\n"
                       " notify \"/bin/x 'a b' # !\" root\n virtual_ipaddress {\n ~SEQ(i, 3) 192.0.2.$i\n "
                       "192.0.2.${i}0\n }\n}\n"},
                {"/part", "global_defs {\n default_interface a\\#b\n}\n"}};
    Diagnostics diagnostics, again;
    std::string flat;
    int reads = 0;
    ConfigFiles files = files_of(map);
    files.read = [&reads, read = files.read](const std::string& path) {
        reads++;
        return read(path);
    };
    Config one = read_config("/k", files, host_of(), diagnostics, {.flat = &flat});
    Config two = read_config_text(flat, again);
    CHECK(reads == 2); // each file once: they may be others by the next time
    REQUIRE(diagnostics.usable());
    REQUIRE(again.usable());
    CHECK(one.instances == two.instances);
    CHECK(one.instances[0].addresses.size() == 4);
    CHECK(one.instances[0].notify->any.words == std::vector<std::string>{"/bin/x", "a b", "#", "!"});
    CHECK(two.global.default_interface == "a#b");
}

TEST_CASE("config: the flat text without its services is all the rest", "[keeper]")
{
    auto flat_of = [](const std::string& text) {
        FileMap map{{"/k", text}};
        Diagnostics diagnostics;
        std::string flat;
        (void)read_config("/k", files_of(map), host_of(), diagnostics, {.flat = &flat});
        return flat;
    };
    auto without = [&](const std::string& text) { return without_services(flat_of(text)); };
    std::string group = "virtual_server_group G {\n192.0.2.1 80\n}\n";
    std::string service = "virtual_server group G {\nreal_server 10.0.0.1 80 {\nTCP_CHECK {\n}\n}\n}\n";
    std::string global = "global_defs {\nrouter_id virtual_server\n}\n";
    std::string script = "vrrp_script S {\nscript \"/bin/virtual_server {\"\n}\n";
    CHECK(without_services("").empty());
    CHECK(flat_of(global + script).find("virtual_server {") != std::string::npos);
    CHECK(without(group + global + service + script + service) == flat_of(global + script));
    CHECK(without("virtual_server 192.0.2.1 80\n" + script) == flat_of(script)); // no block, no service
    std::string odd = "vrrp_instance V {\nvirtual_server {\n}\nvirtual_router_id 5\n}\n"; // one of its lines
    CHECK(without(odd) == flat_of(odd));
    CHECK(without("virtual_servers {\n}\n") == flat_of("virtual_servers {\n}\n"));
    CHECK(without_services(flat_of(global) + "virtual_server x\n{\nquorum 2") ==
          flat_of(global)); // cut short
}

TEST_CASE("config: the documented keywords are the program's", "[keeper]")
{
    // made with: weir-keeper --keywords
    std::ifstream file(KEYWORD_DOCUMENT);
    std::stringstream text;
    text << file.rdbuf();
    CHECK(text.str().find(keyword_document()) != std::string::npos);
}

TEST_CASE("config: programs of the daemon's own", "[keeper]")
{
    auto loaded = load("global_defs {\nstartup_script \"/bin/up a\" nobody\nstartup_script_timeout 3\n"
                       "shutdown_script /bin/down\nnotify_fifo /run/all\nnotify_fifo_script \"/bin/read x\"\n"
                       "lvs_notify_fifo /run/lvs\nlvs_notify_fifo_script /bin/read\nreload_file\n}\n");
    CHECK(loaded.messages.empty());
    const Global& global = loaded.config.global;
    CHECK(global.startup.command == Command{{"/bin/up", "a"}, "nobody", ""});
    CHECK(global.startup.limit == std::chrono::seconds(3));
    CHECK(global.shutdown.command.words == std::vector<std::string>{"/bin/down"});
    CHECK(global.shutdown.limit == std::chrono::seconds(10));
    CHECK(global.fifo_reader.command.words == std::vector<std::string>{"/bin/read", "x"});
    CHECK(loaded.config.services.fifo_reader.command.words == std::vector<std::string>{"/bin/read"});
    CHECK(global.reload_file == "/run/keepalived.reload");
    CHECK(load("global_defs {\nnotify_fifo_script /bin/read\n}\n").messages[0] ==
          "2:1: warning: 'notify_fifo_script' is not run: there is no notify_fifo here");
    CHECK_FALSE(load("global_defs {\nreload_file here\n}\n").diagnostics.usable());
}

TEST_CASE("config: the services' network namespace has a name, or is that of process 1", "[keeper]")
{
    CHECK(load("").config.global.net_namespace_ipvs.empty());
    auto named = load("net_namespace a\nnet_namespace_ipvs b\n");
    CHECK((named.config.global.net_namespace == "a" && named.config.global.net_namespace_ipvs == "b"));
    CHECK(named.messages.empty());
    CHECK(load("net_namespace_ipvs\n").config.global.net_namespace_ipvs == "/proc/1/ns/net");
    auto twice = load("net_namespace_ipvs a\nnet_namespace_ipvs b\nnet_namespace c\nnet_namespace d\n");
    CHECK((twice.config.global.net_namespace_ipvs == "a" && twice.config.global.net_namespace == "c"));
    CHECK(twice.messages ==
          std::vector<std::string>{
              "2:1: warning: net_namespace_ipvs has been said already, this one is left aside",
              "4:1: warning: net_namespace has been said already, this one is left aside"});
}
