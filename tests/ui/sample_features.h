#pragma once

#include "core/features/dictionary.h"
#include "core/features/feature_card.h"

#include <cmath>
#include <random>

/// Values as the session would hand them to the place Features.
namespace sample {

using namespace tt;

inline std::shared_ptr<const DictionarySummary> dictionary(int layers = 2, int features = 4096) {
    auto summary = std::make_shared<DictionarySummary>();
    summary->transcoder = "plt-k16";
    summary->corpus = "generated-120k";
    summary->layers = layers;
    summary->features = features;
    summary->indexed = true;
    const std::array<std::string, 6> words{" time", " little", " big", "\n", "ed", " said"};
    for (int row = 0; row < layers * features; ++row) {
        const bool dead = row % 97 == 5;
        summary->maximum.push_back(dead ? 0 : static_cast<float>(4 + row % 13));
        summary->density.push_back(dead ? 0 : static_cast<float>(0.2 / (1 + row % 211)));
        summary->promoted.push_back(words[static_cast<size_t>(row) % words.size()]);
    }
    return summary;
}

inline FeatureNotes notes() {
    return {
        {{1, 100}, {.label = "once upon a → time", .notes = "Weak on other things one can be upon.", .starred = true}},
        {{0, 12}, {.label = "before a noun", .notes = {}, .starred = false}},
        {{0, 7}, {.label = {}, .notes = {}, .starred = true}}};
}

/// "He went once upon a time …" with its peak at " a".
inline ShownExample example(float activation, int64_t offset, int repeats = 1) {
    ShownExample shown;
    shown.context.tokens = {"\n", "\n",    "Once", " upon", " a",   " time", " there", " was",
                            " a", " kind", " fox", ".",     " The", " fox",  " ran",   ","};
    shown.peakAt = 4;
    shown.peak = {offset, activation};
    shown.story = offset;
    shown.repeats = repeats;
    for (size_t i = 0; i < shown.context.tokens.size(); ++i) {
        shown.context.ids.push_back(static_cast<int32_t>(i));
        const auto distance = std::abs(static_cast<int>(i) - shown.peakAt);
        shown.context.activations.push_back(distance == 0 ? activation : distance == 1 ? activation * 0.25F : 0);
    }
    return shown;
}

inline FeatureExamples examples(int layer, int feature) {
    FeatureExamples made{.layer = layer, .feature = feature, .top = {}, .quantile = {}};
    for (int i = 0; i < 12; ++i)
        made.top.push_back(example(9.84F - 0.11F * static_cast<float>(i), 1000 + 57 * i, i == 2 ? 3 : 1));
    for (int q = 0; q < FeatureIndex::quantiles; ++q)
        for (int i = 0; i < 5; ++i)
            made.quantile[static_cast<size_t>(q)].push_back(
                example(0.9F * static_cast<float>(q + 1) - 0.1F * static_cast<float>(i), 90'000 + 1000 * q + 57 * i));
    return made;
}

inline FeatureFacts facts(int layer, int feature) {
    FeatureFacts made{.layer = layer, .feature = feature, .histogram = {}, .quantileValues = {}};
    made.indexed = true;
    made.count = 90'541;
    made.tokens = 22'104'771;
    made.maximum = 9.84F;
    made.density = 0.0041;
    for (int bin = 0; bin < 50; ++bin)
        made.histogram.push_back(
            static_cast<uint32_t>(9000 * std::exp(-bin / 9.0) + 2000 * std::exp(-std::pow((bin - 36) / 5.0, 2))));
    const std::array<std::string, 5> words{" time", " day", " long", "<b>", "\n"};
    for (size_t i = 0; i < words.size(); ++i) {
        const float weight = 0.92F / static_cast<float>(1 + i);
        made.raised.push_back({words[i], static_cast<int32_t>(i), weight});
        made.lowered.push_back({words[words.size() - 1 - i], static_cast<int32_t>(i), -weight / 3});
        made.reads.push_back({words[i], static_cast<int32_t>(i), 1.5F * weight});
        made.nearest.push_back({layer, 640 + static_cast<int>(i), 0.52F - 0.07F * static_cast<float>(i)});
        made.coactive.push_back({0, 12 + static_cast<int>(i), 0.71F - 0.07F * static_cast<float>(i)});
        if (layer > 0)
            made.upstream.push_back(
                {0, 12 + static_cast<int>(i), i % 2 ? 1 : -1, i % 2 ? 3 : -1, i == 3 ? -weight : weight, 1.3F});
        else
            made.downstream.push_back({1, 100 + static_cast<int>(i), i % 2 ? 1 : -1, i % 2 ? 3 : -1, weight, 1.3F});
    }
    return made;
}

inline std::vector<TokenStretch> stories(int count) {
    std::vector<TokenStretch> made;
    std::mt19937 generator(3);
    const std::array<std::string, 9> words{" a", " fox", " ran", ",", " once", " upon", " time", "\n", " said"};
    for (int story = 0; story < count; ++story) {
        TokenStretch &stretch = made.emplace_back();
        stretch.offset = 10'000 * story;
        for (int i = 0; i < 120; ++i) {
            const size_t word = generator() % words.size();
            stretch.ids.push_back(static_cast<int32_t>(word));
            stretch.tokens.push_back(words[word]);
            stretch.activations.push_back(word == 0 ? static_cast<float>(generator() % 90) / 10 : 0);
        }
    }
    return made;
}

} // namespace sample
