// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/log.h"

#include <cstdio>

#include <syslog.h>

namespace weir::keeper {

void Log::put(const LogMessage& message)
{
    if (fd_ >= 0) {
        if (!post(fd_, message))
            board_->log_lost.fetch_add(1, std::memory_order_relaxed);
    } else if (console_) {
        // the prefix is what the journal takes a line's level from
        std::fprintf(stderr, "<%d>weir-keeper: %s\n", message.level, message.text.data());
    } else {
        syslog(LOG_DAEMON | message.level, "%s", message.text.data());
    }
}

} // namespace weir::keeper
