#include "core/io/json_impl.h"
#include "core/io/safetensors.h"
#include "core/nn/gpt_config.h"
#include "core/nn/transcoder.h"

#include <array>

namespace tt {

namespace fs = std::filesystem;

std::vector<Problem> TranscoderConfig::validate() const {
    std::vector<Problem> problems;
    if (features < 1 || features > 1'000'000)
        problems.push_back({"features", "The number of features must be 1 to 1,000,000."});
    if (k < 1)
        problems.push_back({"k", "k must be at least 1."});
    else if (k > features && (activation == Activation::TopK || activation == Activation::BatchTopK ||
                              activation == Activation::SignedTopK))
        problems.push_back({"k", "k must be at most the number of features, " + std::to_string(features) + "."});
    if (layers < 1 || layers > 64)
        problems.push_back({"layers", "The number of layers must be 1 to 64."});
    if (dModel < 1 || dModel > 16'384)
        problems.push_back({"d_model", "The width d must be 1 to 16,384."});
    return problems;
}

namespace {
const std::string checkpointKey = "checkpoint"; // in the metadata of weight files
constexpr std::array<std::pair<TranscoderKind, const char *>, 2> kinds{
    {{TranscoderKind::PerLayer, "per-layer"}, {TranscoderKind::CrossLayer, "cross-layer"}}};
constexpr std::array<std::pair<Activation, const char *>, 5> activations{{{Activation::TopK, "topk"},
                                                                          {Activation::BatchTopK, "batchtopk"},
                                                                          {Activation::JumpRelu, "jumprelu"},
                                                                          {Activation::Relu, "relu"},
                                                                          {Activation::SignedTopK, "signed-topk"}}};

template <class Enum, size_t N>
std::string nameOf(Enum value, const std::array<std::pair<Enum, const char *>, N> &names) {
    for (const auto &[each, name] : names)
        if (each == value)
            return name;
    return {};
}

template <class Enum, size_t N>
Enum fromName(const std::string &text, const std::array<std::pair<Enum, const char *>, N> &names,
              const std::string &what) {
    for (const auto &[each, name] : names)
        if (text == name)
            return each;
    throw Error(what + " \"" + text + "\" is not known.");
}

/// Names of a layer's tensors: circuit-tracer's per-layer or cross-layer layout (formats.md §3).
struct LayerNames {
    std::string encoderFile, decoderFile, encoder, encoderBias, decoder, decoderBias, threshold, skip;
};

LayerNames layerNames(TranscoderKind kind, int layer) {
    const std::string i = std::to_string(layer);
    if (kind == TranscoderKind::PerLayer)
        return {"layer_" + i + ".safetensors",
                "layer_" + i + ".safetensors",
                "W_enc",
                "b_enc",
                "W_dec",
                "b_dec",
                "activation_function.threshold",
                "W_skip"};
    return {"W_enc_" + i + ".safetensors",
            "W_dec_" + i + ".safetensors",
            "W_enc_" + i,
            "b_enc_" + i,
            "W_dec_" + i,
            "b_dec_" + i,
            "threshold_" + i,
            "W_skip_" + i};
}

std::vector<int64_t> decoderShape(const TranscoderConfig &config, int layer) {
    if (config.kind == TranscoderKind::PerLayer)
        return {config.features, config.dModel};
    return {config.features, config.decodersOf(layer), config.dModel};
}
} // namespace

std::string toString(TranscoderKind kind) {
    return nameOf(kind, kinds);
}
std::string toString(Activation activation) {
    return nameOf(activation, activations);
}

void requireMlpOutput(const TranscoderConfig &config, const std::string &name) {
    if (!config.writesMlpOutput() || config.activation == Activation::SignedTopK)
        throw Error("The transcoder " + name +
                        " predicts layer-normed MLP outputs, without their size, so graphs, interventions and "
                        "measurements cannot use it; its activations can be seen in Features.",
                    Error::Kind::Usage);
}

std::string toJson(const TranscoderConfig &config) {
    return writeJson({{"kind", toString(config.kind)},
                      {"activation", toString(config.activation)},
                      {"k", config.k},
                      {"features", config.features},
                      {"layers", config.layers},
                      {"d_model", config.dModel},
                      {"input", config.input},
                      {"gpt_run", config.gptRun},
                      {"gpt_sha256", config.gptSha256}});
}

TranscoderConfig transcoderConfigFromJson(const std::string &text) {
    const std::string what = "The transcoder's configuration";
    const Json json = parseJsonObject(text, what);
    TranscoderConfig config{
        .kind = fromName(member<std::string>(json, "kind", what), kinds, what + ": the kind"),
        .activation = fromName(member<std::string>(json, "activation", what), activations, what + ": the activation"),
        .k = member<int>(json, "k", what),
        .features = member<int>(json, "features", what),
        .layers = member<int>(json, "layers", what),
        .dModel = member<int>(json, "d_model", what),
        .input = member<std::string>(json, "input", what),
        .gptRun = member<std::string>(json, "gpt_run", what),
        .gptSha256 = member<std::string>(json, "gpt_sha256", what)};
    if (config.input != "ln2" && config.input != "layer-norm")
        throw Error(what + ": the input \"" + config.input +
                    "\" is not known; this program reads \"ln2\" and \"layer-norm\".");
    if (const auto problems = config.validate(); !problems.empty())
        throw Error(what + " cannot be used: " + problems.front().text);
    return config;
}

namespace {
/// Files of one checkpoint carry one mark. A kill while they are replaced one by one leaves two.
void checkSameCheckpoint(const fs::path &folder, const SafetensorsFile &file, std::optional<std::string> &mark) {
    const auto found = file.metadata().find(checkpointKey);
    const std::string here = found == file.metadata().end() ? std::string() : found->second;
    if (mark && *mark != here)
        throw Error("The layers of the transcoder " + folder.filename().string() + " belong to two checkpoints (" +
                    *mark + " and " + here +
                    "): it was killed while it was saved. Resume its training to mend it; nothing is lost.");
    mark = here;
}
} // namespace

TranscoderWeights<float> loadTranscoder(const fs::path &folder) {
    TranscoderWeights<float> weights{.config = transcoderConfigFromJson(readFile(folder / "config.json")),
                                     .layers = {}};
    const TranscoderConfig &c = weights.config;
    std::optional<std::string> mark;
    for (int i = 0; i < c.layers; ++i) {
        const LayerNames names = layerNames(c.kind, i);
        const SafetensorsFile encoder(folder / names.encoderFile), decoder(folder / names.decoderFile);
        checkSameCheckpoint(folder, encoder, mark);
        checkSameCheckpoint(folder, decoder, mark);
        TranscoderLayer<float> layer{.encoder = encoder.floats(names.encoder, {c.features, c.dModel}),
                                     .encoderBias = encoder.floats(names.encoderBias, {c.features}),
                                     .decoder = decoder.floats(names.decoder, decoderShape(c, i)),
                                     .decoderBias = encoder.floats(names.decoderBias, {c.dModel}),
                                     .threshold = {},
                                     .skip = {}};
        if (encoder.find(names.threshold) || c.activation == Activation::JumpRelu ||
            c.activation == Activation::BatchTopK)
            layer.threshold = encoder.floats(names.threshold, {c.features});
        if (encoder.find(names.skip))
            layer.skip = encoder.floats(names.skip, {c.dModel, c.dModel});
        weights.layers.push_back(std::move(layer));
    }
    return weights;
}

void saveTranscoderWeights(const fs::path &folder, const TranscoderWeights<float> &weights,
                           const std::string &checkpoint) {
    const TranscoderConfig &c = weights.config;
    const std::map<std::string, std::string> metadata{{"format", "pt"}, {checkpointKey, checkpoint}};
    for (int i = 0; i < c.layers; ++i) {
        const LayerNames names = layerNames(c.kind, i);
        const TranscoderLayer<float> &layer = weights.layers[static_cast<size_t>(i)];
        std::vector<TensorToWrite> tensors{floatTensor(names.encoder, {c.features, c.dModel}, layer.encoder),
                                           floatTensor(names.encoderBias, {c.features}, layer.encoderBias),
                                           floatTensor(names.decoderBias, {c.dModel}, layer.decoderBias)};
        if (!layer.threshold.empty())
            tensors.push_back(floatTensor(names.threshold, {c.features}, layer.threshold));
        if (!layer.skip.empty())
            tensors.push_back(floatTensor(names.skip, {c.dModel, c.dModel}, layer.skip));
        const TensorToWrite decoder = floatTensor(names.decoder, decoderShape(c, i), layer.decoder);
        if (names.encoderFile == names.decoderFile)
            tensors.push_back(decoder);
        else
            writeSafetensors(folder / names.decoderFile, std::span(&decoder, 1), metadata);
        writeSafetensors(folder / names.encoderFile, tensors, metadata);
    }
}

void checkBelongsTo(const TranscoderConfig &transcoder, const std::string &transcoderName, const fs::path &gptFolder) {
    const GptConfig gpt = gptConfigFromJson(readFile(gptFolder / "config.json"));
    if (gpt.dModel != transcoder.dModel || gpt.layers != transcoder.layers)
        throw Error("The transcoder " + transcoderName + " does not fit the GPT " + gptFolder.filename().string() +
                    ": it has " + std::to_string(transcoder.layers) + " layers of width " +
                    std::to_string(transcoder.dModel) + ", the GPT " + std::to_string(gpt.layers) + " of width " +
                    std::to_string(gpt.dModel) + ".");
    const std::string sha256 = sha256OfFile(gptFolder / "model.safetensors");
    if (sha256 != transcoder.gptSha256)
        throw Error("The transcoder " + transcoderName + " was trained for other weights of the GPT " +
                    gptFolder.filename().string() + " (sha256 " + transcoder.gptSha256.substr(0, 8) + "…, these are " +
                    sha256.substr(0, 8) + "…). Train a transcoder for these weights.");
}

} // namespace tt
