#include "core/text/story_reader.h"

#include "core/error.h"
#include "core/text/corpus.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tt {

namespace {

constexpr size_t chunkBytes = size_t{1} << 20U;
constexpr std::string_view whiteSpace = " \t\n\v\f\r";
constexpr std::string_view byteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view blanks = " \t\v\f\r";

[[noreturn]] void failReading(const std::filesystem::path &path) {
    throw Error("Cannot read " + path.string() + ": " + std::strerror(errno) + ".");
}

std::string_view withoutBlankLines(std::string_view text) {
    const size_t first = text.find_first_not_of(whiteSpace);
    if (first == std::string_view::npos)
        return {};
    const size_t lineBefore = text.substr(0, first).rfind('\n');
    const size_t lineEnd = text.find('\n', text.find_last_not_of(whiteSpace));
    const size_t begin = lineBefore == std::string_view::npos ? 0 : lineBefore + 1;
    return text.substr(begin, lineEnd == std::string_view::npos ? lineEnd : lineEnd - begin);
}

/// A small file needs no large buffer; a pipe has no size.
size_t bytesAtOnce(const std::filesystem::path &path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    return error ? chunkBytes : std::clamp<size_t>(size, 1, chunkBytes);
}

bool startsAsUtf16(std::string_view text) {
    return text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
}

/// The length of a byte order mark that the text begins with, else 0.
size_t startingMark(std::string_view text) {
    return text.starts_with(byteOrderMark) ? byteOrderMark.size() : startsAsUtf16(text) ? 2 : 0;
}

} // namespace

/// Files joined by others have byte order marks in the middle, and a CR at the end would meet a line feed. UTF-16's
/// marks, which are no UTF-8, would make a file that begins with them unreadable.
std::string_view cleanedStory(std::string_view text) {
    text = withoutBlankLines(text);
    for (size_t mark = startingMark(text); mark > 0; mark = startingMark(text))
        text = withoutBlankLines(text.substr(mark));
    while (text.ends_with('\r'))
        text.remove_suffix(1);
    return text;
}

TextChunks::TextChunks(std::filesystem::path path)
    : path_(std::move(path)), file_(std::fopen(path_.c_str(), "rb")), chunk_(bytesAtOnce(path_), '\0') {
    if (!file_)
        failReading(path_);
}

void TextChunks::refuseWhatIsNoText(std::string_view chunk) const {
    if (bytesRead_ == 0 && startsAsUtf16(chunk))
        throw Error(path_.string() + " is written in UTF-16. Save it as UTF-8 and import it again.");
    if (chunk.find('\0') != std::string_view::npos)
        throw Error(path_.string() + " is not a text file: it has a NUL byte. Only plain text in UTF-8 can be read.");
}

/// Any number of CRs before a line feed goes, so that what was imported once stays as it is.
void TextChunks::appendWithLineFeeds(std::string_view chunk, std::string &text) {
    const size_t leading = std::min(chunk.find_first_not_of('\r'), chunk.size());
    carriageReturns_ += leading;
    chunk.remove_prefix(leading);
    if (chunk.empty() && leading > 0)
        return;
    if (!chunk.starts_with('\n'))
        text.append(carriageReturns_, '\r');
    const size_t kept = std::min(chunk.find_last_not_of('\r') + 1, chunk.size());
    carriageReturns_ = chunk.size() - kept;
    chunk = chunk.substr(0, kept);
    while (!chunk.empty()) {
        const size_t lineEnd = chunk.find("\r\n");
        const std::string_view line = chunk.substr(0, lineEnd);
        text += line.substr(0, line.find_last_not_of('\r') + 1);
        chunk.remove_prefix(lineEnd == std::string_view::npos ? chunk.size() : lineEnd + 1);
    }
}

bool TextChunks::append(std::string &text) {
    const size_t got = std::fread(chunk_.data(), 1, chunk_.size(), file_.get());
    if (got < chunk_.size() && std::ferror(file_.get()) != 0)
        failReading(path_);
    std::string_view chunk(chunk_.data(), got);
    refuseWhatIsNoText(chunk);
    if (bytesRead_ == 0 && chunk.starts_with(byteOrderMark))
        chunk.remove_prefix(byteOrderMark.size());
    bytesRead_ += static_cast<int64_t>(got);
    appendWithLineFeeds(chunk, text);
    return got > 0;
}

StoryReader::StoryReader(std::filesystem::path path, StoryEnd end) : chunks_(std::move(path)), end_(end) {}

StoryReader::Separator StoryReader::findSeparator() {
    const std::string_view text = text_;
    if (end_ == StoryEnd::Mark) {
        if (const size_t at = text.find(endOfTextMark, scanned_); at != std::string_view::npos)
            return {at, endOfTextMark.size()};
        scanned_ = std::max(scanned_, text.size() - std::min(text.size(), endOfTextMark.size() - 1));
        return {};
    }
    for (size_t line = text.find('\n', scanned_); line != std::string_view::npos; line = text.find('\n', line + 1)) {
        scanned_ = line;
        const size_t next = text.find_first_not_of(blanks, line + 1);
        if (next != std::string_view::npos && text[next] == '\n')
            return {line, next - line};
    }
    return {};
}

bool StoryReader::readMore() {
    if (atEnd_)
        return false;
    if (text_.size() - begin_ > longestStory)
        throw Error(chunks_.path().string() + " has a story of more than 16 MB, which is too long. Put a line with " +
                    std::string(endOfTextMark) + " after every story, or separate stories by blank lines.");
    text_.erase(0, begin_);
    scanned_ -= begin_;
    begin_ = 0;
    atEnd_ = !chunks_.append(text_);
    return true;
}

/// The story that ends at the separator; the next one begins behind it.
std::string_view StoryReader::take(const Separator &separator) {
    const std::string_view story = cleanedStory(std::string_view(text_).substr(begin_, separator.at - begin_));
    begin_ = scanned_ = separator.at + separator.length;
    return story;
}

bool StoryReader::next(std::string_view &story) {
    while (true) {
        const Separator separator = findSeparator();
        if (separator.at != std::string::npos) {
            story = take(separator);
            if (!story.empty())
                return true;
            empty_ += end_ == StoryEnd::Mark ? 1 : 0;
        } else if (!readMore()) {
            story = take({text_.size(), 0});
            return !story.empty();
        }
    }
}

void forEachStory(const std::filesystem::path &file, const std::function<bool(std::string_view)> &story) {
    StoryReader reader(file, StoryEnd::Mark);
    std::string_view text;
    while (reader.next(text)) {
        if (!story(text))
            return;
    }
}

} // namespace tt
