#include "core/train/transcoder_snapshots.h"
#include "random_transcoder.h"

#include <QTemporaryDir>
#include <QTest>

using namespace tt;
namespace fs = std::filesystem;

class TestTranscoderSnapshots : public QObject {
    Q_OBJECT

    static TranscoderWeights<float> weights(TranscoderKind kind, uint64_t seed) {
        return test::randomTranscoder(test::oddConfig(), kind, Activation::JumpRelu, 6, 2, true, seed);
    }

private Q_SLOTS:
    void what_was_kept_is_read_again() {
        for (const TranscoderKind kind : {TranscoderKind::PerLayer, TranscoderKind::CrossLayer}) {
            const QTemporaryDir folder;
            const fs::path path = folder.path().toStdString();
            const TranscoderWeights<float> kept = weights(kind, 3);
            keepSnapshot(path, kept, 40, 5);
            const TranscoderWeights<float> read = loadTranscoder(snapshotFolder(path, 40));
            QVERIFY(read.config == kept.config);
            for (size_t layer = 0; layer < kept.layers.size(); ++layer)
                QCOMPARE(read.layers[layer].encoder, kept.layers[layer].encoder);
        }
    }

    void at_most_so_many_stay_evenly_spread_with_the_first_and_the_newest() {
        const QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        for (int64_t step = 0; step <= 320; step += 10)
            keepSnapshot(path, weights(TranscoderKind::PerLayer, 1), step, 5);
        const std::vector<int64_t> steps = snapshotSteps(path);
        QCOMPARE(steps.size(), size_t{5});
        QCOMPARE(steps.front(), int64_t{0});
        QCOMPARE(steps.back(), int64_t{320});
        for (size_t i = 1; i < steps.size(); ++i)
            QVERIFY2(steps[i] - steps[i - 1] <= 160, "a gap of half the run"); // even would be 80
    }

    void none_are_kept_where_none_are_asked_for() {
        const QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        keepSnapshot(path, weights(TranscoderKind::PerLayer, 1), 10, 0);
        QVERIFY(snapshotSteps(path).empty());
        QVERIFY(!fs::exists(path / "snapshots"));
    }

    void a_folder_cut_short_does_not_count() {
        const QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        keepSnapshot(path, weights(TranscoderKind::PerLayer, 1), 10, 3);
        fs::create_directories(snapshotFolder(path, 20));
        fs::create_directories(path / "snapshots" / "notes");
        QCOMPARE(snapshotSteps(path), std::vector<int64_t>{10});
    }
};

QTEST_APPLESS_MAIN(TestTranscoderSnapshots)
#include "test_transcoder_snapshots.moc"
