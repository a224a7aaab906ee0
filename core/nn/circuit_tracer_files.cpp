#include "core/error.h"
#include "core/io/json_impl.h"
#include "core/io/plain_text_impl.h"
#include "core/nn/foreign_transcoder_impl.h"

#include <yaml-cpp/yaml.h>

namespace tt {

namespace fs = std::filesystem;

namespace {
constexpr size_t largestConfig = size_t{1} << 20;
constexpr int mostLayers = 64;
const char *const setKind = "transcoder_set", *const crossKind = "cross_layer_transcoder";
const char *const ours = "tinytranscoder"; // a key that circuit-tracer does not read

struct Config {
    bool cross = false;
    std::string input, output, activation;
    int k = 0; ///< 0: not given
    Provenance provenance;
};

std::string textAt(const YAML::Node &map, const char *key) {
    const YAML::Node node = map[key];
    return node.IsDefined() && node.IsScalar() ? node.Scalar() : std::string();
}

int countAt(const YAML::Node &map, const char *key) {
    const YAML::Node node = map[key];
    return node.IsDefined() && node.IsScalar() ? node.as<int>(0) : 0;
}

Config configOf(const YAML::Node &root, const fs::path &file) {
    if (!root.IsMap())
        throw Error(file.string() + " is no circuit-tracer configuration: it has no keys.");
    const std::string kind = textAt(root, "model_kind");
    if (kind != setKind && kind != crossKind)
        throw Error(file.string() + ": model_kind is \"" + plainText(kind) +
                    "\"; this program reads transcoder_set and cross_layer_transcoder.");
    Config config{.cross = kind == crossKind,
                  .input = textAt(root, "feature_input_hook"),
                  .output = textAt(root, "feature_output_hook"),
                  .activation = textAt(root, "activation"),
                  .k = countAt(root, "k"),
                  .provenance = {}};
    const YAML::Node own = root[ours];
    if (own.IsDefined() && own.IsMap())
        config.provenance = {.activation = textAt(own, "activation"),
                             .gptRun = textAt(own, "gpt_run"),
                             .gptSha256 = textAt(own, "gpt_sha256"),
                             .k = countAt(own, "k")};
    return config;
}

Config readConfig(const fs::path &file) {
    try {
        return configOf(YAML::Load(readFile(file, largestConfig)), file);
    } catch (const YAML::Exception &error) {
        throw Error(file.string() + " is no YAML: " + plainText(error.what()) + ".");
    }
}

/// Where the tensors of a layer are: layer_{i} holds plain names, W_enc_{i} and W_dec_{i} numbered ones.
struct Place {
    fs::path encoderFile, decoderFile;
    std::string number; ///< "_0", or nothing
    [[nodiscard]] std::string name(const char *tensor) const { return tensor + number; }
};

Place placeOf(const fs::path &folder, bool cross, int layer) {
    const std::string i = std::to_string(layer);
    if (!cross)
        return {folder / ("layer_" + i + ".safetensors"), folder / ("layer_" + i + ".safetensors"), ""};
    return {folder / ("W_enc_" + i + ".safetensors"), folder / ("W_dec_" + i + ".safetensors"), "_" + i};
}

std::string thresholdName(const Place &place) {
    return place.number.empty() ? "activation_function.threshold" : "threshold" + place.number;
}

int countLayers(const fs::path &folder, bool cross) {
    int layers = 0;
    std::error_code error;
    while (layers < mostLayers && fs::exists(placeOf(folder, cross, layers).encoderFile, error))
        ++layers;
    if (layers == 0)
        throw Error(folder.string() + " has a config.yaml but no weights beside it (" +
                    placeOf(folder, cross, 0).encoderFile.filename().string() +
                    "); where it names files on the network, fetch them into this folder first.");
    return layers;
}

/// As circuit-tracer chooses: "topk" and "relu" by name, else a threshold where there is one.
Activation activationOf(const Config &config, bool threshold, const fs::path &file) {
    if (config.activation == "topk" && config.cross)
        throw Error(file.string() + ": circuit-tracer has no TopK for cross-layer transcoders.");
    if (config.activation == "topk" && config.k < 1)
        throw Error(file.string() + " has no k for its TopK.");
    if (config.activation == "topk")
        return Activation::SignedTopK;
    if (config.activation == "relu" || !threshold)
        return Activation::Relu;
    return Activation::JumpRelu;
}

TranscoderLayer<float> readLayer(const Place &place, const TranscoderConfig &c, int layer, bool cross) {
    const SafetensorsFile encoder(place.encoderFile), decoder(place.decoderFile);
    const int64_t d = c.dModel, features = c.features;
    const std::vector<int64_t> decoderShape =
        cross ? std::vector<int64_t>{features, c.decodersOf(layer), d} : std::vector<int64_t>{features, d};
    TranscoderLayer<float> made{.encoder = encoder.floats(place.name("W_enc"), {features, d}),
                                .encoderBias = encoder.floats(place.name("b_enc"), {features}),
                                .decoder = decoder.floats(place.name("W_dec"), decoderShape),
                                .decoderBias = encoder.floats(place.name("b_dec"), {d}),
                                .threshold = {},
                                .skip = {}};
    if (c.activation == Activation::JumpRelu) {
        made.threshold = encoder.floats(thresholdName(place), {features});
        checkThresholds(made.threshold, place.encoderFile);
    }
    if (encoder.find(place.name("W_skip")) != nullptr) {
        made.skip = encoder.floats(place.name("W_skip"), {d, d});
        if (cross) // there x · W_skip, in a per-layer one x · W_skipᵀ
            made.skip = transposed(made.skip, d, d);
    }
    return made;
}
} // namespace

ForeignTranscoder readCircuitTracer(const fs::path &folder) {
    const fs::path file = folder / "config.yaml";
    const Config config = readConfig(file);
    ForeignTranscoder out{.format = TranscoderFormat::CircuitTracer, .weights = {}, .warnings = {}};
    checkHooks(config.input, config.output, file, out.warnings);
    const Place first = placeOf(folder, config.cross, 0);
    const int layers = countLayers(folder, config.cross);
    const SafetensorsFile shapes(first.encoderFile);
    const auto [features, d] = sidesOf(shapes, first.name("W_enc"), first.encoderFile);
    TranscoderConfig &c = out.weights.config;
    c = {.kind = config.cross ? TranscoderKind::CrossLayer : TranscoderKind::PerLayer,
         .activation = activationOf(config, shapes.find(thresholdName(first)) != nullptr, file),
         .k = config.k >= 1 ? config.k : std::min(16, features),
         .features = features,
         .layers = layers,
         .dModel = d};
    out.kKnown = config.k >= 1;
    if (const auto problems = c.validate(); !problems.empty())
        throw Error(file.string() + " cannot be used: " + problems.front().text);
    for (int layer = 0; layer < layers; ++layer)
        out.weights.layers.push_back(readLayer(placeOf(folder, config.cross, layer), c, layer, config.cross));
    takeProvenance(config.provenance, out);
    return out;
}

namespace {
/// A text in YAML's double quotes, whose escapes are JSON's.
std::string quoted(const std::string &text) {
    return OrderedJson(text).dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::string configText(const std::string &name, const TranscoderConfig &c) {
    const Provenance own = provenanceOf(c);
    std::string text = "model_name: " + quoted(c.gptRun) +
                       "\nmodel_kind: " + (c.kind == TranscoderKind::CrossLayer ? crossKind : setKind) +
                       "\nfeature_input_hook: mlp.hook_in\nfeature_output_hook: mlp.hook_out\nscan: " + quoted(name) +
                       "\n";
    if (c.activation == Activation::TopK || c.activation == Activation::SignedTopK)
        text += "activation: topk\nk: " + std::to_string(c.k) + "\n";
    if (c.activation == Activation::Relu)
        text += "activation: relu\n";
    return text + ours + ":\n  activation: " + own.activation + "\n  k: " + std::to_string(own.k) +
           "\n  gpt_run: " + quoted(own.gptRun) + "\n  gpt_sha256: " + quoted(own.gptSha256) + "\n";
}

void writeLayer(const Place &place, const TranscoderConfig &c, int layer, const TranscoderLayer<float> &from) {
    const bool cross = c.kind == TranscoderKind::CrossLayer;
    const int64_t d = c.dModel, features = c.features;
    const std::vector<float> threshold = atLeastZero(from.threshold);
    const TensorToWrite decoder =
        cross ? floatTensor(place.name("W_dec"), {features, c.decodersOf(layer), d}, from.decoder)
              : floatTensor(place.name("W_dec"), {features, d}, from.decoder);
    std::vector<TensorToWrite> tensors{floatTensor(place.name("W_enc"), {features, d}, from.encoder),
                                       floatTensor(place.name("b_enc"), {features}, from.encoderBias),
                                       floatTensor(place.name("b_dec"), {d}, from.decoderBias)};
    if (!threshold.empty())
        tensors.push_back(floatTensor(thresholdName(place), {features}, threshold));
    if (!from.skip.empty())
        tensors.push_back(floatTensor(place.name("W_skip"), {d, d}, from.skip));
    if (cross)
        writeSafetensors(place.decoderFile, std::span(&decoder, 1), {{"format", "pt"}});
    else
        tensors.push_back(decoder);
    writeSafetensors(place.encoderFile, tensors, {{"format", "pt"}});
}
} // namespace

std::vector<fs::path> writeCircuitTracer(const fs::path &folder, const std::string &name,
                                         const TranscoderWeights<float> &weights) {
    const TranscoderConfig &c = weights.config;
    std::vector<fs::path> files;
    for (int layer = 0; layer < c.layers; ++layer) {
        const Place place = placeOf(folder, c.kind == TranscoderKind::CrossLayer, layer);
        writeLayer(place, c, layer, weights.layers[static_cast<size_t>(layer)]);
        files.push_back(place.encoderFile);
        if (place.decoderFile != place.encoderFile)
            files.push_back(place.decoderFile);
    }
    writeFileAtomically(folder / "config.yaml", configText(name, c));
    files.push_back(folder / "config.yaml");
    return files;
}

} // namespace tt
