#pragma once

#include <cstdint>
#include <string>

namespace tt {

/// Writes small children's stories from the grammar compiled into the program (resources/stories/). Story i of a seed
/// is always the same text, whatever was asked for before; there are more than a million different ones. Regularities
/// that a transcoder can find are built in: fixed openings, names with their pronouns, idioms of two steps, quoted
/// speech that closes, plural agreement, objects that return.
class StoryGenerator {
public:
    explicit StoryGenerator(uint64_t seed);
    /// A story of 60 to 250 words in plain ASCII, one or more paragraphs, no end-of-text mark, no trailing newline.
    [[nodiscard]] std::string story(uint64_t index) const;

private:
    uint64_t seed_;
};

} // namespace tt
