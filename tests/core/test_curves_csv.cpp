#include "core/error.h"
#include "core/io/file.h"
#include "core/train/curves_csv.h"

#include <QTemporaryDir>
#include <QTest>

using namespace tt;

class TestCurvesCsv : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void steps_are_merged_and_gaps_stay_empty() {
        const QTemporaryDir folder;
        const auto file = folder.filePath("curves.csv").toStdString();
        writeCurvesCsv(
            file, {.columns = {{"train", {1, 2, 3}, {0.5, 0.1, 1e-7}}, {"held \"out\", mean", {2, 4}, {3, 1.0 / 3}}}});
        QCOMPARE(readFile(file), std::string("step,train,\"held \"\"out\"\", mean\"\n"
                                             "1,0.5,\n"
                                             "2,0.1,3\n"
                                             "3,1e-07,\n"
                                             "4,,0.3333333333333333\n"));
    }

    void without_curves_only_the_heading_is_written() {
        const QTemporaryDir folder;
        const auto file = folder.filePath("curves.csv").toStdString();
        writeCurvesCsv(file, {});
        QCOMPARE(readFile(file), std::string("step\n"));
    }

    void a_place_that_cannot_be_written_is_an_error() {
        const QTemporaryDir folder;
        QVERIFY_THROWS_EXCEPTION(Error, writeCurvesCsv(folder.filePath("none/curves.csv").toStdString(), {}));
    }
};

QTEST_GUILESS_MAIN(TestCurvesCsv)
#include "test_curves_csv.moc"
