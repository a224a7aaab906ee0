#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_set>

namespace tt {

/// Which runs of words texts have in common: text that one copied from the other. Words are what blanks and line ends
/// part; runs reach over sentences, not from one text into the next.
class WordRuns {
public:
    explicit WordRuns(int length); ///< of a run, in words; throws Error(Usage) below 1
    void add(std::string_view text);
    /// Whether the text has a run that an added one has (up to a collision of 64-bit hashes: never the other way).
    [[nodiscard]] bool shares(std::string_view text) const;

private:
    size_t length_;
    std::unordered_set<uint64_t> runs_;
};

} // namespace tt
