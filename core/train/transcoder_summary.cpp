#include "core/io/json_impl.h"
#include "core/io/safetensors.h"
#include "core/train/transcoder_training.h"

namespace tt {

namespace fs = std::filesystem;

namespace {
const char *const evaluationFile = "evaluation.json";

OrderedJson metricsJson(const TranscoderMetrics &metrics) {
    OrderedJson layers = OrderedJson::array();
    for (const auto &layer : metrics.layers)
        layers.push_back({{"fvu", layer.fvu},
                          {"l0", layer.l0},
                          {"dead", layer.dead},
                          {"cosine", layer.cosine},
                          {"density_histogram", layer.density.share}});
    return {{"layers", layers},          {"ce_clean", metrics.ceClean},         {"ce_replaced", metrics.ceReplaced},
            {"ce_zero", metrics.ceZero}, {"ce_recovered", metrics.ceRecovered}, {"kl", metrics.kl},
            {"tokens", metrics.tokens}};
}

TranscoderMetrics metricsFromJson(const Json &json, const std::string &what) {
    TranscoderMetrics metrics{.ceClean = member<double>(json, "ce_clean", what),
                              .ceReplaced = member<double>(json, "ce_replaced", what),
                              .ceZero = member<double>(json, "ce_zero", what),
                              .ceRecovered = member<double>(json, "ce_recovered", what),
                              .kl = member<double>(json, "kl", what),
                              .tokens = member<int64_t>(json, "tokens", what)};
    for (const Json &layer : member<std::vector<Json>>(json, "layers", what))
        metrics.layers.push_back({.fvu = member<double>(layer, "fvu", what),
                                  .l0 = member<double>(layer, "l0", what),
                                  .dead = member<double>(layer, "dead", what),
                                  .cosine = member<double>(layer, "cosine", what),
                                  .density = {.share = member<std::array<double, DensityHistogram::bins>>(
                                                  layer, "density_histogram", what)}});
    return metrics;
}

/// W_enc, b_enc, W_dec …: every layer has files of its own, whatever the kind.
bool isWeightFile(const fs::path &file) {
    const std::string name = file.filename().string();
    return file.extension() == ".safetensors" && (name.starts_with("layer_") || name.starts_with("W_"));
}

void measureWeightFiles(const fs::path &folder, TranscoderSummary &summary) {
    for (const auto &entry : fs::directory_iterator(folder)) {
        if (!isWeightFile(entry.path()))
            continue;
        summary.bytes += static_cast<int64_t>(entry.file_size());
        const SafetensorsFile file(entry.path());
        for (const TensorView &tensor : file.tensors())
            summary.parameters += static_cast<int64_t>(tensor.data.size() / dtypeSize(tensor.dtype));
    }
}
} // namespace

std::string toJson(const TranscoderMetrics &metrics) {
    return writeJson(metricsJson(metrics));
}

void writeEvaluation(const fs::path &transcoderFolder, const StoredEvaluation &evaluation) {
    OrderedJson json{{"step", evaluation.step}, {"corpus", evaluation.corpus}};
    json.update(metricsJson(evaluation.metrics));
    writeFileAtomically(transcoderFolder / evaluationFile, writeJson(json));
}

std::optional<StoredEvaluation> readEvaluation(const fs::path &transcoderFolder) {
    const fs::path file = transcoderFolder / evaluationFile;
    if (!fs::exists(file))
        return std::nullopt;
    const Json json = readJsonObject(file);
    return StoredEvaluation{.metrics = metricsFromJson(json, file.string()),
                            .step = member<int64_t>(json, "step", file.string()),
                            .corpus = member<std::string>(json, "corpus", file.string())};
}

std::vector<TranscoderSummary> summariseTranscoders(const Workspace &workspace) {
    std::vector<TranscoderSummary> summaries;
    for (const std::string &name : workspace.transcoders()) {
        const fs::path folder = workspace.transcoder(name);
        const TranscoderRunState run = readTranscoderRun(workspace, name);
        TranscoderSummary &summary = summaries.emplace_back(
            TranscoderSummary{.name = name,
                              .config = transcoderConfigFromJson(readFile(folder / "config.json")),
                              .step = run.step,
                              .steps = run.config.steps,
                              .finished = run.finished,
                              .heldOut = readEvaluation(folder)});
        measureWeightFiles(folder, summary);
    }
    return summaries;
}

} // namespace tt
