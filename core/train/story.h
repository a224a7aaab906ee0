#pragma once

#include "core/io/workspace.h"
#include "core/nn/generate.h"

#include <functional>
#include <string>

namespace tt {

/// What a GPT is to continue, and how.
struct StoryRequest {
    std::string run, prompt;
    SamplingConfig sampling;
    uint64_t seed = 0;
    int threads = 1; ///< few, as runs may train beside it
};
struct StoryToken {
    std::string bytes;
    double probability = 0; ///< under the model, before temperature, top-k and top-p
};

/// Continues a prompt with the newest checkpoint of a GPT, which may train meanwhile. `started` hears the checkpoint's
/// step, `token` every token as soon as it is drawn. A stop ends it early. Throws Error where the prompt is empty or
/// the checkpoint cannot be read.
void tellStory(const Workspace &workspace, const StoryRequest &request, const std::function<void(int64_t)> &started,
               const std::function<void(const StoryToken &)> &token, std::stop_token stop);

} // namespace tt
