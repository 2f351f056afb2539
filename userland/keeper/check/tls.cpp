// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/tls.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weir::keeper {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

constexpr auto look_pause = std::chrono::seconds(1);

/// Where OpenSSL looks for authorities, as it does itself: a file, and directories of single ones.
struct SystemStore {
    std::string file;
    std::vector<std::string> directories;
};

SystemStore system_store()
{
    auto named = [](const char* variable, const char* otherwise) -> std::string {
        const char* value = secure_getenv(variable);
        return value ? value : otherwise;
    };
    SystemStore store{named(X509_get_default_cert_file_env(), X509_get_default_cert_file()), {}};
    std::string list = named(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
    for (std::size_t start = 0, end = 0; start <= list.size(); start = end + 1) {
        end = std::min(list.find(':', start), list.size());
        store.directories.push_back(list.substr(start, end - start));
    }
    return store;
}

/// The file may be missing, but not be broken: set_default_verify_paths() would trust nobody then and say
/// nothing of it.
Result<void> load_system_store(ssl::context& context)
{
    SystemStore store = system_store();
    error_code error;
    if (::access(store.file.c_str(), F_OK) == 0)
        context.load_verify_file(store.file, error);
    if (error)
        return fail(EINVAL, store.file + ": " + tls_words(error), "verify");
    for (const auto& directory : store.directories) // read when an authority is looked for
        context.add_verify_path(directory, error);
    return {};
}

} // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::of(const TlsFiles& files, bool verify)
{
    static std::map<std::tuple<TlsFiles, bool>, std::weak_ptr<TlsContext>> made;
    std::erase_if(made, [](const auto& one) { return one.second.expired(); });
    auto& known = made[{files, verify}];
    if (auto there = known.lock())
        return there;
    std::shared_ptr<TlsContext> context(new TlsContext(files, verify));
    context->tried_ = context->stamp(); // before they are read: no later state under it
    auto first = context->make();
    if (!first)
        return pass_on(first);
    context->context_ = std::move(*first);
    known = context;
    return context;
}

std::optional<TlsContext::News> TlsContext::look(Time now)
{
    if (now - looked_ < look_pause)
        return std::nullopt;
    looked_ = now;
    std::string found = stamp();
    bool settled = std::exchange(seen_, found) == found;
    if (!settled || found == tried_)
        return std::nullopt;
    tried_ = std::move(found);
    auto renewed = make();
    if (!renewed) {
        fault_ = renewed.error().message;
        return News{false, fmt::format("{}; checks go on with what the files of SSL were before", fault_)};
    }
    context_ = std::move(*renewed);
    fault_.clear();
    return News{true, "checks use the renewed files of SSL"};
}

Result<TlsContext::Context> TlsContext::make() const
{
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    error_code error;
    if (!files_.password.empty())
        context->set_password_callback([password = files_.password](auto...) { return password; }, error);
    if (!files_.ca.empty()) {
        context->load_verify_file(files_.ca, error);
    } else if (verify_) {
        if (auto loaded = load_system_store(*context); !loaded)
            return pass_on(loaded);
    }
    if (error)
        return fail(EINVAL, files_.ca + ": " + tls_words(error), "ca");
    if (!files_.certificate.empty())
        context->use_certificate_chain_file(files_.certificate, error);
    if (error)
        return fail(EINVAL, files_.certificate + ": " + tls_words(error), "certificate");
    if (!files_.key.empty())
        context->use_private_key_file(files_.key, ssl::context::pem, error);
    if (error)
        return fail(EINVAL, files_.key + ": " + tls_words(error), "key");
    context->set_verify_mode(verify_ ? ssl::verify_peer : ssl::verify_none, error);
    // a server that closes without a farewell has answered all the same
    SSL_CTX_set_options(context->native_handle(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_quiet_shutdown(context->native_handle(), 1);
    return context;
}

std::string TlsContext::stamp() const
{
    std::vector<std::string> paths{files_.ca, files_.certificate, files_.key};
    if (files_.ca.empty() && verify_) {
        // a directory changes with each authority that comes or goes
        SystemStore store = system_store();
        paths.insert(paths.end(), store.directories.begin(), store.directories.end());
        paths.push_back(std::move(store.file));
    }
    std::string stamp;
    for (const auto& path : paths) {
        struct stat status {};
        if (path.empty())
            continue;
        if (::stat(path.c_str(), &status) < 0)
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
