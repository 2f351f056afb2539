// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/accept_filter.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

namespace weir::keeper {
namespace {

Result<void> run_nft(const std::string& commands, bool quiet = false)
{
    Fd input(memfd_create("nftables", MFD_CLOEXEC));
    if (!input || ::write(input.get(), commands.data(), commands.size()) < 0 ||
        lseek(input.get(), 0, SEEK_SET) < 0)
        return fail_errno("nft");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input.get(), STDIN_FILENO);
    if (quiet)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::string words[] = {"nft", "-f", "-"};
    char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
    pid_t pid = 0;
    int error = posix_spawnp(&pid, "nft", &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error)
        return fail_errno("nft", error);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return fail_errno("nft");
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail_errno("nft could not load the filter of no_accept", EIO);
    return {};
}

bool filtered(const InstanceConfig& instance)
{
    return !instance.accept.value_or(true);
}

} // namespace

AcceptFilter::AcceptFilter(const std::string& status_path)
    : table_(fmt::format("weir_keeper_{:08x}",
                         static_cast<std::uint32_t>(std::hash<std::string>()(status_path))))
{
}

std::string AcceptFilter::commands(const Config& config) const
{
    std::string text = fmt::format("add table inet {0}\ndelete table inet {0}\n", table_);
    if (std::ranges::none_of(config.instances, filtered))
        return text;
    text += fmt::format("table inet {} {{\n\tchain input {{\n\t\ttype filter hook input priority filter - 1; "
                        "policy accept;\n",
                        table_);
    for (const auto& instance : config.instances) {
        if (!filtered(instance))
            continue;
        for (const auto* list : {&instance.addresses, &instance.excluded}) {
            for (const auto& address : *list) {
                const Address& own = address.address.address;
                const std::string& device =
                    address.device.empty() ? instance.advert_interface() : address.device;
                if (own.is_v4())
                    text += fmt::format("\t\tip daddr {} drop\n", own.to_string());
                else
                    text += fmt::format(
                        "\t\t{}ip6 daddr {} icmpv6 type != {{ nd-neighbor-solicit, nd-neighbor-advert }} "
                        "drop\n"
                        "\t\t{}ip6 daddr {} meta l4proto != ipv6-icmp drop\n",
                        own.is_link_local() ? fmt::format("iifname \"{}\" ", device) : "", own.to_string(),
                        own.is_link_local() ? fmt::format("iifname \"{}\" ", device) : "", own.to_string());
            }
        }
    }
    return text + "\t}\n}\n";
}

Result<void> AcceptFilter::apply(const Config& config)
{
    bool wanted = std::ranges::any_of(config.instances, filtered);
    if (!wanted && std::exchange(first_, false))
        remove_leftover();
    first_ = false;
    if (!wanted && !loaded_)
        return {};
    auto result = run_nft(commands(config));
    loaded_ = wanted && result;
    return result;
}

Result<void> AcceptFilter::remove()
{
    if (!loaded_)
        return {};
    loaded_ = false;
    return run_nft(fmt::format("delete table inet {}\n", table_));
}

void AcceptFilter::remove_leftover()
{
    (void)run_nft(fmt::format("delete table inet {}\n", table_), true);
}

} // namespace weir::keeper
