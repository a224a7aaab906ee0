// Downloads, against a server on this machine that behaves and misbehaves as each test says.
#include "core/tls_server.h"

#include "core/io/download.h"
#include "core/io/file.h"
#include "core/text/published.h"

#include <QTemporaryDir>
#include <QTest>

#include <atomic>
#include <fstream>

namespace fs = std::filesystem;
using namespace tt;
using test::Certificate;
using test::Connection;
using test::Request;
using test::TlsServer;

namespace {

constexpr DownloadPatience impatient{.tries = 4, .firstPause = 0.01, .connectSeconds = 5, .stallSeconds = 1};

/// 300 kB of stories, none like another.
std::string published() {
    std::string text;
    for (int i = 0; text.size() < 300'000; ++i)
        text += "Story " + std::to_string(i) + " of " + std::to_string(i * 7919 % 1000) + " words.\n<|endoftext|>\n";
    return text;
}

std::string header(const std::string &status, const std::string &fields) {
    return "HTTP/1.1 " + status + "\r\n" + fields + "Connection: close\r\n\r\n";
}

} // namespace

class TestDownload : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void the_whole_file_arrives();
    void a_connection_that_is_cut_goes_on_where_it_ended();
    void a_server_without_ranges_begins_again();
    void a_file_that_changed_meanwhile_begins_again_data();
    void a_file_that_changed_meanwhile_begins_again();
    void a_wrong_length_is_refused_data();
    void a_wrong_length_is_refused();
    void a_server_that_always_stops_short_is_given_up_and_its_bytes_kept();
    void wrong_bytes_are_thrown_away();
    void redirects_are_followed_over_https_only_data();
    void redirects_are_followed_over_https_only();
    void a_wrong_certificate_is_refused_data();
    void a_wrong_certificate_is_refused();
    void answers_that_are_no_file_data();
    void answers_that_are_no_file();
    void a_server_that_falls_silent_is_left_and_asked_again();
    void a_stop_keeps_what_arrived_and_the_next_call_goes_on();
    void what_is_here_is_not_trusted_blindly_data();
    void what_is_here_is_not_trusted_blindly();
    void an_address_without_https_is_not_asked();
    void a_file_is_fetched_by_one_program_at_a_time();
    void progress_is_in_bytes_and_grows();
    void a_downloaded_corpus_is_imported();
    void the_published_files_are_the_known_ones();

private:
    [[nodiscard]] DownloadSource source(const TlsServer &server, const std::string &path = "/file") const {
        return {.name = "stories",
                .url = server.url(path),
                .bytes = static_cast<int64_t>(file_.size()),
                .sha256 = sha_,
                .certificates = folder() / "trusted.pem"};
    }
    [[nodiscard]] fs::path folder() const { return temporary_->path().toStdString(); }
    [[nodiscard]] fs::path part() const { return folder() / "d" / "stories.part"; }
    std::string fetch(const DownloadSource &what, const std::stop_token &stop = {}, const ProgressSink &progress = {}) {
        return readFile(download(what, folder() / "d", stop, progress, impatient));
    }
    /// What the download says when it fails.
    QString failure(const DownloadSource &what) {
        try {
            fetch(what);
        } catch (const Error &error) {
            return error.what();
        }
        return {};
    }

    std::string file_ = published(), sha_;
    Certificate certificate_;
    std::unique_ptr<QTemporaryDir> temporary_;
};

void TestDownload::initTestCase() {
    for (const char *proxy : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
        qunsetenv(proxy);
    const QTemporaryDir folder;
    const fs::path file = fs::path(folder.path().toStdString()) / "f";
    writeFileAtomically(file, file_);
    sha_ = sha256OfFile(file);
}

void TestDownload::init() {
    temporary_ = std::make_unique<QTemporaryDir>();
    certificate_.write(folder() / "trusted.pem");
}

void TestDownload::the_whole_file_arrives() {
    TlsServer server([&](const Request &r, Connection &c) { test::serveFile(r, c, file_); }, certificate_);
    QVERIFY(fetch(source(server)) == file_);
    QVERIFY(!fs::exists(part()) && !fs::exists(folder() / "d" / "stories.part.json"));
    QVERIFY(fetch(source(server)) == file_); // it is here: nothing is asked
    QCOMPARE(server.requests().size(), size_t{1});
}

void TestDownload::a_connection_that_is_cut_goes_on_where_it_ended() {
    TlsServer server([&](const Request &r, Connection &c) { test::serveFile(r, c, file_, "\"1\"", 40'000); },
                     certificate_);
    QVERIFY(fetch(source(server)) == file_);
    const auto requests = server.requests();
    QVERIFY(requests.size() >= file_.size() / 40'000);
    for (size_t i = 1; i < requests.size(); ++i) {
        QVERIFY(requests[i].from > requests[i - 1].from); // nothing is fetched twice
        QCOMPARE(requests[i].ifRange, std::string("\"1\""));
    }
}

void TestDownload::a_server_without_ranges_begins_again() {
    std::atomic<int> number = 0;
    TlsServer server(
        [&](const Request &r, Connection &c) {
            test::serveFile({r.path, 0, {}}, c, file_, "\"1\"", number++ == 0 ? 100'000 : SIZE_MAX);
        },
        certificate_);
    QVERIFY(fetch(source(server)) == file_);
    QCOMPARE(server.requests().size(), size_t{2});
}

void TestDownload::a_file_that_changed_meanwhile_begins_again_data() {
    QTest::addColumn<bool>("honest");
    QTest::newRow("the server sees it by If-Range and sends the whole") << true;
    QTest::newRow("the server sends a part of the other file") << false;
}

void TestDownload::a_file_that_changed_meanwhile_begins_again() {
    QFETCH(bool, honest);
    const std::string older(file_.size(), 'x');
    std::atomic<int> number = 0;
    TlsServer server(
        [&](const Request &r, Connection &c) {
            if (number++ == 0)
                test::serveFile(r, c, older, "\"older\"", 100'000);
            else
                test::serveFile(honest ? r : Request{r.path, r.from, {}}, c, file_, "\"newer\"");
        },
        certificate_);
    QVERIFY(fetch(source(server)) == file_);
    const auto requests = server.requests();
    QVERIFY(requests.at(1).from > 0);
    QCOMPARE(requests.at(1).ifRange, std::string("\"older\""));
    QCOMPARE(requests.size(), size_t(honest ? 2 : 3));
    QVERIFY(honest || requests.at(2).from == 0);
}

void TestDownload::a_wrong_length_is_refused_data() {
    QTest::addColumn<std::string>("head");
    QTest::addColumn<std::string>("body");
    QTest::addColumn<QString>("says");
    const std::string size = std::to_string(file_.size());
    QTest::newRow("says more") << header("200 OK", "Content-Length: 99999999999\r\n") << file_ << "99999999999";
    QTest::newRow("says less") << header("200 OK", "Content-Length: 5\r\n") << std::string("Story") << "5 bytes";
    QTest::newRow("sends more than was published") << header("200 OK", "") << file_ + "and more"
                                                   << "more than the " + QString::fromStdString(size);
    QTest::newRow("sends without end, in pieces") << header("200 OK", "Transfer-Encoding: chunked\r\n") << [&] {
        std::string pieces;
        for (int i = 0; i < 8; ++i)
            pieces += "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
        return pieces;
    }() << "more than the";
}

void TestDownload::a_wrong_length_is_refused() {
    QFETCH(std::string, head);
    QFETCH(std::string, body);
    QFETCH(QString, says);
    TlsServer server([&](const Request &, Connection &c) { c.send(head) && c.send(body); }, certificate_);
    const QString why = failure(source(server));
    QVERIFY2(why.contains(says), qPrintable(why));
    QVERIFY(!fs::exists(part()) || fs::file_size(part()) == 0);
    QVERIFY(!fs::exists(folder() / "d" / "stories"));
    QCOMPARE(server.requests().size(), size_t{1}); // another try would not help
}

void TestDownload::a_server_that_always_stops_short_is_given_up_and_its_bytes_kept() {
    TlsServer server(
        [&](const Request &r, Connection &c) {
            test::serveFile(r, c, file_, "\"1\"", r.from == 0 ? 50'000 : 0); // says the right length, sends less
        },
        certificate_);
    const QString why = failure(source(server));
    QVERIFY2(why.contains("were kept"), qPrintable(why));
    QCOMPARE(server.requests().size(), size_t(impatient.tries));
    const int64_t here = downloadedBytes(source(server), folder() / "d");
    QVERIFY(here > 0 && here <= 50'000);
    QVERIFY(readFile(part()) == file_.substr(0, static_cast<size_t>(here)));
    discardDownload(source(server), folder() / "d");
    QCOMPARE(downloadedBytes(source(server), folder() / "d"), int64_t{-1});
}

void TestDownload::wrong_bytes_are_thrown_away() {
    std::string wrong = file_;
    wrong[123'456] ^= 1;
    TlsServer server([&](const Request &r, Connection &c) { test::serveFile(r, c, wrong); }, certificate_);
    const QString why = failure(source(server));
    QVERIFY2(why.contains("sha256"), qPrintable(why));
    QVERIFY(!fs::exists(folder() / "d" / "stories"));
    QCOMPARE(fs::file_size(part()), uintmax_t{0});
}

void TestDownload::redirects_are_followed_over_https_only_data() {
    QTest::addColumn<QString>("target");
    QTest::addColumn<int>("times");
    QTest::addColumn<QString>("says");
    QTest::newRow("once") << "" << 1 << "";
    QTest::newRow("five times") << "" << 5 << "";
    QTest::newRow("for ever") << "" << 1000 << "more than 5 times";
    QTest::newRow("to http") << "http://127.0.0.1:9/file" << 1 << "without https";
    QTest::newRow("to a file here") << "file:///etc/hostname" << 1 << "without https";
    QTest::newRow("to ftp") << "ftp://127.0.0.1:9/file" << 1 << "without https";
}

void TestDownload::redirects_are_followed_over_https_only() {
    QFETCH(QString, target);
    QFETCH(int, times);
    QFETCH(QString, says);
    std::atomic<int> number = 0;
    TlsServer server(
        [&](const Request &r, Connection &c) {
            if (number++ >= times)
                return test::serveFile(r, c, file_);
            const std::string to = target.isEmpty() ? "/next" + std::to_string(number) : target.toStdString();
            // The body of a redirect is not the file's.
            c.send(header("302 Found", "Location: " + to + "\r\nContent-Length: 4\r\n") + "gone");
        },
        certificate_);
    const QString why = failure(source(server));
    if (says.isEmpty())
        QVERIFY2(why.isEmpty() && readFile(folder() / "d" / "stories") == file_, qPrintable(why));
    else
        QVERIFY2(why.contains(says), qPrintable(why));
    QVERIFY(server.requests().size() <= 6);
}

void TestDownload::a_wrong_certificate_is_refused_data() {
    QTest::addColumn<QString>("kind");
    for (const char *kind : {"of nobody known", "of another host", "expired", "known to the system only"})
        QTest::newRow(kind) << kind;
}

void TestDownload::a_wrong_certificate_is_refused() {
    QFETCH(QString, kind);
    const Certificate other(kind == "of another host" ? "DNS:example.org" : "IP:127.0.0.1", kind == "expired" ? -1 : 1);
    TlsServer server([&](const Request &r, Connection &c) { test::serveFile(r, c, file_); }, other);
    DownloadSource what = source(server);
    if (kind == "known to the system only") // what is shipped: no certificate of ours is trusted
        what.certificates.clear();
    else if (kind != "of nobody known")
        other.write(what.certificates);
    const QString why = failure(what);
    QVERIFY2(why.contains("certificate"), qPrintable(why));
    QVERIFY(server.requests().empty()); // not even the path was told
}

void TestDownload::answers_that_are_no_file_data() {
    QTest::addColumn<std::string>("answer");
    QTest::addColumn<int>("requests");
    QTest::newRow("no such file") << header("404 Not Found", "Content-Length: 6\r\n") + "sorry." << 1;
    QTest::newRow("not allowed") << header("403 Forbidden", "Content-Length: 0\r\n") << 1;
    QTest::newRow("busy") << header("503 Busy", "Content-Length: 6\r\n") + "sorry." << impatient.tries;
    QTest::newRow("too many requests") << header("429 Slow down", "Content-Length: 0\r\n") << impatient.tries;
    QTest::newRow("nothing") << std::string() << impatient.tries;
    QTest::newRow("noise") << std::string("\x01\x02 what?\r\n\r\n") << impatient.tries;
    QTest::newRow("no content") << header("204 No Content", "") << impatient.tries;
}

void TestDownload::answers_that_are_no_file() {
    QFETCH(std::string, answer);
    QFETCH(int, requests);
    TlsServer server([&](const Request &, Connection &c) { c.send(answer); }, certificate_);
    const QString why = failure(source(server));
    QVERIFY2(why.contains("stories") && why.endsWith("."), qPrintable(why));
    QCOMPARE(server.requests().size(), static_cast<size_t>(requests));
    QCOMPARE(fs::file_size(part()), uintmax_t{0});
}

void TestDownload::a_server_that_falls_silent_is_left_and_asked_again() {
    std::atomic<int> number = 0;
    TlsServer server(
        [&](const Request &r, Connection &c) {
            if (number++ > 0)
                return test::serveFile(r, c, file_);
            c.send(header("200 OK", "Content-Length: " + std::to_string(file_.size()) + "\r\nETag: \"1\"\r\n"));
            c.send(std::string_view(file_).substr(0, 70'000));
            c.fallSilent();
        },
        certificate_);
    QVERIFY(fetch(source(server)) == file_);
    QCOMPARE(server.requests().back().from, int64_t{70'000});
}

void TestDownload::a_stop_keeps_what_arrived_and_the_next_call_goes_on() {
    TlsServer server([&](const Request &r, Connection &c) { test::serveFile(r, c, file_, "\"1\"", 100'000); },
                     certificate_);
    std::stop_source stop;
    try {
        fetch(source(server), stop.get_token(), [&](const Progress &now) {
            if (now.done > 0)
                stop.request_stop();
        });
        QFAIL("the stop was not seen");
    } catch (const Error &error) {
        QVERIFY(error.kind() == Error::Kind::Cancelled);
    }
    const int64_t here = downloadedBytes(source(server), folder() / "d");
    QVERIFY(here > 0 && here < static_cast<int64_t>(file_.size()));
    QVERIFY(readFile(part()) == file_.substr(0, static_cast<size_t>(here)));
    const size_t asked = server.requests().size();
    QVERIFY(fetch(source(server)) == file_);
    QCOMPARE(server.requests().at(asked).from, here);
}

void TestDownload::what_is_here_is_not_trusted_blindly_data() {
    QTest::addColumn<std::string>("here");
    QTest::addColumn<bool>("recorded");
    QTest::newRow("a part without a record") << std::string(1000, 'x') << false;
    QTest::newRow("more than the file") << file_ + "more" << true;
    QTest::newRow("a right beginning") << file_.substr(0, 1000) << true;
}

void TestDownload::what_is_here_is_not_trusted_blindly() {
    QFETCH(std::string, here);
    QFETCH(bool, recorded);
    TlsServer server([&](const Request &r, Connection &c) { test::serveFile(r, c, file_); }, certificate_);
    fs::create_directories(folder() / "d");
    std::ofstream(part(), std::ios::binary) << here;
    if (recorded)
        std::ofstream(folder() / "d" / "stories.part.json") << R"({"version":1,"url":"","bytes":)" << file_.size()
                                                            << R"(,"sha256":")" << sha_ << R"(","etag":"\"1\""})";
    else
        std::ofstream(folder() / "d" / "stories.part.json") << "{damaged";
    QVERIFY(fetch(source(server)) == file_);
    const bool used = recorded && here.size() < file_.size();
    QCOMPARE(server.requests().front().from, used ? int64_t{1000} : int64_t{0});
}

void TestDownload::an_address_without_https_is_not_asked() {
    TlsServer server([&](const Request &r, Connection &c) { test::serveFile(r, c, file_); }, certificate_);
    for (const char *url : {"http://127.0.0.1:9/file", "file:///etc/hostname", "127.0.0.1/file", ""}) {
        DownloadSource what = source(server);
        what.url = url;
        QVERIFY2(failure(what).contains("https"), url);
    }
    DownloadSource unknown = source(server);
    unknown.sha256.clear();
    QVERIFY(failure(unknown).contains("sha256"));
    QVERIFY(server.requests().empty());
}

void TestDownload::a_file_is_fetched_by_one_program_at_a_time() {
    TlsServer server([&](const Request &r, Connection &c) { test::serveFile(r, c, file_); }, certificate_);
    QString second;
    fetch(source(server), {}, [&](const Progress &) {
        if (second.isEmpty())
            second = failure(source(server));
    });
    QVERIFY2(second.contains("another program"), qPrintable(second));
}

void TestDownload::progress_is_in_bytes_and_grows() {
    TlsServer server([&](const Request &r, Connection &c) { test::serveFile(r, c, file_, "\"1\"", 100'000); },
                     certificate_);
    std::vector<Progress> reports;
    fetch(source(server), {}, [&](const Progress &now) { reports.push_back(now); });
    double before = 0;
    bool waited = false;
    for (const Progress &now : reports) {
        QCOMPARE(now.unit, std::string("bytes"));
        QCOMPARE(now.total, static_cast<double>(file_.size()));
        QVERIFY(now.done <= now.total);
        waited |= now.what.find("trying again") != std::string::npos;
        if (now.what == "Downloading stories") {
            QVERIFY(now.done >= before);
            before = now.done;
        }
    }
    QVERIFY(waited);
    QCOMPARE(before, static_cast<double>(file_.size()));
    QCOMPARE(reports.back().what, std::string("Checking stories"));
}

void TestDownload::a_downloaded_corpus_is_imported() {
    TlsServer server([&](const Request &r, Connection &c) { test::serveFile(r, c, file_, "\"1\"", 100'000); },
                     certificate_);
    const Workspace workspace = Workspace::openOrCreate(folder() / "w");
    const CorpusInfo info = downloadCorpus(workspace, source(server), {}, {}, impatient);
    QCOMPARE(info.name, std::string("stories"));
    QCOMPARE(info.source, std::string("download"));
    QVERIFY(readFile(workspace.corpusText("stories")) == file_);
    QVERIFY(fs::is_empty(workspace.downloads()));
    const size_t asked = server.requests().size();
    QVERIFY_EXCEPTION_THROWN(downloadCorpus(workspace, source(server), {}, {}, impatient), Error);
    QCOMPARE(server.requests().size(), asked); // the name is taken: nothing is fetched
}

void TestDownload::the_published_files_are_the_known_ones() {
    std::vector<DownloadSource> all = publishedCorpora();
    all.insert(all.end(), publishedGpt2Files().begin(), publishedGpt2Files().end());
    for (const DownloadSource &each : all) {
        QVERIFY(each.url.starts_with("https://"));
        QVERIFY(each.certificates.empty());
        QCOMPARE(each.sha256.size(), size_t{64});
    }
    QCOMPARE(publishedCorpus("tinystories-valid").bytes, int64_t{22'502'601});
    QVERIFY_EXCEPTION_THROWN(publishedCorpus("tolstoy"), Error);
    const fs::path data = qEnvironmentVariable("TT_TEST_DATA").toStdString();
    if (data.empty() || !fs::exists(data / "gpt2" / "vocab.bpe"))
        QSKIP("TT_TEST_DATA has no gpt2: the pinned sha256 of GPT-2's files are not compared with the files");
    for (const DownloadSource &each : publishedGpt2Files()) {
        QCOMPARE(static_cast<int64_t>(fs::file_size(data / "gpt2" / each.name)), each.bytes);
        QCOMPARE(sha256OfFile(data / "gpt2" / each.name), each.sha256);
    }
}

QTEST_APPLESS_MAIN(TestDownload)
#include "test_download.moc"
