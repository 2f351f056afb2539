// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <memory>

#include <boost/asio/ssl/context.hpp>

#include "keeper/check/spec.h"

namespace weir::keeper {

/// What TLS connections with these files share; made once for all checks that say the same while the files
/// stay. An error names the file. Without `verify` any certificate of the server will do, as in keepalived.
[[nodiscard]] Result<std::shared_ptr<boost::asio::ssl::context>> tls_context(const TlsFiles& files,
                                                                             bool verify);

/// Which files these are at the moment, whatever their names: renewed ones have another stamp. "" where none
/// is given.
[[nodiscard]] std::string tls_stamp(const TlsFiles& files);

/// The newest words of OpenSSL's error queue, without their numbers.
[[nodiscard]] std::string tls_words(const boost::system::error_code& error);

} // namespace weir::keeper
