// The importers of .txt and .jsonl files: what comes in reads back as it was counted, and imported again is the same.
#include "core/io/file.h"
#include "core/text/corpus.h"
#include "fuzz/target.h"

using namespace tt;

namespace {

std::string imported(const Workspace &workspace, const std::filesystem::path &file, CorpusInfo &info) {
    std::filesystem::remove(workspace.corpusInfo("c"));
    info = importCorpus(workspace, "c", {file}, {}, {});
    return readFile(workspace.corpusText("c"));
}

} // namespace

/// The first byte chooses the kind of file.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    static const Workspace workspace = Workspace::openOrCreate(fuzz::folder() / "w");
    const auto file = fuzz::write(data[0] % 2 == 0 ? "input.txt" : "input.jsonl", fuzz::text(data + 1, size - 1));
    CorpusInfo info;
    std::string first;
    try {
        first = imported(workspace, file, info);
    } catch (const Error &error) {
        fuzz::require(*error.what() != '\0', "an error says something");
        fuzz::require(workspace.corpora().empty(), "a refused file leaves no corpus");
        return 0;
    }
    int64_t stories = 0;
    forEachStory(workspace.corpusText("c"), [&](std::string_view story) {
        fuzz::require(!story.empty(), "no story is empty");
        ++stories;
        return true;
    });
    fuzz::require(stories == info.stories && stories > 0, "as many stories are read as were counted");
    fuzz::require(info.bytes == static_cast<int64_t>(first.size()), "the bytes are counted");
    fuzz::require(readCorpusInfo(workspace, "c") == info, "what is known of it reads back");
    fuzz::require(remarks(info).empty() == (info.empty + info.invalidUtf8 + info.mojibake + info.leftOutLines == 0),
                  "there is a remark on what was counted");
    CorpusInfo again;
    const std::string second = imported(workspace, fuzz::write("again.txt", first), again);
    fuzz::require(second == first, "what was imported is imported as it is");
    fuzz::require(again.invalidUtf8 == info.invalidUtf8 && again.mojibake == info.mojibake, "and judged alike");
    std::filesystem::remove(workspace.corpusInfo("c"));
    return 0;
}
