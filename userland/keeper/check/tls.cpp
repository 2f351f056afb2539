// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/tls.h"

#include <map>
#include <tuple>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

namespace weir::keeper {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

Result<std::shared_ptr<ssl::context>> make_context(const TlsFiles& files, bool verify)
{
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    error_code error;
    if (!files.password.empty())
        context->set_password_callback([password = files.password](auto...) { return password; }, error);
    if (!files.ca.empty())
        context->load_verify_file(files.ca, error);
    else if (verify)
        context->set_default_verify_paths(error);
    if (error)
        return fail(EINVAL, files.ca + ": " + tls_words(error), "ca");
    if (!files.certificate.empty())
        context->use_certificate_chain_file(files.certificate, error);
    if (error)
        return fail(EINVAL, files.certificate + ": " + tls_words(error), "certificate");
    if (!files.key.empty())
        context->use_private_key_file(files.key, ssl::context::pem, error);
    if (error)
        return fail(EINVAL, files.key + ": " + tls_words(error), "key");
    context->set_verify_mode(verify ? ssl::verify_peer : ssl::verify_none, error);
    // a server that closes without a farewell has answered all the same
    SSL_CTX_set_options(context->native_handle(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_quiet_shutdown(context->native_handle(), 1);
    return context;
}

} // namespace

Result<std::shared_ptr<ssl::context>> tls_context(const TlsFiles& files, bool verify)
{
    static std::map<std::tuple<TlsFiles, std::string, bool>, std::weak_ptr<ssl::context>> made;
    std::erase_if(made, [](const auto& one) { return one.second.expired(); });
    auto& known = made[{files, tls_stamp(files), verify}]; // before they are read: no later state under it
    if (auto context = known.lock())
        return context;
    auto context = make_context(files, verify);
    if (context)
        known = *context;
    return context;
}

std::string tls_stamp(const TlsFiles& files)
{
    std::string stamp;
    for (const auto* path : {&files.ca, &files.certificate, &files.key}) {
        struct stat status {};
        if (path->empty())
            continue;
        if (::stat(path->c_str(), &status) < 0)
            status = {};
        // the change time tells even a copy that kept its old one's date
        stamp += fmt::format("{}:{}:{}:{}.{}:{}.{};", status.st_dev, status.st_ino, status.st_size,
                             status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                             status.st_ctim.tv_nsec);
    }
    return stamp;
}

std::string tls_words(const error_code& error)
{
    if (error.category() != boost::asio::error::get_ssl_category())
        return error == boost::asio::error::eof ? "connection closed" : error.message();
    const char* reason = ERR_reason_error_string(static_cast<unsigned long>(error.value()));
    return reason ? reason : error.message();
}

} // namespace weir::keeper
