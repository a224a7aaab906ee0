#include "core/train/imported_run_impl.h"

#include "core/error.h"
#include "core/train/corpus_statistics_impl.h"
#include "core/train/evaluation_sizes_impl.h"

#include <algorithm>

namespace tt {

namespace fs = std::filesystem;

void requireFreeRun(const fs::path &folder, const std::string &what) {
    checkName(folder.filename().string(), what);
    if (fs::exists(folder)) // half a run is somebody's, too
        throw Error("There is a " + what + " named " + folder.filename().string() + " already. Choose another name.",
                    Error::Kind::Usage);
}

ImportedRun::ImportedRun(const fs::path &folder, const std::string &what, const std::string &configJson)
    : made_((requireFreeRun(folder, what), folder)), folder_(folder), lock_(folder_.create(what, configJson)) {}

void ImportedRun::commit(const std::string &program) {
    folder_.commit({.finished = true, .training = "{}", .files = {}, .importedFrom = program});
    made_.keep();
}

std::string freeRunName(const fs::path &runs, const std::string &base) {
    std::vector<std::string> taken;
    std::error_code error; // there are none yet
    for (const auto &entry : fs::directory_iterator(runs, error))
        taken.push_back(entry.path().filename().string());
    return freeName(asName(base, "imported"), taken);
}

std::optional<TokenCache> storiesFor(const Workspace &workspace, const std::string &corpus, const GptConfig &gpt,
                                     const std::stop_token &stop, const ProgressSink &progress) {
    const std::vector<std::string> corpora = workspace.corpora(), tokenizers = workspace.tokenizers();
    const bool canRead = std::find(tokenizers.begin(), tokenizers.end(), gpt.tokenizer) != tokenizers.end() &&
                         Tokenizer::load(workspace.tokenizer(gpt.tokenizer)).vocabSize() == gpt.vocabSize;
    if (corpora.empty() || !canRead)
        return std::nullopt;
    const bool there = std::find(corpora.begin(), corpora.end(), corpus) != corpora.end();
    TokenCache tokens =
        TokenCache::openOrBuild(workspace, there ? corpus : corpora.front(), gpt.tokenizer, stop, progress);
    if (tokens.heldOutTokens() < 2 || tokens.trainTokens() < 1)
        return std::nullopt;
    return tokens;
}

void requireFits(const TranscoderConfig &transcoder, const std::string &what, const GptConfig &gpt,
                 const std::string &gptRun) {
    if (transcoder.layers != gpt.layers || transcoder.dModel != gpt.dModel)
        throw Error(what + " has " + std::to_string(transcoder.layers) + " layers of width " +
                    std::to_string(transcoder.dModel) + ", the GPT " + gptRun + " " + std::to_string(gpt.layers) +
                    " of width " + std::to_string(gpt.dModel) + "; they do not belong together.");
}

std::string newestThatFits(const Workspace &workspace, const TranscoderConfig &transcoder) {
    const auto config = [&](const std::string &run) {
        return gptConfigFromJson(readFile(workspace.gpt(run) / "config.json"));
    };
    for (const std::string &run : workspace.gpts())
        if (config(run).layers == transcoder.layers && config(run).dModel == transcoder.dModel)
            return run;
    std::string newest = workspace.pickGpt({}); // says what to do where there is none at all
    requireFits(transcoder, "The transcoder", config(newest), newest);
    return newest;
}

void writeImportedTranscoder(const Workspace &workspace, const std::string &name,
                             const TranscoderWeights<float> &weights, const GptWeights<float> &gpt,
                             const std::optional<TokenCache> &stories, const std::string &program) {
    const TranscoderConfig &c = weights.config;
    ImportedRun run(workspace.transcoder(name), "transcoder", toJson(c));
    saveTranscoderWeights(run.folder().file(""), weights);
    const std::vector<std::vector<float>> unknown(static_cast<size_t>(c.layers),
                                                  std::vector<float>(static_cast<size_t>(c.features)));
    writeStatistics(run.folder().file("statistics.safetensors"),
                    stories ? corpusStatistics(gpt, weights, *stories, transcoderStatistics.live)
                            : FeatureStatistics{.maximum = unknown, .density = unknown});
    run.commit(program);
}

} // namespace tt
