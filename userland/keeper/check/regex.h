// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <memory>
#include <string_view>

#include "keeper/check/spec.h"

namespace weir::keeper {

/// A compiled PCRE2 pattern of a URL's body. The work of a search is bounded, so that no pattern can hold the
/// loop up.
class Regex {
  public:
    /// EINVAL with PCRE2's words and the position, or with the option that is not known.
    [[nodiscard]] static Result<Regex> compile(const UrlCheck& url);
    /// Whether a match starts within the URL's offsets. An error where the search was given up.
    [[nodiscard]] Result<bool> search(std::string_view subject) const;

  private:
    struct Parts;
    explicit Regex(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
    std::shared_ptr<const Parts> parts_;
};

} // namespace weir::keeper
