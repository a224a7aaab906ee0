#include "core/io/workspace.h"

#include "core/error.h"
#include "core/io/file.h"

#include <QTemporaryDir>
#include <QTest>

#include <chrono>
#include <functional>

using namespace tt;
namespace fs = std::filesystem;
using Names = std::vector<std::string>;

namespace {

/// The text of the Error that `work` ends with, and its kind; empty if it does not.
std::pair<std::string, Error::Kind> errorOf(const std::function<void()> &work) {
    try {
        work();
    } catch (const Error &error) {
        return {error.what(), error.kind()};
    }
    return {};
}

/// Writes a file `ageSeconds` old.
void touch(const fs::path &file, int ageSeconds) {
    fs::create_directories(file.parent_path());
    writeFileAtomically(file, "{}");
    fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::seconds(ageSeconds));
}

bool mentions(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

} // namespace

namespace {
using Opening = Workspace (*)(const fs::path &);
const std::vector<Opening> openings{[](const fs::path &folder) { return Workspace::open(folder); },
                                    &Workspace::openOrCreate};
} // namespace

class TestWorkspace : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { folder_ = std::make_unique<QTemporaryDir>(); }
    void a_missing_workspace_is_named();
    void making_one_writes_a_folder_that_opens();
    void opening_again_changes_nothing();
    void a_newer_version_is_refused_with_both_versions();
    void a_damaged_description_is_named_data();
    void a_damaged_description_is_named();
    void a_place_that_cannot_be_made_is_named_data();
    void a_place_that_cannot_be_made_is_named();
    void names_come_newest_first();
    void unfinished_entries_do_not_count();
    void picking_takes_the_newest_or_the_name();
    void picking_says_what_there_is_or_how_to_make_one();
    void a_free_name_counts_up();
    void names_that_fit_every_system_are_taken_data();
    void names_that_fit_every_system_are_taken();

private:
    [[nodiscard]] fs::path path(const std::string &name = "w") const {
        return fs::path(folder_->path().toStdString()) / name;
    }
    std::unique_ptr<QTemporaryDir> folder_;
};

void TestWorkspace::a_missing_workspace_is_named() {
    const auto [text, kind] = errorOf([&] { Workspace::open(path()); });
    QVERIFY2(mentions(text, path().string()), text.c_str());
    QVERIFY(kind == Error::Kind::Failure);
    QVERIFY(!fs::exists(path()));
}

void TestWorkspace::making_one_writes_a_folder_that_opens() {
    const Workspace made = Workspace::openOrCreate(path("a/b/c"));
    QVERIFY(made.folder() == path("a/b/c"));
    QVERIFY(Workspace::open(path("a/b/c")).folder() == made.folder());
    QVERIFY(made.corpora().empty() && made.tokenizers().empty() && made.gpts().empty() && made.transcoders().empty());
}

void TestWorkspace::opening_again_changes_nothing() {
    Workspace::openOrCreate(path());
    const std::string before = readFile(path() / "workspace.json");
    Workspace::openOrCreate(path());
    QCOMPARE(readFile(path() / "workspace.json"), before);
}

void TestWorkspace::a_newer_version_is_refused_with_both_versions() {
    Workspace::openOrCreate(path());
    for (const std::string newer : {"2", "17", "4294967297"}) { // the last is 1 in 32 bits
        const std::string text = "{\"version\": " + newer + "}";
        writeFileAtomically(path() / "workspace.json", text);
        for (const auto &opening : openings) {
            const std::string message = errorOf([&] { opening(path()); }).first;
            QVERIFY2(mentions(message, newer) && mentions(message, std::to_string(Workspace::version)) &&
                         mentions(message, path().string()),
                     message.c_str());
        }
        QCOMPARE(readFile(path() / "workspace.json"), text);
    }
}

void TestWorkspace::a_damaged_description_is_named_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("cut short") << QByteArray("{\"version\": 1");
    QTest::newRow("binary") << QByteArray("\0\xff\x01", 3);
    QTest::newRow("a list") << QByteArray("[1]");
    QTest::newRow("no version") << QByteArray("{}");
    QTest::newRow("version as text") << QByteArray("{\"version\": \"1\"}");
    QTest::newRow("version null") << QByteArray("{\"version\": null}");
}

void TestWorkspace::a_damaged_description_is_named() {
    QFETCH(QByteArray, text);
    fs::create_directories(path());
    writeFileAtomically(path() / "workspace.json", text.toStdString());
    for (const auto &opening : openings) {
        const std::string message = errorOf([&] { opening(path()); }).first;
        QVERIFY2(mentions(message, (path() / "workspace.json").string()), message.c_str());
    }
    QCOMPARE(QByteArray::fromStdString(readFile(path() / "workspace.json")), text); // left for a person to look at
}

void TestWorkspace::a_place_that_cannot_be_made_is_named_data() {
    QTest::addColumn<QString>("name");
    QTest::newRow("a file") << "plain";
    QTest::newRow("below a file") << "plain/w";
    QTest::newRow("too long a name") << QString(300, 'x');
    QTest::newRow("nowhere") << QString("missing/") + QString(300, 'x');
}

void TestWorkspace::a_place_that_cannot_be_made_is_named() {
    QFETCH(QString, name);
    writeFileAtomically(path("plain"), "x");
    for (const auto &opening : openings) {
        const std::string message = errorOf([&] { opening(path(name.toStdString())); }).first;
        QVERIFY2(mentions(message, path(name.toStdString()).string()), message.c_str());
    }
    QCOMPARE(readFile(path("plain")), std::string("x"));
}

void TestWorkspace::names_come_newest_first() {
    const Workspace w = Workspace::openOrCreate(path());
    touch(w.corpusInfo("old"), 300);
    touch(w.corpusInfo("new"), 10);
    touch(w.corpusInfo("dotted.name"), 100);
    QVERIFY(w.corpora() == (Names{"new", "dotted.name", "old"}));
    touch(w.tokenizer("a") / "tokenizer.json", 50);
    touch(w.tokenizer("gpt2") / "encoder.json", 20);
    QVERIFY(w.tokenizers() == (Names{"gpt2", "a"}));
    touch(w.gpt("x") / "state.json", 5);
    touch(w.gpt("y") / "state.json", 50);
    QVERIFY(w.gpts() == (Names{"x", "y"}));
    touch(w.transcoder("t1") / "state.json", 50);
    touch(w.transcoder("t2") / "state.json", 5);
    QVERIFY(w.transcoders() == (Names{"t2", "t1"}));
    fs::last_write_time(w.transcoder("t2") / "state.json", fs::last_write_time(w.transcoder("t1") / "state.json"));
    QVERIFY(w.transcoders() == (Names{"t1", "t2"})); // the same time: by name
}

void TestWorkspace::unfinished_entries_do_not_count() {
    const Workspace w = Workspace::openOrCreate(path());
    touch(w.corpusText("half"), 1);                    // its description comes last
    touch(w.gpt("started") / "config.json", 1);        // killed before its first checkpoint
    touch(w.transcoder("started") / "config.json", 1); //
    touch(w.tokenizer("half") / "vocab.bpe", 1);
    touch(path() / "gpt" / "a file", 1);
    touch(path() / "corpus" / "half.json.writing-AbCdEf", 1); // a write that was killed
    QVERIFY(w.corpora().empty() && w.gpts().empty() && w.transcoders().empty() && w.tokenizers().empty());
}

void TestWorkspace::picking_takes_the_newest_or_the_name() {
    const Workspace w = Workspace::openOrCreate(path());
    touch(w.gpt("old") / "state.json", 50);
    touch(w.gpt("new") / "state.json", 5);
    QCOMPARE(w.pickGpt(""), std::string("new"));
    QCOMPARE(w.pickGpt("old"), std::string("old"));
}

void TestWorkspace::picking_says_what_there_is_or_how_to_make_one() {
    const Workspace w = Workspace::openOrCreate(path());
    for (const auto &[pick, what] :
         {std::pair{&Workspace::pickCorpus, "corpus"}, std::pair{&Workspace::pickTokenizer, "tokenizer"},
          std::pair{&Workspace::pickGpt, "GPT"}, std::pair{&Workspace::pickTranscoder, "transcoder"}}) {
        const auto [text, kind] = errorOf([&] { static_cast<void>((w.*pick)("")); });
        QVERIFY2(mentions(text, what) && mentions(text, "first"), text.c_str());
        QVERIFY(kind == Error::Kind::Failure);
    }
    touch(w.gpt("here") / "state.json", 5);
    touch(w.gpt("there") / "state.json", 50);
    for (const std::string wrong : {"her", "../gpt/here", "HERE"}) {
        const auto [text, kind] = errorOf([&] { static_cast<void>(w.pickGpt(wrong)); });
        QVERIFY2(mentions(text, wrong) && mentions(text, "here, there"), text.c_str());
        QVERIFY(kind == Error::Kind::Usage);
    }
}

void TestWorkspace::a_free_name_counts_up() {
    QCOMPARE(freeName("a", {}), std::string("a"));
    QCOMPARE(freeName("a", {"b"}), std::string("a"));
    QCOMPARE(freeName("a", {"a"}), std::string("a-2"));
    QCOMPARE(freeName("a", {"a-2", "a", "a-3"}), std::string("a-4"));
}

void TestWorkspace::names_that_fit_every_system_are_taken_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<bool>("fits");
    QTest::newRow("letters") << "Tiny-plt_2.b" << true;
    QTest::newRow("64") << QString(64, 'x') << true;
    QTest::newRow("65") << QString(65, 'x') << false;
    QTest::newRow("empty") << "" << false;
    QTest::newRow("hidden") << ".a" << false;
    QTest::newRow("parent") << ".." << false;
    QTest::newRow("slash") << "a/b" << false;
    QTest::newRow("backslash") << "a\\b" << false;
    QTest::newRow("space") << "a b" << false;
    QTest::newRow("colon") << "a:b" << false;
    QTest::newRow("newline") << "a\n" << false;
    QTest::newRow("umlaut") << QString::fromUtf8("\xc3\xa4") << false;
}

void TestWorkspace::names_that_fit_every_system_are_taken() {
    QFETCH(QString, name);
    QFETCH(bool, fits);
    const auto [text, kind] = errorOf([&] { checkName(name.toStdString(), "GPT"); });
    QCOMPARE(text.empty(), fits);
    if (!fits)
        QVERIFY(kind == Error::Kind::Usage && mentions(text, "GPT"));
}

QTEST_APPLESS_MAIN(TestWorkspace)
#include "test_workspace.moc"
