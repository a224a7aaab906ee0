#include "core/features/read_prompt.h"

namespace tt {

ReadPrompt readPrompt(const ExplainedModel &model, const std::string &prompt) {
    ReadPrompt read{.ids = model.tokenizer.encode(prompt), .leftOut = {}};
    const auto context = static_cast<size_t>(model.gpt.config.context);
    if (read.ids.size() > context) {
        const auto cut = read.ids.end() - static_cast<std::ptrdiff_t>(context);
        read.leftOut.assign(read.ids.begin(), cut);
        read.ids.erase(read.ids.begin(), cut);
    }
    return read;
}

std::vector<std::string> tokenTexts(const Tokenizer &tokenizer, const std::vector<int32_t> &ids) {
    std::vector<std::string> out;
    for (const int32_t id : ids)
        out.push_back(tokenizer.text(id));
    return out;
}

std::vector<SparseActivations<float>> encodeLayers(const ExplainedModel &model,
                                                   const GptActivations<float> &activations) {
    std::vector<SparseActivations<float>> active;
    for (int layer = 0; layer < model.transcoder.config.layers; ++layer)
        active.push_back(encode<float>(model.transcoder, layer, activations.blocks[static_cast<size_t>(layer)].ln2));
    return active;
}

} // namespace tt
