#include "core/io/file.h"

#include "core/error.h"

#include <QTemporaryDir>
#include <QTest>

#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

using namespace tt;
namespace fs = std::filesystem;

namespace {

int entriesIn(const fs::path &folder) {
    return static_cast<int>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

/// A file may not grow past `bytes` while this lives: writing more fails as on a full disk.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) {
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before_);
        rlimit limit = before_;
        limit.rlim_cur = bytes;
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    FileSizeLimit(const FileSizeLimit &) = delete;
    FileSizeLimit &operator=(const FileSizeLimit &) = delete;

private:
    rlimit before_{};
    void (*handler_)(int) = nullptr;
};

} // namespace

class TestFile : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { folder_ = std::make_unique<QTemporaryDir>(); }
    void a_written_file_holds_exactly_what_was_written();
    void without_commit_nothing_is_left();
    void the_old_content_stays_until_commit();
    void a_limit_on_size_fails_and_keeps_the_old_file();
    void a_full_disk_fails_and_keeps_the_old_file();
    void an_impossible_path_is_named_data();
    void an_impossible_path_is_named();
    void a_target_that_is_a_folder_is_refused_and_leaves_nothing();
    void reading_what_is_no_file_is_refused();
    void an_empty_file_maps_to_nothing();
    void sha256_is_that_of_fips_180();
    void what_a_kill_left_half_written_is_removed_when_it_is_old();

private:
    [[nodiscard]] fs::path path(const char *name = "file") const {
        return fs::path(folder_->path().toStdString()) / name;
    }
    void failsToGrow(const fs::path &target, const char *reason);
    std::unique_ptr<QTemporaryDir> folder_;
};

void TestFile::what_a_kill_left_half_written_is_removed_when_it_is_old() {
    fs::create_directories(path("deep"));
    fs::path left;
    {
        AtomicFile file(path("deep") / "text.json");
        for (const auto &entry : fs::directory_iterator(path("deep")))
            left = entry.path(); // as the kill would leave it
        QVERIFY(isHalfWritten(left));
        fs::copy_file(left, path("deep") / "old.json.writing-aB3dEf");
        fs::copy_file(left, path("deep") / "mine.json.backup");
        for (const char *name : {"old.json.writing-aB3dEf", "mine.json.backup"})
            fs::last_write_time(path("deep") / name, fs::file_time_type::clock::now() - std::chrono::hours(25));
        removeHalfWritten(path(""), std::chrono::hours(24));
        QVERIFY(fs::exists(left)); // somebody is writing it
        file.commit();
    }
    QVERIFY(fs::exists(path("deep") / "text.json") && fs::exists(path("deep") / "mine.json.backup"));
    QVERIFY(!fs::exists(path("deep") / "old.json.writing-aB3dEf"));
    removeHalfWritten(path("nowhere"), std::chrono::hours(24)); // a folder that is not there holds none
}

void TestFile::a_written_file_holds_exactly_what_was_written() {
    AtomicFile file(path());
    std::string expected;
    for (int i = 0; i < 30; ++i) { // past the buffer
        const std::string part(static_cast<size_t>(100'000 + i), static_cast<char>('a' + i % 26));
        file.write(part);
        expected += part;
    }
    file.write(std::string("\0\n", 2));
    expected += std::string("\0\n", 2);
    file.writeAt(5, "HEAD");
    expected.replace(5, 4, "HEAD");
    QCOMPARE(file.size(), expected.size());
    file.commit();
    QVERIFY(readFile(path()) == expected);
    QCOMPARE(entriesIn(folder_->path().toStdString()), 1);
}

void TestFile::without_commit_nothing_is_left() {
    {
        AtomicFile file(path());
        file.write(std::string(3'000'000, 'x'));
        QVERIFY(!fs::exists(path()));
    }
    QCOMPARE(entriesIn(folder_->path().toStdString()), 0);
}

void TestFile::the_old_content_stays_until_commit() {
    writeFileAtomically(path(), "old");
    {
        AtomicFile abandoned(path());
        abandoned.write("abandoned");
    }
    QCOMPARE(readFile(path()), std::string("old"));
    AtomicFile file(path());
    file.write("new");
    QCOMPARE(readFile(path()), std::string("old"));
    file.commit();
    QCOMPARE(readFile(path()), std::string("new"));
}

void TestFile::failsToGrow(const fs::path &target, const char *reason) {
    try {
        writeFileAtomically(target, std::string(4'000'000, 'n'));
        QFAIL("not refused");
    } catch (const Error &error) {
        const std::string text = error.what();
        QVERIFY2(text.find(target.string()) != std::string::npos && text.find(reason) != std::string::npos,
                 error.what());
    }
    QCOMPARE(readFile(target), std::string("old"));
    QCOMPARE(entriesIn(target.parent_path()), 1);
}

void TestFile::a_limit_on_size_fails_and_keeps_the_old_file() {
    writeFileAtomically(path(), "old");
    const FileSizeLimit limit(100'000);
    failsToGrow(path(), "File too large");
}

void TestFile::a_full_disk_fails_and_keeps_the_old_file() {
    const fs::path small = path("small");
    fs::create_directory(small);
    if (::mount("tmpfs", small.c_str(), "tmpfs", 0, "size=128k") != 0)
        QSKIP("a small file system cannot be mounted here");
    writeFileAtomically(small / "file", "old");
    failsToGrow(small / "file", "Free some space");
    QCOMPARE(::umount(small.c_str()), 0);
}

void TestFile::an_impossible_path_is_named_data() {
    QTest::addColumn<QString>("name");
    QTest::newRow("in no folder") << "missing/file";
    QTest::newRow("below a file") << "plain/file";
    QTest::newRow("too long a name") << QString(300, 'x');
    QTest::newRow("with a NUL-free but odd name") << "missing/\n\xc3\xa9";
}

void TestFile::an_impossible_path_is_named() {
    QFETCH(QString, name);
    writeFileAtomically(path("plain"), "x");
    const fs::path target = path(name.toStdString().c_str());
    try {
        writeFileAtomically(target, "text");
        QFAIL("not refused");
    } catch (const Error &error) {
        QVERIFY2(std::string(error.what()).find(target.string()) != std::string::npos, error.what());
    }
    QCOMPARE(entriesIn(folder_->path().toStdString()), 1);
}

void TestFile::a_target_that_is_a_folder_is_refused_and_leaves_nothing() {
    fs::create_directory(path("folder"));
    QVERIFY_EXCEPTION_THROWN(writeFileAtomically(path("folder"), "text"), Error);
    QVERIFY(fs::is_directory(path("folder")));
    QCOMPARE(entriesIn(folder_->path().toStdString()), 1);
}

void TestFile::reading_what_is_no_file_is_refused() {
    for (const fs::path &each : {path(), path("missing/file"), fs::path("/dev/zero")}) {
        QVERIFY_EXCEPTION_THROWN(readFile(each), Error);
        QVERIFY_EXCEPTION_THROWN(MappedFile{each}, Error);
    }
    QVERIFY_EXCEPTION_THROWN(readFile(path().parent_path()), Error);
    writeFileAtomically(path(), "12345");
    QVERIFY_EXCEPTION_THROWN(readFile(path(), 4), Error);
    QCOMPARE(readFile(path(), 5), std::string("12345"));
}

void TestFile::an_empty_file_maps_to_nothing() {
    writeFileAtomically(path(), "");
    QVERIFY(MappedFile(path()).bytes().empty());
    QCOMPARE(readFile(path()), std::string());
}

void TestFile::sha256_is_that_of_fips_180() {
    writeFileAtomically(path(), "abc");
    QCOMPARE(QString::fromStdString(sha256OfFile(path())),
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    writeFileAtomically(path(), "");
    QCOMPARE(QString::fromStdString(sha256OfFile(path())),
             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

QTEST_APPLESS_MAIN(TestFile)
#include "test_file.moc"
