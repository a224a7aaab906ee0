#include "core/train/activation_plan.h"

#include "core/train/activation_rows_impl.h"
#include "core/train/transcoder_training.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tt {

namespace {
constexpr double gigabyte = 1e9;
constexpr double diskThatStaysFree = 1; // GB
constexpr double memoryShare = 0.25;
constexpr int64_t bufferBytes = int64_t{256} << 20; // of recomputed activations
constexpr int64_t largestBuffer = 16;               // batches

std::string size(double bytes) {
    char text[32];
    const double gb = bytes / gigabyte;
    if (gb < 0.1)
        std::snprintf(text, sizeof text, "%.3g MB", bytes / 1e6);
    else
        std::snprintf(text, sizeof text, gb < 9.95 ? "%.1f GB" : "%.0f GB", gb);
    return text;
}

std::string grouped(int64_t number) {
    std::string digits = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<size_t>(at), ",");
    return digits;
}

/// The sizes a plan weighs, in bytes. In double: a run of 10⁷ steps has more bytes than an int64_t counts.
class Weighing {
public:
    Weighing(const TranscoderTrainingConfig &config, const GptConfig &gpt, const ActivationRoom &room)
        : config_(config), gpt_(gpt), room_(room), rows_(storedRows(config, gpt, room.trainTokens)),
          bytes_(static_cast<double>(rows_) * static_cast<double>(activationRowBytes(gpt))),
          missing_(std::max(0.0, bytes_ - static_cast<double>(room.cachedBytes))) {}

    [[nodiscard]] bool fitsMemory() const { return bytes_ <= config_.cacheMemory * gigabyte; }
    [[nodiscard]] bool fitsDiskBound() const { return bytes_ <= config_.cacheDisk * gigabyte; }
    [[nodiscard]] bool fitsDisk() const {
        return missing_ == 0 || missing_ + diskThatStaysFree * gigabyte <= static_cast<double>(room_.diskFree);
    }
    [[nodiscard]] bool isOnDisk() const { return missing_ == 0; }

    [[nodiscard]] ActivationPlan memory() const {
        return plan(ActivationSource::Memory,
                    what() + " are kept in memory: " + size(bytes_) + " of the " + memoryBound() + " allowed.");
    }
    [[nodiscard]] ActivationPlan disk() const {
        std::string why = what() + " are kept on disk: " + size(bytes_) + " of the " + diskBound() + " allowed";
        if (isOnDisk())
            why += "; they are there already, from an earlier run.";
        else if (room_.cachedBytes > 0)
            why += "; " + size(static_cast<double>(room_.cachedBytes)) + " of them are there already.";
        else
            why += ". Later runs on this GPT and corpus use them again.";
        return plan(ActivationSource::Disk, why);
    }
    [[nodiscard]] ActivationPlan recompute(const std::string &because) const {
        ActivationPlan plan{.source = ActivationSource::Recompute,
                            .rows = recomputeBufferBatches(config_.batch, gpt_) * config_.batch,
                            .bytes = recomputeBufferBytes(config_.batch, gpt_)};
        plan.why = "Activations are computed as the run goes, through a shuffled buffer of " +
                   size(static_cast<double>(plan.bytes)) + because + ".";
        return plan;
    }
    [[nodiscard]] std::string reasonAgainstKeeping() const {
        return ": those of " + grouped(rows_) + " tokens take " + size(bytes_) + ", more than fits in memory (" +
               memoryBound() + " allowed) or on disk (" + diskBound() + " allowed, " + free() + " free)";
    }
    [[nodiscard]] ActivationPlan tooLargeForMemory() const {
        return impossible(ActivationSource::Memory,
                          what() + " take " + size(bytes_) + ", but only " + memoryBound() +
                              " of memory may be used. Raise cache_memory, or set cache to auto.");
    }
    [[nodiscard]] ActivationPlan tooLargeForDisk() const {
        const std::string start = what() + " take " + size(bytes_) + " on disk, but only ";
        if (!fitsDiskBound())
            return impossible(ActivationSource::Disk,
                              start + diskBound() + " may be used. Raise cache_disk, or set cache to auto.");
        return impossible(ActivationSource::Disk,
                          start + free() +
                              " are free, and a gigabyte must stay so. Free some space, or set cache to "
                              "auto.");
    }

private:
    [[nodiscard]] std::string what() const { return "The activations of " + grouped(rows_) + " tokens"; }
    [[nodiscard]] std::string memoryBound() const { return size(config_.cacheMemory * gigabyte); }
    [[nodiscard]] std::string diskBound() const { return size(config_.cacheDisk * gigabyte); }
    [[nodiscard]] std::string free() const { return size(static_cast<double>(room_.diskFree)); }
    [[nodiscard]] ActivationPlan plan(ActivationSource source, const std::string &why) const {
        return {.source = source, .rows = rows_, .bytes = static_cast<int64_t>(std::min(bytes_, 9e18)), .why = why};
    }
    [[nodiscard]] ActivationPlan impossible(ActivationSource source, const std::string &why) const {
        ActivationPlan plan = this->plan(source, why);
        plan.possible = false;
        return plan;
    }

    const TranscoderTrainingConfig &config_;
    const GptConfig &gpt_;
    const ActivationRoom &room_;
    int64_t rows_;
    double bytes_, missing_;
};
} // namespace

std::string toString(ActivationSource source) {
    switch (source) {
    case ActivationSource::Auto:
        return "auto";
    case ActivationSource::Memory:
        return "memory";
    case ActivationSource::Disk:
        return "disk";
    case ActivationSource::Recompute:
        return "recompute";
    }
    return {};
}

ActivationPlan planActivations(const TranscoderTrainingConfig &config, const GptConfig &gpt,
                               const ActivationRoom &room) {
    const Weighing weighing(config, gpt, room);
    switch (config.cache) {
    case ActivationSource::Memory:
        return weighing.fitsMemory() ? weighing.memory() : weighing.tooLargeForMemory();
    case ActivationSource::Disk:
        return weighing.fitsDiskBound() && weighing.fitsDisk() ? weighing.disk() : weighing.tooLargeForDisk();
    case ActivationSource::Recompute:
        return weighing.recompute({});
    case ActivationSource::Auto:
        break;
    }
    if (weighing.isOnDisk() && weighing.fitsDiskBound())
        return weighing.disk();
    if (weighing.fitsMemory())
        return weighing.memory();
    return weighing.fitsDiskBound() && weighing.fitsDisk() ? weighing.disk()
                                                           : weighing.recompute(weighing.reasonAgainstKeeping());
}

double defaultCacheMemory() {
    const double bytes = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
    return std::max(1.0, std::floor(bytes * memoryShare / gigabyte));
}

int64_t recomputeBufferBatches(int batch, const GptConfig &gpt) {
    const int64_t bytesPerBatch = int64_t{batch} * gpt.dModel * gpt.layers * 2 * static_cast<int64_t>(sizeof(float));
    return std::clamp<int64_t>(bufferBytes / bytesPerBatch, 1, largestBuffer);
}

int64_t recomputeBufferBytes(int batch, const GptConfig &gpt) {
    return recomputeBufferBatches(batch, gpt) * batch * gpt.dModel * gpt.layers * 2 *
           static_cast<int64_t>(sizeof(float));
}

} // namespace tt
