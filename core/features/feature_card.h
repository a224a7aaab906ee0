#pragma once

#include "core/features/dictionary.h"
#include "core/features/feature_effects.h"
#include "core/features/feature_examples.h"
#include "core/features/feature_labels.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace tt {

/// A token with a weight, as text.
struct WeightedToken {
    std::string text;
    int32_t id = 0;
    float weight = 0;
};

/// What is known of a feature, but for examples: from weights and index alone, in a few milliseconds.
struct FeatureFacts {
    int layer = 0, feature = 0;
    bool indexed = false; ///< the rest of this block means something only then
    int64_t count = 0, tokens = 0;
    std::vector<uint32_t> histogram; ///< 50 bins of (0, maximum]
    std::vector<float> quantileValues;

    float maximum = 0; ///< on the corpus
    double density = 0;
    std::optional<double> ceEffect;                    ///< CeEffects::rise
    std::vector<WeightedToken> raised, lowered, reads; ///< feature_effects.h, strongest first
    std::vector<FeatureWeight> nearest, coactive;
    std::vector<FeaturePath> upstream, downstream;
};
FeatureFacts describeFeature(const Dictionary &dictionary, int layer, int feature, size_t count = 10);

/// Examples of a feature in context, from the index: the model runs again on their windows.
struct FeatureExamples {
    int layer = 0, feature = 0;
    std::vector<ShownExample> top;                                           ///< repeats of one story merged
    std::array<std::vector<ShownExample>, FeatureIndex::quantiles> quantile; ///< weakest tenth first
};
/// Without an index: none.
FeatureExamples featureExamples(const Dictionary &dictionary, int layer, int feature, int before, int after,
                                const std::stop_token &stop);

/// The feature as a file for other programs: formats.md §2, with "layer" and "feature" added; index is
/// Cantor(layer, feature). Repeats are not merged but marked.
std::string featureJson(const Dictionary &dictionary, int layer, int feature, const std::stop_token &stop);
/// Writes FOLDER/<index>.json of every feature that fires; returns how many. The model runs once over the windows of
/// each layer's examples. Memory: 20 KB a feature of one layer.
int64_t exportFeatures(const Dictionary &dictionary, const std::filesystem::path &folder, const std::stop_token &stop,
                       const ProgressSink &progress);
/// The same as one file a layer, whose records are read by their place in it: FOLDER/layer_<i>.bin holds of each
/// feature 4 bytes of length (little-endian) and that many of gzip JSON; FOLDER/index.json.gz {"<i>": {"filename",
/// "offsets": [F + 1]}}. A feature that never fires has no examples. Returns how many fire. Readers look for both in a
/// folder "features".
int64_t exportPackedFeatures(const Dictionary &dictionary, const std::filesystem::path &folder,
                             const std::stop_token &stop, const ProgressSink &progress);
int64_t cantor(int64_t layer, int64_t feature);

/// The card as text for people.
std::string featureText(const Dictionary &dictionary, const FeatureFacts &facts, const FeatureExamples &examples,
                        const FeatureNote &note);

} // namespace tt
