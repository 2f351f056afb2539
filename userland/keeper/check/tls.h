// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include <boost/asio/ssl/context.hpp>

#include "keeper/check/spec.h"

namespace weir::keeper {

/// What TLS connections with these files share, kept up with the files: one for all checks that say the same.
/// Without `verify` any certificate of the server will do, as in keepalived; with it and without a file `ca`
/// the system's authorities count.
class TlsContext {
  public:
    using Context = std::shared_ptr<boost::asio::ssl::context>;
    using Time = std::chrono::steady_clock::time_point;

    /// An error names the file; the files of one that is in use already are not looked at.
    [[nodiscard]] static Result<std::shared_ptr<TlsContext>> of(const TlsFiles& files, bool verify);

    /// What there is to say of files that were renewed.
    struct News {
        bool good = false;
        std::string text;
    };
    /// Before a connection: takes files that are other ones than before, under whatever name, once two looks
    /// in a row, a second or more apart, have found the same: a renewal may take several steps. Ones that
    /// cannot be used leave everything as it was until they are others again.
    [[nodiscard]] std::optional<News> look(Time now);
    [[nodiscard]] const Context& get() const { return context_; }
    /// Why the files as they are now are not in use; empty: they are.
    [[nodiscard]] const std::string& fault() const { return fault_; }

  private:
    TlsContext(TlsFiles files, bool verify) : files_(std::move(files)), verify_(verify) {}
    [[nodiscard]] Result<Context> make() const;
    /// Which files these are at the moment: renewed ones have another stamp.
    [[nodiscard]] std::string stamp() const;

    TlsFiles files_;
    bool verify_;
    Context context_;
    std::string tried_; ///< the stamp of what was read last
    std::string seen_;  ///< ... of what the last look found
    Time looked_{};
    std::string fault_;
};

/// The newest words of OpenSSL's error queue, without their numbers.
[[nodiscard]] std::string tls_words(const boost::system::error_code& error);

} // namespace weir::keeper
