#include "core/features/explained_model.h"

#include "core/io/file.h"
#include "core/io/safetensors.h"
#include "core/nn/gemm.h"
#include "core/train/transcoder_snapshots.h"

#include <algorithm>

namespace tt {

namespace fs = std::filesystem;

namespace {
constexpr int64_t blockValues = int64_t{1} << 21; // feature effects at a time: 8 MB

std::string statisticName(const char *what, size_t layer) {
    return std::string(what) + "." + std::to_string(layer);
}

/// What the features of a layer write in all, times γ and centred: (F, d).
std::vector<float> logitDirections(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                                   int layer) {
    const auto d = static_cast<size_t>(gpt.config.dModel), features = static_cast<size_t>(transcoder.config.features);
    std::vector<float> rows(features * d);
#pragma omp parallel for schedule(static)
    for (size_t f = 0; f < features; ++f) {
        float *row = rows.data() + f * d;
        for (int to = layer; to < layer + transcoder.config.decodersOf(layer); ++to) {
            const auto decoder = transcoder.decoderRow(layer, static_cast<int>(f), to);
            for (size_t i = 0; i < d; ++i)
                row[i] += decoder[i];
        }
        float mean = 0;
        for (size_t i = 0; i < d; ++i)
            mean += row[i] / static_cast<float>(d);
        for (size_t i = 0; i < d; ++i)
            row[i] = (row[i] - mean) * gpt.finalNorm.weight[i];
    }
    return rows;
}
} // namespace

FeatureStatistics readStatistics(const fs::path &transcoderFolder, const TranscoderConfig &config) {
    const SafetensorsFile file(transcoderFolder / "statistics.safetensors");
    FeatureStatistics statistics;
    for (size_t layer = 0; layer < static_cast<size_t>(config.layers); ++layer) {
        statistics.maximum.push_back(file.floats(statisticName("maximum", layer), {config.features}));
        statistics.density.push_back(file.floats(statisticName("density", layer), {config.features}));
    }
    const auto tokens = file.metadata().find("tokens");
    statistics.tokens = tokens == file.metadata().end() ? 0 : std::atoll(tokens->second.c_str());
    return statistics;
}

void writeStatistics(const fs::path &file, const FeatureStatistics &statistics) {
    std::vector<TensorToWrite> tensors;
    for (size_t layer = 0; layer < statistics.maximum.size(); ++layer) {
        const std::vector<int64_t> shape{static_cast<int64_t>(statistics.maximum[layer].size())};
        tensors.push_back(floatTensor(statisticName("maximum", layer), shape, statistics.maximum[layer]));
        tensors.push_back(floatTensor(statisticName("density", layer), shape, statistics.density[layer]));
    }
    writeSafetensors(file, tensors, {{"tokens", std::to_string(statistics.tokens)}});
}

std::vector<std::vector<int32_t>> promotedTokens(const GptWeights<float> &gpt,
                                                 const TranscoderWeights<float> &transcoder) {
    const int64_t d = gpt.config.dModel, vocab = gpt.config.vocabSize, features = transcoder.config.features;
    // Less the mean logit: the same constant for every token of a feature, so the largest stays the largest.
    const int64_t blockRows = std::clamp<int64_t>(blockValues / vocab, 1, features);
    std::vector<float> effects(static_cast<size_t>(blockRows * vocab));
    std::vector<std::vector<int32_t>> promoted;
    for (int layer = 0; layer < transcoder.config.layers; ++layer) {
        const std::vector<float> directions = logitDirections(gpt, transcoder, layer);
        std::vector<int32_t> &best = promoted.emplace_back(static_cast<size_t>(features));
        for (int64_t first = 0; first < features; first += blockRows) {
            const int64_t count = std::min(blockRows, features - first);
            linear<float>(directions.data() + first * d, gpt.unembedding.data(), effects.data(), count, d, vocab);
#pragma omp parallel for schedule(static)
            for (int64_t r = 0; r < count; ++r) {
                const float *row = effects.data() + r * vocab;
                best[static_cast<size_t>(first + r)] = static_cast<int32_t>(std::max_element(row, row + vocab) - row);
            }
        }
    }
    return promoted;
}

std::shared_ptr<const ExplainedModel> withLiveWeights(const ExplainedModel &model,
                                                      const TranscoderWeights<float> &weights, int64_t step) {
    return std::make_shared<const ExplainedModel>(
        ExplainedModel{model.gptName, model.transcoderName, model.tokenizer, model.gpt, weights, model.statistics,
                       promotedTokens(model.gpt, weights), "step " + std::to_string(step) + ", not saved"});
}

std::shared_ptr<const ExplainedModel> loadExplainedModel(const Workspace &workspace, const std::string &name,
                                                         std::stop_token stop, int64_t snapshot) {
    const fs::path folder = workspace.transcoder(name);
    const fs::path weights = snapshot < 0 ? folder : snapshotFolder(folder, snapshot);
    TranscoderWeights<float> transcoder = loadTranscoder(weights);
    const std::string run = workspace.pickGpt(transcoder.config.gptRun);
    checkBelongsTo(transcoder.config, name, workspace.gpt(run));
    throwIfStopped(stop);
    GptWeights<float> gpt = loadGpt(workspace.gpt(run));
    throwIfStopped(stop);
    Tokenizer tokenizer = Tokenizer::load(workspace.tokenizer(workspace.pickTokenizer(gpt.config.tokenizer)));
    if (tokenizer.vocabSize() != gpt.config.vocabSize)
        throw Error("The tokenizer " + gpt.config.tokenizer + " has " + std::to_string(tokenizer.vocabSize()) +
                    " tokens, the GPT " + run + " was trained with " + std::to_string(gpt.config.vocabSize) + ".");
    FeatureStatistics statistics = readStatistics(folder, transcoder.config);
    auto promoted = promotedTokens(gpt, transcoder);
    throwIfStopped(stop);
    return std::make_shared<const ExplainedModel>(ExplainedModel{run, name, std::move(tokenizer), std::move(gpt),
                                                                 std::move(transcoder), std::move(statistics),
                                                                 std::move(promoted), transcoderHash(weights)});
}

} // namespace tt
