#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace tt {

/// The longest story that is read; the memory that reading needs is this and one chunk.
inline constexpr size_t longestStory = size_t{16} << 20U;

/// A text file in chunks: without a UTF-8 byte order mark, CR LF (and any more CRs before it) as LF. Throws Error with
/// the path where the file cannot be read, is UTF-16 or binary (has a NUL byte).
class TextChunks {
public:
    explicit TextChunks(std::filesystem::path path);
    /// Appends the next chunk (about 1 MB) to `text`; false at the end of the file.
    bool append(std::string &text);
    [[nodiscard]] int64_t bytesRead() const { return bytesRead_; }
    [[nodiscard]] const std::filesystem::path &path() const { return path_; }

private:
    struct Close {
        void operator()(std::FILE *file) const { std::fclose(file); }
    };
    void refuseWhatIsNoText(std::string_view chunk) const;
    void appendWithLineFeeds(std::string_view chunk, std::string &text);

    std::filesystem::path path_;
    std::unique_ptr<std::FILE, Close> file_;
    std::string chunk_;
    int64_t bytesRead_ = 0;
    size_t carriageReturns_ = 0; ///< at the end of the last chunk, while what follows is not known
};

/// A story without blank lines around it, byte order marks before it and carriage returns after it: what is left reads
/// back as itself from the file it is written to.
std::string_view cleanedStory(std::string_view text);

enum class StoryEnd { Mark, BlankLine };

/// The stories of a text file one by one, blank lines around each taken off, empty ones counted and skipped. Throws
/// what TextChunks throws, and Error where a story is longer than longestStory.
class StoryReader {
public:
    StoryReader(std::filesystem::path path, StoryEnd end);
    /// The next story, valid until the next call; false at the end.
    bool next(std::string_view &story);
    [[nodiscard]] int64_t bytesRead() const { return chunks_.bytesRead(); }
    /// Stories between two marks with nothing but white space so far.
    [[nodiscard]] int64_t empty() const { return empty_; }

private:
    struct Separator {
        size_t at = std::string::npos, length = 0;
    };
    [[nodiscard]] Separator findSeparator();
    bool readMore();
    std::string_view take(const Separator &separator);

    TextChunks chunks_;
    StoryEnd end_;
    std::string text_;
    size_t begin_ = 0;   ///< of the story being looked for, in text_
    size_t scanned_ = 0; ///< no separator begins before this
    int64_t empty_ = 0;
    bool atEnd_ = false;
};

} // namespace tt
