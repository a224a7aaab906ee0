#include "core/text/story_index.h"

#include "core/progress.h"
#include "core/text/corpus.h"
#include "core/text/story_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tt {

namespace {
constexpr int64_t remembered = 256; // one start in so many stories
constexpr size_t pieceBytes = size_t{1} << 20U;
constexpr auto markBytes = static_cast<int64_t>(endOfTextMark.size());
} // namespace

StoryIndex::StoryIndex(std::filesystem::path path) : path_(std::move(path)), file_(std::fopen(path_.c_str(), "rb")) {
    if (!file_)
        throw Error("Cannot read " + path_.string() + ": " + std::strerror(errno) + ".");
}

std::string StoryIndex::readAt(int64_t offset, size_t most) const {
    std::string piece(most, '\0');
    if (::fseeko(file_.get(), offset, SEEK_SET) != 0)
        throw Error("Cannot read " + path_.string() + ": " + std::strerror(errno) + ".");
    piece.resize(std::fread(piece.data(), 1, piece.size(), file_.get()));
    if (std::ferror(file_.get()) != 0)
        throw Error("Cannot read " + path_.string() + ": " + std::strerror(errno) + ".");
    return piece;
}

/// Where the next mark begins, or nothing at the end of the text.
std::optional<int64_t> StoryIndex::markAfter(int64_t offset, const std::stop_token &stop) const {
    // Most stories are short; a piece grows while none ends.
    for (size_t most = pieceBytes / 128;; most = std::min(pieceBytes, most * 4)) {
        throwIfStopped(stop);
        const std::string piece = readAt(offset, most);
        if (const size_t at = piece.find(endOfTextMark); at != std::string::npos)
            return offset + static_cast<int64_t>(at);
        if (piece.size() < most)
            return std::nullopt;
        offset += static_cast<int64_t>(most) - (markBytes - 1);
    }
}

std::optional<StoryIndex::Story> StoryIndex::story(int64_t number, size_t mostBytes, const std::stop_token &stop) {
    if (number < 0)
        return std::nullopt;
    const auto known = std::min<int64_t>(number / remembered, static_cast<int64_t>(starts_.size()) - 1);
    int64_t at = known * remembered, start = starts_[static_cast<size_t>(known)];
    for (; at < number; ++at) {
        const auto mark = markAfter(start, stop);
        if (!mark)
            return std::nullopt;
        start = *mark + markBytes;
        if ((at + 1) % remembered == 0 && (at + 1) / remembered == static_cast<int64_t>(starts_.size()))
            starts_.push_back(start);
    }
    std::string text = readAt(start, mostBytes + endOfTextMark.size());
    const size_t mark = text.find(endOfTextMark);
    const bool cut = mark == std::string::npos && text.size() > mostBytes;
    text.resize(std::min({text.size(), mark, cut ? mostBytes : text.size()}));
    const std::string story(cleanedStory(text));
    if (story.empty() && mark == std::string::npos)
        return std::nullopt; // behind the last mark
    return Story{story, cut};
}

} // namespace tt
