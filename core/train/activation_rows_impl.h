#pragma once

#include "core/nn/gpt_forward.h"
#include "core/text/token_cache.h"
#include "core/train/activation_plan.h"
#include "core/train/window_sampler_impl.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <span>
#include <vector>

namespace tt {

/// Rows that a run keeps: whole windows of the corpus, at most those it looks at (`trainTokens` 0: those it looks at).
int64_t storedRows(const TranscoderTrainingConfig &config, const GptConfig &gpt, int64_t trainTokens);
int64_t activationRowBytes(const GptConfig &gpt);

/// Activations of a GPT on a corpus in bf16, cut into pieces of whole windows. The windows follow each other in one
/// fixed order, whatever a run's seed, so that runs of any length share a beginning. A row holds, layer after layer,
/// LN2's output and the MLP's output of one token: 2 · layers · d values.
struct ActivationLayout {
    int64_t layers = 0, dModel = 0, context = 0;
    int64_t windows = 0;         ///< of the whole corpus
    int64_t windowsPerPiece = 1; ///< the corpus's last piece may have fewer

    static constexpr int64_t usualPieceBytes = int64_t{64} << 20;
    static ActivationLayout of(const GptConfig &gpt, int64_t trainTokens, int64_t pieceBytes = usualPieceBytes);
    [[nodiscard]] int64_t rowValues() const { return 2 * layers * dModel; }
    [[nodiscard]] int64_t rowsPerPiece() const { return windowsPerPiece * context; }
    [[nodiscard]] int64_t piecesFor(int64_t rows) const { return (rows + rowsPerPiece() - 1) / rowsPerPiece(); }
    [[nodiscard]] int64_t windowsIn(int64_t piece) const {
        return std::min(windowsPerPiece, windows - piece * windowsPerPiece);
    }
};

/// Stored rows that batches are drawn from, in memory or mapped from disk; handed from thread to thread, never changed.
class ActivationRows {
public:
    ActivationRows(const ActivationLayout &layout, int64_t rows) : layout_(layout), rows_(rows) {}
    /// Appends the next piece; `owner` keeps `values` (rows, rowValues()) alive.
    void append(std::span<const uint16_t> values, std::shared_ptr<const void> owner);

    [[nodiscard]] int64_t rows() const { return rows_; }
    [[nodiscard]] const ActivationLayout &layout() const { return layout_; }
    [[nodiscard]] const uint16_t *row(int64_t index) const {
        return pieces_[static_cast<size_t>(index / layout_.rowsPerPiece())].data() +
               index % layout_.rowsPerPiece() * layout_.rowValues();
    }
    /// Set where the rows are mapped and may not fit in memory: row() then is asked for ahead of time.
    bool readAhead = false;
    /// Asks the system to bring a row into memory soon.
    void prefetch(int64_t index) const;

private:
    ActivationLayout layout_;
    int64_t rows_;
    std::vector<std::span<const uint16_t>> pieces_;
    std::vector<std::shared_ptr<const void>> owners_;
};

/// Computes pieces: runs the GPT in evaluation mode as far as its last MLP.
class ActivationPieces {
public:
    static constexpr int64_t everyWindow = std::numeric_limits<int64_t>::max();
    ActivationPieces(const GptWeights<float> &gpt, const TokenCache &tokens, const ActivationLayout &layout);
    /// Piece `index` (rows, rowValues()), or its beginning: at least `atLeast` windows of it, the same numbers. Throws
    /// Error where an activation is not finite, Error(Cancelled) on a stop.
    std::vector<uint16_t> compute(int64_t index, const std::stop_token &stop, int64_t atLeast = everyWindow);

private:
    void store(int64_t firstRow, std::vector<uint16_t> &piece) const;

    const GptWeights<float> &gpt_;
    ActivationLayout layout_;
    WindowSampler sampler_;
    GptActivations<float> activations_;
};

/// Nearest bf16 (ties to even); infinity where it is none.
inline uint16_t toBfloat16(float value) {
    uint32_t bits = 0;
    static_assert(sizeof bits == sizeof value);
    __builtin_memcpy(&bits, &value, sizeof bits);
    return static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

inline float fromBfloat16(uint16_t half) {
    const uint32_t bits = uint32_t{half} << 16;
    float value = 0;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

} // namespace tt
