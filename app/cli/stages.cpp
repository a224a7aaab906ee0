#include "app/cli/stages.h"

#include "core/text/corpus.h"

namespace tt::cli {

namespace {
/// The tokenizer asked for; else the newest with the configuration's vocabulary size; else the newest, but for the
/// preset original; empty where there is none.
std::string presentTokenizer(const Workspace &workspace, const GptTrainingConfig &config, const std::string &wanted) {
    if (!wanted.empty())
        return workspace.pickTokenizer(wanted);
    const std::vector<std::string> ids = workspace.tokenizers();
    for (const std::string &id : ids)
        if (Tokenizer::load(workspace.tokenizer(id)).vocabSize() == config.model.vocabSize)
            return id;
    return ids.empty() || config.preset == "original" ? std::string() : ids.front();
}

/// The one that is there, else one trained on the corpus.
std::string tokenizerFor(Context &context, const Workspace &workspace, const GptTrainingConfig &config,
                         const std::string &wanted) {
    if (std::string present = presentTokenizer(workspace, config, wanted); !present.empty())
        return present;
    if (config.preset == "original")
        throw Error("The preset original reads GPT-2's tokenizer. Bring it with: tinytranscoder-cli tokenizer gpt2 "
                    "--files FOLDER");
    const Tokenizer tokenizer = trainTokenizer(workspace.corpusText(config.corpus), config.model.vocabSize,
                                               context.stop, context.output.progress());
    const std::string id = freeName("own-" + std::to_string(tokenizer.vocabSize()), workspace.tokenizers());
    tokenizer.save(workspace.tokenizer(id));
    context.output.note("Trained the tokenizer " + id + " on " + config.corpus + ".");
    return id;
}
} // namespace

GptTrainingResult trainGptStage(Context &context, const Workspace &workspace, GptTrainingConfig config,
                                const std::string &tokenizer, const std::string &run) {
    config.model.tokenizer = tokenizerFor(context, workspace, config, tokenizer);
    const TokenCache tokens = TokenCache::openOrBuild(workspace, config.corpus, config.model.tokenizer, context.stop,
                                                      context.output.progress());
    config.model.vocabSize = tokens.vocabSize();
    const std::string name = run.empty() ? freeName(config.preset, workspace.gpts()) : run;
    return trainGpt(workspace, name, config, tokens, context.stop, context.output.training(name));
}

TrainingEstimate estimateGptStage(Context &context, const Workspace &workspace, GptTrainingConfig config,
                                  const std::string &tokenizer) {
    config.model.tokenizer = presentTokenizer(workspace, config, tokenizer);
    if (!config.model.tokenizer.empty())
        config.model.vocabSize = Tokenizer::load(workspace.tokenizer(config.model.tokenizer)).vocabSize();
    TrainingCalibrations none;
    return estimateGptTraining(workspace, config, none, context.stop, context.output.progress());
}

Json toJson(const TrainingEstimate &e) {
    Json document{{"seconds", e.seconds},
                  {"tokens_per_second", e.tokensPerSecond},
                  {"memory_bytes", e.memoryBytes},
                  {"disk_bytes", e.diskBytes},
                  {"disk_peak_bytes", e.diskPeakBytes},
                  {"free_memory_bytes", e.freeMemory},
                  {"free_disk_bytes", e.freeDisk},
                  {"threads", e.threads},
                  {"warnings", e.warnings}};
    if (e.activations)
        document["activations"] = {
            {"source", toString(e.activations->source)}, {"bytes", e.activations->bytes}, {"why", e.activations->why}};
    return document;
}

std::string describe(const TrainingEstimate &e) {
    std::string text = e.seconds > 0 ? "About " + duration(e.seconds) + " on " + std::to_string(e.threads) +
                                           (e.threads == 1 ? " thread" : " threads") + ", " +
                                           grouped(e.tokensPerSecond) + " tokens/s"
                                     : "Too large to be measured on this machine";
    text += "; " + figures(e.memoryBytes / 1e6) + " MB memory, " + figures(e.diskBytes / 1e6) + " MB disk (" +
            figures(e.diskPeakBytes / 1e6) + " MB while saving).";
    if (e.activations)
        text += "\n" + e.activations->why;
    for (const std::string &warning : e.warnings)
        text += "\n" + warning;
    return text;
}

TokenCache tokensOfFile(const Tokenizer &tokenizer, const std::string &file) {
    std::vector<int32_t> tokens;
    int64_t bytes = 0;
    forEachStory(file, [&](std::string_view story) {
        const auto ids = tokenizer.encode(story);
        tokens.insert(tokens.end(), ids.begin(), ids.end());
        tokens.push_back(tokenizer.endOfText());
        bytes += static_cast<int64_t>(story.size());
        return true;
    });
    if (tokens.empty())
        throw Error(file + " holds no story to measure on.");
    return TokenCache::fromTokens(std::move(tokens), 0, bytes, tokenizer.vocabSize());
}

} // namespace tt::cli
