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
    checkName(name, "corpus");
    if (fs::exists(workspace.corpusInfo(name)))
        throw Error("There is a corpus named " + name + " already. Choose another name.", Error::Kind::Usage);
    const fs::path folder = workspace.corpusText(name).parent_path();
    std::error_code error;
    fs::create_directories(folder, error);
    if (error)
        throw Error("The folder " + folder.string() + " cannot be made: " + error.message() + ".");
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
                                                                        {"seed", info.seed}}));
    } catch (...) {
        std::error_code ignored;
        fs::remove(workspace.corpusText(info.name), ignored);
        throw;
    }
}

} // namespace

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
                        std::stop_token stop, const ProgressSink &progress) {
    prepare(workspace, name);
    CorpusWriter writer(workspace.corpusText(name), {.name = name, .source = {}});
    importFiles(writer, files, stop, progress);
    commit(workspace, writer);
    return writer.info();
}

} // namespace tt
