#include "core/nn/original_files.h"

#include "core/error.h"
#include "core/io/plain_text_impl.h"
#include "core/io/torch_file.h"

#include <map>

namespace tt {

namespace {
using Shape = std::vector<int64_t>;

/// The tensors of a state dict by name; each is taken once.
class StateDict {
public:
    StateDict(TorchFile &file, const PickleValue &dict, std::string place) : file_(file), place_(std::move(place)) {
        if (!dict.isDict())
            throw Error(file.path().string() + ": \"" + place_ + "\" is no dictionary of tensors.");
        for (size_t i = 0; i + 1 < dict.items.size(); i += 2)
            if (dict.items[i]->kind == PickleValue::Kind::Text)
                tensors_[dict.items[i]->text] = dict.items[i + 1];
    }
    [[nodiscard]] bool has(const std::string &name) const { return tensors_.contains(name); }
    /// Empty where it is no tensor.
    [[nodiscard]] Shape shape(const std::string &name) const {
        const auto found = tensors_.find(name);
        return found == tensors_.end() || !found->second->tensor ? Shape() : found->second->tensor->shape;
    }
    std::vector<float> take(const std::string &name, const Shape &shape) {
        const auto found = tensors_.find(name);
        if (found == tensors_.end())
            throw Error(file_.path().string() + ": \"" + place_ + name + "\" is missing.");
        std::vector<float> values = file_.floats(*found->second, place_ + name, shape);
        tensors_.erase(found);
        return values;
    }
    /// Something of another model would change what this one computes.
    void requireEmpty() const {
        if (!tensors_.empty())
            throw Error(file_.path().string() + " also holds \"" + place_ + plainText(tensors_.begin()->first) +
                        "\", which the original program's model does not have; it is another model.");
    }
    [[nodiscard]] std::string example() const {
        return tensors_.empty() ? "nothing" : "\"" + plainText(tensors_.begin()->first) + "\"";
    }

private:
    TorchFile &file_;
    std::string place_; ///< "encoders."
    std::map<std::string, const PickleValue *> tensors_;
};

/// How many of prefix + "0" + suffix, prefix + "1" + suffix, … there are.
int count(const StateDict &dict, const std::string &prefix, const std::string &suffix) {
    for (int n = 0;; ++n)
        if (std::string name = prefix; !dict.has(name.append(std::to_string(n)).append(suffix)))
            return n;
}

int side(const Shape &shape, size_t axis) {
    constexpr int64_t largest = 1 << 24;
    return shape.size() == 2 && shape[axis] <= largest ? static_cast<int>(shape[axis]) : 0;
}

GptConfig configOf(const StateDict &dict, const std::filesystem::path &file) {
    const Shape tokens = dict.shape("token_embedding_table.weight");
    const Shape positions = dict.shape("position_embedding_table.weight");
    if (tokens.size() != 2 || positions.size() != 2)
        throw Error(file.string() + " is no GPT of the Python TinyTranscoder: it has " + dict.example() +
                    ", but no token_embedding_table and position_embedding_table.");
    GptConfig config{.vocabSize = side(tokens, 0),
                     .dModel = side(tokens, 1),
                     .heads = count(dict, "blocks.0.sa.heads.", ".key.weight"),
                     .headSize = side(dict.shape("blocks.0.sa.heads.0.key.weight"), 0),
                     .layers = count(dict, "blocks.", ".ln1.weight"),
                     .context = side(positions, 0),
                     .tokenizer = {}};
    if (const auto problems = config.validate(); !problems.empty())
        throw Error(file.string() + " holds a GPT that this program cannot use: " + problems.front().text);
    return config;
}

/// A mask other than the causal one would be another model.
void checkMask(const std::vector<float> &mask, int64_t length, const std::filesystem::path &file) {
    for (int64_t i = 0; i < length; ++i)
        for (int64_t j = 0; j < length; ++j)
            if (mask[static_cast<size_t>(i * length + j)] != (j <= i ? 1.0f : 0.0f))
                throw Error(file.string() + " has an attention mask that is not the causal one; it is another model.");
}

void append(std::vector<float> &to, std::vector<float> from) {
    to.insert(to.end(), from.begin(), from.end());
}

LayerNormWeights<float> takeNorm(StateDict &dict, const std::string &name, int64_t d) {
    return {.weight = dict.take(name + ".weight", {d}), .bias = dict.take(name + ".bias", {d})};
}

void takeAttention(StateDict &dict, const std::string &prefix, const GptConfig &c, BlockWeights<float> &block,
                   const std::filesystem::path &file) {
    const int64_t d = c.dModel, s = c.headSize, length = c.context;
    for (int head = 0; head < c.heads; ++head) {
        const std::string name = prefix + "heads." + std::to_string(head) + ".";
        append(block.query, dict.take(name + "query.weight", {s, d}));
        append(block.key, dict.take(name + "key.weight", {s, d}));
        append(block.value, dict.take(name + "value.weight", {s, d}));
        if (dict.has(name + "tril"))
            checkMask(dict.take(name + "tril", {length, length}), length, file);
    }
    block.attentionOutput = dict.take(prefix + "proj.weight", {d, c.attentionWidth()});
    block.attentionOutputBias = dict.take(prefix + "proj.bias", {d});
}

BlockWeights<float> takeBlock(StateDict &dict, int layer, const GptConfig &c, const std::filesystem::path &file) {
    const std::string prefix = "blocks." + std::to_string(layer) + ".";
    const int64_t d = c.dModel, mlp = c.mlpWidth();
    BlockWeights<float> block;
    block.ln1 = takeNorm(dict, prefix + "ln1", d);
    takeAttention(dict, prefix + "sa.", c, block, file);
    block.ln2 = takeNorm(dict, prefix + "ln2", d);
    block.mlpIn = dict.take(prefix + "ffwd.net.0.weight", {mlp, d});
    block.mlpInBias = dict.take(prefix + "ffwd.net.0.bias", {mlp});
    block.mlpOut = dict.take(prefix + "ffwd.net.2.weight", {d, mlp});
    block.mlpOutBias = dict.take(prefix + "ffwd.net.2.bias", {d});
    return block;
}

bool isTranscoder(const PickleValue &root) {
    return root.find("encoders") != nullptr && root.find("decoders") != nullptr;
}

void requireDict(const PickleValue &root, const std::filesystem::path &file) {
    if (!root.isDict())
        throw Error(file.string() + " holds no model: what was saved is " +
                    (root.kind == PickleValue::Kind::Tensor ? "a single tensor." : "no dictionary of tensors."));
}
} // namespace

GptWeights<float> readOriginalGpt(const std::filesystem::path &path) {
    TorchFile file(path);
    requireDict(file.root(), path);
    if (isTranscoder(file.root()))
        throw Error(path.string() + " is a transcoder of the Python TinyTranscoder, not its GPT; give it as "
                                    "--transcoder, and the GPT as --gpt.");
    StateDict dict(file, file.root(), "");
    GptWeights<float> weights;
    weights.config = configOf(dict, path);
    const GptConfig &c = weights.config;
    const int64_t d = c.dModel;
    weights.tokenEmbedding = dict.take("token_embedding_table.weight", {c.vocabSize, d});
    weights.positionEmbedding = dict.take("position_embedding_table.weight", {c.context, d});
    for (int layer = 0; layer < c.layers; ++layer)
        weights.blocks.push_back(takeBlock(dict, layer, c, path));
    weights.finalNorm = takeNorm(dict, "ln_f", d);
    weights.unembedding = dict.take("lm_head.weight", {c.vocabSize, d});
    weights.unembeddingBias = dict.take("lm_head.bias", {c.vocabSize});
    dict.requireEmpty();
    return weights;
}

namespace {
/// Linear(F → d) keeps [d, F]; ours are rows of d, with the layers a feature writes to in between: [F, decoders, d].
void placeDecoder(const std::vector<float> &linear, int64_t place, int64_t decoders, const TranscoderConfig &c,
                  std::vector<float> &decoder) {
    const int64_t d = c.dModel, features = c.features;
    for (int64_t f = 0; f < features; ++f)
        for (int64_t i = 0; i < d; ++i)
            decoder[static_cast<size_t>((f * decoders + place) * d + i)] =
                linear[static_cast<size_t>(i * features + f)];
}

TranscoderConfig transcoderConfigOf(const StateDict &encoders, const StateDict &decoders, int k,
                                    const std::filesystem::path &file) {
    const Shape first = encoders.shape("0.weight");
    TranscoderConfig config{.kind = decoders.has("0_0.weight") ? TranscoderKind::CrossLayer : TranscoderKind::PerLayer,
                            .activation = Activation::SignedTopK,
                            .k = k,
                            .features = side(first, 0),
                            .layers = count(encoders, "", ".weight"),
                            .dModel = side(first, 1),
                            .input = "layer-norm",
                            .gptRun = {},
                            .gptSha256 = {}};
    if (const auto problems = config.validate(); !problems.empty())
        throw Error(file.string() + " holds a transcoder that this program cannot use: " + problems.front().text);
    return config;
}
} // namespace

bool isOriginalTranscoder(const std::filesystem::path &file) {
    return isTranscoder(TorchFile(file).root());
}

TranscoderWeights<float> readOriginalTranscoder(const std::filesystem::path &path, int k) {
    TorchFile file(path);
    requireDict(file.root(), path);
    if (!isTranscoder(file.root()))
        throw Error(path.string() + " is no transcoder of the Python TinyTranscoder: it has no encoders and decoders.");
    StateDict encoders(file, *file.root().find("encoders"), "encoders.");
    StateDict decoders(file, *file.root().find("decoders"), "decoders.");
    TranscoderWeights<float> weights{.config = transcoderConfigOf(encoders, decoders, k, path), .layers = {}};
    const TranscoderConfig &c = weights.config;
    const int64_t d = c.dModel, features = c.features;
    for (int layer = 0; layer < c.layers; ++layer) {
        const std::string name = std::to_string(layer) + ".";
        TranscoderLayer<float> &made = weights.layers.emplace_back();
        made.encoder = encoders.take(name + "weight", {features, d});
        made.encoderBias = encoders.take(name + "bias", {features});
        made.decoder.resize(static_cast<size_t>(features * c.decodersOf(layer) * d));
        made.decoderBias.assign(static_cast<size_t>(d), 0);
    }
    for (int layer = 0; layer < c.layers; ++layer) {
        TranscoderLayer<float> &from = weights.layers[static_cast<size_t>(layer)];
        for (int place = 0; place < c.decodersOf(layer); ++place) {
            const std::string one = std::to_string(layer), other = "_" + std::to_string(layer + place);
            const std::string name = one + (c.kind == TranscoderKind::CrossLayer ? other : "") + ".";
            placeDecoder(decoders.take(name + "weight", {d, features}), place, c.decodersOf(layer), c, from.decoder);
            const std::vector<float> bias = decoders.take(name + "bias", {d});
            std::vector<float> &sum = weights.layers[static_cast<size_t>(layer + place)].decoderBias;
            for (size_t i = 0; i < bias.size(); ++i)
                sum[i] += bias[i];
        }
    }
    encoders.requireEmpty();
    decoders.requireEmpty();
    return weights;
}

} // namespace tt
