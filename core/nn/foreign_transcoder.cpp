#include "core/nn/foreign_transcoder.h"

#include "core/error.h"
#include "core/io/new_folder.h"
#include "core/io/plain_text_impl.h"
#include "core/nn/foreign_transcoder_impl.h"

#include <algorithm>
#include <array>

namespace tt {

namespace fs = std::filesystem;

namespace {
constexpr std::array<std::pair<TranscoderFormat, const char *>, 3> names{
    {{TranscoderFormat::Own, "safetensors"},
     {TranscoderFormat::CircuitTracer, "circuit-tracer"},
     {TranscoderFormat::SaeLens, "saelens"}}};

bool isAbove(Activation activation) {
    return activation == Activation::JumpRelu || activation == Activation::BatchTopK;
}

bool hasSaeLensFile(const fs::path &folder) {
    std::error_code error;
    if (fs::exists(folder / "cfg.json", error))
        return true;
    for (const auto &entry : fs::directory_iterator(folder, error))
        if (fs::exists(entry.path() / "cfg.json", error))
            return true;
    return false;
}

ForeignTranscoder readOwn(const fs::path &folder) {
    return {.format = TranscoderFormat::Own, .weights = loadTranscoder(folder), .kKnown = true, .warnings = {}};
}

std::vector<fs::path> writeOwn(const fs::path &folder, const TranscoderWeights<float> &weights) {
    writeFileAtomically(folder / "config.json", toJson(weights.config));
    saveTranscoderWeights(folder, weights);
    std::vector<fs::path> files;
    for (const auto &entry : fs::directory_iterator(folder))
        files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}
} // namespace

std::string toString(TranscoderFormat format) {
    return std::find_if(names.begin(), names.end(), [&](const auto &entry) { return entry.first == format; })->second;
}

TranscoderFormat transcoderFormatFromName(const std::string &name) {
    for (const auto &[format, known] : names)
        if (name == known)
            return format;
    throw Error("There is no format \"" + plainText(name) + "\". There is: circuit-tracer, saelens, safetensors.",
                Error::Kind::Usage);
}

ForeignTranscoder readForeignTranscoder(const fs::path &folder) {
    std::error_code error;
    if (!fs::is_directory(folder, error))
        throw Error(folder.string() +
                    " is no folder. A transcoder comes as a folder with its configuration and weights; "
                    "a .pth of the Python TinyTranscoder is imported with import original.");
    if (fs::exists(folder / "config.yaml", error))
        return readCircuitTracer(folder);
    if (fs::exists(folder / "config.json", error))
        return readOwn(folder);
    if (hasSaeLensFile(folder))
        return readSaeLens(folder);
    throw Error(folder.string() + " holds no transcoder that this program reads: it has no config.yaml "
                                  "(circuit-tracer), cfg.json (SAELens) or config.json.");
}

std::string whyNotIn(TranscoderFormat format, const TranscoderConfig &config, bool skip) {
    if (format == TranscoderFormat::Own)
        return {};
    if (!config.writesMlpOutput())
        return "A transcoder that predicts layer-normed MLP outputs cannot be exported: no other program has that map.";
    const bool cross = config.kind == TranscoderKind::CrossLayer;
    if (format == TranscoderFormat::SaeLens && cross)
        return "SAELens has no cross-layer transcoders; export it for circuit-tracer.";
    if (format == TranscoderFormat::CircuitTracer && cross && skip)
        return "circuit-tracer drops the skip connection of a cross-layer transcoder, and without it the features "
               "explain something else.";
    return {};
}

bool knowsActivation(TranscoderFormat format, const TranscoderConfig &config) {
    if (format == TranscoderFormat::Own || isAbove(config.activation) || config.activation == Activation::Relu)
        return true;
    return format == TranscoderFormat::CircuitTracer && config.kind == TranscoderKind::PerLayer;
}

std::vector<fs::path> writeForeignTranscoder(TranscoderFormat format, const fs::path &folder, const std::string &name,
                                             const TranscoderWeights<float> &weights) {
    const bool skip = !weights.layers.empty() && !weights.layers.front().skip.empty();
    if (const std::string why = whyNotIn(format, weights.config, skip); !why.empty())
        throw Error(why, Error::Kind::Usage);
    if (!knowsActivation(format, weights.config))
        throw Error(toString(format) + " has no " + toString(weights.config.activation) + " for a " +
                        toString(weights.config.kind) + " transcoder.",
                    Error::Kind::Usage);
    NewFolder made(folder);
    std::vector<fs::path> files = format == TranscoderFormat::CircuitTracer ? writeCircuitTracer(folder, name, weights)
                                  : format == TranscoderFormat::SaeLens     ? writeSaeLens(folder, name, weights)
                                                                            : writeOwn(folder, weights);
    made.keep();
    return files;
}

Provenance provenanceOf(const TranscoderConfig &config) {
    return {.activation = toString(config.activation),
            .gptRun = config.gptRun,
            .gptSha256 = config.gptSha256,
            .k = config.k};
}

void takeProvenance(const Provenance &from, ForeignTranscoder &to) {
    TranscoderConfig &config = to.weights.config;
    config.gptRun = from.gptRun;
    config.gptSha256 = from.gptSha256;
    if (from.k >= 1 && from.k <= config.features) {
        config.k = from.k;
        to.kKnown = true;
    }
    if (config.activation == Activation::JumpRelu && from.activation == toString(Activation::BatchTopK))
        config.activation = Activation::BatchTopK; // the same at inference
    if (config.activation == Activation::SignedTopK && from.activation == toString(Activation::TopK))
        config.activation = Activation::TopK; // what it was exported from
}

void checkHooks(const std::string &input, const std::string &output, const fs::path &file,
                std::vector<std::string> &warnings) {
    const auto endsWithOne = [](const std::string &hook, std::initializer_list<std::string_view> known) {
        return std::any_of(known.begin(), known.end(), [&](std::string_view each) { return hook.ends_with(each); });
    };
    if (input.empty() || output.empty())
        warnings.push_back(file.string() + " does not say what the features read and write; they are taken to read the "
                                           "MLP's input after its layer norm, and to write the MLP's output.");
    if (!input.empty() && !endsWithOne(input, {"mlp.hook_in", "ln2.hook_normalized"}))
        throw Error(file.string() + ": its features read " + plainText(input) +
                    ", but this program's read the MLP's input after its layer norm (mlp.hook_in).");
    if (!output.empty() && !endsWithOne(output, {"mlp.hook_out", "hook_mlp_out"}))
        throw Error(file.string() + ": its features write " + plainText(output) +
                    ", but this program's write the MLP's output (mlp.hook_out).");
}

void checkThresholds(const std::vector<float> &threshold, const fs::path &file) {
    const auto below = std::count_if(threshold.begin(), threshold.end(), [](float t) { return t < 0; });
    if (below > 0)
        throw Error(file.string() + ": " + std::to_string(below) +
                    " features have a threshold below 0 and so can be active at negative values, which this program's "
                    "features never are.");
}

std::vector<float> atLeastZero(const std::vector<float> &threshold) {
    std::vector<float> clamped(threshold);
    for (float &value : clamped)
        value = std::max(value, 0.0f);
    return clamped;
}

std::vector<float> transposed(const std::vector<float> &matrix, int64_t rows, int64_t columns) {
    std::vector<float> out(matrix.size());
    for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < columns; ++c)
            out[static_cast<size_t>(c * rows + r)] = matrix[static_cast<size_t>(r * columns + c)];
    return out;
}

std::pair<int, int> sidesOf(const SafetensorsFile &file, const std::string &name, const fs::path &path) {
    constexpr int64_t largest = 1 << 24;
    const TensorView *tensor = file.find(name);
    if (tensor == nullptr || tensor->shape.size() != 2 || tensor->shape[0] > largest || tensor->shape[1] > largest)
        throw Error(path.string() + " has no matrix \"" + name + "\".");
    return {static_cast<int>(tensor->shape[0]), static_cast<int>(tensor->shape[1])};
}

} // namespace tt
