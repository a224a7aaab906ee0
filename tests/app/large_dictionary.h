#pragma once

// A workspace to measure the window on: a GPT of the preset tiny's shape and a transcoder of 2 × 8,192 features.

#include "core/features/explained_model.h"
#include "core/io/file.h"
#include "core/random_transcoder.h"
#include "core/text/corpus.h"
#include "core/train/gpt_training.h"
#include "core/train/transcoder_training.h"

#include <QString>

namespace tt::test {

constexpr int largeFeatures = 8192;
inline const GptConfig largeShape{
    .vocabSize = 0, .dModel = 256, .heads = 8, .headSize = 32, .layers = 2, .context = 64, .tokenizer = "bpe"};

/// What a finished run leaves beside its weights.
inline void writeState(const std::filesystem::path &folder, const std::string &training) {
    writeFileAtomically(folder / "state.json",
                        R"({"step": 1, "seconds": 1.0, "finished": true, "files": [], "training": )" + training + "}");
}

/// A workspace with a GPT and a transcoder of random weights: what is measured does not depend on what they learnt.
inline void makeLargeWorkspace(const QString &folder) {
    const Workspace workspace = Workspace::openOrCreate(folder.toStdString());
    generateCorpus(workspace, "stories", 60, 1, {}, {});
    trainTokenizer(workspace.corpusText("stories"), 700, {}, {}).save(workspace.tokenizer("bpe"));
    GptConfig config = largeShape;
    config.vocabSize = Tokenizer::load(workspace.tokenizer("bpe")).vocabSize();
    std::filesystem::create_directories(workspace.gpt("gpt"));
    Random random(1);
    writeFileAtomically(workspace.gpt("gpt") / "config.json", toJson(config));
    GptTrainingConfig training = GptTrainingConfig::fromPreset("tiny");
    training.model = config;
    training.corpus = "stories";
    writeState(workspace.gpt("gpt"), toJson(training));
    const GptWeights<float> gpt = initialWeights(config, random, true);
    saveGptWeights(workspace.gpt("gpt") / "model.safetensors", gpt);
    TranscoderWeights<float> transcoder =
        randomTranscoder(config, TranscoderKind::PerLayer, Activation::TopK, largeFeatures, 16, false, 2);
    transcoder.config.gptRun = "gpt";
    transcoder.config.gptSha256 = sha256OfFile(workspace.gpt("gpt") / "model.safetensors");
    std::filesystem::create_directories(workspace.transcoder("plt"));
    writeFileAtomically(workspace.transcoder("plt") / "config.json", toJson(transcoder.config));
    saveTranscoderWeights(workspace.transcoder("plt"), transcoder);
    writeState(workspace.transcoder("plt"),
               toJson(TranscoderTrainingConfig{.gptRun = "gpt", .corpus = "stories", .features = largeFeatures}));
    writeStatistics(workspace.transcoder("plt") / "statistics.safetensors",
                    {.maximum = std::vector(2, std::vector<float>(largeFeatures, 20)),
                     .density = std::vector(2, std::vector<float>(largeFeatures, 0.002F)),
                     .tokens = 1000});
}

} // namespace tt::test
