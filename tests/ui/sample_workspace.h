#pragma once

#include "ui/values.h"

/// A workspace and a prompt as a person would have them, for the tests and pictures of the window.
namespace tt::windowsample {

inline WorkspaceSummary workspace() {
    WorkspaceSummary result;
    result.folder = QStringLiteral("/home/mia/Demonstration");
    result.corpora = {
        {.name = "generated-120k", .source = "generated", .stories = 120'000, .bytes = 86'400'000, .seed = 1},
        {.name = "tinystories-valid", .source = "valid.txt", .stories = 27'630, .bytes = 22'502'600},
        {.name = "bedtime", .source = "bedtime.txt", .stories = 1204, .bytes = 1'301'000, .empty = 3}};
    result.tokenizers = {{QStringLiteral("own-4096"), QStringLiteral("bpe"), 4096},
                         {QStringLiteral("gpt2"), QStringLiteral("gpt2"), 50'257}};
    GptConfig gpt;
    gpt.tokenizer = "own-4096";
    result.gpts = {{QStringLiteral("stories-tiny"), gpt}};
    TranscoderConfig transcoder;
    transcoder.gptRun = "stories-tiny";
    result.transcoders = {{QStringLiteral("plt-k16"), transcoder}, {QStringLiteral("plt-k32"), transcoder}};
    return result;
}

inline PromptFeatures prompt(const std::vector<std::string> &tokens, int leftOut = 0) {
    PromptFeatures result;
    result.gpt = "stories-tiny";
    result.transcoder = "plt-k16";
    result.layers = 2;
    result.features = 4096;
    for (int i = 0; i < leftOut; ++i)
        result.leftOut.push_back(" left" + std::to_string(i));
    for (const std::string &token : tokens) {
        result.prompt += token;
        result.ids.push_back(static_cast<int32_t>(result.ids.size()) + 300);
        result.tokens.push_back(token);
        result.next.push_back({{.id = 411, .text = " little", .probability = 0.612, .logit = 9.31},
                               {.id = 412, .text = " big", .probability = 0.101, .logit = 7.51}});
    }
    return result;
}

inline PromptFeatures onceUponATime() {
    return prompt({"Once", " upon", " a", " time", " there", " was", " a"});
}

} // namespace tt::windowsample
