#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tt {

/// What a training run reports, one a step; also a line of metrics.jsonl. Names of the values:
/// GPT: train_loss, val_loss (where measured), learning_rate, gradient_norm, flop_utilisation (of the products of a
/// step, as a share of the rate that one large product reached on the run's threads).
/// Transcoder, every step, of the batch: train_fvu_{layer}, train_l0_{layer} (active features a token),
/// train_dead_{layer} (share by moving average), with AuxK auxk_loss_{layer} (share of the residual's square that the
/// dead features leave; 1 while none is dead), with JumpReLU and ReLU penalty_{layer} (λ) and penalty_loss;
/// learning_rate, gradient_norm. Where measured on held-out tokens: fvu_{layer}, l0_{layer}, dead_{layer} (share),
/// density_{layer}_{bin} (share of features, the bins of DensityHistogram) and ce_recovered.
struct TrainingPoint {
    int64_t step = 0; ///< steps done, 1 … steps
    int64_t steps = 0;
    int64_t tokens = 0; ///< trained on so far
    double seconds = 0; ///< of training so far, pauses left out
    double tokensPerSecond = 0;
    double secondsLeft = 0;
    std::vector<std::pair<std::string, double>> values;
    [[nodiscard]] std::optional<double> value(const std::string &name) const;
    bool operator==(const TrainingPoint &) const = default;
};

/// Called on the training thread after every step. It may block (that is how a run is paused): the time does not count.
using TrainingSink = std::function<void(const TrainingPoint &)>;

std::string toJson(const TrainingPoint &point);
/// Reads metrics.jsonl; a last line cut short is left out. A missing file gives none.
std::vector<TrainingPoint> readMetrics(const std::string &path);

} // namespace tt
