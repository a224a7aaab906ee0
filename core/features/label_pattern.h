#pragma once

#include "core/features/dictionary.h"
#include "core/features/feature_labels.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tt {

/// A label that claims where a feature fires, in words that can be checked against its examples:
///   "little" · "he, she"   the token is one of these
///   "upon after Once"      and the token before it is one of those
///   "after the, a"         whatever follows one of these
///   "before time"          whatever precedes one of these
/// Tokens stand without the space they begin with; where they are more than letters, or one of the words "after" and
/// "before", they stand in “ ”, a line's end as ⏎.
struct LabelPattern {
    std::vector<std::string> token, after, before;
    bool operator==(const LabelPattern &) const = default;
};
std::string toLabel(const LabelPattern &pattern);
/// Nothing for a label in other words.
std::optional<LabelPattern> parseLabel(std::string_view label);

/// How a token is written in a label, without “ ”.
std::string labelWord(std::string_view token);

/// How many of a feature's examples do what its label says.
struct LabelCheck {
    int layer = 0, feature = 0;
    std::string label;
    bool checkable = false; ///< its words are those of LabelPattern
    int agreeing = 0, examples = 0;
    [[nodiscard]] double share() const { return examples == 0 ? 0 : double(agreeing) / examples; }
};
/// Of the top examples in the index. Throws Error where there is no index.
LabelCheck checkLabel(const Dictionary &dictionary, int layer, int feature, const std::string &label);
/// Every label there is.
std::vector<LabelCheck> checkLabels(const Dictionary &dictionary, const FeatureNotes &notes);

/// Proposes labels that at least 9 of 10 top examples agree with, each of at most three tokens a place. A neighbour is
/// named only where it says something: where the corpus has the token with another neighbour more often than not.
class LabelProposer {
public:
    static constexpr double leastShare = 0.9;
    static constexpr size_t mostWords = 3;
    static constexpr int leastExamples = 10;

    explicit LabelProposer(const Dictionary &dictionary);
    /// Nothing where no such label can be found.
    [[nodiscard]] std::optional<LabelCheck> propose(int layer, int feature) const;

private:
    [[nodiscard]] double shareOfPairs(const std::vector<std::string> &first, const std::vector<std::string> &second,
                                      bool ofSecond) const;
    [[nodiscard]] double shareOfTokens(const std::vector<std::string> &words) const;

    const Dictionary &dictionary_;
    std::vector<std::string> words_;                  ///< by token id
    std::unordered_map<std::string, int64_t> counts_; ///< how often a word is in the corpus
    std::unordered_map<std::string, int64_t> pairs_;  ///< how often two words follow each other: "first\tsecond"
};

} // namespace tt
