// SPDX-License-Identifier: GPL-2.0
#include "base/result.h"

#include <system_error>

namespace weir {

std::string Error::to_string() const
{
    return field.empty() ? message : field + ": " + message;
}

Failure fail(int code, std::string message, std::string field)
{
    Error error;
    error.code = code;
    error.message = std::move(message);
    error.field = std::move(field);
    return Failure(std::move(error));
}

Failure fail_errno(std::string_view what, int code)
{
    return fail(code, std::string(what) + ": " + std::generic_category().message(code));
}

} // namespace weir
