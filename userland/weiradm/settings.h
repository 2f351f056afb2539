// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <optional>
#include <string>

#include "libweir/service.h"
#include "weiradm/options.h"

namespace weir {

/// The options that `service add` and `service set` share.
class ServiceOptions {
  public:
    void declare(Options& options);
    /// Applies what was given to `config`, which holds what is there, and says which settings (enum
    /// ServiceFields) it was.
    [[nodiscard]] Result<unsigned> apply(ServiceConfig& config, int family) const;

  private:
    std::optional<std::string> scheduler_, flags_, on_gone_, seed_, timeouts_, pool_, proxy_protocol_;
    std::optional<std::uint32_t> persistent_, netmask_, slow_start_, syn_retry_, mh_size_;
};

/// The options that `server add` and `server set` share.
class ServerOptions {
  public:
    void declare(Options& options);
    /// Likewise with enum ServerFields.
    [[nodiscard]] Result<unsigned> apply(ServerConfig& config) const;

  private:
    std::optional<std::string> method_, tunnel_;
    std::optional<std::uint32_t> weight_, upper_, lower_;
};

} // namespace weir
