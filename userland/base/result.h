// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace weir {

/// Why something failed. Carried by value through every layer; only programs print it.
struct Error {
    /// An errno value; EINVAL for text that a person wrote.
    int code = 0;
    /// One sentence without a full stop, in words a person can act on.
    std::string message;
    /// What the sentence is about: a netlink attribute ("service.port"), "line 12" or a path in a document.
    /// May be empty.
    std::string field;
    /// Position of the offending object in a transaction, in the order it was handed over; -1 where there is
    /// none.
    long index = -1;

    /// "field: message"
    [[nodiscard]] std::string to_string() const;
};

/// An alias, so that it can become std::expected when the compilers of all supported distributions have it.
template <typename T>
using Result = tl::expected<T, Error>;

using Failure = tl::unexpected<Error>;

/// return fail(EINVAL, "port out of range", "service.port");
[[nodiscard]] Failure fail(int code, std::string message, std::string field = {});

/// A failed system call: "what: strerror(code)".
[[nodiscard]] Failure fail_errno(std::string_view what, int code = errno);

/// Hands the error of one result on as the error of another.
template <typename T>
[[nodiscard]] Failure pass_on(Result<T>& result)
{
    return Failure(std::move(result.error()));
}

} // namespace weir
