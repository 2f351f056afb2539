// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <linux/weir.h>

#include "base/result.h"
#include "libweir/pool.h"
#include "libweir/service.h"
#include "libweir/socket.h"

namespace weir {

/// A set of services and servers that becomes the configuration of one owner in one step, or not at all. It
/// collects; nothing is sent before commit().
class Transaction {
  public:
    /// `generation`: the commit that the set was made against, ESTALE if another came in between; nothing:
    /// any.
    Transaction(std::string owner, weir_transaction_mode mode, std::optional<std::uint32_t> generation = {});

    /// A pool; services that use it may come before or after it.
    void add_pool(const Pool& pool, long index = -1);
    /// A service with its servers. `index` comes back in the error that concerns it.
    void add_service(const Service& service, long index = -1);
    /// A server of a service that is there already, or was added before.
    void add_server(const ServiceKey& service, const Server& server, long index = -1);
    [[nodiscard]] bool empty() const noexcept { return messages_.empty(); }

    struct Outcome {
        std::uint32_t generation = 0;
        std::uint32_t changed = 0; ///< objects that were added, changed or removed
    };
    /// The error names the object, its field and the reason; nothing has changed then.
    [[nodiscard]] Result<Outcome> commit(NlSocket& socket);

  private:
    /// What a message holds, for the text and the index of an error.
    struct Object {
        ServiceKey service;
        std::vector<Endpoint> servers;
        long index;
        std::string pool = {}; ///< its name; empty: it is a service or servers
    };

    [[nodiscard]] Error named(Error error) const;

    std::string owner_;
    weir_transaction_mode mode_;
    std::optional<std::uint32_t> generation_;
    std::vector<NlMsg> messages_;
    std::vector<Object> objects_; ///< one per message
};

} // namespace weir
