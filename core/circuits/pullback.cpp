#include "core/circuits/pullback.h"

#include "core/nn/gemm.h"

#include <algorithm>

namespace tt {
namespace {

constexpr int64_t rowChunk = 512, rowStep = 32;

int64_t padded(int64_t rows) {
    return (rows + rowStep - 1) / rowStep * rowStep;
}

/// C (rows, n) = A (rows, k) · B (k, n). Few different shapes, because a product's kernel is made once a shape: chunks
/// of 512 rows, the last rounded up to 32. A and C have room for padded(rows) rows.
template <class T>
void product(int64_t rows, int64_t n, int64_t k, const T *a, const T *b, T *c) {
    for (int64_t row = 0; row < rows; row += rowChunk)
        gemm<T>(Transpose::No, Transpose::No, std::min(rowChunk, padded(rows - row)), n, k, T{1}, a + row * k, k, b, n,
                T{0}, c + row * n, n);
}

template <class T>
void reserveRows(std::vector<T> &buffer, int64_t rows, int64_t width) {
    const size_t needed = static_cast<size_t>(padded(rows) * width);
    if (buffer.size() < needed)
        buffer.resize(needed);
}

/// out += (I − 11ᵀ/d)(γ⊙v)/σ; returns v·β.
template <class T>
double addNormPullback(const T *v, const LayerNormWeights<T> &norm, T sigma, int d, T *out) {
    const T *gamma = norm.weight.data(), *beta = norm.bias.data();
    T mean = 0, constant = 0;
#pragma omp simd reduction(+ : mean, constant)
    for (int i = 0; i < d; ++i) {
        mean += gamma[i] * v[i];
        constant += beta[i] * v[i];
    }
    mean /= static_cast<T>(d);
    const T scale = T{1} / sigma;
#pragma omp simd
    for (int i = 0; i < d; ++i)
        out[i] += (gamma[i] * v[i] - mean) * scale;
    return static_cast<double>(constant);
}

} // namespace

template <class T>
Pullback<T>::Pullback(const GptWeights<T> &gpt, const TranscoderWeights<T> &transcoder,
                      const GptActivations<T> &activations)
    : gpt_(gpt), transcoder_(transcoder), activations_(activations), d_(gpt.config.dModel),
      width_(gpt.config.attentionWidth()) {}

template <class T>
GradientBlock<T> Pullback<T>::seed(std::span<const T> vectors, int rows, int position, const LayerNormWeights<T> &norm,
                                   T sigma) const {
    GradientBlock<T> block{.first = position, .last = position, .rows = rows, .values = {}, .bias = {}};
    block.values.assign(static_cast<size_t>(padded(rows) * d_), T{0});
    block.bias.resize(static_cast<size_t>(rows));
    for (int r = 0; r < rows; ++r)
        block.bias[static_cast<size_t>(r)] =
            addNormPullback(vectors.data() + int64_t{r} * d_, norm, sigma, d_, block.values.data() + int64_t{r} * d_);
    return block;
}

template <class T>
void Pullback<T>::mixPositions(int layer, const GradientBlock<T> &block) {
    const int length = activations_.length, heads = gpt_.config.heads, size = gpt_.config.headSize;
    const T *pattern = activations_.blocks[static_cast<size_t>(layer)].attention.data(); // (H, T, T)
    const int64_t stride = int64_t{block.rows} * width_;
    const auto addScaledRows = kernels<T>().addScaledRows;
    patternRow_.resize(static_cast<size_t>(width_));
    std::fill_n(mixed_.begin(), stride * (block.last + 1), T{0});
    for (int s = 0; s <= block.last; ++s)
        for (int p = std::max(s, block.first); p <= block.last; ++p) {
            for (int h = 0; h < heads; ++h) // A[h][p][s] for each of the head's values
                std::fill_n(patternRow_.begin() + int64_t{h} * size, size,
                            pattern[(int64_t{h} * length + p) * length + s]);
            addScaledRows(heads_.data() + (p - block.first) * stride, patternRow_.data(), block.rows, width_,
                          mixed_.data() + s * stride);
        }
}

template <class T>
void Pullback<T>::throughAttention(int layer, GradientBlock<T> &block) {
    const BlockWeights<T> &weights = gpt_.blocks[static_cast<size_t>(layer)];
    const BlockActivations<T> &seen = activations_.blocks[static_cast<size_t>(layer)];
    const int64_t rows = block.rows, inRows = rows * block.positions(), outRows = rows * (block.last + 1);
    reserveRows(heads_, inRows, width_);
    reserveRows(mixed_, outRows, width_);
    reserveRows(values_, outRows, d_);
    product<T>(inRows, width_, d_, block.values.data(), weights.attentionOutput.data(), heads_.data());
    mixPositions(layer, block);
    product<T>(outRows, d_, width_, mixed_.data(), weights.value.data(), values_.data());

    if (block.first > 0) { // positions before the first have no gradient yet
        std::vector<T> all(static_cast<size_t>(padded(outRows) * d_), T{0});
        std::copy_n(block.values.begin(), inRows * d_, all.begin() + block.first * rows * d_);
        block.values = std::move(all);
    }
    for (int64_t i = 0; i < outRows; ++i) {
        const int64_t s = i / rows;
        T *gradient = block.values.data() + i * d_;
        double &bias = block.bias[static_cast<size_t>(i % rows)];
        if (s >= block.first) // still the gradient at resid_mid: b_O enters there
            bias += static_cast<double>(dot(gradient, weights.attentionOutputBias.data(), d_));
        bias +=
            addNormPullback(values_.data() + i * d_, weights.ln1, seen.ln1Sigma[static_cast<size_t>(s)], d_, gradient);
    }
    block.first = 0;
}

template <class T>
void Pullback<T>::throughSkip(int layer, GradientBlock<T> &block) {
    const std::vector<T> &skip = transcoder_.layers[static_cast<size_t>(layer)].skip;
    if (skip.empty())
        return;
    const int64_t rows = int64_t{block.rows} * block.positions();
    reserveRows(values_, rows, d_);
    product<T>(rows, d_, d_, block.values.data(), skip.data(), values_.data()); // W_skipᵀ g, a row each
    const std::vector<T> &sigma = activations_.blocks[static_cast<size_t>(layer)].ln2Sigma;
    const LayerNormWeights<T> &norm = gpt_.blocks[static_cast<size_t>(layer)].ln2;
    for (int64_t i = 0; i < rows; ++i)
        block.bias[static_cast<size_t>(i % block.rows)] +=
            addNormPullback(values_.data() + i * d_, norm, sigma[static_cast<size_t>(block.first + i / block.rows)], d_,
                            block.values.data() + i * d_);
}

template class Pullback<float>;
template class Pullback<double>;

} // namespace tt
