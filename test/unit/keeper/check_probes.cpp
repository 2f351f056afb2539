// SPDX-License-Identifier: GPL-2.0
// The checks themselves, against small servers on the loopback interface.
#include <filesystem>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/resource.h>
#include <unistd.h>

#include "allocated.h"
#include "check_test.h"
#include "keeper/check/tls.h"

using namespace weir;
using namespace weir::keeper;
using namespace std::chrono_literals;

namespace {

CheckSpec fast(CheckDetail detail)
{
    CheckSpec spec;
    spec.detail = std::move(detail);
    spec.timing.delay_loop = 50ms;
    spec.timing.delay_before_retry = 10ms;
    spec.timing.retry = 0;
    spec.connect.timeout = 2s;
    return spec;
}

SharedSpec shared(CheckSpec spec)
{
    return std::make_shared<const CheckSpec>(std::move(spec));
}

/// The reports of one check.
struct Watched {
    Watched(Loop& at, const CheckSpec& spec, const Endpoint& server) : loop(at)
    {
        auto made = make_check(shared(spec), server, loop.context,
                               [this](const CheckReport& report) { reports.push_back(report); });
        REQUIRE(made);
        check = std::move(*made);
        check->start(0s);
    }
    const CheckReport& next()
    {
        loop.until(reports, seen + 1);
        return reports[seen++];
    }
    Loop& loop;
    std::unique_ptr<Check> check;
    std::vector<CheckReport> reports;
    std::size_t seen = 0;
};

/// Answers each connection with the same bytes, after it has heard something where `listen` says so.
class Answering {
  public:
    Answering(std::string text, bool listen) : text_(std::move(text)), listen_(listen)
    {
        thread_ = std::thread([this] { serve(); });
    }
    ~Answering()
    {
        ::shutdown(server_.fd(), SHUT_RDWR);
        thread_.join();
    }
    [[nodiscard]] std::uint16_t port() const { return server_.port(); }

  private:
    void serve()
    {
        for (;;) {
            Fd peer(::accept(server_.fd(), nullptr, nullptr));
            if (!peer)
                return;
            char buffer[4096];
            if (listen_ && ::read(peer.get(), buffer, sizeof(buffer)) <= 0)
                continue;
            (void)!::write(peer.get(), text_.data(), text_.size());
        }
    }
    Server server_;
    std::string text_;
    bool listen_;
    std::thread thread_;
};

/// A MariaDB that lets everybody in, and answers a query with the same row for as long as it is listened to.
class EndlessDatabase {
  public:
    explicit EndlessDatabase(std::string value) : value_(std::move(value))
    {
        thread_ = std::thread([this] { serve(); });
    }
    ~EndlessDatabase()
    {
        ::shutdown(server_.fd(), SHUT_RDWR);
        thread_.join();
    }
    [[nodiscard]] std::uint16_t port() const { return server_.port(); }

  private:
    static std::string packet(std::uint8_t number, const std::string& content)
    {
        std::string header(4, char(number));
        for (int i = 0; i < 3; i++)
            header[static_cast<std::size_t>(i)] = static_cast<char>(content.size() >> 8 * i);
        return header + content;
    }
    static bool send(int peer, const std::string& bytes)
    {
        for (std::size_t at = 0; at < bytes.size();) {
            ssize_t sent = ::send(peer, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
            if (sent <= 0)
                return false;
            at += static_cast<std::size_t>(sent);
        }
        return true;
    }
    void serve()
    {
        using namespace std::string_literals;
        const auto greeting = "\x0a"
                              "5.5.5-10.11.0-MariaDB\0"
                              "\1\0\0\0"
                              "abcdefgh\0"
                              "\x08\x82"
                              "\x21"
                              "\2\0"
                              "\x08\0"
                              "\x15"
                              "\0\0\0\0\0\0\0\0\0\0"
                              "ijklmnopqrst\0"
                              "mysql_native_password\0"s;
        const auto column = "\3def\0\0\0\1v\0\x0c\x21\0\xff\xff\0\0\xfd\0\0\0\0\0"s;
        for (;;) {
            Fd peer(::accept(server_.fd(), nullptr, nullptr));
            if (!peer)
                return;
            char buffer[4096];
            if (!send(peer.get(), packet(0, greeting)) || ::read(peer.get(), buffer, sizeof(buffer)) <= 0 ||
                !send(peer.get(), packet(2, "\0\0\0\2\0\0\0"s)) ||
                ::read(peer.get(), buffer, sizeof(buffer)) <= 0)
                continue;
            send(peer.get(), packet(1, "\1") + packet(2, column) + packet(3, "\xfe\0\0\2\0"s));
            std::string row = "\xfd"s;
            for (int i = 0; i < 3; i++)
                row += static_cast<char>(value_.size() >> 8 * i);
            for (std::uint8_t number = 4; send(peer.get(), packet(number, row + value_)); number++) {
            }
        }
    }
    Server server_;
    std::string value_;
    std::thread thread_;
};

HttpCheck get(std::vector<std::string> paths)
{
    HttpCheck check;
    for (auto& path : paths)
        check.urls.emplace_back().path = std::move(path);
    return check;
}

/// Of nobody, in PEM; each time another one.
std::string new_certificate()
{
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
    std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), BIO_free);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    REQUIRE(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
    REQUIRE(PEM_write_bio_X509(text.get(), certificate.get()));
    char* data = nullptr;
    auto size = BIO_get_mem_data(text.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

} // namespace

TEST_CASE("TCP_CHECK: up while the port is open, down when it is not", "[check]")
{
    Loop loop;
    Server server;
    Watched watched(loop, fast(TcpCheck{}), local(server.port()));
    CHECK(watched.next().state == CheckState::up);
    CHECK(watched.next().state == CheckState::up);
    server.close();
    do
        CHECK(watched.reports.size() < 100);
    while (watched.next().result.good);
    CHECK(watched.check->last().state == CheckState::down);
    CHECK(watched.check->last().result.reason == "connecting: Connection refused");
}

TEST_CASE("TCP_CHECK: retries come after delay_before_retry, and stop() ends everything", "[check]")
{
    Loop loop;
    Server server;
    auto spec = fast(TcpCheck{});
    spec.timing.retry = 2;
    Watched watched(loop, spec, local(server.port()));
    CHECK(watched.next().state == CheckState::up);
    server.close();
    const CheckReport* report = &watched.next();
    while (report->result.good)
        report = &watched.next();
    CHECK(report->retrying);
    CHECK(watched.next().retrying);
    CHECK(watched.next().state == CheckState::down);
    watched.check->stop();
    auto count = watched.reports.size();
    loop.io.run_for(200ms);
    CHECK(watched.reports.size() == count);
}

TEST_CASE("a process that stood still does not blame the server", "[check]")
{
    Loop loop;
    Answering good("HTTP/1.0 200 OK\r\n\r\nhello", true);
    Server silent;
    auto spec = fast(get({"/"}));
    spec.connect.timeout = 200ms;
    Watched answered(loop, spec, local(good.port())), unanswered(loop, spec, local(silent.port()));
    loop.io.run_one_for(1s);
    loop.io.run_one_for(1s);
    std::this_thread::sleep_for(800ms);
    CHECK(answered.next().result.good);
    CHECK_FALSE(unanswered.next().result.good);
}

TEST_CASE("a check without descriptors says nothing about the server", "[check]")
{
    Loop loop;
    Server server;
    Watched watched(loop, fast(TcpCheck{}), local(server.port()));
    CHECK(watched.next().state == CheckState::up);
    std::vector<Fd> all;
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit few{64, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
    while (all.empty() || all.back())
        all.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    while (!watched.next().result.local_fault)
        CHECK(watched.reports.size() < 100);
    CHECK(watched.check->last().state == CheckState::up);
    ::setrlimit(RLIMIT_NOFILE, &before);
    all.clear();
    while (!watched.next().result.good)
        CHECK(watched.reports.size() < 200);
}

TEST_CASE("a check may be destroyed by its own report", "[check]")
{
    Loop loop;
    Server server;
    std::vector<int> reports;
    std::unique_ptr<Check> check;
    check = std::move(
        *make_check(shared(fast(TcpCheck{})), local(server.port()), loop.context, [&](const CheckReport&) {
            check.reset();
            reports.push_back(1);
        }));
    check->start(0s);
    loop.until(reports, 1);
    loop.io.run_for(200ms);
    CHECK(reports.size() == 1);
}

TEST_CASE("HTTP_GET: all URLs, a fault is named with its URL, a silent server times out", "[check]")
{
    Loop loop;
    Answering good("HTTP/1.0 200 OK\r\n\r\nhello", true), bad("HTTP/1.0 503 No\r\n\r\n", true),
        mute("", true);
    CHECK(Watched(loop, fast(get({"/", "/b"})), local(good.port())).next().result.good);
    CHECK(Watched(loop, fast(get({"/b"})), local(bad.port())).next().result.reason == "/b: status 503");
    CHECK(Watched(loop, fast(get({"/"})), local(mute.port())).next().result.reason ==
          "/: no answer, the connection was closed");
    Server silent; // the kernel accepts, nobody answers
    auto spec = fast(get({"/"}));
    spec.connect.timeout = 100ms;
    CHECK(Watched(loop, spec, local(silent.port())).next().result.reason == "/: timed out after 0.1 s");
    auto tls = get({"/"});
    tls.tls = true;
    auto reason = Watched(loop, fast(tls), local(good.port())).next().result.reason;
    CHECK(reason.starts_with("TLS handshake: "));
    tls.files.ca = "/nonexistent";
    CHECK_FALSE(make_check(shared(fast(tls)), local(1), loop.context, [](const auto&) {}));
}

TEST_CASE("SMTP_CHECK and MYSQL_CHECK: greetings", "[check]")
{
    Loop loop;
    Answering busy("421 too busy\r\n", false), mysql(std::string("\x0e\0\0\0\x0a"
                                                                 "10.11.6\0abcde",
                                                                 18),
                                                     false);
    CHECK(Watched(loop, fast(SmtpCheck{}), local(busy.port())).next().result.reason ==
          "greeting: '421 too busy', not 220");
    CHECK(Watched(loop, fast(MysqlCheck{}), local(mysql.port())).next().result.good);
    CHECK_FALSE(Watched(loop, fast(MysqlCheck{}), local(busy.port())).next().result.good);
    MysqlCheck login;
    login.user = "check";
    auto report = Watched(loop, fast(login), local(busy.port())).next();
    CHECK_FALSE(report.result.good);
    CHECK(report.result.reason.starts_with("login: "));
    Server silent;
    auto spec = fast(login);
    spec.connect.timeout = 100ms;
    CHECK(Watched(loop, spec, local(silent.port())).next().result.reason ==
          "connecting: timed out after 0.1 s");
}

TEST_CASE("MYSQL_CHECK: a result that does not end is no answer", "[check]")
{
    for (std::size_t size : {std::size_t{20}, std::size_t{100'000}, std::size_t{3 << 20}}) {
        Loop loop;
        EndlessDatabase database(std::string(size, 'x'));
        MysqlCheck check;
        check.user = "probe";
        check.require_writable = true;
        auto spec = fast(check);
        spec.connect.timeout = 8s;
        Watched watched(loop, spec, local(database.port()));
        const auto& report = watched.next();
        CHECK_FALSE(report.result.good);
        INFO(report.result.reason);
        bool said = report.result.reason == "SELECT @@global.read_only: the answer is too long" ||
                    (size > 1 << 20 && report.result.reason.starts_with("read_only: "));
        CHECK(said);
    }
}

TEST_CASE("UDP_CHECK: silence is good unless an answer is required, an error is not", "[check]")
{
    Loop loop;
    Server silent(SOCK_DGRAM), closed(SOCK_DGRAM);
    auto spec = fast(UdpCheck{});
    spec.connect.timeout = 100ms;
    CHECK(Watched(loop, spec, local(silent.port())).next().result.reason == "no error came back");
    closed.close();
    CHECK(Watched(loop, spec, local(closed.port())).next().result.reason == "Connection refused");
    UdpCheck strict;
    strict.require_reply = true;
    spec.detail = strict;
    CHECK_FALSE(Watched(loop, spec, local(silent.port())).next().result.good);
    spec.detail = DnsCheck{};
    CHECK_FALSE(Watched(loop, spec, local(silent.port())).next().result.good);
}

TEST_CASE("MISC_CHECK: the exit status is the answer, and may be a weight", "[check]")
{
    Loop loop;
    MiscCheck check{{{"/bin/x"}, "", ""}, 100ms, false};
    Watched plain(loop, fast(check), {});
    CHECK(plain.next().result.good);
    loop.script_status = 2;
    CHECK(plain.next().result.reason == "/bin/x: exit status 2");
    check.dynamic = true;
    Watched dynamic(loop, fast(check), {});
    CHECK(dynamic.next().result.weight == 0u);
    loop.script_status = 255;
    while (dynamic.next().result.weight != 253u)
        CHECK(dynamic.reports.size() < 10);
    loop.script_status = 0;
    while (dynamic.next().result.weight)
        CHECK(dynamic.reports.size() < 20);
    CHECK(dynamic.check->last().result.good);
}

TEST_CASE("MISC_CHECK: a check that goes does not wait for its program", "[check]")
{
    Loop loop;
    loop.script_hangs = true;
    {
        Watched watched(loop, fast(MiscCheck{{{"/bin/x"}, "", ""}, 0s, false}), {});
        loop.until(loop.hanging, 1);
    }
    loop.hanging[0](0);
    loop.io.run_for(50ms);
    CHECK(loop.hanging.size() == 1);
}

TEST_CASE("FILE_CHECK: a change of the file is seen at once", "[check]")
{
    auto directory = std::filesystem::temp_directory_path() / ("weir-check-" + std::to_string(::getpid()));
    std::filesystem::create_directory(directory);
    auto path = directory / "load";
    auto write = [&](int value) { std::ofstream(path) << value << '\n'; };
    Loop loop;
    auto spec = fast(FileCheck{path.string(), 0, false});
    spec.timing.delay_loop = 1h;
    Watched fault(loop, spec, {});
    CHECK(fault.next().result.good); // no file yet
    spec.detail = FileCheck{path.string(), 3, true};
    Watched weight(loop, spec, {});
    CHECK(weight.next().result.weight_change == 0);
    write(5);
    while (fault.next().state != CheckState::down)
        CHECK(fault.reports.size() < 10);
    while (weight.next().result.weight_change != -15)
        CHECK(weight.reports.size() < 10);
    std::filesystem::remove(path);
    while (fault.next().state != CheckState::up)
        CHECK(fault.reports.size() < 20);
    std::filesystem::remove_all(directory);
}

TEST_CASE("the pool runs equal checks once, and what is known outlives a change of timing", "[check]")
{
    Loop loop;
    Server server;
    CheckPool pool(loop.context);
    std::vector<int> first, second, third;
    auto spec = fast(TcpCheck{});
    auto note = [](std::vector<int>& list) { return [&list](const CheckReport&) { list.push_back(1); }; };
    auto one = std::move(*pool.subscribe(shared(spec), local(server.port()), note(first)));
    spec.timing.alpha = true;
    spec.connect.port = server.port();
    auto two = std::move(*pool.subscribe(shared(spec), local(1), note(second)));
    CHECK(pool.size() == 1);
    loop.until(second, 2);
    CHECK(first.size() == second.size());
    CHECK(two->last().state == CheckState::up);

    // off for one of them, then for both
    one->enable(false);
    auto told = first.size();
    loop.until(second, second.size() + 2);
    CHECK(first.size() == told);
    two->enable(false);
    told = second.size();
    loop.io.run_for(200ms);
    loop.io.restart();
    CHECK(second.size() == told);
    two->enable(true);
    loop.until(second, told + 1);

    spec.timing.delay_loop = 1h;
    auto three = std::move(*pool.subscribe(shared(spec), local(1), note(third)));
    CHECK(pool.size() == 2);
    CHECK(three->last().state == CheckState::up);
    one.reset();
    CHECK(pool.size() == 2);
    two.reset();
    CHECK(pool.size() == 1);
    three.reset();
    CHECK(pool.size() == 0);
    CHECK_FALSE(pool.subscribe(shared(fast(MiscCheck{})), {}, note(first)));
}

TEST_CASE("pool: no more than a thousand checks begin in a second, where no warm-up says otherwise",
          "[check]")
{
    constexpr std::size_t count = 2500;
    Loop loop;
    CheckPool pool(loop.context);
    std::vector<std::unique_ptr<CheckPool::Subscription>> held;
    auto start = std::chrono::steady_clock::now();
    auto subscribe = [&](std::size_t i, std::optional<Duration> warmup) {
        MiscCheck check;
        check.command.words = {"/bin/probe", std::to_string(i)};
        CheckSpec spec;
        spec.detail = check;
        spec.timing.warmup = warmup;
        auto made = pool.subscribe(shared(spec), {}, [](const CheckReport&) {});
        REQUIRE(made);
        held.push_back(std::move(*made));
    };
    for (std::size_t i = 0; i < count; i++)
        subscribe(i, std::nullopt);
    bool ever_more = false;
    while (loop.ran.size() < count && std::chrono::steady_clock::now() < start + 20s) {
        loop.io.run_one_for(100ms);
        auto passed =
            std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start);
        ever_more |= loop.ran.size() > 1000 * (static_cast<std::size_t>(passed.count()) + 1);
    }
    CHECK(loop.ran.size() == count);
    CHECK_FALSE(ever_more);
    // and what is asked for is done
    subscribe(count, Duration(0));
    loop.until(loop.ran, count + 1);
}

TEST_CASE("pool: a check that waits takes no more than 700 bytes", "[check]")
{
    constexpr std::size_t count = 1000;
    Loop loop;
    CheckPool pool(loop.context);
    std::vector<std::unique_ptr<CheckPool::Subscription>> held(count);
    auto spec = shared(fast(TcpCheck{}));
    auto before = allocated();
    for (std::size_t i = 0; i < count; i++)
        held[i] = std::move(
            *pool.subscribe(spec, local(static_cast<std::uint16_t>(i + 1)), [](const CheckReport&) {}));
    CHECK(pool.size() == count);
    CHECK((allocated() - before) / count <= 700);
}

namespace {

/// A directory of files of SSL, which are replaced as tools do it.
class TlsDirectory {
  public:
    TlsDirectory() : path_(std::filesystem::temp_directory_path() / fmt::format("weir-tls-{}", ::getpid()))
    {
        std::filesystem::create_directory(path_);
    }
    ~TlsDirectory() { std::filesystem::remove_all(path_); }
    [[nodiscard]] std::string path(const std::string& name) const { return path_ / name; }
    void write(const std::string& name, const std::string& text) const
    {
        std::ofstream(path("new")) << text;
        std::filesystem::rename(path("new"), path(name));
    }

  private:
    std::filesystem::path path_;
};

} // namespace

TEST_CASE("SSL: renewed files are taken when two looks find the same, and broken ones leave the old in use",
          "[check]")
{
    TlsDirectory directory;
    TlsContext::Time now = std::chrono::steady_clock::now();
    TlsFiles files;
    files.ca = directory.path("ca.pem");
    REQUIRE_FALSE(TlsContext::of(files, false)); // not there: nothing to go on with
    directory.write("ca.pem", new_certificate());
    auto tls = TlsContext::of(files, false).value();
    CHECK(TlsContext::of(files, false).value() == tls);
    CHECK(TlsContext::of(files, true).value() != tls);
    auto first = tls->get();
    auto look = [&] { return tls->look(now += 1s); };
    CHECK((!look() && !look()));
    CHECK(tls->get() == first);

    directory.write("ca.pem", new_certificate());
    CHECK_FALSE(look());                 // it may not be whole
    CHECK_FALSE(tls->look(now + 900ms)); // too early to tell
    auto news = look();
    REQUIRE(news);
    CHECK(news->good);
    auto second = tls->get();
    CHECK(second != first);

    directory.write("ca.pem", "no certificate");
    CHECK_FALSE(look());
    news = look();
    REQUIRE(news);
    CHECK_FALSE(news->good);
    CHECK(news->text.find(files.ca) != std::string::npos);
    CHECK(tls->fault().find(files.ca) != std::string::npos);
    CHECK(tls->get() == second);
    CHECK((!look() && !look())); // said once
    // who asks for it anew, as a reload does, gets the same
    CHECK(TlsContext::of(files, false).value() == tls);

    std::filesystem::remove(files.ca); // and by another fault
    CHECK((!look() && look().has_value()));
    CHECK(tls->get() == second);

    directory.write("ca.pem", new_certificate());
    CHECK((!look() && look().value().good));
    CHECK(tls->fault().empty());
    CHECK(tls->get() != second);
}

TEST_CASE("SSL: the system's authorities are followed as named files are", "[check]")
{
    TlsDirectory directory;
    std::filesystem::create_directory(directory.path("certs"));
    std::filesystem::create_directory(directory.path("more"));
    directory.write("bundle.pem", new_certificate());
    ::setenv("SSL_CERT_FILE", directory.path("bundle.pem").c_str(), 1);
    ::setenv("SSL_CERT_DIR", (directory.path("certs") + ":" + directory.path("more")).c_str(), 1);
    TlsContext::Time now = std::chrono::steady_clock::now();
    auto tls = TlsContext::of({}, true).value();
    auto taken = [&] {
        auto before = tls->get();
        (void)tls->look(now += 1s);
        (void)tls->look(now += 1s);
        return tls->get() != before;
    };
    CHECK_FALSE(taken());
    directory.write("bundle.pem", new_certificate());
    CHECK(taken());
    CHECK_FALSE(taken());
    directory.write("more/one.0", new_certificate());
    CHECK(taken());
    std::filesystem::remove(directory.path("more/one.0"));
    CHECK(taken());
    directory.write("bundle.pem", "cut short");
    CHECK_FALSE(taken());
    CHECK(tls->fault().find("bundle.pem") != std::string::npos);
    std::filesystem::remove(directory.path("bundle.pem")); // a system may have directories alone
    CHECK(taken());
    CHECK(tls->fault().empty());

    // who verifies nothing looks at none of it
    auto careless = TlsContext::of({}, false).value();
    auto before = careless->get();
    directory.write("more/two.0", new_certificate());
    (void)careless->look(now += 1s);
    (void)careless->look(now += 1s);
    CHECK(careless->get() == before);
    ::unsetenv("SSL_CERT_FILE");
    ::unsetenv("SSL_CERT_DIR");
}

TEST_CASE("SSL_GET: goes on while its renewed files are broken, says so once for all checks, and when they "
          "are well",
          "[check]")
{
    Loop loop;
    TlsDirectory directory;
    std::vector<std::pair<bool, std::string>> said;
    loop.context.say = [&](bool good, const std::string& text) { said.emplace_back(good, text); };
    CheckPool pool(loop.context);
    Answering plain("HTTP/1.0 200 OK\r\n\r\n", true); // no TLS: what counts here is before an answer
    auto check = get({"/"});
    check.tls = true;
    check.files.ca = directory.path("ca.pem");
    directory.write("ca.pem", new_certificate());
    std::vector<CheckReport> reports;
    auto subscribe = [&](const std::string& path) {
        check.urls[0].path = path;
        auto made = pool.subscribe(shared(fast(check)), local(plain.port()),
                                   [&](const CheckReport& report) { reports.push_back(report); });
        REQUIRE(made);
        return std::move(*made);
    };
    auto one = subscribe("/"), two = subscribe("/two");
    loop.until(reports, 4);
    directory.write("ca.pem", "no certificate");
    loop.until(said, 1);
    CHECK_FALSE(said[0].first);
    CHECK(one->fault().find("ca.pem") != std::string::npos);
    CHECK(two->fault() == one->fault());
    auto three = subscribe("/three"); // a reload's
    loop.until(reports, reports.size() + 10);
    CHECK(reports.back().result.reason.starts_with("TLS handshake: "));
    CHECK(said.size() == 1);
    directory.write("ca.pem", new_certificate());
    loop.until(said, 2);
    CHECK(said[1].first);
    CHECK(one->fault().empty());
    CHECK(three->fault().empty());
}

TEST_CASE("BFD_CHECK: what a session says counts at once, and what it does not know changes nothing",
          "[check]")
{
    struct Sessions : BfdSource {
        BfdView look(const std::string& session) override
        {
            CHECK(session == "b");
            return view;
        }
        Ticket watch(const std::string&, std::function<void()> changed) override
        {
            tell = std::move(changed);
            return std::make_shared<int>();
        }
        BfdView view;
        std::function<void()> tell;
    } sessions;
    using State = BfdView::State;
    Loop loop;
    loop.context.bfd = &sessions;
    auto spec = fast(BfdCheck{"b"});
    spec.timing.delay_loop = spec.timing.delay_before_retry = 1h;
    Watched check(loop, spec, local(80));
    CHECK((check.next().state == CheckState::unknown && check.reports[0].result.local_fault));
    auto say = [&](State state) -> const CheckReport& {
        sessions.view = {state, "so"};
        sessions.tell();
        return check.next();
    };
    CHECK((say(State::up).state == CheckState::up && check.reports.back().changed));
    CHECK((say(State::unknown).state == CheckState::up && !check.reports.back().changed));
    CHECK((say(State::down).state == CheckState::down && check.reports.back().changed));
    CHECK(say(State::unknown).state == CheckState::down);
    CHECK(say(State::up).state == CheckState::up);
}
