#include "core/nn/gpt_step_impl.h"

#include <algorithm>

namespace tt {

/// dW = dOutᵀ · x and dX = dOut · W of a linear map from `in` to `out`.
template <class T, class F>
void GptStep<T, F>::linearBackward(const F *dOut, const F *x, int64_t weightOffset, int64_t out, int64_t in, T *dX) {
    multiply<T, F>(Transpose::Yes, Transpose::No, out, in, rows_, dOut, out, x, in, 0, gradients_ + weightOffset, in);
    multiply<T, F>(Transpose::No, Transpose::No, rows_, in, out, dOut, out, weight(weightOffset), in, 0, dX, in);
}

/// The loss, the gradients behind the stream, and dResid at the stream after the last block.
template <class T, class F>
double GptStep<T, F>::loss(std::span<const int32_t> targets, const std::stop_token &stop) {
    k_.layerNorm(residPost_.data(), parameters_ + layout_.finalNorm, parameters_ + layout_.finalNormBias,
                 config_.layerNormEps, rows_, d_, finalNorm_.data(), meanFinal_.data(), inverseFinal_.data());
    double sum = 0;
    for (int64_t first = 0; first < rows_; first += lossRows_)
        sum += lossOfRows(first, std::min(lossRows_, rows_ - first), targets.data() + first, stop);
    std::fill(dResid_.begin(), dResid_.end(), T{0});
    k_.layerNormBackward(dNorm_.data(), rowScale_.data(), residPost_.data(), parameters_ + layout_.finalNorm,
                         meanFinal_.data(), inverseFinal_.data(), rows_, d_, dResid_.data(),
                         gradients_ + layout_.finalNorm, gradients_ + layout_.finalNormBias, parts_.data());
    return sum / static_cast<double>(rows_);
}

template <class T, class F>
double GptStep<T, F>::lossOfRows(int64_t first, int64_t count, const int32_t *targets, const std::stop_token &stop) {
    const LossRows<T> rows{.rows = count,
                           .targets = targets,
                           .reference = reference_.data(),
                           .targetLogit = targetLogit_.data(),
                           .sum = sums_.data()};
    const F *norm = finalNorm_.data() + first * d_;
    exponentialsOfRows(rows, norm, false, stop);
    const auto used = std::span(sums_).first(static_cast<size_t>(count));
    const auto fits = [](double sum) { return sum < StepKernels<T, F>::sumLimit; };
    if (!std::all_of(used.begin(), used.end(), fits)) // a logit far above all of the first tile's
        exponentialsOfRows(rows, norm, true, stop);
    k_.finishLoss(rows, rows_, exponentials_.data(), rowScale_.data() + first, losses_.data() + first);
    gradientsOfRows(rows, first, stop);
    double sum = 0;
    for (int64_t r = first; r < first + count; ++r)
        sum += losses_[static_cast<size_t>(r)];
    return sum;
}

/// Calls work(entry, count) for each tile of the vocabulary.
template <class Work>
void forEachTile(int64_t vocab, const std::stop_token &stop, Work &&work) {
    for (int64_t entry = 0; entry < vocab; entry += vocabularyTile) {
        throwIfStopped(stop);
        work(entry, std::min(vocabularyTile, vocab - entry));
    }
}

/// exponentials_ and the sums of `rows`. The reference is the largest logit of the first tile, or of all
/// (`wholeReference`), which makes the logits twice.
template <class T, class F>
void GptStep<T, F>::exponentialsOfRows(const LossRows<T> &rows, const F *norm, bool wholeReference,
                                       const std::stop_token &stop) {
    const T *bias = parameters_ + layout_.unembeddingBias;
    const auto logits = [&](int64_t entry, int64_t count) { // (count, rows)
        multiply<T, F>(Transpose::No, Transpose::Yes, count, rows.rows, d_, weight(layout_.unembedding + entry * d_),
                       d_, norm, d_, 0, tile_.data(), rows.rows);
    };
    if (wholeReference)
        forEachTile(vocab_, stop, [&](int64_t entry, int64_t count) {
            logits(entry, count);
            k_.raiseReference(tile_.data(), bias + entry, count, entry > 0, rows);
        });
    std::fill(sums_.begin(), sums_.end(), 0.0);
    forEachTile(vocab_, stop, [&](int64_t entry, int64_t count) {
        logits(entry, count);
        if (entry == 0 && !wholeReference)
            k_.raiseReference(tile_.data(), bias, count, false, rows);
        k_.exponentials(tile_.data(), bias + entry, entry, count, rows, exponentials_.data() + entry * rows.rows);
    });
}

/// The gradient of the logits is e · rowScale, row by row: the scale goes to the other factor of dW, and to the result
/// of dX (in layerNormBackward).
template <class T, class F>
void GptStep<T, F>::gradientsOfRows(const LossRows<T> &rows, int64_t first, const std::stop_token &stop) {
    const T *scale = rowScale_.data() + first;
    T *dNorm = dNorm_.data() + first * d_;
    const bool further = first > 0;
    k_.scaleRows(finalNorm_.data() + first * d_, scale, rows.rows, d_, scaledNorm_.data());
    forEachTile(vocab_, stop, [&](int64_t entry, int64_t count) {
        const F *e = exponentials_.data() + entry * rows.rows;
        const int64_t matrix = layout_.unembedding + entry * d_;
        k_.rowSums(e, scale, count, rows.rows, further, gradients_ + layout_.unembeddingBias + entry);
        multiply<T, F>(Transpose::No, Transpose::No, count, d_, rows.rows, e, rows.rows, scaledNorm_.data(), d_,
                       further ? T{1} : T{0}, gradients_ + matrix, d_);
        multiply<T, F>(Transpose::Yes, Transpose::No, rows.rows, d_, count, e, rows.rows, weight(matrix), d_,
                       entry > 0 ? T{1} : T{0}, dNorm, d_);
    });
}

/// dResid at x^{l+1} → at m^l: the skip connection plus the path through the MLP.
template <class T, class F>
void GptStep<T, F>::feedForwardBackward(int layer) {
    const Block &a = blocks_[static_cast<size_t>(layer)];
    const GptLayout::Block &at = layout_.blocks[static_cast<size_t>(layer)];
    k_.dropoutBackward(dResid_.data(), rows_, d_, stream(layer, DropoutPlace::MlpOutput), dSkip_.data(),
                       gradients_ + at.mlpOutBias, parts_.data());
    linearBackward(dSkip_.data(), a.hidden.data(), at.mlpOut, d_, mlp_, wide_.data());
    k_.reluBackward(wide_.data(), a.hidden.data(), rows_, mlp_, dOut_.data(), gradients_ + at.mlpInBias, parts_.data());
    linearBackward(dOut_.data(), a.ln2.data(), at.mlpIn, mlp_, d_, dNorm_.data());
    k_.layerNormBackward(dNorm_.data(), nullptr, a.residMid.data(), parameters_ + at.ln2, a.mean2.data(),
                         a.inverse2.data(), rows_, d_, dResid_.data(), gradients_ + at.ln2, gradients_ + at.ln2Bias,
                         parts_.data());
}

/// dResid at m^l → at x^l: the skip connection plus the path through the attention.
template <class T, class F>
void GptStep<T, F>::attendBackward(int layer) {
    const Block &a = blocks_[static_cast<size_t>(layer)];
    const GptLayout::Block &at = layout_.blocks[static_cast<size_t>(layer)];
    k_.dropoutBackward(dResid_.data(), rows_, d_, stream(layer, DropoutPlace::AttentionOutput), dSkip_.data(),
                       gradients_ + at.attentionOutputBias, parts_.data());
    linearBackward(dSkip_.data(), a.heads.data(), at.attentionOutput, d_, width_, wide_.data());
    k_.attentionBackward(a.qkv.data(), a.pattern.data(), wide_.data(), shape_,
                         stream(layer, DropoutPlace::AttentionWeights), dOut_.data(), scratch_.data());
    linearBackward(dOut_.data(), a.ln1.data(), at.queryKeyValue, 3 * width_, d_, dNorm_.data());
    k_.layerNormBackward(dNorm_.data(), nullptr, a.residPre.data(), parameters_ + at.ln1, a.mean1.data(),
                         a.inverse1.data(), rows_, d_, dResid_.data(), gradients_ + at.ln1, gradients_ + at.ln1Bias,
                         parts_.data());
}

template class GptStep<float>;
template class GptStep<double>;
template class GptStep<float, BFloat16>;

} // namespace tt
