// Downloads in the real window with its session, from a server on this machine: begun, paused, found again by a window
// opened anew, finished, failed. Keeps pictures beside the test program.
#include "app/window_program.h"
#include "core/tls_server.h"
#include "ui/fail_on_warning.h"

#include "core/io/file.h"
#include "core/text/story_generator.h"
#include "ui/data/data_place.h"
#include "ui/data/preview_pane.h"
#include "ui/data/token_preview.h"
#include "ui/theme.h"
#include "ui/widgets/message_bar.h"

#include <QApplication>
#include <QDir>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QStandardPaths>
#include <QTableView>
#include <QTemporaryDir>
#include <QtTest>

#include <condition_variable>
#include <memory>
#include <mutex>

using namespace tt;
using test::Connection;
using test::Request;

namespace {
constexpr int patience = 30'000; // milliseconds; a machine under load

/// Lets the server send the second half of a file.
class Gate {
public:
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        opened_.notify_all();
    }
    void wait() {
        std::unique_lock lock(mutex_);
        opened_.wait(lock, [this] { return open_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable opened_;
    bool open_ = false;
};

struct Program : WindowProgram {
    Program(const QString &folder, const std::vector<DownloadSource> &sources) {
        session.downloads().setSources(sources, {.tries = 2, .firstPause = 0.01});
        session.open(folder);
    }
    /// Chooses from the menu of a button.
    bool choose(const QString &button, int item) {
        auto *owner = seen<QPushButton>(button);
        auto *menu = owner ? owner->findChild<QMenu *>() : nullptr;
        if (!menu)
            return false;
        owner->click();
        menu->actions().at(item)->trigger();
        menu->close();
        return true;
    }
    std::optional<DownloadRow> row(const QString &name) {
        for (const DownloadRow &row : session.downloads().rows())
            if (row.name == name)
                return row;
        return {};
    }
    bool isRow(const QString &name, DownloadRow::State state) {
        const auto found = row(name);
        return found && found->state == state;
    }
};
} // namespace

class TestDownloads : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void a_download_shows_how_far_it_is();
    void everything_else_goes_on_meanwhile();
    void a_paused_one_keeps_what_arrived();
    void a_window_opened_anew_finds_it_and_goes_on();
    void the_finished_corpus_is_shown_in_tokens();
    void a_download_that_fails_says_why();
    void a_cancelled_one_leaves_nothing();
    void a_deleted_corpus_comes_back_by_undo();
    void cleanupTestCase();

private:
    void keep(const QString &what);
    [[nodiscard]] QString folder() const { return folder_.filePath("workspace"); }
    [[nodiscard]] Workspace workspace() const { return Workspace::open(folder().toStdString()); }

    std::unique_ptr<FailOnWarning> failOnWarning_;
    QTemporaryDir folder_;
    std::string file_;
    Gate gate_;
    std::unique_ptr<test::TlsServer> server_, failing_;
    std::vector<DownloadSource> sources_;
    std::unique_ptr<Program> program_;
};

void TestDownloads::initTestCase() {
    for (const char *proxy : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
        qunsetenv(proxy);
    QStandardPaths::setTestModeEnabled(true);
    qputenv("TT_COLOR_SCHEME", "light");
    applyTheme(*qApp);
    failOnWarning_ = std::make_unique<FailOnWarning>();
    const StoryGenerator generator(7);
    for (uint64_t i = 0; file_.size() < 3'000'000; ++i)
        file_ += generator.story(i) + "\n<|endoftext|>\n";
    const test::Certificate certificate;
    const std::filesystem::path base = folder_.path().toStdString();
    certificate.write(base / "trusted.pem");
    writeFileAtomically(base / "published", file_);
    server_ = std::make_unique<test::TlsServer>(
        [this](const Request &request, Connection &connection) {
            if (request.from > 0)
                return test::serveFile(request, connection, file_);
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(file_.size()) +
                            "\r\nETag: \"1\"\r\nConnection: close\r\n\r\n");
            connection.send(std::string_view(file_).substr(0, file_.size() * 2 / 5));
            gate_.wait();
        },
        certificate);
    failing_ = std::make_unique<test::TlsServer>(
        [](const Request &, Connection &connection) {
            connection.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        },
        certificate);
    const std::string sha = sha256OfFile(base / "published");
    const auto bytes = static_cast<int64_t>(file_.size());
    sources_ = {{"tinystories", server_->url(), bytes, sha, base / "trusted.pem"},
                {"tinystories-valid", failing_->url(), bytes, sha, base / "trusted.pem"}};
    program_ = std::make_unique<Program>(folder(), sources_);
    QTRY_VERIFY_WITH_TIMEOUT(program_->window.status().startsWith("Opened"), patience);
}

/// The window as it is, light and dark, small and large.
void TestDownloads::keep(const QString &what) {
    QDir().mkpath("pictures");
    MainWindow &window = program_->window;
    for (const char *scheme : {"dark", "light"})
        for (const QSize &size : {QSize(2560, 1440), QSize(1280, 800)}) {
            qputenv("TT_COLOR_SCHEME", scheme);
            applyTheme(*qApp);
            window.resize(size);
            QTest::qWait(30); // layouts settle in the event loop
            QVERIFY(window.grab().save(QString("pictures/downloads-%1-%2-%3.png").arg(what, scheme).arg(size.width())));
        }
}

void TestDownloads::a_download_shows_how_far_it_is() {
    Program &p = *program_;
    QVERIFY(p.choose("Download TinyStories", 0));
    QVERIFY(p.isRow("tinystories", DownloadRow::State::Running));
    QTRY_VERIFY_WITH_TIMEOUT(p.row("tinystories")->done > 0.39 * static_cast<double>(file_.size()), patience);
    QCOMPARE(p.row("tinystories")->total, static_cast<double>(file_.size()));
    QVERIFY(p.seen<QPushButton>("Pause tinystories"));
}

void TestDownloads::everything_else_goes_on_meanwhile() {
    Program &p = *program_;
    QVERIFY(p.press("Generate 20,000 stories"));
    QTRY_COMPARE_WITH_TIMEOUT(workspace().corpora(), std::vector<std::string>{"generated-20k"}, patience);
    QTRY_VERIFY_WITH_TIMEOUT(p.seen<QAbstractButton>("Train tokenizer")->isEnabled(), patience);
    QVERIFY(p.press("Train tokenizer"));
    QTRY_COMPARE_WITH_TIMEOUT(workspace().tokenizers().size(), size_t{1}, patience);
    TokenPreview *tokens = p.window.dataPlace().preview()->tokens();
    QTRY_VERIFY_WITH_TIMEOUT(tokens->count() > 100, patience);
    tokens->choose(5);
    auto *frequent = p.seen<QTableView>("Most frequent tokens");
    QTRY_VERIFY_WITH_TIMEOUT(frequent->model()->rowCount() == 100, patience);
    QVERIFY(p.isRow("tinystories", DownloadRow::State::Running));
    keep("running");
}

void TestDownloads::a_paused_one_keeps_what_arrived() {
    Program &p = *program_;
    QVERIFY(p.press("Pause tinystories"));
    QTRY_VERIFY_WITH_TIMEOUT(p.isRow("tinystories", DownloadRow::State::Paused), patience);
    QVERIFY(p.row("tinystories")->done > 0);
    QVERIFY(p.seen<QPushButton>("Resume tinystories"));
    QCOMPARE(downloadedBytes(sources_[0], workspace().downloads()), static_cast<int64_t>(p.row("tinystories")->done));
    gate_.open();
}

void TestDownloads::a_window_opened_anew_finds_it_and_goes_on() {
    const double before = program_->row("tinystories")->done;
    program_.reset();
    program_ = std::make_unique<Program>(folder(), sources_);
    Program &p = *program_;
    QTRY_VERIFY_WITH_TIMEOUT(p.isRow("tinystories", DownloadRow::State::Paused), patience);
    QCOMPARE(p.row("tinystories")->done, before);
    QTRY_VERIFY_WITH_TIMEOUT(p.window.dataPlace().preview()->tokens()->count() > 100, patience);
    keep("paused");
    QVERIFY(p.press("Resume tinystories"));
    QTRY_VERIFY_WITH_TIMEOUT(!p.row("tinystories"), patience);
    QCOMPARE(static_cast<double>(server_->requests().back().from), before);
    QVERIFY(readFile(workspace().corpusText("tinystories")) == file_);
    QVERIFY(std::filesystem::is_empty(workspace().downloads()));
}

void TestDownloads::the_finished_corpus_is_shown_in_tokens() {
    Program &p = *program_;
    const TokenPreview *tokens = p.window.dataPlace().preview()->tokens();
    QTRY_COMPARE_WITH_TIMEOUT(tokens->preview().corpus, std::string("tinystories"), patience);
    const Tokenizer tokenizer = Tokenizer::load(workspace().tokenizer(workspace().tokenizers().front()));
    const std::string text = tokenizer.decode(tokens->preview().ids);
    const std::string first = StoryGenerator(7).story(0);
    QCOMPARE(text.substr(0, first.size()), first);
    QTest::qWait(400); // counts and veils
    keep("finished");
}

void TestDownloads::a_download_that_fails_says_why() {
    Program &p = *program_;
    QVERIFY(p.choose("Download TinyStories", 1));
    QTRY_VERIFY_WITH_TIMEOUT(p.isRow("tinystories-valid", DownloadRow::State::Failed), patience);
    QVERIFY2(p.row("tinystories-valid")->problem.contains("404"), qPrintable(p.row("tinystories-valid")->problem));
    QVERIFY(p.window.status().contains("tinystories-valid"));
    keep("failed");
}

void TestDownloads::a_cancelled_one_leaves_nothing() {
    Program &p = *program_;
    QVERIFY(p.press("Cancel tinystories-valid"));
    QTRY_VERIFY_WITH_TIMEOUT(!p.row("tinystories-valid") && std::filesystem::is_empty(workspace().downloads()),
                             patience);
}

void TestDownloads::a_deleted_corpus_comes_back_by_undo() {
    Program &p = *program_;
    auto *corpora = p.seen<QTableView>("Corpora");
    QVERIFY(corpora);
    const auto find = [&](const QString &name) {
        for (int row = 0; row < corpora->model()->rowCount(); ++row)
            if (corpora->model()->index(row, 0).data().toString() == name)
                return row;
        return -1;
    };
    corpora->setCurrentIndex(corpora->model()->index(find("tinystories"), 0));
    p.window.activateWindow();
    corpora->setFocus();
    QTRY_VERIFY_WITH_TIMEOUT(corpora->hasFocus(), patience);
    QTest::keyClick(corpora, Qt::Key_Delete);
    QTRY_COMPARE_WITH_TIMEOUT(find("tinystories"), -1, patience);
    QTRY_VERIFY_WITH_TIMEOUT(p.seen<QPushButton>("Undo"), patience);
    keep("deleted");
    QVERIFY(p.press("Undo"));
    QTRY_VERIFY_WITH_TIMEOUT(find("tinystories") >= 0, patience);
    QVERIFY(!p.seen<QPushButton>("Undo"));
    QVERIFY(readFile(workspace().corpusText("tinystories")) == file_);
}

void TestDownloads::cleanupTestCase() {
    gate_.open();
    program_.reset();
    server_.reset();
    failing_.reset();
}

QTEST_MAIN(TestDownloads)
#include "test_downloads.moc"
