#include "core/train/story.h"

#include "core/error.h"
#include "core/nn/device.h"
#include "core/text/tokenizer.h"
#include "core/train/gpt_training.h"

namespace tt {

void tellStory(const Workspace &workspace, const StoryRequest &request, const std::function<void(int64_t)> &started,
               const std::function<void(const StoryToken &)> &token, std::stop_token stop) {
    useThreads(request.threads);
    const int64_t step = readGptRun(workspace, request.run).step;
    const GptWeights<float> gpt = loadGpt(workspace.gpt(request.run));
    const Tokenizer tokenizer = Tokenizer::load(workspace.tokenizer(gpt.config.tokenizer));
    if (tokenizer.vocabSize() != gpt.config.vocabSize)
        throw Error("The tokenizer " + gpt.config.tokenizer + " does not fit the GPT " + request.run + ".");
    const std::vector<int32_t> prompt = tokenizer.encode(request.prompt);
    if (prompt.empty())
        throw Error("The prompt is empty. Type how the story begins.", Error::Kind::Usage);
    started(step);
    Random random(request.seed);
    const auto hand = [&](const GeneratedToken &drawn) {
        if (drawn.id != tokenizer.endOfText())
            token({std::string(tokenizer.bytes(drawn.id)), drawn.probability});
        return true;
    };
    generate(gpt, prompt, tokenizer.endOfText(), request.sampling, random, hand, std::move(stop));
}

} // namespace tt
