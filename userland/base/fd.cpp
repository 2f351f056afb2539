// SPDX-License-Identifier: GPL-2.0
#include "base/fd.h"

#include <unistd.h>

namespace weir {

void Fd::reset(int fd) noexcept
{
    if (fd_ >= 0)
        ::close(fd_); // EINTR included, the descriptor is gone afterwards on Linux
    fd_ = fd;
}

} // namespace weir
