#pragma once

// A random GPT and transcoder with an index of sixty short stories, and what they do there, computed token by token.

#include "core/features/feature_card.h"
#include "core/nn/gpt_forward.h"
#include "random_transcoder.h"

#include <QTemporaryDir>

#include <filesystem>
#include <memory>

namespace tt::test {

/// Bytes and a few merges, so that texts can be searched for; the last token ends a story.
inline Tokenizer smallTokenizer() {
    return Tokenizer::fromMerges({{'d', 'o'}, {256, 'g'}, {' ', 'd'}, {' ', 257}, {'o', 'n'}});
}

inline GptConfig shape() {
    return {.vocabSize = smallTokenizer().vocabSize(),
            .dModel = 12,
            .heads = 3,
            .headSize = 4,
            .layers = 3,
            .context = 16,
            .tokenizer = {}};
}

constexpr int storyFeatures = 20;

inline std::vector<int32_t> stories() {
    const Tokenizer tokenizer = smallTokenizer();
    std::vector<int32_t> ids;
    Random random(9);
    const std::vector<std::string> words{" dog", " cat", " on", " a mat", " don't", " ran", " day"};
    for (int story = 0; story < 60; ++story) {
        std::string text = "The dog";
        for (uint64_t i = 0, n = 3 + random.below(12); i < n; ++i)
            text += words[random.below(words.size())];
        const auto more = tokenizer.encode(text + ".");
        ids.insert(ids.end(), more.begin(), more.end());
        ids.push_back(tokenizer.endOfText());
    }
    return ids;
}

struct IndexedStories {
    QTemporaryDir folder;
    std::shared_ptr<ExplainedModel> model;
    Dictionary dictionary;

    IndexedStories(TranscoderKind kind, Activation activation, bool skip = false) {
        GptWeights<float> gpt = randomGpt<float>(shape(), 5);
        TranscoderWeights<float> transcoder = randomTranscoder(shape(), kind, activation, storyFeatures, 4, skip, 6);
        FeatureStatistics statistics{.maximum = std::vector(3, std::vector<float>(storyFeatures, 1)),
                                     .density = std::vector(3, std::vector<float>(storyFeatures, 0.1f)),
                                     .tokens = 1};
        auto promoted = promotedTokens(gpt, transcoder);
        model = std::make_shared<ExplainedModel>(ExplainedModel{"gpt", "random", smallTokenizer(), std::move(gpt),
                                                                std::move(transcoder), std::move(statistics),
                                                                std::move(promoted)});
        std::vector<int32_t> ids = stories();
        const auto size = static_cast<int64_t>(ids.size());
        const TokenCache tokens = TokenCache::fromTokens(std::move(ids), size, 0, shape().vocabSize);
        const IndexIdentity identity = identify(model->gpt, model->transcoder, tokens, "stories");
        const std::filesystem::path file = path() / "features.index";
        buildFeatureIndex(model->gpt, model->transcoder, tokens, identity, file, {}, {});
        dictionary = dictionaryOf(model, FeatureIndex::open(file, identity), tokens, identity);
    }
    [[nodiscard]] std::filesystem::path path() const { return folder.path().toStdString(); }
};

using Row = std::vector<double>;

/// Activations (window, position, feature) of a layer and attention patterns, of all full windows.
struct Seen {
    std::vector<std::vector<Row>> activations; ///< [layer][token][feature]
    std::vector<GptActivations<float>> windows;
};
inline Seen see(const Dictionary &dictionary) {
    const ExplainedModel &model = *dictionary.model;
    const int64_t context = model.gpt.config.context;
    Seen seen{.activations = std::vector<std::vector<Row>>(3), .windows = {}};
    for (int64_t first = 0; first + context <= dictionary.tokens->size(); first += context) {
        std::vector<int32_t> ids(static_cast<size_t>(context));
        dictionary.tokens->read(first, ids);
        forward<float>(model.gpt, ids, 1, seen.windows.emplace_back());
        for (int layer = 0; layer < 3; ++layer) {
            const auto active =
                encode<float>(model.transcoder, layer, seen.windows.back().blocks[static_cast<size_t>(layer)].ln2);
            for (size_t row = 0; row < ids.size(); ++row) {
                Row dense(storyFeatures);
                for (auto k = static_cast<size_t>(active.offsets[row]);
                     k < static_cast<size_t>(active.offsets[row + 1]); ++k)
                    dense[static_cast<size_t>(active.features[k])] = double{active.values[k]};
                seen.activations[static_cast<size_t>(layer)].push_back(dense);
            }
        }
    }
    return seen;
}

/// A feature of the layer that fires often enough to say something.
inline int firing(const Dictionary &dictionary, int layer) {
    int best = 0;
    for (int f = 1; f < storyFeatures; ++f)
        if (dictionary.index->count(layer, f) > dictionary.index->count(layer, best))
            best = f;
    return best;
}

} // namespace tt::test
