#include "core/circuits/intervention_pass_impl.h"

#include "core/nn/gemm.h"
#include "core/progress.h"

#include <cmath>
#include <numeric>

namespace tt {
namespace {

template <class T>
std::vector<T> normalised(const LayerNormWeights<T> &norm, double epsilon, const std::vector<T> &x, int64_t rows) {
    const auto d = static_cast<int64_t>(norm.weight.size());
    std::vector<T> out(static_cast<size_t>(rows * d)), sigma(static_cast<size_t>(rows));
    kernels<T>().layerNorm(x.data(), norm.weight.data(), norm.bias.data(), epsilon, rows, d, out.data(), sigma.data());
    return out;
}

template <class T>
std::vector<T> projected(const std::vector<T> &x, const std::vector<T> &w, int64_t rows, int64_t in, int64_t out) {
    std::vector<T> y(static_cast<size_t>(rows * out));
    linear<T>(x.data(), w.data(), y.data(), rows, in, out);
    return y;
}

/// The real model on a changed stream: computes the rows that differ from the traced prompt and takes keys and values
/// of earlier positions from it.
template <class T>
class FreePass {
public:
    FreePass(const TracedPrompt<T> &prompt, std::span<const std::vector<PlacedChange>> variants, const PassRows &rows,
             bool heldPatterns, PassOutput output)
        : prompt_(prompt), config_(prompt.gpt.config), variants_(variants), rows_(rows),
          pending_(prompt.transcoder, rows.count()), heldPatterns_(heldPatterns), output_(output),
          present_(static_cast<size_t>(rows.count())) {
        std::iota(present_.begin(), present_.end(), int64_t{0});
    }

    /// Final norm of the rows in present(); empty where nothing changed.
    std::vector<T> run(const std::stop_token &stop) {
        for (int layer = 0; layer < config_.layers; ++layer) {
            throwIfStopped(stop);
            if (changed_)
                attend(layer);
            else
                stream_ = base(prompt_.activations.blocks[static_cast<size_t>(layer)].residMid);
            addMlp(layer);
        }
        if (!changed_)
            return {};
        return normalised(prompt_.gpt.finalNorm, config_.layerNormEps, stream_, count());
    }
    [[nodiscard]] const std::vector<int64_t> &present() const { return present_; }

private:
    [[nodiscard]] int64_t count() const { return static_cast<int64_t>(present_.size()); }
    /// Rows of the traced prompt (N, d) for the rows present.
    [[nodiscard]] std::vector<T> base(const std::vector<T> &values) const {
        std::vector<int64_t> positions;
        for (const int64_t row : present_)
            positions.push_back(rows_.rows[static_cast<size_t>(row)].position);
        return gatherRows(std::span(values), positions, config_.dModel);
    }
    void attend(int layer);
    void addMlp(int layer);
    std::vector<T> mlp(int layer, const std::vector<T> &ln2) const;
    std::vector<T> heads(int layer, const std::vector<T> &query, const std::vector<T> &key,
                         const std::vector<T> &value) const;
    void attendRow(int layer, int64_t row, const T *query, const std::vector<T> &key, const std::vector<T> &value,
                   T *out) const;
    void place(int layer, const std::vector<T> &ln2);
    void keepLastPositions();

    const TracedPrompt<T> &prompt_;
    const GptConfig &config_;
    std::span<const std::vector<PlacedChange>> variants_;
    const PassRows &rows_;
    PendingWrites<T> pending_;
    bool heldPatterns_;
    PassOutput output_;
    std::vector<int64_t> present_; ///< rows of rows_ that are still computed
    std::vector<T> stream_;        ///< (present, d)
    bool changed_ = false;         ///< the stream differs from the traced prompt's
};

/// From x to m; in the last layer only what is returned goes on.
template <class T>
void FreePass<T>::attend(int layer) {
    const BlockWeights<T> &w = prompt_.gpt.blocks[static_cast<size_t>(layer)];
    const int64_t d = config_.dModel, width = config_.attentionWidth();
    std::vector<T> ln1 = normalised(w.ln1, config_.layerNormEps, stream_, count());
    const std::vector<T> key = heldPatterns_ ? std::vector<T>() : projected(ln1, w.key, count(), d, width);
    const std::vector<T> value = projected(ln1, w.value, count(), d, width);
    if (layer + 1 == config_.layers && output_ == PassOutput::LastPosition) {
        keepLastPositions();
        ln1 = gatherRows(std::span<const T>(ln1), present_, d);
        stream_ = gatherRows(std::span<const T>(stream_), present_, d);
    }
    const std::vector<T> query = heldPatterns_ ? std::vector<T>() : projected(ln1, w.query, count(), d, width);
    const std::vector<T> mixed = heads(layer, query, key, value);
    linear<T>(mixed.data(), w.attentionOutput.data(), stream_.data(), count(), width, d, 1);
    kernels<T>().addBias(stream_.data(), w.attentionOutputBias.data(), count(), d);
}

/// Only the last position of each variant goes on.
template <class T>
void FreePass<T>::keepLastPositions() {
    const int last = prompt_.activations.length - 1;
    std::erase_if(present_, [&](int64_t row) { return rows_.rows[static_cast<size_t>(row)].position != last; });
}

template <class T>
std::vector<T> FreePass<T>::heads(int layer, const std::vector<T> &query, const std::vector<T> &key,
                                  const std::vector<T> &value) const {
    const int64_t width = config_.attentionWidth();
    std::vector<T> out(static_cast<size_t>(count() * width));
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < count(); ++r)
        attendRow(layer, present_[static_cast<size_t>(r)], query.empty() ? nullptr : query.data() + r * width, key,
                  value, out.data() + r * width);
    return out;
}

/// `key` and `value` hold every row of the variant; earlier positions are the traced prompt's.
template <class T>
void FreePass<T>::attendRow(int layer, int64_t row, const T *query, const std::vector<T> &key,
                            const std::vector<T> &value, T *out) const {
    const BlockActivations<T> &seen = prompt_.activations.blocks[static_cast<size_t>(layer)];
    const auto [variant, position] = rows_.rows[static_cast<size_t>(row)];
    const int first = rows_.first[static_cast<size_t>(variant)], length = prompt_.activations.length;
    const int64_t size = config_.headSize, width = config_.attentionWidth();
    const T *ownKey = key.data() + rows_.offset[static_cast<size_t>(variant)] * width;
    const T *ownValue = value.data() + rows_.offset[static_cast<size_t>(variant)] * width;
    const auto at = [&](const std::vector<T> &earlier, const T *own, int64_t source) {
        return source < first ? earlier.data() + source * width : own + (source - first) * width;
    };
    const T scale = static_cast<T>(1 / std::sqrt(static_cast<double>(size)));
    std::vector<T> pattern(static_cast<size_t>(position + 1));
    for (int64_t h = 0; h < config_.heads; ++h) {
        if (heldPatterns_) {
            const T *held = seen.attention.data() + (h * length + position) * length;
            std::copy_n(held, position + 1, pattern.begin());
        } else {
            for (int64_t s = 0; s <= position; ++s)
                pattern[static_cast<size_t>(s)] =
                    scale * kernels<T>().dot(query + h * size, at(seen.key, ownKey, s) + h * size, size);
            softmax<T>(pattern);
        }
        for (int64_t s = 0; s <= position; ++s)
            kernels<T>().axpy(pattern[static_cast<size_t>(s)], at(seen.value, ownValue, s) + h * size, out + h * size,
                              size);
    }
}

/// From m to the next x, with the changes of this layer placed. As long as nothing has changed only the writes are
/// looked at.
template <class T>
void FreePass<T>::addMlp(int layer) {
    const BlockActivations<T> &seen = prompt_.activations.blocks[static_cast<size_t>(layer)];
    if (changed_) {
        const std::vector<T> ln2 =
            normalised(prompt_.gpt.blocks[static_cast<size_t>(layer)].ln2, config_.layerNormEps, stream_, count());
        place(layer, ln2);
        const std::vector<T> output = mlp(layer, ln2);
        kernels<T>().axpy(T{1}, output.data(), stream_.data(), static_cast<int64_t>(output.size()));
    } else {
        place(layer, {});
        if (!pending_.has(layer))
            return;
        changed_ = true;
        const std::vector<T> output = base(seen.mlpOutput);
        kernels<T>().axpy(T{1}, output.data(), stream_.data(), static_cast<int64_t>(output.size()));
    }
    pending_.apply(layer, present_, stream_.data());
}

template <class T>
std::vector<T> FreePass<T>::mlp(int layer, const std::vector<T> &ln2) const {
    const BlockWeights<T> &w = prompt_.gpt.blocks[static_cast<size_t>(layer)];
    const int64_t d = config_.dModel, wide = config_.mlpWidth();
    std::vector<T> hidden = projected(ln2, w.mlpIn, count(), d, wide);
    kernels<T>().addBiasRelu(hidden.data(), w.mlpInBias.data(), count(), wide);
    std::vector<T> out = projected(hidden, w.mlpOut, count(), wide, d);
    kernels<T>().addBias(out.data(), w.mlpOutBias.data(), count(), d);
    return out;
}

/// Collects what the changes of this layer write; `ln2` (present, d) is empty while the stream is the prompt's.
template <class T>
void FreePass<T>::place(int layer, const std::vector<T> &ln2) {
    std::vector<ChangedPlace> places;
    for (int64_t r = 0; r < count(); ++r) {
        const int64_t row = present_[static_cast<size_t>(r)];
        const auto [variant, position] = rows_.rows[static_cast<size_t>(row)];
        for (const PlacedChange &change : variants_[static_cast<size_t>(variant)])
            if (change.layer == layer && change.position == position)
                places.push_back({row, r, &change});
    }
    if (changed_)
        return addWrites<T>(prompt_.transcoder, layer, places, ln2, pending_);
    const SparseActivations<T> &active = prompt_.active[static_cast<size_t>(layer)];
    for (const ChangedPlace &at : places)
        pending_.add(at.row, *at.change,
                     changeOf(*at.change, activationIn(active, at.change->position, at.change->feature)));
}

/// The prompt's own final norm with the rows that a pass computed put in.
template <class T>
std::vector<T> collect(const TracedPrompt<T> &prompt, const PassRows &rows, std::span<const int64_t> present,
                       const std::vector<T> &computed, PassOutput output, bool isChange) {
    const std::vector<T> &own = prompt.activations.finalNorm;
    const int64_t d = prompt.gpt.config.dModel, length = prompt.activations.length;
    const int64_t positions = output == PassOutput::EveryPosition ? length : 1, skipped = length - positions;
    std::vector<T> out;
    for (size_t v = 0; v < rows.first.size(); ++v)
        out.insert(out.end(), own.begin() + skipped * d, own.end());
    for (size_t r = 0; r < present.size() && !computed.empty(); ++r) {
        const auto [variant, position] = rows.rows[static_cast<size_t>(present[r])];
        if (position < skipped)
            continue;
        T *to = out.data() + (variant * positions + position - skipped) * d;
        const T *from = computed.data() + static_cast<int64_t>(r) * d;
        if (isChange)
            kernels<T>().axpy(T{1}, from, to, d);
        else
            std::copy_n(from, d, to);
    }
    return out;
}

} // namespace

template <class T>
std::vector<T> changedFinalNorm(const TracedPrompt<T> &prompt, std::span<const std::vector<PlacedChange>> variants,
                                InterventionMode mode, PassOutput output, const std::stop_token &stop) {
    const PassRows rows = rowsOf(variants, prompt.activations.length);
    if (mode == InterventionMode::Direct) {
        std::vector<int64_t> all(static_cast<size_t>(rows.count()));
        std::iota(all.begin(), all.end(), int64_t{0});
        return collect<T>(prompt, rows, all, directFinalNormChange(prompt, variants, rows, stop), output, true);
    }
    FreePass<T> pass(prompt, variants, rows, mode == InterventionMode::FrozenAttention, output);
    const std::vector<T> computed = pass.run(stop);
    return collect<T>(prompt, rows, pass.present(), computed, output, false);
}

template std::vector<float> changedFinalNorm(const TracedPrompt<float> &, std::span<const std::vector<PlacedChange>>,
                                             InterventionMode, PassOutput, const std::stop_token &);
template std::vector<double> changedFinalNorm(const TracedPrompt<double> &, std::span<const std::vector<PlacedChange>>,
                                              InterventionMode, PassOutput, const std::stop_token &);

} // namespace tt
