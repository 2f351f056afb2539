// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/board.h"

#include <ctime>
#include <new>

#include <sys/mman.h>
#include <unistd.h>

namespace weir::keeper {

Result<Fd> Board::create()
{
    Fd fd(memfd_create("board", MFD_CLOEXEC));
    if (!fd || ::ftruncate(fd.get(), sizeof(Board)) < 0)
        return fail_errno("shared memory");
    return fd;
}

Result<Board*> Board::map(int fd)
{
    void* memory = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (memory == MAP_FAILED)
        return fail_errno("shared memory");
    // the mapping is zero; only what zero is not right for would need writing, and writing all would make it
    // resident
    static_assert(std::atomic<std::int64_t>::is_always_lock_free && static_cast<int>(State::init) == 0);
    return static_cast<Board*>(memory);
}

Instant boot_time()
{
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::duration_cast<Instant>(std::chrono::seconds(now.tv_sec) +
                                               std::chrono::nanoseconds(now.tv_nsec));
}

} // namespace weir::keeper
