#include "core/text/json_lines_reader.h"

#include "core/io/json_impl.h"
#include "core/text/corpus.h"
#include "core/text/utf8.h"

namespace tt {

namespace {

constexpr size_t longestLine = 2 * longestStory;

std::string withLineFeeds(std::string text) {
    for (size_t at = text.find("\r\n"); at != std::string::npos; at = text.find("\r\n", at))
        text.erase(at, 1);
    return text;
}

/// The member that holds the story, or nullptr.
const Json *storyIn(const Json &object) {
    for (const char *key : {"text", "story"})
        if (const auto found = object.find(key); found != object.end() && found->is_string())
            return &*found;
    return nullptr;
}

} // namespace

JsonLinesReader::JsonLinesReader(std::filesystem::path path) : chunks_(std::move(path)), part_(1) {}

bool JsonLinesReader::nextLine(std::string_view &line) {
    while (true) {
        const size_t end = buffer_.find('\n', scanned_);
        if (end != std::string::npos || atEnd_) {
            if (end == std::string::npos && begin_ == buffer_.size())
                return false;
            line = std::string_view(buffer_).substr(begin_, end == std::string::npos ? end : end - begin_);
            begin_ = scanned_ = end == std::string::npos ? buffer_.size() : end + 1;
            ++line_;
            return true;
        }
        if (buffer_.size() - begin_ > longestLine)
            throw Error("Line " + std::to_string(line_ + 1) + " of " + chunks_.path().string() +
                        " is longer than 32 MB. A line holds one story; is this a .jsonl file?");
        buffer_.erase(0, begin_);
        begin_ = 0;
        scanned_ = buffer_.size();
        atEnd_ = !chunks_.append(buffer_);
    }
}

bool JsonLinesReader::leaveOut(const std::string &why) {
    if (leftOut_++ == 0)
        firstLeftOut_ = "line " + std::to_string(line_) + " of " + chunks_.path().filename().string() + " " + why;
    return false;
}

/// Takes the story of a line into text_; false where the line is blank or gives none.
bool JsonLinesReader::readObject(std::string_view line) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos)
        return false;
    if (!isUtf8(line))
        return leaveOut("is not UTF-8");
    const Json object = Json::parse(line.begin(), line.end(), nullptr, false);
    if (!object.is_object())
        return leaveOut(object.is_discarded() ? "is not JSON" : "is not an object");
    const Json *story = storyIn(object);
    if (!story)
        return leaveOut("has no \"text\" or \"story\"");
    text_ = withLineFeeds(story->get<std::string>());
    if (text_.find('\0') != std::string::npos)
        return leaveOut("holds a NUL character");
    if (text_.size() > longestStory)
        throw Error("Line " + std::to_string(line_) + " of " + chunks_.path().string() +
                    " has a story of more than 16 MB, which is too long. Divide it.");
    return true;
}

/// The next story of text_, which marks may divide.
bool JsonLinesReader::nextPart(std::string_view &story) {
    while (part_ <= text_.size()) {
        const size_t mark = text_.find(endOfTextMark, part_);
        story = cleanedStory(std::string_view(text_).substr(part_, mark == std::string::npos ? mark : mark - part_));
        part_ = mark == std::string::npos ? text_.size() + 1 : mark + endOfTextMark.size();
        if (!story.empty()) {
            objectHad_ = true;
            return true;
        }
    }
    return false;
}

bool JsonLinesReader::next(std::string_view &story) {
    std::string_view line;
    while (!nextPart(story)) {
        empty_ += objectHad_ ? 0 : 1;
        objectHad_ = true;
        if (!nextLine(line))
            return false;
        if (readObject(line)) {
            part_ = 0;
            objectHad_ = false;
        } else {
            text_.clear();
            part_ = 1;
        }
    }
    return true;
}

} // namespace tt
