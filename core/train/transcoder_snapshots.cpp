#include "core/train/transcoder_snapshots.h"

#include "core/io/file.h"

#include <algorithm>
#include <charconv>

namespace tt {

namespace fs = std::filesystem;

namespace {
/// The one between first and newest without which the spacing stays most even.
int64_t leastMissed(const std::vector<int64_t> &steps) {
    size_t least = 1;
    for (size_t i = 2; i + 1 < steps.size(); ++i)
        if (steps[i + 1] - steps[i - 1] < steps[least + 1] - steps[least - 1])
            least = i;
    return steps[least];
}
} // namespace

fs::path snapshotFolder(const fs::path &transcoderFolder, int64_t step) {
    return transcoderFolder / "snapshots" / std::to_string(step);
}

std::vector<int64_t> snapshotSteps(const fs::path &transcoderFolder) {
    std::vector<int64_t> steps;
    std::error_code error;
    for (const auto &entry : fs::directory_iterator(transcoderFolder / "snapshots", error)) {
        const std::string name = entry.path().filename().string();
        int64_t step = -1;
        const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), step);
        if (problem == std::errc() && end == name.data() + name.size() && fs::exists(entry.path() / "config.json"))
            steps.push_back(step);
    }
    std::sort(steps.begin(), steps.end());
    return steps;
}

void keepSnapshot(const fs::path &transcoderFolder, const TranscoderWeights<float> &weights, int64_t step, int most) {
    if (most < 1)
        return;
    const fs::path folder = snapshotFolder(transcoderFolder, step);
    makeFolder(folder);
    saveTranscoderWeights(folder, weights);
    writeFileAtomically(folder / "config.json", toJson(weights.config)); // last: what has none does not count
    for (std::vector<int64_t> steps = snapshotSteps(transcoderFolder); std::ssize(steps) > most;
         steps = snapshotSteps(transcoderFolder)) {
        const int64_t gone = steps.size() < 3 ? steps.front() : leastMissed(steps);
        std::error_code error;
        fs::remove(snapshotFolder(transcoderFolder, gone) / "config.json", error);
        fs::remove_all(snapshotFolder(transcoderFolder, gone), error);
        if (error)
            return; // what cannot be removed only takes room
    }
}

} // namespace tt
