#pragma once

#include "core/features/ce_effects.h"
#include "core/features/coactivation.h"
#include "core/features/indexed_corpus.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tt {

/// A transcoder's features with what the index of a corpus says of them. Immutable, shared by workers.
struct Dictionary {
    std::shared_ptr<const ExplainedModel> model;
    std::string noIndex;               ///< why there is none, and what to do; empty if there is one
    std::optional<FeatureIndex> index; ///< this and what follows: only with an index
    std::optional<TokenCache> tokens;  ///< of the indexed corpus
    std::string corpus;
    IndexIdentity identity; ///< what the index was made from
    Coactivation coactivation;
    std::vector<int32_t> sampledIds; ///< token ids of the index's sample
    CeEffects ceEffects;             ///< empty until they are measured

    [[nodiscard]] int layers() const { return model->transcoder.config.layers; }
    [[nodiscard]] int features() const { return model->transcoder.config.features; }
    /// On the corpus: from the index, else from the transcoder's own statistics.
    [[nodiscard]] float maximum(int layer, int feature) const;
    [[nodiscard]] double density(int layer, int feature) const;
};

/// What a table of all features shows; rows are layer · features + feature.
struct DictionarySummary {
    std::string transcoder, corpus, noIndex; ///< as Dictionary's
    int layers = 0, features = 0;
    bool indexed = false;
    std::vector<float> maximum, density; ///< as Dictionary's
    /// CeEffects::rise; empty where nothing was measured.
    std::vector<std::optional<float>> ceEffect;
    int ceWindows = 0;                 ///< CeEffects::windows
    bool ceExact = false;              ///< CeEffects::isExact
    std::vector<std::string> promoted; ///< text of the token whose logit it raises most
};
DictionarySummary summarise(const Dictionary &dictionary);

/// From a model alone.
Dictionary dictionaryOf(std::shared_ptr<const ExplainedModel> model);
/// With the index of these tokens, which was made from `identity`.
Dictionary dictionaryOf(std::shared_ptr<const ExplainedModel> model, FeatureIndex index, TokenCache tokens,
                        IndexIdentity identity);
/// With the transcoder's index where it is there and of use. An index that cannot be used is no error: `noIndex` says
/// why. Nothing is tokenised for it that was not tokenised before the index was made.
Dictionary openDictionary(const Workspace &workspace, std::shared_ptr<const ExplainedModel> model,
                          std::stop_token stop);

} // namespace tt
