#include "core/text/corpus_writer.h"
#include "core/text/json_lines_reader.h"
#include "core/text/story_reader.h"
#include "core/text/utf8.h"

#include <algorithm>
#include <cctype>

namespace tt {

namespace fs = std::filesystem;

namespace {

std::string extensionOf(const fs::path &file) {
    std::string extension = file.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return extension;
}

bool isJsonLines(const fs::path &file) {
    return extensionOf(file) == ".jsonl";
}

/// Progress in bytes over several files; a text is read twice.
class ByteProgress {
public:
    ByteProgress(const std::vector<fs::path> &files, const std::stop_token &stop, const ProgressSink &sink)
        : stop_(stop), throttle_(sink) {
        now_.unit = "bytes";
        for (const fs::path &file : files)
            now_.total += (isJsonLines(file) ? 1 : 2) * size(file);
    }
    void startPass(const std::string &what) { now_.what = what; }
    void report(int64_t bytesOfPass) {
        throwIfStopped(stop_);
        now_.done = before_ + static_cast<double>(bytesOfPass);
        throttle_.report(now_);
    }
    void finishPass(const fs::path &file) { before_ += size(file); }
    void finish() {
        now_.done = now_.total;
        throttle_.finish(now_);
    }

private:
    static double size(const fs::path &file) {
        std::error_code error;
        const auto bytes = fs::file_size(file, error);
        return error ? 0 : static_cast<double>(bytes);
    }

    std::stop_token stop_;
    ProgressThrottle throttle_;
    Progress now_;
    double before_ = 0;
};

void refuseOtherFormats(const fs::path &file) {
    const std::string extension = extensionOf(file);
    for (const char *other : {".json", ".parquet", ".csv", ".zip", ".gz", ".zst", ".pdf", ".docx", ".html"})
        if (extension == other)
            throw Error(file.string() + " cannot be imported: stories are read from plain text (.txt) and from JSON "
                                        "lines (.jsonl).");
}

/// Reads until the first mark, at the latest to the end of the file.
StoryEnd storyEndOf(const fs::path &file, ByteProgress &progress) {
    TextChunks chunks(file);
    std::string text;
    while (chunks.append(text)) {
        progress.report(chunks.bytesRead());
        if (text.find(endOfTextMark) != std::string::npos)
            return StoryEnd::Mark;
        text.erase(0, text.size() - std::min(text.size(), endOfTextMark.size() - 1));
    }
    return StoryEnd::BlankLine;
}

template <class Reader>
void addStories(CorpusWriter &writer, Reader &reader, ByteProgress &progress) {
    std::string_view story;
    while (reader.next(story)) {
        progress.report(reader.bytesRead());
        writer.add(story);
    }
    writer.addEmpty(reader.empty());
}

void importText(CorpusWriter &writer, const fs::path &file, ByteProgress &progress) {
    progress.startPass("Looking through " + file.filename().string());
    const StoryEnd end = storyEndOf(file, progress);
    progress.finishPass(file);
    progress.startPass("Importing " + file.filename().string());
    StoryReader reader(file, end);
    addStories(writer, reader, progress);
    progress.finishPass(file);
}

void importJsonLines(CorpusWriter &writer, const fs::path &file, ByteProgress &progress) {
    progress.startPass("Importing " + file.filename().string());
    JsonLinesReader reader(file);
    addStories(writer, reader, progress);
    writer.addLeftOut(reader.leftOut(), reader.firstLeftOut());
    progress.finishPass(file);
}

std::string namesOf(const std::vector<fs::path> &files) {
    std::string names = files.front().filename().string();
    if (files.size() > 1)
        names += " and " + std::to_string(files.size() - 1) + " more";
    return names;
}

[[noreturn]] void refuseNoStories(const CorpusInfo &info, const std::string &names) {
    std::string why = "there is no text but white space and " + std::string(endOfTextMark) + " marks";
    if (info.leftOutLines > 0)
        why = info.firstLeftOut + ". A line of a .jsonl file is an object with the story under \"text\" or \"story\"";
    throw Error("No story was found in " + names + ": " + why + ".");
}

} // namespace

void CorpusWriter::add(std::string_view story) {
    file_.write(story);
    file_.write("\n");
    file_.write(endOfTextMark);
    file_.write("\n");
    ++info_.stories;
    info_.bytes = static_cast<int64_t>(file_.size());
    info_.invalidUtf8 += isUtf8(story) ? 0 : 1;
    info_.mojibake += hasMojibake(story) ? 1 : 0;
}

void importFiles(CorpusWriter &writer, const std::vector<fs::path> &files, const std::stop_token &stop,
                 const ProgressSink &progress) {
    if (files.empty())
        throw Error("Choose at least one text file to import.", Error::Kind::Usage);
    for (const fs::path &file : files)
        refuseOtherFormats(file);
    writer.setSource(namesOf(files));
    ByteProgress bytes(files, stop, progress);
    for (const fs::path &file : files)
        isJsonLines(file) ? importJsonLines(writer, file, bytes) : importText(writer, file, bytes);
    if (writer.info().stories == 0)
        refuseNoStories(writer.info(), namesOf(files));
    bytes.finish();
}

} // namespace tt
