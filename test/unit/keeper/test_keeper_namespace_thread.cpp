// SPDX-License-Identifier: GPL-2.0
#include <cerrno>
#include <fstream>
#include <string>
#include <thread>

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "catch.h"
#include "keeper/checker/namespace_thread.h"

using namespace weir;
using namespace weir::keeper;

namespace {

/// Where the thread that calls is.
ino_t place()
{
    struct stat status {};
    return ::stat("/proc/thread-self/ns/net", &status) == 0 ? status.st_ino : 0;
}

/// Of the thread that calls.
unsigned long long capabilities()
{
    std::ifstream file("/proc/thread-self/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("CapEff:"))
            return std::stoull(line.substr(7), nullptr, 16);
    }
    return ~0ull;
}

/// A network namespace of its own; none where this process may not make one.
Fd other_place()
{
    Fd made;
    std::thread([&] {
        if (::unshare(CLONE_NEWNET) == 0)
            made = Fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    }).join();
    return made;
}

} // namespace

TEST_CASE("namespace thread: what it makes is made there, and it alone is there", "[keeper]")
{
    ino_t here = place();
    unsigned long long own = capabilities();
    Fd other = other_place();
    if (!other) { // who may make none may enter none
        Fd same(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
        auto refused = NamespaceThread::create(same.get());
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == EPERM);
        return;
    }
    struct stat status {};
    REQUIRE(::fstat(other.get(), &status) == 0);
    auto thread = NamespaceThread::create(other.get());
    REQUIRE(thread);
    for (int i = 0; i < 3; i++)
        CHECK(made_in(thread->get(), place) == status.st_ino);
    CHECK(status.st_ino != here);
    CHECK(place() == here);
    CHECK((made_in(thread->get(), capabilities) >> CAP_SYS_ADMIN & 1) == 0);
    CHECK(capabilities() == own);
    CHECK(made_in(nullptr, place) == here);
}

TEST_CASE("namespace thread: what is no namespace is refused", "[keeper]")
{
    Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    auto thread = NamespaceThread::create(null.get());
    REQUIRE_FALSE(thread);
    CHECK(thread.error().code == EINVAL);
}
