#pragma once

#include "core/text/story_reader.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace tt {

/// The stories of a .jsonl file: a line is an object whose "text" or "story" is the story, other members are ignored.
/// A <|endoftext|> inside ends a story there. Blank lines are passed over; lines that give no story are left out and
/// counted. Memory is bounded by the longest line, 32 MB. Throws what TextChunks throws, and Error where a line is
/// longer than that.
class JsonLinesReader {
public:
    explicit JsonLinesReader(std::filesystem::path path);
    /// The next story, valid until the next call; false at the end.
    bool next(std::string_view &story);
    [[nodiscard]] int64_t bytesRead() const { return chunks_.bytesRead(); }
    /// Objects so far whose story is nothing but white space.
    [[nodiscard]] int64_t empty() const { return empty_; }
    /// Lines so far that gave no story, and the first of them: "line 418 of bedtime.jsonl is not JSON".
    [[nodiscard]] int64_t leftOut() const { return leftOut_; }
    [[nodiscard]] const std::string &firstLeftOut() const { return firstLeftOut_; }

private:
    bool nextLine(std::string_view &line);
    bool readObject(std::string_view line);
    bool nextPart(std::string_view &story);
    bool leaveOut(const std::string &why);

    TextChunks chunks_;
    std::string buffer_; ///< from the line that is being read on
    size_t begin_ = 0;   ///< of that line
    size_t scanned_ = 0; ///< no line feed between begin_ and this
    bool atEnd_ = false;
    int64_t line_ = 0, empty_ = 0, leftOut_ = 0;
    std::string firstLeftOut_;
    std::string text_;      ///< of the present object
    size_t part_ = 0;       ///< where its next story begins; text_.size() + 1 where there is none
    bool objectHad_ = true; ///< a story
};

} // namespace tt
