#include "core/circuits/attribution.h"

#include "core/nn/kernels.h"

namespace tt {
namespace {

/// γ ⊙ (x − mean x) / σ: how LN with a held scale answers to a change.
template <class T>
void pushNorm(const T *change, const LayerNormWeights<T> &norm, T sigma, int d, T *out) {
    T mean = 0;
    for (int i = 0; i < d; ++i)
        mean += change[i];
    mean /= static_cast<T>(d);
    for (int i = 0; i < d; ++i)
        out[i] = norm.weight[static_cast<size_t>(i)] * (change[i] - mean) / sigma;
}

/// out (rows) += W (rows, columns) · x.
template <class T>
void addProduct(const std::vector<T> &w, const T *x, int rows, int columns, T *out) {
    for (int r = 0; r < rows; ++r)
        out[r] += kernels<T>().dot(w.data() + int64_t{r} * columns, x, columns);
}

/// change (N, d) += what attention with its pattern held makes of the change at earlier places.
template <class T>
void pushAttention(const GptConfig &config, const BlockWeights<T> &weights, const BlockActivations<T> &seen, int length,
                   int from, std::vector<T> &change) {
    const int d = config.dModel, width = config.attentionWidth();
    std::vector<T> values(static_cast<size_t>(length * width)), normed(static_cast<size_t>(d));
    for (int s = from; s < length; ++s) {
        pushNorm(change.data() + int64_t{s} * d, weights.ln1, seen.ln1Sigma[static_cast<size_t>(s)], d, normed.data());
        addProduct(weights.value, normed.data(), width, d, values.data() + int64_t{s} * width);
    }
    for (int p = from; p < length; ++p) {
        std::vector<T> heads(static_cast<size_t>(width));
        for (int h = 0; h < config.heads; ++h)
            for (int s = from; s <= p; ++s) {
                const T a = seen.attention[static_cast<size_t>((int64_t{h} * length + p) * length + s)];
                for (int i = h * config.headSize; i < (h + 1) * config.headSize; ++i)
                    heads[static_cast<size_t>(i)] += a * values[static_cast<size_t>(int64_t{s} * width + i)];
            }
        addProduct(weights.attentionOutput, heads.data(), d, width, change.data() + int64_t{p} * d);
    }
}

} // namespace

template <class T>
FrozenChange<T> propagateFrozen(const GptWeights<T> &gpt, const TranscoderWeights<T> &transcoder,
                                const GptActivations<T> &activations, int position,
                                const std::vector<std::vector<T>> &mlpDelta) {
    const int d = gpt.config.dModel, length = activations.length;
    std::vector<T> change(static_cast<size_t>(length * d)); // (N, d) of the residual stream
    FrozenChange<T> out;
    for (size_t l = 0; l < gpt.blocks.size(); ++l) {
        pushAttention(gpt.config, gpt.blocks[l], activations.blocks[l], length, position, change);
        std::vector<T> &ln2 = out.ln2.emplace_back(change.size());
        for (int p = position; p < length; ++p)
            pushNorm(change.data() + int64_t{p} * d, gpt.blocks[l].ln2,
                     activations.blocks[l].ln2Sigma[static_cast<size_t>(p)], d, ln2.data() + int64_t{p} * d);
        if (!transcoder.layers[l].skip.empty()) // the one part of the MLP that answers (method.md §2)
            for (int p = position; p < length; ++p)
                addProduct(transcoder.layers[l].skip, ln2.data() + int64_t{p} * d, d, d,
                           change.data() + int64_t{p} * d);
        if (l < mlpDelta.size() && !mlpDelta[l].empty())
            for (int i = 0; i < d; ++i)
                change[static_cast<size_t>(position * d + i)] += mlpDelta[l][static_cast<size_t>(i)];
    }
    out.finalNorm.resize(static_cast<size_t>(d));
    pushNorm(change.data() + int64_t{length - 1} * d, gpt.finalNorm,
             activations.finalSigma[static_cast<size_t>(length - 1)], d, out.finalNorm.data());
    return out;
}

template FrozenChange<float> propagateFrozen(const GptWeights<float> &, const TranscoderWeights<float> &,
                                             const GptActivations<float> &, int,
                                             const std::vector<std::vector<float>> &);
template FrozenChange<double> propagateFrozen(const GptWeights<double> &, const TranscoderWeights<double> &,
                                              const GptActivations<double> &, int,
                                              const std::vector<std::vector<double>> &);

} // namespace tt
