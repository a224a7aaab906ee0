// The penalty of JumpReLU and ReLU that is found while training: as many features end up active as were asked for.
#include "core/train/transcoder_training.h"

#include "small_workspace.h"
#include "training_samples.h"

#include <QTemporaryDir>
#include <QTest>

using namespace tt;

class TestFoundPenalty : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { small_.emplace(std::filesystem::path(folder_.path().toStdString()) / "w"); }
    void about_k_features_stay_active_data();
    void about_k_features_stay_active();
    void a_given_penalty_is_left_alone();
    void a_run_that_kept_no_integrals_goes_on_data();
    void a_run_that_kept_no_integrals_goes_on();

private:
    static TranscoderTrainingConfig config(Activation activation, int k) {
        return {.gptRun = "g",
                .corpus = "stories",
                .activation = activation,
                .features = 192,
                .k = k,
                .steps = 1000,
                .batch = 256,
                .warmup = 20,
                .cache = ActivationSource::Memory,
                .evalEvery = 1000,
                .checkpointEvery = 1000,
                .threads = 1};
    }
    QTemporaryDir folder_;
    std::optional<test::SmallWorkspace> small_;
};

void TestFoundPenalty::about_k_features_stay_active_data() {
    QTest::addColumn<int>("activation");
    QTest::addColumn<int>("k");
    for (const Activation activation : {Activation::JumpRelu, Activation::Relu})
        for (const int k : {6, 12})
            QTest::addRow("%s %d", toString(activation).c_str(), k) << static_cast<int>(activation) << k;
}

void TestFoundPenalty::about_k_features_stay_active() {
    QFETCH(int, activation);
    QFETCH(int, k);
    const auto result =
        trainTranscoder(small_->workspace, toString(static_cast<Activation>(activation)) + std::to_string(k),
                        config(static_cast<Activation>(activation), k), small_->tokens(), {}, {});
    for (const auto &layer : result.heldOut.layers)
        QVERIFY2(layer.l0 > 0.9 * k && layer.l0 < 1.1 * k, qPrintable(QString::number(layer.l0)));
}

void TestFoundPenalty::a_given_penalty_is_left_alone() {
    auto given = config(Activation::JumpRelu, 6);
    given.steps = 40;
    given.penalty = 0.01;
    given.penaltyWarmup = 10;
    std::vector<double> penalties;
    trainTranscoder(small_->workspace, "given", given, small_->tokens(), {},
                    [&](const TrainingPoint &point) { penalties.push_back(point.value("penalty_0").value()); });
    for (size_t step = 0; step < penalties.size(); ++step)
        QVERIFY(std::abs(penalties[step] - 0.01 * std::min(1.0, static_cast<double>(step + 1) / 10)) < 1e-7);
    QCOMPARE(penalties.size(), size_t{40});
}

void TestFoundPenalty::a_run_that_kept_no_integrals_goes_on_data() {
    QTest::addColumn<int>("activation");
    for (const Activation activation : {Activation::TopK, Activation::JumpRelu})
        QTest::newRow(toString(activation).c_str()) << static_cast<int>(activation);
}

/// As those of an earlier version, which had none.
void TestFoundPenalty::a_run_that_kept_no_integrals_goes_on() {
    QFETCH(int, activation);
    auto halted = config(static_cast<Activation>(activation), 6);
    halted.steps = 12;
    const std::string name = "old-" + toString(halted.activation);
    std::stop_source source;
    trainTranscoder(small_->workspace, name, halted, small_->tokens(), source.get_token(), test::stopAt(5, source));
    const auto checkpoint = small_->workspace.transcoder(name) / "optimizer-5.safetensors";
    {
        const SafetensorsFile file(checkpoint);
        std::vector<TensorToWrite> kept;
        for (const TensorView &tensor : file.tensors())
            if (tensor.name != "penalty_integrals")
                kept.push_back({tensor.name, tensor.dtype, tensor.shape, tensor.data});
        QCOMPARE(kept.size() + 1, file.tensors().size());
        writeSafetensors(checkpoint, kept);
    }
    const auto resumed = resumeTranscoder(small_->workspace, name, small_->tokens(), {}, {});
    QVERIFY(!resumed.stopped && resumed.steps == 12);
}

QTEST_GUILESS_MAIN(TestFoundPenalty)
#include "test_found_penalty.moc"
