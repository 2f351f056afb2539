// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "libweir/service.h"

namespace weir::keeper {

/// Services that the kernel refuses, so that they do not keep all the others of their transaction out. Each
/// is left out until it is wanted in another way, or retry() says that the kernel may think otherwise. Where
/// the kernel had an older form of it, that stays, with the servers that are wanted: a dead one has to go
/// out, and one that lives again has to come in, whatever is wrong with the new form. Values in, values out.
class Refusals {
  public:
    /// Of `planned`, what the kernel may take: to be committed.
    [[nodiscard]] std::vector<Service> without(const std::vector<Service>& planned) const;
    /// The commit of `sent`, which came from `planned`, failed; `table` is as it was before. True: for a
    /// service that without() treats in another way from now on.
    [[nodiscard]] bool note(const Error& error, const std::vector<Service>& sent,
                            const std::vector<Service>& planned, const std::vector<Service>& table);
    /// The commit succeeded, or there was nothing to commit.
    void settle(const std::vector<Service>& planned);
    /// Something has changed, so that what was refused is tried again.
    void retry();

    /// What has changed since this was asked last, as lines for the log.
    struct News {
        std::vector<std::string> refused, taken;
    };
    [[nodiscard]] News news();
    /// Why this service is left out; null if it is not.
    [[nodiscard]] const std::string* reason(const ServiceKey& key) const;

  private:
    /// What of the older form is sent; the next one where the kernel refuses that too.
    enum class Part { all_wanted, own_servers, nothing };
    struct Entry {
        Service wanted;
        std::string reason;
        /// As the kernel had it when it refused the first new one: also the settings of servers that are out.
        std::optional<Service> older;
        Part part = Part::all_wanted;
        bool again = false; ///< it is to be tried
        std::string told;
    };
    [[nodiscard]] static Service older_form(const Service& wanted, const Entry& entry);
    [[nodiscard]] const Entry* find(const Service& service) const;

    std::map<ServiceKey, Entry> entries_;
    std::vector<std::string> taken_;
};

} // namespace weir::keeper
