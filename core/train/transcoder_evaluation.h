#pragma once

#include "core/io/workspace.h"
#include "core/nn/gpt_weights.h"
#include "core/nn/transcoder.h"
#include "core/progress.h"
#include "core/text/token_cache.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace tt {

/// How features spread over log10 of their density (the share of tokens they fire on): `bins` bins a quarter of a
/// decade wide from `lowest` up to 0. Rarer features are in the first bin, dead ones in none.
struct DensityHistogram {
    static constexpr int bins = 20;
    static constexpr double lowest = -5, width = 0.25;
    std::array<double, bins> share{}; ///< of all features of the layer; sums to 1 − dead

    /// The bin of a density in (0, 1].
    static int binOf(double density);
    bool operator==(const DensityHistogram &) const = default;
};

/// On held-out tokens.
struct TranscoderMetrics {
    struct Layer {
        double fvu = 0;    ///< fraction of variance unexplained: Σ‖y − ŷ‖² / Σ‖y − mean y‖²
        double l0 = 0;     ///< active features a token
        double dead = 0;   ///< share of features that never fired on these tokens
        double cosine = 0; ///< mean cosine of y and ŷ
        DensityHistogram density;
        bool operator==(const Layer &) const = default;
    };
    std::vector<Layer> layers;
    double ceClean = 0, ceReplaced = 0, ceZero = 0; ///< nats/token; all MLPs replaced at once, errors dropped; all zero
    double ceRecovered = 0;                         ///< (ceZero − ceReplaced) / (ceZero − ceClean)
    double kl = 0;                                  ///< KL(clean ‖ replaced), nats/token
    int64_t tokens = 0;
    bool operator==(const TranscoderMetrics &) const = default;

    /// Mean over the layers of one of their values, e.g. &Layer::fvu.
    [[nodiscard]] double mean(double Layer::*value) const;
};
/// The keys of `transcoder eval`: layers[{fvu, l0, dead, cosine, density_histogram[…]}], ce_clean, ce_replaced,
/// ce_zero, ce_recovered, kl, tokens.
std::string toJson(const TranscoderMetrics &metrics);

/// Metrics on tokens [begin, end), at most `maximumTokens` of them (0 = all), spread evenly. Each layer's own metrics
/// are on the GPT's untouched stream; for those through the model every MLP is replaced at once and features are
/// computed from the replaced stream (a cross-layer transcoder's later layers then read what its earlier ones wrote).
TranscoderMetrics evaluateTranscoder(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                                     const TokenCache &tokens, int64_t begin, int64_t end, int64_t maximumTokens,
                                     std::stop_token stop, const ProgressSink &progress);

/// The last measurement that is kept with a transcoder: transcoders/<name>/evaluation.json.
struct StoredEvaluation {
    TranscoderMetrics metrics;
    int64_t step = 0;   ///< steps trained when it was made
    std::string corpus; ///< whose held-out stories
    bool operator==(const StoredEvaluation &) const = default;
};
void writeEvaluation(const std::filesystem::path &transcoderFolder, const StoredEvaluation &evaluation);
/// Nothing where none was made yet; throws Error where the file is damaged.
std::optional<StoredEvaluation> readEvaluation(const std::filesystem::path &transcoderFolder);

/// What a table of transcoders shows of one.
struct TranscoderSummary {
    std::string name;
    TranscoderConfig config;
    int64_t step = 0, steps = 0; ///< trained, wanted
    bool finished = false;
    int64_t parameters = 0; ///< numbers in its weight files
    int64_t bytes = 0;      ///< of its weight files
    std::optional<StoredEvaluation> heldOut;
};
/// The workspace's transcoders, newest first. Reads small files, no weights: call it on a worker all the same.
std::vector<TranscoderSummary> summariseTranscoders(const Workspace &workspace);

} // namespace tt
