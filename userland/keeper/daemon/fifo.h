// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <optional>
#include <string>

#include "base/fd.h"
#include "keeper/config/command.h"
#include "keeper/daemon/log.h"

namespace weir::keeper {

/// A FIFO that lines are written to without ever waiting for its reader.
class FifoWriter {
  public:
    /// Makes it where it is not there; nothing closes it. A failure is logged.
    void open(const std::optional<Fifo>& config, Log& log);
    void write(const std::string& line, Log& log) const;

  private:
    Fd fd_;
};

} // namespace weir::keeper
