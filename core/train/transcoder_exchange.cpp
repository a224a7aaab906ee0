#include "core/train/transcoder_exchange.h"

#include "core/error.h"
#include "core/io/file.h"
#include "core/train/evaluation_sizes_impl.h"
#include "core/train/gpt_training.h"
#include "core/train/imported_run_impl.h"
#include "core/train/jump_thresholds_impl.h"
#include "core/train/transcoder_evaluation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace tt {

namespace fs = std::filesystem;

namespace {
constexpr int64_t calibrationTokens = 16'384;
constexpr double hardlyExplains = 0.5; ///< FVU above which it is said that something does not fit

std::string figure(double value) {
    std::array<char, 32> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%.3g", value);
    return buffer.data();
}

std::string figuresText(const Conversion::Figures &figures) {
    return "FVU " + figure(figures.fvu) + ", L0 " + figure(figures.l0);
}

TranscoderMetrics measure(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                          const TokenCache &stories, const std::stop_token &stop, const ProgressSink &progress) {
    return evaluateTranscoder(gpt, transcoder, stories, stories.trainTokens(), stories.size(),
                              transcoderEvaluation.live, stop, progress);
}

Conversion::Figures figuresOf(const TranscoderMetrics &metrics) {
    using Layer = TranscoderMetrics::Layer;
    return {.fvu = metrics.mean(&Layer::fvu), .l0 = metrics.mean(&Layer::l0)};
}

/// What is said of a transcoder that explains little of the GPT it is to explain.
std::string misfit(double fvu) {
    const std::string what =
        fvu < 1 ? "It leaves " + figure(100 * fvu) + " % of the variance of this GPT's MLP outputs unexplained"
                : "It predicts this GPT's MLP outputs no better than their mean would, which has FVU 1";
    return what + " (FVU " + figure(fvu) + "): it was made for another GPT, or for other stories.";
}

TranscoderWeights<float> withActivation(const TranscoderWeights<float> &weights, Activation activation) {
    TranscoderWeights<float> changed = weights;
    changed.config.activation = activation;
    return changed;
}

std::string programName(TranscoderFormat format) {
    switch (format) {
    case TranscoderFormat::CircuitTracer:
        return "circuit-tracer";
    case TranscoderFormat::SaeLens:
        return "SAELens";
    case TranscoderFormat::Own:
        break;
    }
    return "TinyTranscoder";
}
} // namespace

std::string describe(const Conversion &conversion) {
    if (!conversion.before || !conversion.after)
        return conversion.what;
    return conversion.what + " Before: " + figuresText(*conversion.before) +
           "; after: " + figuresText(*conversion.after) + ".";
}

namespace {
/// A transcoder on its way out.
class Exporter {
public:
    Exporter(const Workspace &workspace, const std::string &name, TranscoderFormat format, std::stop_token stop,
             const ProgressSink &progress)
        : workspace_(workspace), name_(workspace.pickTranscoder(name)), format_(format), stop_(std::move(stop)),
          progress_(progress), weights_(loadTranscoder(workspace.transcoder(name_))) {}

    ExportedTranscoder run(const fs::path &folder) {
        const bool skip = !weights_.layers.front().skip.empty();
        if (const std::string why = whyNotIn(format_, weights_.config, skip); !why.empty())
            throw Error(why);
        requireEmptyOrNew(folder);
        ExportedTranscoder out;
        if (!knowsActivation(format_, weights_.config))
            out.conversion = toJumpRelu();
        else if (format_ == TranscoderFormat::CircuitTracer && weights_.config.activation == Activation::TopK)
            out.conversion = toSignedTopK();
        throwIfStopped(stop_);
        out.files = writeForeignTranscoder(format_, folder, name_, weights_);
        return out;
    }

private:
    /// The GPT, and stories to measure on where there are any.
    void loadModel() {
        const std::string run = workspace_.pickGpt(weights_.config.gptRun);
        checkBelongsTo(weights_.config, name_, workspace_.gpt(run));
        gpt_ = loadGpt(workspace_.gpt(run));
        stories_ = storiesFor(workspace_, readGptRun(workspace_, run).config.corpus, gpt_.config, stop_, progress_);
    }
    Conversion::Figures figures(const TranscoderWeights<float> &weights) const {
        return figuresOf(measure(gpt_, weights, *stories_, stop_, progress_));
    }

    Conversion toJumpRelu() {
        loadModel();
        if (!stories_)
            throw Error(programName(format_) + " has no TopK for such a transcoder, and JumpReLU thresholds are "
                                               "calibrated on stories: import or generate some first.");
        Conversion conversion{.what = programName(format_) +
                                      " has no TopK for such a transcoder: it became JumpReLU, each feature with the "
                                      "threshold at which it fires as often as before.",
                              .before = figures(weights_),
                              .after = {}};
        weights_ = withJumpThresholds(gpt_, weights_, *stories_, calibrationTokens, stop_, progress_);
        conversion.after = figures(weights_);
        return conversion;
    }

    /// Its TopK is ours but for tokens with fewer than k positive pre-activations.
    std::optional<Conversion> toSignedTopK() {
        loadModel();
        Conversion conversion{.what = "circuit-tracer's TopK has no ReLU: at a token with fewer than k positive "
                                      "pre-activations it keeps negative ones.",
                              .before = {},
                              .after = {}};
        if (!stories_)
            return conversion;
        conversion.before = figures(weights_);
        conversion.after = figures(withActivation(weights_, Activation::SignedTopK));
        if (conversion.before->l0 == conversion.after->l0) // no token has fewer
            return std::nullopt;
        return conversion;
    }

    const Workspace &workspace_;
    std::string name_;
    TranscoderFormat format_;
    std::stop_token stop_;
    const ProgressSink &progress_;
    TranscoderWeights<float> weights_;
    GptWeights<float> gpt_;
    std::optional<TokenCache> stories_;
};
} // namespace

ExportedTranscoder exportTranscoder(const Workspace &workspace, const std::string &name, TranscoderFormat format,
                                    const fs::path &folder, std::stop_token stop, const ProgressSink &progress) {
    return Exporter(workspace, name, format, std::move(stop), progress).run(folder);
}

namespace {
bool fits(const TranscoderConfig &transcoder, const GptConfig &gpt) {
    return transcoder.layers == gpt.layers && transcoder.dModel == gpt.dModel;
}

std::string sha256Of(const Workspace &workspace, const std::string &run) {
    return sha256OfFile(workspace.gpt(run) / "model.safetensors");
}

/// The workspace's GPT that a transcoder was made for; nothing where it does not say, or that one is not here.
std::optional<std::string> madeFor(const Workspace &workspace, const TranscoderConfig &transcoder) {
    if (transcoder.gptSha256.empty())
        return std::nullopt;
    for (const std::string &run : workspace.gpts())
        if (fits(transcoder, gptConfigFromJson(readFile(workspace.gpt(run) / "config.json"))) &&
            sha256Of(workspace, run) == transcoder.gptSha256)
            return run;
    return std::nullopt;
}

std::string chooseGpt(const Workspace &workspace, const TranscoderConfig &transcoder, const std::string &wanted,
                      std::vector<std::string> &warnings) {
    if (!wanted.empty()) {
        std::string run = workspace.pickGpt(wanted);
        if (!transcoder.gptSha256.empty() && sha256Of(workspace, run) != transcoder.gptSha256)
            warnings.push_back("The transcoder was made for other weights than those of the GPT " + run + ".");
        return run;
    }
    if (const auto run = madeFor(workspace, transcoder))
        return *run;
    if (!transcoder.gptSha256.empty())
        throw Error("The transcoder was made for the GPT " + transcoder.gptRun + " (sha256 " +
                    transcoder.gptSha256.substr(0, 8) +
                    "…), which this workspace does not have. Bring that GPT here, or name another with --run.");
    std::string run = newestThatFits(workspace, transcoder);
    warnings.push_back("The files do not say which GPT the transcoder was made for; " + run +
                       ", whose size fits, is taken for it.");
    return run;
}

/// Measures, converts what this program lacks, and writes.
class TranscoderImporter {
public:
    TranscoderImporter(const Workspace &workspace, std::stop_token stop, const ProgressSink &progress)
        : workspace_(workspace), stop_(std::move(stop)), progress_(progress) {}

    ImportedTranscoder run(const TranscoderImport &request) {
        ForeignTranscoder foreign = readForeignTranscoder(request.folder);
        weights_ = std::move(foreign.weights);
        out_.format = foreign.format;
        out_.warnings = std::move(foreign.warnings);
        out_.gptRun = chooseGpt(workspace_, weights_.config, request.gptRun, out_.warnings);
        out_.name = request.name.empty() ? freeRunName(workspace_.folder() / "transcoders", nameOf(request.folder))
                                         : request.name;
        checkName(out_.name, "transcoder");
        gpt_ = loadGpt(workspace_.gpt(out_.gptRun));
        requireFits(weights_.config, request.folder.string(), gpt_.config, out_.gptRun);
        weights_.config.gptRun = out_.gptRun;
        weights_.config.gptSha256 = sha256Of(workspace_, out_.gptRun);
        stories_ =
            storiesFor(workspace_, readGptRun(workspace_, out_.gptRun).config.corpus, gpt_.config, stop_, progress_);
        convert();
        const std::optional<TranscoderMetrics> metrics = figures();
        if (metrics && !foreign.kKnown)
            weights_.config.k =
                std::clamp(static_cast<int>(std::lround(out_.figures->l0)), 1, weights_.config.features);
        throwIfStopped(stop_);
        writeImportedTranscoder(workspace_, out_.name, weights_, gpt_, stories_, programName(out_.format));
        if (metrics)
            writeEvaluation(workspace_.transcoder(out_.name), {.metrics = *metrics, .step = 0, .corpus = {}});
        return out_;
    }

private:
    static std::string nameOf(const fs::path &folder) {
        const fs::path last = folder.has_filename() ? folder : folder.parent_path(); // "dir/"
        return last.filename().string();
    }

    /// circuit-tracer's TopK becomes ours, which cuts negative values off.
    void convert() {
        if (weights_.config.activation != Activation::SignedTopK || !weights_.config.writesMlpOutput())
            return;
        out_.conversion = Conversion{.what = "circuit-tracer's TopK also keeps negative pre-activations where fewer "
                                             "than k are positive; here they are cut off.",
                                     .before = {},
                                     .after = {}};
        if (stories_)
            out_.conversion->before = figuresOf(measure(gpt_, weights_, *stories_, stop_, progress_));
        weights_.config.activation = Activation::TopK;
    }

    std::optional<TranscoderMetrics> figures() {
        if (!stories_ || !weights_.config.writesMlpOutput())
            return std::nullopt;
        const TranscoderMetrics metrics = measure(gpt_, weights_, *stories_, stop_, progress_);
        out_.figures = figuresOf(metrics);
        if (out_.conversion)
            out_.conversion->after = out_.figures;
        if (!(out_.figures->fvu < hardlyExplains))
            out_.warnings.push_back(misfit(out_.figures->fvu));
        return metrics;
    }

    const Workspace &workspace_;
    std::stop_token stop_;
    const ProgressSink &progress_;
    ImportedTranscoder out_;
    TranscoderWeights<float> weights_;
    GptWeights<float> gpt_;
    std::optional<TokenCache> stories_;
};
} // namespace

ImportedTranscoder importTranscoder(const Workspace &workspace, const TranscoderImport &request, std::stop_token stop,
                                    const ProgressSink &progress) {
    workspace.requireWritable();
    return TranscoderImporter(workspace, std::move(stop), progress).run(request);
}

} // namespace tt
