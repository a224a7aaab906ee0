#include "core/train/activation_rows_impl.h"

#include "core/train/transcoder_training.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace tt {

namespace {
constexpr int64_t windowsAtOnce = 16; // sequences a forward pass
constexpr uint64_t orderSeed = 0;     // of the windows: the same for every run
constexpr uint16_t exponentBits = 0x7f80;

/// values → bf16; true if all are finite, before and after.
bool narrow(const float *values, int64_t count, uint16_t *out) {
    bool finite = true;
    for (int64_t i = 0; i < count; ++i) {
        out[i] = toBfloat16(values[i]);
        finite &= std::isfinite(values[i]) && (out[i] & exponentBits) != exponentBits;
    }
    return finite;
}
} // namespace

int64_t storedRows(const TranscoderTrainingConfig &config, const GptConfig &gpt, int64_t trainTokens) {
    const int64_t wanted = (config.steps * config.batch + gpt.context - 1) / gpt.context;
    const int64_t there = trainTokens / gpt.context;
    return (trainTokens > 0 ? std::min(wanted, there) : wanted) * gpt.context;
}

int64_t activationRowBytes(const GptConfig &gpt) {
    return 2 * int64_t{gpt.layers} * gpt.dModel * static_cast<int64_t>(sizeof(uint16_t));
}

ActivationLayout ActivationLayout::of(const GptConfig &gpt, int64_t trainTokens, int64_t pieceBytes) {
    return {.layers = gpt.layers,
            .dModel = gpt.dModel,
            .context = gpt.context,
            .windows = trainTokens / gpt.context,
            .windowsPerPiece = std::max<int64_t>(1, pieceBytes / (activationRowBytes(gpt) * gpt.context))};
}

void ActivationRows::append(std::span<const uint16_t> values, std::shared_ptr<const void> owner) {
    pieces_.push_back(values);
    owners_.push_back(std::move(owner));
}

void ActivationRows::prefetch(int64_t index) const {
    static const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    const auto *values = reinterpret_cast<const char *>(row(index));
    const uintptr_t before = reinterpret_cast<uintptr_t>(values) % page; // madvise() takes whole pages
    const size_t bytes = static_cast<size_t>(layout_.rowValues()) * sizeof(uint16_t);
    ::madvise(const_cast<char *>(values - before), before + bytes, MADV_WILLNEED); // a failure costs time only
}

ActivationPieces::ActivationPieces(const GptWeights<float> &gpt, const TokenCache &tokens,
                                   const ActivationLayout &layout)
    : gpt_(gpt), layout_(layout), sampler_(tokens, gpt.config.context, orderSeed) {}

/// Rows of the last forward pass to rows firstRow … of the piece.
void ActivationPieces::store(int64_t firstRow, std::vector<uint16_t> &piece) const {
    const int64_t d = layout_.dModel, rows = activations_.rows();
    bool finite = true;
#pragma omp parallel for schedule(static) reduction(&& : finite)
    for (int64_t r = 0; r < rows; ++r) {
        uint16_t *out = piece.data() + (firstRow + r) * layout_.rowValues();
        for (const BlockActivations<float> &block : activations_.blocks) {
            finite = narrow(block.ln2.data() + r * d, d, out) && finite;
            finite = narrow(block.mlpOutput.data() + r * d, d, out + d) && finite;
            out += 2 * d;
        }
    }
    if (!finite)
        throw Error("The GPT's activations are not finite: its weights are damaged or its training diverged. Train it "
                    "again with a lower learning rate.");
}

std::vector<uint16_t> ActivationPieces::compute(int64_t index, const std::stop_token &stop, int64_t atLeast) {
    int64_t windows = layout_.windowsIn(index);
    const int64_t first = index * layout_.windowsPerPiece;
    if (atLeast < windows) // whole passes, so that each computes what it would in a whole piece
        windows = std::min(windows, (atLeast + windowsAtOnce - 1) / windowsAtOnce * windowsAtOnce);
    std::vector<uint16_t> piece(static_cast<size_t>(windows * layout_.context * layout_.rowValues()));
    std::vector<int32_t> tokens;
    for (int64_t window = 0; window < windows; window += windowsAtOnce) {
        throwIfStopped(stop);
        const int64_t count = std::min(windowsAtOnce, windows - window);
        tokens.resize(static_cast<size_t>(count * layout_.context));
        for (int64_t w = 0; w < count; ++w)
            sampler_.read(first + window + w, std::span(tokens).subspan(static_cast<size_t>(w * layout_.context),
                                                                        static_cast<size_t>(layout_.context)));
        forward<float>(gpt_, tokens, static_cast<int>(count), activations_, gpt_.config.layers);
        store(window * layout_.context, piece);
    }
    return piece;
}

} // namespace tt
