#include "core/text/corpus.h"

#include "core/io/file.h"
#include "core/io/json_impl.h"
#include "core/text/corpus_writer.h"
#include "core/text/story_generator.h"

namespace tt {

namespace fs = std::filesystem;

namespace {

constexpr int formatVersion = 1;
constexpr int64_t mostStories = 10'000'000;

void checkStories(int64_t stories) {
    if (stories < 1 || stories > mostStories)
        throw Error(std::to_string(stories) + " stories cannot be generated. Choose 1 to 10,000,000.",
                    Error::Kind::Usage);
}

void generate(CorpusWriter &writer, int64_t stories, uint64_t seed, const std::stop_token &stop,
              const ProgressSink &progress) {
    const StoryGenerator generator(seed);
    ProgressThrottle throttle(progress);
    Progress now{"Generating stories", 0, static_cast<double>(stories), "stories"};
    for (int64_t i = 0; i < stories; ++i) {
        throwIfStopped(stop);
        writer.add(generator.story(static_cast<uint64_t>(i)));
        now.done = static_cast<double>(i + 1);
        throttle.report(now);
    }
    throttle.finish(now);
}

/// Makes room for a new corpus: the name is good and free, the folder exists.
void prepare(const Workspace &workspace, const std::string &name) {
    workspace.requireWritable();
    checkName(name, "corpus");
    if (fs::exists(workspace.corpusInfo(name)))
        throw Error("There is a corpus named " + name + " already. Choose another name.", Error::Kind::Usage);
    makeFolder(workspace.corpusText(name).parent_path());
}

/// The text first; a corpus exists from the moment its .json does.
void commit(const Workspace &workspace, CorpusWriter &writer) {
    const CorpusInfo &info = writer.info();
    writer.commit();
    try {
        writeFileAtomically(workspace.corpusInfo(info.name), writeJson({{"version", formatVersion},
                                                                        {"name", info.name},
                                                                        {"source", info.source},
                                                                        {"stories", info.stories},
                                                                        {"bytes", info.bytes},
                                                                        {"empty", info.empty},
                                                                        {"invalid_utf8", info.invalidUtf8},
                                                                        {"mojibake", info.mojibake},
                                                                        {"left_out_lines", info.leftOutLines},
                                                                        {"first_left_out", info.firstLeftOut},
                                                                        {"seed", info.seed}}));
    } catch (...) {
        std::error_code ignored;
        fs::remove(workspace.corpusText(info.name), ignored);
        throw;
    }
}

/// 12,345
std::string grouped(int64_t number) {
    std::string digits = std::to_string(number);
    for (size_t at = digits.size(); at > 3; at -= 3)
        digits.insert(at - 3, ",");
    return digits;
}

std::string counted(int64_t number, const std::string &one, const std::string &many) {
    return grouped(number) + " " + (number == 1 ? one : many);
}

} // namespace

std::vector<std::string> remarks(const CorpusInfo &info) {
    std::vector<std::string> sentences;
    if (info.leftOutLines == 1)
        sentences.push_back("One line was left out: " + info.firstLeftOut + ".");
    else if (info.leftOutLines > 1)
        sentences.push_back(grouped(info.leftOutLines) + " lines were left out; the first: " + info.firstLeftOut + ".");
    if (info.empty > 0)
        sentences.push_back(counted(info.empty, "empty story was", "empty stories were") + " left out.");
    if (info.invalidUtf8 > 0)
        sentences.push_back(counted(info.invalidUtf8, "story holds", "stories hold") +
                            " bytes that are not UTF-8; they were kept as they are.");
    if (info.mojibake > 0)
        sentences.push_back(counted(info.mojibake, "story shows", "stories show") +
                            " a wrong encoding (“â€™” in place of ’, for example); it was kept as it is.");
    return sentences;
}

CorpusInfo readCorpusInfo(const Workspace &workspace, const std::string &name) {
    const fs::path file = workspace.corpusInfo(name);
    if (!fs::exists(file))
        throw Error("There is no corpus named " + name + " in " + workspace.folder().string() +
                    ". Generate stories or import a text file first.");
    const std::string what = file.string();
    const Json json = readJsonObject(file);
    if (member<int>(json, "version", what) > formatVersion)
        throw Error(what + " was written by a newer TinyTranscoder. Update the program to use this corpus.");
    return {.name = name,
            .source = memberOr<std::string>(json, "source", {}, what),
            .stories = member<int64_t>(json, "stories", what),
            .bytes = member<int64_t>(json, "bytes", what),
            .empty = memberOr<int64_t>(json, "empty", 0, what),
            .invalidUtf8 = memberOr<int64_t>(json, "invalid_utf8", 0, what),
            .mojibake = memberOr<int64_t>(json, "mojibake", 0, what),
            .leftOutLines = memberOr<int64_t>(json, "left_out_lines", 0, what),
            .firstLeftOut = memberOr<std::string>(json, "first_left_out", {}, what),
            .seed = memberOr<uint64_t>(json, "seed", 0, what)};
}

CorpusInfo generateCorpus(const Workspace &workspace, const std::string &name, int64_t stories, uint64_t seed,
                          std::stop_token stop, const ProgressSink &progress) {
    checkStories(stories);
    prepare(workspace, name);
    CorpusWriter writer(workspace.corpusText(name), {.name = name, .source = "generated", .seed = seed});
    generate(writer, stories, seed, stop, progress);
    commit(workspace, writer);
    return writer.info();
}

CorpusInfo generateStories(const fs::path &file, int64_t stories, uint64_t seed, std::stop_token stop,
                           const ProgressSink &progress) {
    checkStories(stories);
    CorpusWriter writer(file, {.name = file.stem().string(), .source = "generated", .seed = seed});
    generate(writer, stories, seed, stop, progress);
    writer.commit();
    return writer.info();
}

CorpusInfo importCorpus(const Workspace &workspace, const std::string &name, const std::vector<fs::path> &files,
                        std::stop_token stop, const ProgressSink &progress, const std::string &source) {
    prepare(workspace, name);
    CorpusWriter writer(workspace.corpusText(name), {.name = name, .source = {}});
    importFiles(writer, files, stop, progress);
    if (!source.empty())
        writer.setSource(source);
    commit(workspace, writer);
    return writer.info();
}

} // namespace tt
