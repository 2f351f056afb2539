// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>
#include <vector>

#include "libweir/service.h"

namespace weir {

/// One object in which two configurations differ. What is there before or after is pointed to, where it
/// stands in the vectors that were compared; both are there where it changes.
struct Difference {
    const Service* before_service = nullptr;
    const Service* after_service = nullptr;
    /// Both null: the service itself.
    const Server* before = nullptr;
    const Server* after = nullptr;

    [[nodiscard]] bool of_server() const noexcept { return before || after; }
    [[nodiscard]] const ServiceKey& key() const noexcept
    {
        return after_service ? after_service->key : before_service->key;
    }
    [[nodiscard]] const Endpoint& endpoint() const noexcept
    {
        return after ? after->endpoint : before->endpoint;
    }
};

/// What has to change for `owner`'s part of `current`, all the services that there are, to become `desired`:
/// in the order of `desired`, removals of services last; a service that comes or goes is followed by its
/// servers, one that goes is not. Services of others are left out, unless desired: the caller looks at
/// before_service->owner. Operators' overrides and drains do not count, nor does a seed that is hidden.
[[nodiscard]] std::vector<Difference> compare(const std::vector<Service>& desired,
                                              const std::vector<Service>& current, const std::string& owner);

} // namespace weir
