// SPDX-License-Identifier: GPL-2.0
#include <csignal>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "keeper/daemon/helper.h"

namespace weir::keeper {
namespace {

using json = nlohmann::ordered_json;

constexpr int most_attempts = 1000;

std::string address_text(const InstanceRecord& record, const std::array<std::uint8_t, 16>& bytes)
{
    auto address = Address::from_bytes(std::span(bytes).first(record.v6 ? 16 : 4));
    return address && !address->is_any() ? address->to_string() : "";
}

/// All records of one moment.
std::vector<InstanceRecord> snapshot(const Board& board)
{
    std::vector<InstanceRecord> records;
    for (int attempt = 0; attempt < most_attempts; attempt++) {
        std::uint32_t before = board.sequence.load(std::memory_order_acquire);
        records.assign(board.records,
                       board.records + std::min<std::size_t>(board.instances, Board::max_instances));
        std::atomic_thread_fence(std::memory_order_acquire);
        if (!(before & 1) && board.sequence.load(std::memory_order_relaxed) == before)
            break;
        usleep(100);
    }
    return records;
}

json to_json(const InstanceRecord& record, Instant now)
{
    json bad = json::object();
    for (std::size_t i = 0; i < record.bad.size(); i++)
        bad[std::string(name(static_cast<BadPacket>(i)))] = record.bad[i];
    return {
        {"name", record.name.data()},
        {"state", name(record.state)},
        {"reason", name(record.reason)},
        {"reason_detail", record.detail.data()},
        {"fault", record.fault.data()},
        {"since_s", static_cast<double>(now.count() - record.since_us) / 1e6},
        {"interface", record.interface.data()},
        {"family", record.v6 ? "IPv6" : "IPv4"},
        {"version", record.version},
        {"vrid", record.vrid},
        {"priority", record.priority},
        {"base_priority", record.base_priority},
        {"advert_interval_s", static_cast<double>(record.interval_us) / 1e6},
        {"source", address_text(record, record.source)},
        {"master",
         {{"address", address_text(record, record.master)},
          {"priority", record.master_priority},
          {"advert_interval_s", static_cast<double>(record.master_interval_us) / 1e6}}},
        {"checksum", record.version == 2 || record.v6           ? "standard"
                     : record.checksum == ChecksumForm::message ? "message"
                                                                : "pseudo-header"},
        {"bfd_takeovers", record.bfd_takeovers},
        {"handed_over", record.handed_over},
        {"taken_by_handover", record.taken_by_handover},
        {"transitions", record.transitions},
        {"became_master", record.became_master},
        {"sent",
         {{"adverts", record.adverts_sent},
          {"resignations", record.resignations_sent},
          {"errors", record.send_errors}}},
        {"received",
         {{"adverts", record.adverts_received},
          {"resignations", record.resignations_received},
          {"lower_priority", record.lower_heard},
          {"other_owner", record.other_owners},
          {"address_list_differs", record.address_list_differs}}},
        {"bad_packets", bad},
    };
}

json to_json(const BfdRecord& record, Instant now)
{
    return {
        {"name", record.name.data()},
        {"neighbor", record.neighbor.data()},
        {"state", name(record.state)},
        {"neighbor_state", name(record.remote_state)},
        {"diagnostic", name(record.diagnostic)},
        {"since_s", static_cast<double>(now.count() - record.since_us) / 1e6},
        {"detection_time_s", static_cast<double>(record.detection_us) / 1e6},
        {"sent", record.sent},
        {"received", record.received},
        {"transitions", record.transitions},
    };
}

} // namespace

std::string status_json(const Board& board)
{
    Instant now = boot_time();
    json instances = json::array();
    for (const auto& record : snapshot(board))
        instances.push_back(to_json(record, now));
    json sessions = json::array();
    for (std::uint32_t i = 0; i < std::min<std::size_t>(board.sessions, Board::max_sessions); i++)
        sessions.push_back(to_json(board.bfd[i], now));
    json bad_bfd = json::object();
    for (std::size_t i = 0; i < std::size(board.bad_bfd); i++)
        bad_bfd[std::string(name(static_cast<BadBfdPacket>(i)))] = board.bad_bfd[i].load();
    json status = {{"instances", instances},
                   {"bfd", sessions},
                   {"bad_bfd_packets", bad_bfd},
                   {"bad_handover_messages", board.bad_handover.load()},
                   {"unknown_vrid", board.unknown_vrid.load()},
                   {"log_lines_lost", board.log_lost.load()}};
    return status.dump(2) + "\n";
}

std::string status_text(const Board& board)
{
    Instant now = boot_time();
    std::string text = fmt::format("{:<20} {:<8} {:>12} {:<12} {:>4} {:>5} {:<24} {}\n", "INSTANCE", "STATE",
                                   "SINCE", "INTERFACE", "VRID", "PRIO", "MASTER", "REASON");
    for (const auto& record : snapshot(board)) {
        std::string reason = record.state == State::fault ? record.fault.data() : record.detail.data();
        text += fmt::format("{:<20} {:<8} {:>10.1f} s {:<12} {:>4} {:>5} {:<24} {}\n", record.name.data(),
                            name(record.state), static_cast<double>(now.count() - record.since_us) / 1e6,
                            record.interface.data(), record.vrid, record.priority,
                            address_text(record, record.master), reason);
    }
    for (std::uint32_t i = 0; i < std::min<std::size_t>(board.sessions, Board::max_sessions); i++) {
        const BfdRecord& record = board.bfd[i];
        text += fmt::format("{}{:<20} {:<9} {:>11.1f} s {:<40} {}\n", i ? "" : "\nBFD\n", record.name.data(),
                            name(record.state), static_cast<double>(now.count() - record.since_us) / 1e6,
                            record.neighbor.data(), name(record.diagnostic));
    }
    return text;
}

std::string Helper::answer(const std::string& request)
{
    if (request == "status")
        return status_text(board_);
    if (request == "status -j")
        return status_json(board_);
    if (request == "reload" || request == "stop") {
        if (::kill(guard_, request == "reload" ? SIGHUP : SIGTERM) < 0)
            return fmt::format("error: {}\n", strerror(errno));
        return "ok\n";
    }
    if (request == "handover" || request.starts_with("handover ")) {
        std::string wanted = request.substr(std::min<std::size_t>(request.size(), 9));
        auto index = std::ranges::find(instances_, wanted, &Instance::name) - instances_.begin();
        if (!wanted.empty() && index == std::ssize(instances_))
            return fmt::format("error: there is no instance '{}'\n", wanted);
        report(TrackedKind::handover, wanted.empty() ? UINT32_MAX : static_cast<std::size_t>(index), 0);
        return "ok\n";
    }
    return "error: unknown request\n";
}

} // namespace weir::keeper
