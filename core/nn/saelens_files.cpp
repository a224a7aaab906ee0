#include "core/error.h"
#include "core/io/json_impl.h"
#include "core/io/plain_text_impl.h"
#include "core/nn/foreign_transcoder_impl.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace tt {

namespace fs = std::filesystem;

namespace {
const char *const configName = "cfg.json", *const weightsName = "sae_weights.safetensors";
constexpr std::string_view transcoder = "transcoder", skipTranscoder = "skip_transcoder",
                           jumpTranscoder = "jumprelu_transcoder", jumpSkipTranscoder = "jumprelu_skip_transcoder";
constexpr int mostLayers = 64;

/// One cfg.json: SAELens keeps one layer to a folder.
struct Part {
    fs::path folder;
    std::string architecture, input, output;
    int layer = -1; ///< −1: not said
    int features = 0, d = 0;
    Provenance provenance;
    [[nodiscard]] bool jumps() const { return architecture == jumpTranscoder || architecture == jumpSkipTranscoder; }
    [[nodiscard]] bool skips() const { return architecture == skipTranscoder || architecture == jumpSkipTranscoder; }
};

/// The number behind the last `mark` of a text; −1 where there is none.
int numberAfter(const std::string &text, std::string_view mark) {
    const size_t at = text.rfind(mark);
    int number = -1;
    if (at != std::string::npos)
        std::from_chars(text.data() + at + mark.size(), text.data() + text.size(), number);
    return number;
}

std::string textOr(const Json &object, const char *key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

int numberOr(const Json &object, const char *key, int otherwise) {
    const auto found = object.find(key);
    return found != object.end() && isWhole<int>(*found) ? found->get<int>() : otherwise;
}

void requirePlain(const Json &config, const char *key, const std::string &what) {
    if (const std::string value = textOr(config, key); !value.empty() && value != "none")
        throw Error(what + ": " + key + " is \"" + plainText(value) +
                    "\", a change of every input that this program has no place for.");
}

Part readPart(const fs::path &folder) {
    const fs::path file = folder / configName;
    const std::string what = file.string();
    const Json config = readJsonObject(file);
    Part part{.folder = folder, .architecture = textOr(config, "architecture"), .provenance = {}};
    if (!part.jumps() && !part.skips() && part.architecture != transcoder)
        throw Error(what + ": its architecture, \"" + plainText(part.architecture) +
                    "\", is no transcoder that predicts an MLP's output; a sparse autoencoder rebuilds its own input.");
    requirePlain(config, "normalize_activations", what);
    requirePlain(config, "reshape_activations", what);
    if (memberOr<bool>(config, "apply_b_dec_to_input", false, what))
        throw Error(what + " takes the decoder's bias off its input, which a transcoder does not.");
    part.d = member<int>(config, "d_in", what);
    part.features = member<int>(config, "d_sae", what);
    if (memberOr<int>(config, "d_out", part.d, what) != part.d)
        throw Error(what + ": input and output differ in width (d_in, d_out), but those of an MLP are the same.");
    const Json metadata = memberOr<Json>(config, "metadata", Json::object(), what);
    part.input = textOr(metadata, "hook_name");
    part.output = textOr(metadata, "hook_name_out");
    part.layer = numberOr(metadata, "hook_layer", numberAfter(part.input, "blocks."));
    if (part.layer < 0)
        part.layer = numberAfter(folder.filename().string(), "_");
    part.provenance = {.activation = textOr(metadata, "tinytranscoder_activation"),
                       .gptRun = textOr(metadata, "tinytranscoder_gpt_run"),
                       .gptSha256 = textOr(metadata, "tinytranscoder_gpt_sha256"),
                       .k = numberOr(metadata, "tinytranscoder_k", 0)};
    return part;
}

/// By layer; each once, from 0.
std::vector<Part> readParts(const fs::path &folder) {
    std::vector<Part> parts;
    std::error_code error;
    if (fs::exists(folder / configName, error))
        parts.push_back(readPart(folder));
    for (const auto &entry : fs::directory_iterator(folder, error))
        if (parts.size() < mostLayers && fs::exists(entry.path() / configName, error))
            parts.push_back(readPart(entry.path()));
    if (parts.size() == 1 && parts.front().layer < 0)
        parts.front().layer = 0;
    std::sort(parts.begin(), parts.end(), [](const Part &a, const Part &b) { return a.layer < b.layer; });
    for (size_t i = 0; i < parts.size(); ++i)
        if (parts[i].layer != static_cast<int>(i))
            throw Error(folder.string() + " has no transcoder for layer " + std::to_string(i) +
                        "; there has to be one for each layer of the GPT, in a folder each (layer_0, layer_1, …).");
    for (const Part &part : parts)
        if (part.features != parts.front().features || part.d != parts.front().d ||
            part.jumps() != parts.front().jumps())
            throw Error(folder.string() + ": the transcoders of its layers differ in size or kind; this program needs "
                                          "them alike.");
    return parts;
}

TranscoderLayer<float> readLayer(const Part &part) {
    const fs::path path = part.folder / weightsName;
    const SafetensorsFile file(path);
    const int64_t d = part.d, features = part.features;
    TranscoderLayer<float> layer{.encoder = transposed(file.floats("W_enc", {d, features}), d, features),
                                 .encoderBias = file.floats("b_enc", {features}),
                                 .decoder = file.floats("W_dec", {features, d}),
                                 .decoderBias = file.floats("b_dec", {d}),
                                 .threshold = {},
                                 .skip = {}};
    if (part.jumps()) {
        layer.threshold = file.floats("threshold", {features});
        checkThresholds(layer.threshold, path);
    }
    if (part.skips())
        layer.skip = file.floats("W_skip", {d, d});
    return layer;
}
} // namespace

ForeignTranscoder readSaeLens(const fs::path &folder) {
    const std::vector<Part> parts = readParts(folder);
    const Part &first = parts.front();
    ForeignTranscoder out{.format = TranscoderFormat::SaeLens, .weights = {}, .warnings = {}};
    out.weights.config = {.kind = TranscoderKind::PerLayer,
                          .activation = first.jumps() ? Activation::JumpRelu : Activation::Relu,
                          .k = std::min(16, first.features),
                          .features = first.features,
                          .layers = static_cast<int>(parts.size()),
                          .dModel = first.d};
    if (const auto problems = out.weights.config.validate(); !problems.empty())
        throw Error((first.folder / configName).string() + " cannot be used: " + problems.front().text);
    for (const Part &part : parts) {
        std::vector<std::string> warnings;
        checkHooks(part.input, part.output.empty() ? "hook_mlp_out" : part.output, part.folder / configName, warnings);
        if (out.warnings.empty())
            out.warnings = warnings;
        out.weights.layers.push_back(readLayer(part));
    }
    takeProvenance(first.provenance, out);
    return out;
}

namespace {
std::string configText(const TranscoderConfig &c, const std::string &name, int layer, bool skip) {
    const bool jumps = c.activation != Activation::Relu;
    const Provenance own = provenanceOf(c);
    const std::string block = "blocks." + std::to_string(layer) + ".";
    return writeJson(
        {{"architecture", jumps ? (skip ? jumpSkipTranscoder : jumpTranscoder) : (skip ? skipTranscoder : transcoder)},
         {"d_in", c.dModel},
         {"d_sae", c.features},
         {"d_out", c.dModel},
         {"dtype", "float32"},
         {"device", "cpu"},
         {"apply_b_dec_to_input", false},
         {"normalize_activations", "none"},
         {"reshape_activations", "none"},
         {"metadata",
          {{"model_name", c.gptRun},
           {"hook_name", block + "ln2.hook_normalized"},
           {"hook_name_out", block + "hook_mlp_out"},
           {"hook_layer", layer},
           {"tinytranscoder_name", name},
           {"tinytranscoder_activation", own.activation},
           {"tinytranscoder_k", own.k},
           {"tinytranscoder_gpt_run", own.gptRun},
           {"tinytranscoder_gpt_sha256", own.gptSha256}}}});
}
} // namespace

std::vector<fs::path> writeSaeLens(const fs::path &folder, const std::string &name,
                                   const TranscoderWeights<float> &weights) {
    const TranscoderConfig &c = weights.config;
    const int64_t d = c.dModel, features = c.features;
    std::vector<fs::path> files;
    for (int layer = 0; layer < c.layers; ++layer) {
        const TranscoderLayer<float> &from = weights.layers[static_cast<size_t>(layer)];
        const fs::path part = folder / ("layer_" + std::to_string(layer));
        std::error_code error; // where it fails, writing says so
        fs::create_directories(part, error);
        const std::vector<float> encoder = transposed(from.encoder, features, d),
                                 threshold = atLeastZero(from.threshold);
        std::vector<TensorToWrite> tensors{
            floatTensor("W_enc", {d, features}, encoder), floatTensor("W_dec", {features, d}, from.decoder),
            floatTensor("b_enc", {features}, from.encoderBias), floatTensor("b_dec", {d}, from.decoderBias)};
        if (!threshold.empty())
            tensors.push_back(floatTensor("threshold", {features}, threshold));
        if (!from.skip.empty())
            tensors.push_back(floatTensor("W_skip", {d, d}, from.skip));
        writeSafetensors(part / weightsName, tensors, {{"format", "pt"}});
        writeFileAtomically(part / configName, configText(c, name, layer, !from.skip.empty()));
        files.push_back(part / weightsName);
        files.push_back(part / configName);
    }
    return files;
}

} // namespace tt
