// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/process.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include <fcntl.h>
#include <link.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

namespace weir::keeper {

Result<void> make_real_time(int priority)
{
    sched_param parameters{};
    parameters.sched_priority = priority;
    if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &parameters) < 0)
        return fail_errno("real-time priority");
    return {};
}

void make_ordinary()
{
    sched_param parameters{};
    (void)sched_setscheduler(0, SCHED_OTHER, &parameters);
}

void drop_code()
{
    auto drop = [](dl_phdr_info* object, std::size_t, void*) {
        auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
        for (const auto& segment : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
            if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W))
                continue;
            std::uintptr_t start = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
            std::uintptr_t end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
            // NOLINTNEXTLINE(performance-no-int-to-ptr): the loader gives addresses as numbers
            (void)madvise(reinterpret_cast<void*>(start), end - start, MADV_DONTNEED);
        }
        return 0;
    };
    (void)dl_iterate_phdr(drop, nullptr);
}

void use_small_pages(bool on)
{
    // kernels without huge pages have no such call
    (void)prctl(PR_SET_THP_DISABLE, on ? 1 : 0, 0, 0, 0);
}

Result<void> lock_memory()
{
    // without the limit lifted, allocations fail once the capability is given up
    rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_MEMLOCK, &unlimited) < 0)
        return fail_errno("locking memory");
    if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
        return fail_errno("locking memory");
    return {};
}

Result<void> keep_network_capabilities(std::uint32_t others)
{
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    if (syscall(SYS_capget, &header, data) < 0)
        return fail_errno("capabilities");
    const std::uint32_t wanted = 1u << CAP_NET_ADMIN | 1u << CAP_NET_RAW | others;
    data[0].effective &= wanted;
    data[0].permitted &= wanted;
    data[0].inheritable = data[1].effective = data[1].permitted = data[1].inheritable = 0;
    if (syscall(SYS_capset, &header, data) < 0)
        return fail_errno("capabilities");
    return {};
}

Result<Fd> open_net_namespace(const std::string& name)
{
    if (name.empty())
        return Fd();
    std::string path = name.starts_with('/') ? name : "/run/netns/" + name;
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd)
        return fail_errno("network namespace " + path);
    return fd;
}

Result<void> enter_net_namespace(int fd)
{
    if (setns(fd, CLONE_NEWNET) < 0)
        return fail_errno("network namespace");
    return {};
}

Result<void> enter_net_namespace(const std::string& name)
{
    auto fd = open_net_namespace(name);
    if (!fd)
        return pass_on(fd);
    if (!*fd)
        return {};
    auto entered = enter_net_namespace(fd->get());
    if (!entered)
        entered.error().message += " (" + name + ")";
    return entered;
}

void notify_manager(std::string_view state)
{
    const char* path = std::getenv("NOTIFY_SOCKET");
    if (!path || (path[0] != '/' && path[0] != '@'))
        return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::size_t length = std::string_view(path).copy(address.sun_path, sizeof(address.sun_path) - 1);
    if (address.sun_path[0] == '@')
        address.sun_path[0] = 0;
    Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    (void)::sendto(fd.get(), state.data(), state.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                   reinterpret_cast<sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
}

} // namespace weir::keeper
