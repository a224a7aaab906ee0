// Settings of both trainings: presets, JSON, and what is refused.
#include "core/train/gpt_training.h"
#include "core/train/transcoder_training.h"

#include "training_samples.h"

#include <QTemporaryDir>
#include <QTest>

using namespace tt;
using namespace tt::test;

class TestTrainingSettings : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void impossible_settings_are_refused_with_what_there_is();
    void the_original_preset_has_the_originals_shape();
    void settings_survive_json();
};

void TestTrainingSettings::impossible_settings_are_refused_with_what_there_is() {
    const auto [preset, presetKind] = errorOf([] { GptTrainingConfig::fromPreset("huge"); });
    QVERIFY(mentions(preset, "tiny, original, small") && presetKind == Error::Kind::Usage);
    GptTrainingConfig gpt;
    TranscoderTrainingConfig transcoder;
    for (const auto &work :
         std::vector<std::function<void()>>{[&] { gpt.set("step", "3"); }, [&] { transcoder.set("step", "3"); }}) {
        const auto [text, kind] = errorOf(work);
        QVERIFY(mentions(text, "\"step\"") && mentions(text, "steps, batch") && kind == Error::Kind::Usage);
    }
    for (const auto &[key, value] : std::vector<std::pair<std::string, std::string>>{{"steps", "0"},
                                                                                     {"steps", "-1"},
                                                                                     {"steps", "2.5"},
                                                                                     {"steps", "many"},
                                                                                     {"steps", ""},
                                                                                     {"steps", "1e99"},
                                                                                     {"learning_rate", "nan"},
                                                                                     {"learning_rate", "inf"},
                                                                                     {"learning_rate", "1e30"},
                                                                                     {"learning_rate", "1e-3x"},
                                                                                     {"dropout", "1"},
                                                                                     {"batch", " 4"},
                                                                                     {"schedule", "linear"},
                                                                                     {"precision", "fp16"},
                                                                                     {"heads", "0"}}) {
        const GptTrainingConfig before = gpt;
        const auto [text, kind] = errorOf([&] { gpt.set(key, value); });
        QVERIFY2(kind == Error::Kind::Usage && !text.empty(), (key + "=" + value).c_str());
        QVERIFY(gpt == before);
    }
    for (const auto &[key, value] : std::vector<std::pair<std::string, std::string>>{{"kind", "per layer"},
                                                                                     {"activation", "TopK"},
                                                                                     {"skip", "maybe"},
                                                                                     {"features", "0"},
                                                                                     {"k", "0"},
                                                                                     {"penalty", "-1"},
                                                                                     {"auxk", "0.5"}}) {
        const auto [text, kind] = errorOf([&] { transcoder.set(key, value); });
        QVERIFY2(kind == Error::Kind::Usage && mentions(text, key), (key + "=" + value).c_str());
        QVERIFY(transcoder == TranscoderTrainingConfig());
    }
    transcoder.features = 10;
    transcoder.k = 11;
    QCOMPARE(transcoder.validate().size(), size_t{1});
    QVERIFY(mentions(transcoder.validate().front().text, "at most the number of features, 10"));
    gpt.learningRate = 1e30; // past set()
    const QTemporaryDir folder;
    const Workspace workspace = Workspace::openOrCreate(folder.filePath("w").toStdString());
    QVERIFY(errorOf([&] { trainGpt(workspace, "a", gpt, cycle(), {}, {}); }).second == Error::Kind::Usage);
    QVERIFY(!std::filesystem::exists(workspace.gpt("a")));
}

void TestTrainingSettings::the_original_preset_has_the_originals_shape() {
    GptTrainingConfig config = GptTrainingConfig::fromPreset("original");
    QCOMPARE(config.model.headSize, 42);
    QCOMPARE(config.model.context, 64);
    QCOMPARE(config.model.vocabSize, 50257);
    config.set("d_model", "100"); // the head size follows, rounded down
    QCOMPARE(config.model.headSize, 8);
}

void TestTrainingSettings::settings_survive_json() {
    for (const std::string &preset : GptTrainingConfig::presets()) {
        GptTrainingConfig config = GptTrainingConfig::fromPreset(preset);
        config.set("learning_rate", "0.00031415926535897931");
        config.set("seed", "8999999999999999");
        config.set("precision", "bf16");
        config.corpus = "c";
        QVERIFY(gptTrainingConfigFromJson(toJson(config)) == config);
        QVERIFY(config.validate().empty());
    }
    TranscoderTrainingConfig config = smallTranscoder("g", 17);
    for (const auto &[key, value] : {std::pair{"kind", "cross-layer"},
                                     {"activation", "jumprelu"},
                                     {"skip", "yes"},
                                     {"penalty", "0.0123"},
                                     {"penalty_form", "tanh"},
                                     {"auxk_weight", "0.0625"}})
        config.set(key, value);
    QVERIFY(transcoderTrainingConfigFromJson(toJson(config)) == config);
    QVERIFY(errorOf([] { gptTrainingConfigFromJson("{}"); }).second == Error::Kind::Failure);
}

QTEST_APPLESS_MAIN(TestTrainingSettings)
#include "test_training_settings.moc"
