#include "core/train/live_transcoder.h"
#include "core/train/transcoder_training.h"
#include "training_samples.h"

#include <QTemporaryDir>
#include <QTest>

using namespace tt;

namespace {

GptTrainingConfig gptConfig() {
    GptTrainingConfig config;
    config.model = {.vocabSize = test::sampleVocab, .dModel = 16, .heads = 2, .headSize = 8, .layers = 2, .context = 8};
    config.batch = 4;
    config.steps = 2;
    config.warmup = 0;
    config.threads = 1;
    return config;
}

bool sameWeights(const TranscoderWeights<float> &a, const TranscoderWeights<float> &b) {
    return std::equal(a.layers.begin(), a.layers.end(), b.layers.begin(), b.layers.end(),
                      [](const TranscoderLayer<float> &x, const TranscoderLayer<float> &y) {
                          return x.encoder == y.encoder && x.encoderBias == y.encoderBias && x.decoder == y.decoder &&
                                 x.decoderBias == y.decoderBias;
                      });
}

} // namespace

class TestLiveTranscoder : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    Workspace workspace_ = Workspace::openOrCreate(folder_.filePath("w").toStdString());

private Q_SLOTS:
    void initTestCase() { trainGpt(workspace_, "gpt", gptConfig(), test::cycle(), {}, {}); }

    void a_run_hands_over_what_it_has_learnt_and_ends_as_if_nobody_had_asked() {
        TranscoderTrainingConfig config = test::smallTranscoder("gpt", 9);
        config.checkpointEvery = 1000;
        std::stop_source stop; // a run of the same steps that ends after the fifth
        trainTranscoder(workspace_, "cut", config, test::cycle(), stop.get_token(), test::stopAt(5, stop));
        trainTranscoder(workspace_, "alone", config, test::cycle(), {}, {});
        LiveTranscoder live;
        int64_t taken = 0;
        std::shared_ptr<const TranscoderWeights<float>> weights;
        trainTranscoder(
            workspace_, "asked", config, test::cycle(), {},
            [&](const TrainingPoint &point) {
                if (point.step == 4) // answered after the step that follows
                    live.ask([&](int64_t step, std::shared_ptr<const TranscoderWeights<float>> copy) {
                        taken = step;
                        weights = std::move(copy);
                    });
            },
            {}, &live);
        QCOMPARE(taken, int64_t{5});
        QVERIFY(sameWeights(*weights, loadTranscoder(workspace_.transcoder("cut"))));
        const TranscoderWeights<float> asked = loadTranscoder(workspace_.transcoder("asked"));
        QVERIFY(sameWeights(asked, loadTranscoder(workspace_.transcoder("alone"))));
        QVERIFY(!sameWeights(asked, *weights)); // what was handed over stays as it was
    }

    void a_question_is_answered_once_and_the_newest_one_only() {
        LiveTranscoder live;
        std::vector<std::pair<int, int64_t>> answers;
        int copies = 0;
        const auto copy = [&] {
            ++copies;
            return TranscoderWeights<float>();
        };
        live.offer(1, copy);
        live.ask([&](int64_t step, const auto &) { answers.emplace_back(1, step); });
        live.ask([&](int64_t step, const auto &) { answers.emplace_back(2, step); });
        for (int64_t step = 2; step < 5; ++step)
            live.offer(step, copy);
        QCOMPARE(answers, (std::vector<std::pair<int, int64_t>>{{2, 2}}));
        QCOMPARE(copies, 1);
    }
};

QTEST_GUILESS_MAIN(TestLiveTranscoder)
#include "test_live_transcoder.moc"
