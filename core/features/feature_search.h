#pragma once

#include "core/features/dictionary.h"
#include "core/features/feature_labels.h"

#include <string>
#include <vector>

namespace tt {

/// Why a search found a feature.
enum class MatchKind {
    Name,     ///< the query is its "layer/feature"
    Label,    ///< its label or notes contain the query
    Promotes, ///< it raises the logit of the query's token
    FiresOn   ///< it fires on the query's token or tokens
};
std::string toString(MatchKind kind); // "name", "label", "promotes", "fires-on"

struct SearchMatch {
    int layer = 0, feature = 0;
    MatchKind kind = MatchKind::Label;
    /// Promotes: logits raised against the mean, by the direct path without 1/σ. FiresOn: cosine between the feature's
    /// activations and the places of the text in the index's sample; where the text is not in the sample, activation in
    /// the text alone as a share of the feature's maximum. Else 1.
    float score = 0;
    std::string text; ///< the label, or the tokens that were found
};

struct SearchRequest {
    std::string query;
    bool name = true, label = true, promotes = true, firesOn = true; ///< where to look
    size_t count = 20;                                               ///< at most, of each kind
};
/// By kind, in the order of MatchKind, the best first. The text is looked for as it stands and with a space in front,
/// as most words have in a story. An empty query matches nothing.
std::vector<SearchMatch> searchFeatures(const Dictionary &dictionary, const FeatureNotes &notes,
                                        const SearchRequest &request, std::stop_token stop);

} // namespace tt
