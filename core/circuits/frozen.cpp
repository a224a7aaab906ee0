#include "core/circuits/frozen.h"

#include "core/nn/kernels.h"

#include <algorithm>

namespace tt {

template <class T>
void pushNorm(const T *change, const LayerNormWeights<T> &norm, T sigma, int d, T *out) {
    T mean = 0;
    for (int i = 0; i < d; ++i)
        mean += change[i];
    mean /= static_cast<T>(d);
    for (int i = 0; i < d; ++i)
        out[i] = norm.weight[static_cast<size_t>(i)] * (change[i] - mean) / sigma;
}

namespace {

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
FrozenChange<T> pushFrozen(const GptWeights<T> &gpt, const TranscoderWeights<T> &transcoder,
                           const GptActivations<T> &activations, const FrozenInput<T> &input, int from) {
    const int d = gpt.config.dModel, length = activations.length;
    std::vector<T> change = input.embedding; // (N, d) of the residual stream
    change.resize(static_cast<size_t>(length) * static_cast<size_t>(d));
    FrozenChange<T> out;
    for (size_t l = 0; l < gpt.blocks.size(); ++l) {
        out.residPre.push_back(change);
        pushAttention(gpt.config, gpt.blocks[l], activations.blocks[l], length, from, change);
        std::vector<T> &ln2 = out.ln2.emplace_back(change.size());
        for (int p = from; p < length; ++p)
            pushNorm(change.data() + int64_t{p} * d, gpt.blocks[l].ln2,
                     activations.blocks[l].ln2Sigma[static_cast<size_t>(p)], d, ln2.data() + int64_t{p} * d);
        if (!transcoder.layers[l].skip.empty()) // the one part of the MLP that answers (method.md §2)
            for (int p = from; p < length; ++p)
                addProduct(transcoder.layers[l].skip, ln2.data() + int64_t{p} * d, d, d,
                           change.data() + int64_t{p} * d);
        if (l < input.mlp.size() && !input.mlp[l].empty())
            for (size_t i = 0; i < change.size(); ++i)
                change[i] += input.mlp[l][i];
    }
    out.finalNorm.resize(static_cast<size_t>(d));
    pushNorm(change.data() + int64_t{length - 1} * d, gpt.finalNorm,
             activations.finalSigma[static_cast<size_t>(length - 1)], d, out.finalNorm.data());
    return out;
}

template <class T>
FrozenChange<T> propagateFrozen(const GptWeights<T> &gpt, const TranscoderWeights<T> &transcoder,
                                const GptActivations<T> &activations, int position,
                                const std::vector<std::vector<T>> &mlpDelta) {
    FrozenInput<T> input{.embedding = {}, .mlp = std::vector<std::vector<T>>(mlpDelta.size())};
    const size_t d = static_cast<size_t>(gpt.config.dModel);
    for (size_t l = 0; l < mlpDelta.size(); ++l)
        if (!mlpDelta[l].empty()) {
            input.mlp[l].resize(static_cast<size_t>(activations.length) * d);
            std::copy(mlpDelta[l].begin(), mlpDelta[l].end(),
                      input.mlp[l].begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(position) * d));
        }
    return pushFrozen(gpt, transcoder, activations, input, position);
}

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type
#define TT_INSTANTIATE(T)                                                                                              \
    template void pushNorm<T>(const T *, const LayerNormWeights<T> &, T, int, T *);                                    \
    template FrozenChange<T> pushFrozen<T>(const GptWeights<T> &, const TranscoderWeights<T> &,                        \
                                           const GptActivations<T> &, const FrozenInput<T> &, int);                    \
    template FrozenChange<T> propagateFrozen<T>(const GptWeights<T> &, const TranscoderWeights<T> &,                   \
                                                const GptActivations<T> &, int, const std::vector<std::vector<T>> &);
// NOLINTEND(bugprone-macro-parentheses)
TT_INSTANTIATE(float)
TT_INSTANTIATE(double)
#undef TT_INSTANTIATE

} // namespace tt
