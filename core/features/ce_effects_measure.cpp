#include "core/features/ce_effects_measure.h"

#include "core/circuits/intervention_pass.h"
#include "core/features/read_prompt.h"
#include "core/nn/kernels.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>

namespace tt {

namespace {
constexpr int64_t batchValues = int64_t{1} << 23; // hidden activations of the variants of one pass: 32 MB
constexpr int64_t lossRows = 256;                 // logits at a time
constexpr std::chrono::seconds betweenSaves{60};

/// By feature (layer · F + feature) the windows of the sample in which it fires, ascending.
std::vector<std::vector<int32_t>> firingWindows(const FeatureIndex &index) {
    const FeatureIndex::Sample &sample = index.sample();
    const auto features = static_cast<size_t>(index.features());
    std::vector<std::vector<int32_t>> firing(features * sample.layers.size());
    for (size_t layer = 0; layer < sample.layers.size(); ++layer) {
        const FeatureIndex::Sample::Layer &active = sample.layers[layer];
        for (int64_t token = 0; token < sample.size(); ++token)
            for (int64_t i = active.rows[static_cast<size_t>(token)]; i < active.rows[static_cast<size_t>(token) + 1];
                 ++i) {
                const auto feature = static_cast<size_t>(active.features[static_cast<size_t>(i)]);
                const auto window = static_cast<int32_t>(token / index.windowLength());
                std::vector<int32_t> &windows = firing[layer * features + feature];
                if (windows.empty() || windows.back() != window)
                    windows.push_back(window);
            }
    }
    return firing;
}

/// A window of the sample, run once: what its features are ablated in.
class Window {
public:
    Window(const Dictionary &dictionary, int32_t window, const std::stop_token &stop);
    /// Σ over the predicted tokens of the rise of the cross entropy, for each of `rows` (layer · F + feature).
    [[nodiscard]] std::vector<double> rises(std::span<const size_t> rows) const;

private:
    [[nodiscard]] std::vector<PlacedChange> ablation(size_t row) const;
    [[nodiscard]] std::vector<double> losses(std::span<const float> finalNorm, std::span<const int32_t> targets) const;

    const ExplainedModel &model_;
    const std::stop_token &stop_;
    std::vector<int32_t> ids_, targets_;
    GptActivations<float> activations_;
    std::vector<SparseActivations<float>> active_;
    std::vector<double> own_; ///< loss at each predicted token
};

Window::Window(const Dictionary &dictionary, int32_t window, const std::stop_token &stop)
    : model_(*dictionary.model), stop_(stop) {
    const FeatureIndex &index = *dictionary.index;
    const int64_t first = index.sample().windows[static_cast<size_t>(window)], length = index.windowLength();
    ids_.resize(static_cast<size_t>(length));
    dictionary.tokens->read(first, ids_);
    targets_.resize(static_cast<size_t>(std::min(length, dictionary.tokens->size() - first - 1)));
    dictionary.tokens->read(first + 1, targets_);
    forward<float>(model_.gpt, ids_, 1, activations_);
    active_ = encodeLayers(model_, activations_);
    own_ = losses(activations_.finalNorm, targets_);
}

std::vector<double> Window::losses(std::span<const float> finalNorm, std::span<const int32_t> targets) const {
    const auto d = static_cast<size_t>(model_.gpt.config.dModel),
               vocab = static_cast<size_t>(model_.gpt.config.vocabSize);
    std::vector<double> loss(targets.size());
    std::vector<float> block;
    for (size_t first = 0; first < targets.size(); first += lossRows) {
        const size_t count = std::min(static_cast<size_t>(lossRows), targets.size() - first);
        block.resize(count * vocab);
        logits<float>(model_.gpt, finalNorm.subspan(first * d, count * d), block);
        kernels<float>().crossEntropy(block.data(), targets.data() + first, static_cast<int64_t>(count),
                                      static_cast<int64_t>(vocab), loss.data() + first);
    }
    return loss;
}

std::vector<PlacedChange> Window::ablation(size_t row) const {
    const auto features = static_cast<size_t>(model_.transcoder.config.features);
    const auto layer = static_cast<int>(row / features), feature = static_cast<int>(row % features);
    std::vector<PlacedChange> changes;
    for (int position = 0; position < activations_.length; ++position)
        if (activationIn(active_[static_cast<size_t>(layer)], position, feature) > 0)
            changes.push_back({layer, position, feature, InterventionAction::Ablate, 0});
    return changes;
}

/// Only rows of the final norm that an ablation changed are predicted from anew.
std::vector<double> Window::rises(std::span<const size_t> rows) const {
    std::vector<std::vector<PlacedChange>> variants;
    for (const size_t row : rows)
        variants.push_back(ablation(row));
    const TracedPrompt<float> prompt{model_.gpt, model_.transcoder, ids_, activations_, active_};
    const std::vector<float> changed =
        changedFinalNorm<float>(prompt, variants, InterventionMode::Free, PassOutput::EveryPosition, stop_);
    const auto d = static_cast<std::ptrdiff_t>(model_.gpt.config.dModel);
    std::vector<float> norms;
    std::vector<int32_t> targets;
    std::vector<std::pair<size_t, size_t>> places; // variant, position
    for (size_t v = 0; v < rows.size(); ++v)
        for (size_t p = 0; p < targets_.size(); ++p) {
            const auto *row = changed.data() + static_cast<std::ptrdiff_t>(v * ids_.size() + p) * d;
            if (std::equal(row, row + d, activations_.finalNorm.data() + static_cast<std::ptrdiff_t>(p) * d))
                continue;
            norms.insert(norms.end(), row, row + d);
            targets.push_back(targets_[p]);
            places.emplace_back(v, p);
        }
    const std::vector<double> loss = losses(norms, targets);
    std::vector<double> rise(rows.size());
    for (size_t i = 0; i < places.size(); ++i)
        rise[places[i].first] += loss[i] - own_[places[i].second];
    return rise;
}

class Measurement {
public:
    Measurement(const Dictionary &dictionary, std::filesystem::path file, int windowsPerFeature,
                const std::stop_token &stop, const ProgressSink &progress)
        : dictionary_(dictionary), file_(std::move(file)), most_(windowsPerFeature), stop_(stop), progress_(progress),
          firing_(firingWindows(*dictionary.index)) {}

    CeEffects run();

private:
    void begin();
    void measureRound(int32_t round);
    void measureWindow(int32_t window, std::span<const size_t> rows);
    void save();

    const Dictionary &dictionary_;
    std::filesystem::path file_;
    int32_t most_;
    const std::stop_token &stop_;
    ProgressThrottle progress_;
    std::vector<std::vector<int32_t>> firing_;
    CeEffects effects_;
    Progress done_{.what = "Measuring CE effects", .unit = "ablations"};
    std::chrono::steady_clock::time_point saved_ = std::chrono::steady_clock::now();
};

/// Takes over what was measured before.
void Measurement::begin() {
    const FeatureIndex &index = *dictionary_.index;
    effects_ = readCeEffects(file_, dictionary_.identity);
    if (effects_.measured.size() != firing_.size())
        effects_ = {.layers = index.layers(),
                    .features = index.features(),
                    .tokens = 0,
                    .sum = std::vector<double>(firing_.size()),
                    .measured = std::vector<int32_t>(firing_.size()),
                    .firing = std::vector<int32_t>(firing_.size())};
    effects_.tokens = 0;
    for (const int64_t first : index.sample().windows)
        effects_.tokens += std::min(index.windowLength(), dictionary_.tokens->size() - first - 1);
    for (size_t row = 0; row < firing_.size(); ++row) {
        effects_.firing[row] = static_cast<int32_t>(firing_[row].size());
        const int32_t wanted = std::min(most_, effects_.firing[row]);
        done_.total += wanted;
        done_.done += std::min(wanted, effects_.measured[row]);
    }
}

void Measurement::save() {
    addCeEffects(file_, effects_, dictionary_.identity);
    saved_ = std::chrono::steady_clock::now();
}

void Measurement::measureWindow(int32_t window, std::span<const size_t> rows) {
    const Window run(dictionary_, window, stop_);
    const int64_t width = int64_t{dictionary_.model->gpt.config.mlpWidth()} * dictionary_.index->windowLength();
    const auto batch = static_cast<size_t>(std::max<int64_t>(1, batchValues / width));
    for (size_t first = 0; first < rows.size(); first += batch) {
        throwIfStopped(stop_);
        const auto part = rows.subspan(first, std::min(batch, rows.size() - first));
        const std::vector<double> rises = run.rises(part);
        for (size_t i = 0; i < part.size(); ++i) {
            if (!std::isfinite(rises[i]))
                throw Error("The loss is not finite. The weights of the model or of the transcoder are damaged.");
            effects_.sum[part[i]] += rises[i];
            ++effects_.measured[part[i]];
        }
        done_.done += static_cast<double>(part.size());
        progress_.report(done_);
    }
}

/// The round's window of every feature that has not had it.
void Measurement::measureRound(int32_t round) {
    std::vector<std::vector<size_t>> byWindow(dictionary_.index->sample().windows.size());
    for (size_t row = 0; row < firing_.size(); ++row)
        if (effects_.measured[row] == round && round < effects_.firing[row]) {
            const int32_t place = evenlySpread(round, effects_.firing[row]);
            byWindow[static_cast<size_t>(firing_[row][static_cast<size_t>(place)])].push_back(row);
        }
    for (size_t window = 0; window < byWindow.size(); ++window) {
        if (byWindow[window].empty())
            continue;
        measureWindow(static_cast<int32_t>(window), byWindow[window]);
        if (std::chrono::steady_clock::now() - saved_ > betweenSaves)
            save();
    }
}

CeEffects Measurement::run() {
    begin();
    progress_.report(done_);
    try {
        for (int32_t round = 0; round < most_; ++round)
            measureRound(round);
    } catch (const Error &error) {
        if (error.kind() == Error::Kind::Cancelled)
            save();
        throw;
    }
    save();
    progress_.finish(done_);
    return effects_;
}
} // namespace

int32_t evenlySpread(int32_t n, int32_t size) {
    const int bits = std::bit_width(static_cast<uint32_t>(size - 1));
    for (uint32_t i = 0, seen = 0;; ++i) {
        uint32_t place = 0;
        for (int bit = 0; bit < bits; ++bit)
            place |= (i >> bit & 1U) << (bits - 1 - bit);
        if (place < static_cast<uint32_t>(size) && seen++ == static_cast<uint32_t>(n))
            return static_cast<int32_t>(place);
    }
}

CeEffects measureCeEffects(const Dictionary &dictionary, const std::filesystem::path &file, int windowsPerFeature,
                           const std::stop_token &stop, const ProgressSink &progress) {
    if (windowsPerFeature < 1)
        throw Error("CE effects are measured on at least 1 window of each feature.", Error::Kind::Usage);
    if (!dictionary.index)
        throw Error(dictionary.noIndex.empty() ? "The corpus has not been indexed." : dictionary.noIndex);
    requireWritableFolder(file.parent_path());
    return Measurement(dictionary, file, windowsPerFeature, stop, progress).run();
}

} // namespace tt
