#include "core/nn/gpt_config.h"

#include "core/io/json_impl.h"

namespace tt {

int64_t GptConfig::parameters() const {
    const int64_t d = dModel, width = attentionWidth(), mlp = mlpWidth();
    const int64_t block = 4 * d + 4 * width * d + d + 2 * mlp * d + mlp + d;
    return int64_t{vocabSize} * (2 * d + 1) + int64_t{context} * d + layers * block + 2 * d;
}

std::vector<Problem> GptConfig::validate() const {
    std::vector<Problem> problems;
    const auto inRange = [&](const char *key, const char *what, int value, int low, int high) {
        if (value < low || value > high)
            problems.push_back({key, std::string(what) + " must be " + std::to_string(low) + " to " +
                                         std::to_string(high) + ", not " + std::to_string(value) + "."});
    };
    inRange("vocab", "The vocabulary", vocabSize, 2, 1'000'000);
    inRange("d_model", "The width d", dModel, 1, 16'384);
    inRange("heads", "The number of heads", heads, 1, 256);
    inRange("layers", "The number of layers", layers, 1, 64);
    inRange("context", "The context", context, 1, 8'192);
    if (heads > 0 && dModel > 0 && heads > dModel)
        problems.push_back(
            {"heads", "There can be at most as many heads as the width d, " + std::to_string(dModel) + "."});
    if (headSize < 1 && problems.empty())
        problems.push_back({"heads", "The head size must be at least 1."});
    if (!(dropout >= 0 && dropout < 1))
        problems.push_back({"dropout", "Dropout must be 0 or more and below 1."});
    return problems;
}

std::string toJson(const GptConfig &config) {
    return writeJson({{"vocab_size", config.vocabSize},
                      {"d_model", config.dModel},
                      {"heads", config.heads},
                      {"head_size", config.headSize},
                      {"layers", config.layers},
                      {"context", config.context},
                      {"dropout", config.dropout},
                      {"layer_norm_eps", config.layerNormEps},
                      {"tokenizer", config.tokenizer}});
}

GptConfig gptConfigFromJson(const std::string &text) {
    const std::string what = "The GPT's configuration";
    const Json json = parseJsonObject(text, what);
    GptConfig config{.vocabSize = member<int>(json, "vocab_size", what),
                     .dModel = member<int>(json, "d_model", what),
                     .heads = member<int>(json, "heads", what),
                     .headSize = member<int>(json, "head_size", what),
                     .layers = member<int>(json, "layers", what),
                     .context = member<int>(json, "context", what),
                     .dropout = memberOr<double>(json, "dropout", 0, what),
                     .layerNormEps = memberOr<double>(json, "layer_norm_eps", 1e-5, what),
                     .tokenizer = memberOr<std::string>(json, "tokenizer", "", what)};
    if (const auto problems = config.validate(); !problems.empty())
        throw Error(what + " cannot be used: " + problems.front().text);
    return config;
}

} // namespace tt
