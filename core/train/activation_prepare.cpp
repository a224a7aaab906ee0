#include "core/train/activation_cache_impl.h"

#include <algorithm>

namespace tt {

namespace {
/// Fills ActivationRows piece after piece.
class Filling {
public:
    Filling(const ActivationLayout &layout, const ActivationPlan &plan, ActivationPieces &compute, std::stop_token stop,
            const ProgressSink &progress)
        : layout_(layout), plan_(plan), compute_(compute), stop_(std::move(stop)), throttle_(progress),
          rows_(std::make_shared<ActivationRows>(layout, plan.rows)) {}

    void fromComputing();
    /// Returns what was made anew, "" = nothing.
    std::string fromDisk(const ActivationCacheFolder &cache);
    [[nodiscard]] std::shared_ptr<ActivationRows> rows() const { return rows_; }

private:
    std::shared_ptr<const SafetensorsFile> make(const ActivationCacheFolder &cache, int64_t piece);
    void report(const char *what, int64_t pieces) {
        const auto all = static_cast<double>(plan_.rows);
        throttle_.report({what, std::min(static_cast<double>(pieces * layout_.rowsPerPiece()), all), all, "tokens"});
    }
    ActivationLayout layout_;
    const ActivationPlan &plan_;
    ActivationPieces &compute_;
    std::stop_token stop_;
    ProgressThrottle throttle_;
    std::shared_ptr<ActivationRows> rows_;
};

void Filling::fromComputing() {
    for (int64_t piece = 0; piece < layout_.piecesFor(plan_.rows); ++piece) {
        report("Computing activations", piece);
        const int64_t windows = plan_.rows / layout_.context - piece * layout_.windowsPerPiece;
        const auto values = std::make_shared<const std::vector<uint16_t>>(compute_.compute(piece, stop_, windows));
        rows_->append(*values, values);
    }
    throttle_.finish(
        {"Computing activations", static_cast<double>(plan_.rows), static_cast<double>(plan_.rows), "tokens"});
}

std::shared_ptr<const SafetensorsFile> Filling::make(const ActivationCacheFolder &cache, int64_t piece) {
    const std::vector<uint16_t> values = compute_.compute(piece, stop_);
    try {
        cache.write(piece, values);
    } catch (const Error &error) {
        throw Error(std::string(error.what()) +
                    " The activations cached before are kept: resume the run to go on, or train with cache set to "
                    "recompute.");
    }
    std::string problem;
    auto file = cache.open(piece, problem);
    if (!file)
        throw Error("The cached activations in " + cache.path().string() +
                    " changed while they were made. Resume the run.");
    return file;
}

std::string Filling::fromDisk(const ActivationCacheFolder &cache) {
    std::string notice;
    for (int64_t piece = 0; piece < layout_.piecesFor(plan_.rows); ++piece) {
        throwIfStopped(stop_);
        report("Caching activations", piece);
        std::string problem;
        std::shared_ptr<const SafetensorsFile> file = cache.open(piece, problem);
        if (!problem.empty() && notice.empty())
            notice = cache.pieceFile(piece).string() + " " + problem + " and was made anew.";
        if (!file)
            file = make(cache, piece);
        const std::span<const std::byte> bytes = file->find(activationTensor)->data;
        rows_->append({reinterpret_cast<const uint16_t *>(bytes.data()), bytes.size() / sizeof(uint16_t)}, file);
    }
    throttle_.finish(
        {"Caching activations", static_cast<double>(plan_.rows), static_cast<double>(plan_.rows), "tokens"});
    return notice;
}
} // namespace

PreparedActivations prepareActivations(const Workspace &workspace, const TranscoderTrainingConfig &config,
                                       const std::string &gptSha256, const GptWeights<float> &gpt,
                                       const TokenCache &tokens, std::stop_token stop, const ProgressSink &progress,
                                       int64_t pieceBytes) {
    const ActivationLayout layout = ActivationLayout::of(gpt.config, tokens.trainTokens(), pieceBytes);
    const ActivationCacheFolder cache(workspace, activationIdentity(gptSha256, gpt.config, tokens, layout), layout);
    PreparedActivations prepared{
        .plan =
            planActivations(config, gpt.config, activationRoom(workspace, config, gpt.config, tokens, cache, layout)),
        .rows = nullptr,
        .notice = {}};
    const ActivationPlan &plan = prepared.plan;
    if (!plan.possible)
        throw Error(plan.why, Error::Kind::Usage);
    if (plan.source == ActivationSource::Recompute)
        return prepared;
    ActivationPieces compute(gpt, tokens, layout);
    Filling filling(layout, plan, compute, stop, progress);
    if (plan.source == ActivationSource::Memory)
        filling.fromComputing();
    else {
        removeOldestCaches(workspace, cache.path(), static_cast<double>(plan.bytes), config.cacheDisk * 1e9);
        cache.prepare(config.gptRun, config.corpus);
        prepared.notice = filling.fromDisk(cache);
        filling.rows()->readAhead = static_cast<double>(plan.bytes) > defaultCacheMemory() * 1e9;
    }
    prepared.rows = filling.rows();
    return prepared;
}

} // namespace tt
