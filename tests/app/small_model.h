#pragma once

#include "core/features/indexed_corpus.h"
#include "core/io/file.h"
#include "core/models/shipped_model.h"
#include "core/random_transcoder.h"
#include "core/text/corpus.h"
#include "core/train/gpt_training.h"
#include "core/train/transcoder_training.h"

#include <string>

namespace tt::test {

/// What a finished run leaves beside its weights.
inline void writeFinishedRun(const std::filesystem::path &folder, const std::string &training) {
    writeFileAtomically(folder / "state.json",
                        R"({"step": 1, "seconds": 1.0, "finished": true, "files": [], "training": )" + training + "}");
}

/// A model as it ships, of random weights: two layers, 64 features each, a corpus of 40 stories.
inline void makeShippedModel(const std::filesystem::path &folder, const std::string &name) {
    const Workspace workspace = Workspace::openOrCreate(folder);
    generateCorpus(workspace, "stories", 40, 1, {}, {});
    trainTokenizer(workspace.corpusText("stories"), 500, {}, {}).save(workspace.tokenizer("bpe"));
    const GptConfig config{.vocabSize = Tokenizer::load(workspace.tokenizer("bpe")).vocabSize(),
                           .dModel = 32,
                           .heads = 4,
                           .headSize = 8,
                           .layers = 2,
                           .context = 32,
                           .tokenizer = "bpe"};
    std::filesystem::create_directories(workspace.gpt("gpt"));
    Random random(1);
    writeFileAtomically(workspace.gpt("gpt") / "config.json", toJson(config));
    GptTrainingConfig training = GptTrainingConfig::fromPreset("tiny");
    training.model = config;
    training.corpus = "stories";
    writeFinishedRun(workspace.gpt("gpt"), toJson(training));
    saveGptWeights(workspace.gpt("gpt") / "model.safetensors", initialWeights(config, random, true));
    TranscoderWeights<float> transcoder =
        randomTranscoder(config, TranscoderKind::PerLayer, Activation::TopK, 64, 8, false, 2);
    transcoder.config.gptRun = "gpt";
    transcoder.config.gptSha256 = sha256OfFile(workspace.gpt("gpt") / "model.safetensors");
    std::filesystem::create_directories(workspace.transcoder("plt"));
    writeFileAtomically(workspace.transcoder("plt") / "config.json", toJson(transcoder.config));
    saveTranscoderWeights(workspace.transcoder("plt"), transcoder);
    writeFinishedRun(workspace.transcoder("plt"),
                     toJson(TranscoderTrainingConfig{.gptRun = "gpt", .corpus = "stories", .features = 64, .k = 8}));
    writeStatistics(workspace.transcoder("plt") / "statistics.safetensors",
                    {.maximum = std::vector(2, std::vector<float>(64, 20)),
                     .density = std::vector(2, std::vector<float>(64, 0.002F)),
                     .tokens = 1000});
    writeFileAtomically(folder / "workspace.json", R"({"version": 1, "demonstration": ")" + name + "\"}");
    writeFileAtomically(folder / "card.md", "# A small model");
    writeManifest(folder, name, "card.md",
                  {"corpus/stories.txt", "corpus/stories.json", "tokenizer/bpe/tokenizer.json", "gpt/gpt/config.json",
                   "gpt/gpt/model.safetensors", "gpt/gpt/state.json", "transcoders/plt/config.json",
                   "transcoders/plt/layer_0.safetensors", "transcoders/plt/layer_1.safetensors",
                   "transcoders/plt/statistics.safetensors", "transcoders/plt/state.json", "workspace.json"});
}

} // namespace tt::test
