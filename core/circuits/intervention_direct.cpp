#include "core/circuits/intervention_pass_impl.h"

#include "core/nn/gemm.h"
#include "core/progress.h"

namespace tt {
namespace {

/// Pushes changes of the residual stream upwards through a model in which only sums and products with constants are
/// left.
template <class T>
class DirectPass {
public:
    DirectPass(const TracedPrompt<T> &prompt, const PassRows &rows)
        : prompt_(prompt), config_(prompt.gpt.config), rows_(rows),
          change_(static_cast<size_t>(rows.count() * config_.dModel)) {}

    void attend(int layer) {
        const BlockWeights<T> &w = prompt_.gpt.blocks[static_cast<size_t>(layer)];
        const BlockActivations<T> &seen = prompt_.activations.blocks[static_cast<size_t>(layer)];
        const int64_t d = config_.dModel, width = config_.attentionWidth();
        const std::vector<T> normed = pushNorm(w.ln1, seen.ln1Sigma);
        std::vector<T> values(static_cast<size_t>(rows_.count() * width)), mixed(values.size());
        linear<T>(normed.data(), w.value.data(), values.data(), rows_.count(), d, width);
#pragma omp parallel for schedule(static)
        for (int64_t r = 0; r < rows_.count(); ++r)
            mixRow(seen, r, values, mixed.data() + r * width);
        linear<T>(mixed.data(), w.attentionOutput.data(), change_.data(), rows_.count(), width, d, 1);
    }
    /// The one part of the MLP that answers (method.md §2).
    void skip(int layer) {
        const std::vector<T> &weights = prompt_.transcoder.layers[static_cast<size_t>(layer)].skip;
        if (weights.empty())
            return;
        const std::vector<T> ln2 = pushNorm(prompt_.gpt.blocks[static_cast<size_t>(layer)].ln2,
                                            prompt_.activations.blocks[static_cast<size_t>(layer)].ln2Sigma);
        linear<T>(ln2.data(), weights.data(), change_.data(), rows_.count(), config_.dModel, config_.dModel, 1);
    }
    void write(int layer, const PendingWrites<T> &writes) {
        std::vector<int64_t> all(static_cast<size_t>(rows_.count()));
        for (size_t r = 0; r < all.size(); ++r)
            all[r] = static_cast<int64_t>(r);
        writes.apply(layer, all, change_.data());
    }
    [[nodiscard]] std::vector<T> finalNorm() const {
        return pushNorm(prompt_.gpt.finalNorm, prompt_.activations.finalSigma);
    }

private:
    /// γ ⊙ (x − mean x) / σ: how LN with a held scale answers to a change.
    [[nodiscard]] std::vector<T> pushNorm(const LayerNormWeights<T> &norm, const std::vector<T> &sigma) const {
        const auto d = static_cast<size_t>(config_.dModel);
        std::vector<T> out(change_.size());
        for (size_t r = 0; r < rows_.rows.size(); ++r) {
            const T *x = change_.data() + r * d;
            T mean = 0;
            for (size_t i = 0; i < d; ++i)
                mean += x[i];
            mean /= static_cast<T>(d);
            const T scale = sigma[static_cast<size_t>(rows_.rows[r].position)];
            for (size_t i = 0; i < d; ++i)
                out[r * d + i] = norm.weight[i] * (x[i] - mean) / scale;
        }
        return out;
    }
    void mixRow(const BlockActivations<T> &seen, int64_t r, const std::vector<T> &values, T *out) const {
        const auto [variant, position] = rows_.rows[static_cast<size_t>(r)];
        const int64_t first = rows_.first[static_cast<size_t>(variant)], length = prompt_.activations.length;
        const int64_t size = config_.headSize, width = config_.attentionWidth();
        const T *own = values.data() + rows_.offset[static_cast<size_t>(variant)] * width;
        for (int64_t h = 0; h < config_.heads; ++h)
            for (int64_t s = first; s <= position; ++s)
                kernels<T>().axpy(seen.attention[static_cast<size_t>((h * length + position) * length + s)],
                                  own + (s - first) * width + h * size, out + h * size, size);
    }

    const TracedPrompt<T> &prompt_;
    const GptConfig &config_;
    const PassRows &rows_;
    std::vector<T> change_; ///< (rows, d) of the residual stream
};

} // namespace

template <class T>
std::vector<T> directFinalNormChange(const TracedPrompt<T> &prompt, std::span<const std::vector<PlacedChange>> variants,
                                     const PassRows &rows, const std::stop_token &stop) {
    PendingWrites<T> writes(prompt.transcoder, rows.count());
    for (size_t v = 0; v < variants.size(); ++v)
        for (const PlacedChange &change : variants[v])
            writes.add(rows.offset[v] + change.position - rows.first[v], change,
                       changeOf(change, activationIn(prompt.active[static_cast<size_t>(change.layer)], change.position,
                                                     change.feature)));
    DirectPass<T> pass(prompt, rows);
    for (int layer = 0; layer < prompt.gpt.config.layers; ++layer) {
        throwIfStopped(stop);
        pass.attend(layer);
        pass.skip(layer);
        pass.write(layer, writes);
    }
    return pass.finalNorm();
}

template std::vector<float> directFinalNormChange(const TracedPrompt<float> &,
                                                  std::span<const std::vector<PlacedChange>>, const PassRows &,
                                                  const std::stop_token &);
template std::vector<double> directFinalNormChange(const TracedPrompt<double> &,
                                                   std::span<const std::vector<PlacedChange>>, const PassRows &,
                                                   const std::stop_token &);

} // namespace tt
