#pragma once

// A workspace with stories, a tokenizer and a GPT that was trained for a moment.

#include "core/text/corpus.h"
#include "core/text/token_cache.h"
#include "core/text/tokenizer.h"
#include "core/train/gpt_training.h"

namespace tt::test {

struct SmallWorkspace {
    explicit SmallWorkspace(const std::filesystem::path &folder) : workspace(Workspace::openOrCreate(folder)) {
        generateCorpus(workspace, "stories", 200, 1, {}, {});
        trainTokenizer(workspace.corpusText("stories"), 350, {}, {}).save(workspace.tokenizer("own"));
        GptTrainingConfig config;
        config.corpus = "stories";
        config.steps = 6;
        config.batch = 4;
        config.warmup = 2;
        config.threads = 1;
        config.model = {.vocabSize = Tokenizer::load(workspace.tokenizer("own")).vocabSize(),
                        .dModel = 24,
                        .heads = 2,
                        .headSize = 12,
                        .layers = 2,
                        .context = 16,
                        .tokenizer = "own"};
        trainGpt(workspace, "g", config, tokens(), {}, [](const TrainingPoint &) {});
    }
    [[nodiscard]] TokenCache tokens() const { return TokenCache::openOrBuild(workspace, "stories", "own", {}, {}); }

    Workspace workspace;
};

} // namespace tt::test
