#pragma once

#include "core/nn/bfloat16.h"
#include "core/nn/gpt_weights.h"

#include <cstdint>
#include <functional>
#include <span>
#include <unordered_map>
#include <vector>

namespace tt {

/// What one block computed; N = batch · length rows, row-major. σ is √(variance + ε), so LN(x) = γ·(x − mean)/σ + β.
template <class T>
struct BlockActivations {
    std::vector<T> residPre;          ///< (N, d) x^l
    std::vector<T> ln1, ln1Sigma;     ///< (N, d), (N)
    std::vector<T> query, key, value; ///< (N, H·s)
    std::vector<T> attention;         ///< (B, H, T, T) pattern A[query][key], zero above the diagonal
    std::vector<T> headsOutput;       ///< (N, H·s) Σ_s A·value, before the output projection
    std::vector<T> residMid;          ///< (N, d) m^l
    std::vector<T> ln2, ln2Sigma;     ///< (N, d), (N): ln2 is the transcoder's input
    std::vector<T> hidden;            ///< (N, 4d) after ReLU
    std::vector<T> mlpOutput;         ///< (N, d) y^l: the transcoder's target
};

/// Every activation of a forward pass over `batch` sequences of `length` tokens. Reused from call to call, buffers
/// stay.
template <class T>
struct GptActivations {
    int batch = 0, length = 0;
    std::vector<BlockActivations<T>> blocks;
    std::vector<T> residPost;             ///< (N, d) after the last block
    std::vector<T> finalNorm, finalSigma; ///< (N, d), (N)
    [[nodiscard]] int64_t rows() const { return int64_t{batch} * length; }
};

/// Replaces or changes the MLP's output of a layer in place: mlpOutput (N, d), ln2 (N, d).
template <class T>
using MlpHook = std::function<void(int layer, std::span<const T> ln2, std::span<T> mlpOutput)>;

/// Runs the model without dropout on tokens (batch · length ids, sequence after sequence, 1 ≤ length ≤ context).
/// `mlpLayers`: stop after that many blocks' MLPs (nothing behind them is computed); −1 runs all and the final norm.
/// Throws Error(Usage) for an id outside the vocabulary or a sequence longer than the context.
template <class T>
void forward(const GptWeights<T> &weights, std::span<const int32_t> tokens, int batch, GptActivations<T> &activations,
             int mlpLayers = -1, const MlpHook<T> &hook = {});

/// The blocks' matrices rounded to bfloat16 (2 bytes a number), for passes whose products may round. One at a time.
class RoundedProducts {
public:
    /// `weights` have to live, and stay where they are, as long as this.
    explicit RoundedProducts(const GptWeights<float> &weights);
    /// Y (rows, out) = X (rows, in) · Wᵀ with both factors rounded, sums in float32; `w` is a matrix of a block.
    void project(const std::vector<float> &x, const std::vector<float> &w, float *y, int64_t rows, int64_t in,
                 int64_t out);

private:
    std::unordered_map<const float *, std::vector<BFloat16>> matrices_;
    std::vector<BFloat16> input_;
};

/// As far as the last MLP of `mlpLayers` blocks, with rounded products; everything else in float32. Activations differ
/// from the exact pass's by about as much as storing them in bfloat16 changes them.
void forward(const GptWeights<float> &weights, RoundedProducts &products, std::span<const int32_t> tokens, int batch,
             GptActivations<float> &activations, int mlpLayers);

/// Logits (rows, V) of `rows` final-norm rows (rows, d).
template <class T>
void logits(const GptWeights<T> &weights, std::span<const T> finalNormRows, std::span<T> out);

/// Mean cross entropy in nats of predicting targets[i] from row i. Blocks of rows, never the (N, V) matrix whole.
template <class T>
double crossEntropy(const GptWeights<T> &weights, const GptActivations<T> &activations,
                    std::span<const int32_t> targets);

/// Softmax of one row of logits in place, in double inside.
template <class T>
void softmax(std::span<T> row);

} // namespace tt
