#include "core/features/prompt_features.h"

#include "core/features/read_prompt.h"
#include "core/progress.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tt {

namespace {
constexpr size_t candidates = 10;

ActiveFeature describeActive(const ExplainedModel &model, int position, int layer, int32_t feature, float activation) {
    const auto l = static_cast<size_t>(layer), f = static_cast<size_t>(feature);
    return {.position = position,
            .layer = layer,
            .feature = feature,
            .activation = activation,
            .maximum = std::max(activation, model.statistics.maximum[l][f]),
            .density = model.statistics.density[l][f],
            .promoted = model.tokenizer.text(model.promoted[l][f])};
}

std::vector<ActiveFeature> listActive(const ExplainedModel &model, const std::vector<SparseActivations<float>> &active,
                                      int64_t length) {
    std::vector<ActiveFeature> list;
    for (int64_t position = 0; position < length; ++position)
        for (size_t layer = 0; layer < active.size(); ++layer) {
            const auto first = static_cast<std::ptrdiff_t>(list.size());
            const auto &a = active[layer];
            for (auto i = static_cast<size_t>(a.offsets[static_cast<size_t>(position)]);
                 i < static_cast<size_t>(a.offsets[static_cast<size_t>(position) + 1]); ++i)
                list.push_back(describeActive(model, static_cast<int>(position), static_cast<int>(layer), a.features[i],
                                              a.values[i]));
            std::stable_sort(list.begin() + first, list.end(),
                             [](const auto &x, const auto &y) { return x.activation > y.activation; });
        }
    return list;
}

} // namespace

std::vector<TokenCandidate> bestTokens(const Tokenizer &tokenizer, std::span<const float> logits, size_t wanted) {
    std::vector<int32_t> order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    const size_t count = std::min(wanted, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                      [&](int32_t a, int32_t b) {
                          const float x = logits[static_cast<size_t>(a)], y = logits[static_cast<size_t>(b)];
                          return x != y ? x > y : a < b;
                      });
    std::vector<double> probabilities(logits.begin(), logits.end());
    softmax<double>(probabilities);
    std::vector<TokenCandidate> best;
    for (size_t i = 0; i < count; ++i) {
        const auto id = static_cast<size_t>(order[i]);
        best.push_back({order[i], tokenizer.text(order[i]), probabilities[id], static_cast<double>(logits[id])});
    }
    return best;
}

namespace {
/// What the softmax of a row of logits gives one token.
double probabilityOf(std::span<const float> logits, int32_t token) {
    const float largest = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const float logit : logits)
        sum += std::exp(static_cast<double>(logit - largest));
    return std::exp(static_cast<double>(logits[static_cast<size_t>(token)] - largest)) / sum;
}
} // namespace

PromptFeatures promptFeatures(const ExplainedModel &model, const std::string &prompt, std::stop_token stop) {
    const ReadPrompt read = readPrompt(model, prompt);
    PromptFeatures features{.prompt = prompt,
                            .gpt = model.gptName,
                            .transcoder = model.transcoderName,
                            .ids = read.ids,
                            .tokens = tokenTexts(model.tokenizer, read.ids),
                            .given = {},
                            .leftOut = tokenTexts(model.tokenizer, read.leftOut),
                            .next = {},
                            .active = {},
                            .layers = model.transcoder.config.layers,
                            .features = model.transcoder.config.features};
    if (read.ids.empty())
        return features;
    GptActivations<float> activations;
    forward<float>(model.gpt, read.ids, 1, activations);
    throwIfStopped(stop);
    const auto vocab = static_cast<size_t>(model.gpt.config.vocabSize);
    std::vector<float> rows(read.ids.size() * vocab);
    logits<float>(model.gpt, activations.finalNorm, rows);
    for (size_t i = 0; i < read.ids.size(); ++i)
        features.next.push_back(bestTokens(model.tokenizer, std::span(rows).subspan(i * vocab, vocab), candidates));
    features.given.push_back(-1);
    for (size_t i = 1; i < read.ids.size(); ++i)
        features.given.push_back(probabilityOf(std::span(rows).subspan((i - 1) * vocab, vocab), read.ids[i]));
    throwIfStopped(stop);
    features.active = listActive(model, encodeLayers(model, activations), static_cast<int64_t>(read.ids.size()));
    return features;
}

} // namespace tt
