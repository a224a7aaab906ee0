#include "core/features/feature_labels.h"
#include "core/io/file.h"

#include <QTemporaryDir>
#include <QTest>

#include <filesystem>

using namespace tt;
namespace fs = std::filesystem;

class TestFeatureLabels : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void notes_are_kept_by_feature_and_an_empty_one_is_taken_away() {
        const QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        QVERIFY(readFeatureLabels(path).notes.empty());
        const FeatureNote note{.label = "once upon a → time", .notes = "weak\non \"boxes\"", .starred = true};
        writeFeatureNote(path, 1, 1184, note);
        writeFeatureNote(path, 0, 3, {.label = "x", .notes = {}, .starred = false});
        QCOMPARE(readFeatureLabels(path).notes.size(), size_t{2});
        QVERIFY(readFeatureLabels(path).notes.at({1, 1184}) == note);
        writeFeatureNote(path, 0, 3, {});
        QCOMPARE(readFeatureLabels(path).notes.size(), size_t{1});
    }

    void a_label_file_edited_into_nonsense_is_kept_aside_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::newRow("cut short") << QByteArray("{\"version\": 1, \"features\": {\"1/2\": {\"label\": \"a");
        QTest::newRow("no JSON") << QByteArray("1/1184 = once upon a");
        QTest::newRow("a list") << QByteArray("[1, 2]");
        QTest::newRow("features are a text") << QByteArray(R"({"version": 1, "features": "all"})");
        QTest::newRow("a name that is none") << QByteArray(R"({"version": 1, "features": {"eleven": {"label": "a"}}})");
        QTest::newRow("a name too long") << QByteArray(R"({"version": 1, "features": {"1/2/3": {"label": "a"}}})");
        QTest::newRow("a label that is a number") << QByteArray(R"({"version": 1, "features": {"1/2": {"label": 7}}})");
        QTest::newRow("an entry that is a text") << QByteArray(R"({"version": 1, "features": {"1/2": "a"}})");
        QTest::newRow("newer") << QByteArray(R"({"version": 2, "features": {}})");
        QTest::newRow("empty") << QByteArray("");
        QTest::newRow("bytes") << QByteArray("\xff\xfe\x00\x81", 4);
    }
    void a_label_file_edited_into_nonsense_is_kept_aside() {
        QFETCH(QByteArray, text);
        const QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        writeFileAtomically(path / "labels.json", text.toStdString());
        const FeatureLabels read = readFeatureLabels(path);
        QVERIFY(read.notes.empty());
        QVERIFY2(read.problem.find("labels.json") != std::string::npos, read.problem.c_str());
        QCOMPARE(readFile(path / "labels.json"), text.toStdString()); // reading changes nothing
        writeFeatureNote(path, 0, 1, {.label = "new", .notes = {}, .starred = false});
        QCOMPARE(readFile(path / "labels.unreadable.json"), text.toStdString());
        QCOMPARE(readFeatureLabels(path).notes.at({0, 1}).label, std::string("new"));
        writeFileAtomically(path / "labels.json", "again");
        writeFeatureNote(path, 0, 2, {.label = "newer", .notes = {}, .starred = false});
        QCOMPARE(readFile(path / "labels.unreadable-2.json"), std::string("again"));
        QCOMPARE(readFile(path / "labels.unreadable.json"), text.toStdString());
    }
};

QTEST_APPLESS_MAIN(TestFeatureLabels)
#include "test_feature_labels.moc"
